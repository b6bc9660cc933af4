"""The workers of a running Dask cluster, on any machines."""

import logging
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

from study.errors import StudyFailed, WrongUse, one_line
from study.libraries.quiet_import import import_tensorflow, quiet_dask
from study.machine import processor
from study.machine.stopping import closed_in_time
from study.workers import fingerprint
from study.workers.admission import Report, admission, reports_of
from study.workers.engine import Engine
from study.workers.fingerprint import Needs

if TYPE_CHECKING:
    import distributed

log = logging.getLogger(__name__)

_CONNECT_TIMEOUT = 8
"""Seconds to wait for a scheduler."""

_JOIN_TIMEOUT = 15
"""Seconds to wait for the scheduler's first worker."""

_ALL_JOIN_TIMEOUT = 600
"""Seconds to wait for the requested number of workers: a cluster may still be starting them."""

_LOOK_AGAIN = 0.5
"""Seconds between checks of how many workers there are."""

MOST_WORKERS = 1000
"""Largest number of workers to wait for: more are a typing error, and exceed a search's trials."""


@contextmanager
def remote_engine(
    address: str,
    workers: int | None,
    folder: Path,
    retries: int,
    needs: Needs,
    images: Sequence[Path] = (),
) -> Iterator[Engine]:
    """The workers of a running Dask cluster, for the length of the block.

    Workers that would get other results, or cannot do the work, get no jobs, and a warning says so.
    Certificates for tls:// come from Dask's own configuration (`distributed.comm.tls`).

    Args:
        address: Address of the cluster's scheduler, tcp://HOST:PORT or tls://HOST:PORT.
        workers: Number of workers to wait for; None: those there are.
        folder: A folder that the workers must see under the same path, for checkpoints.
        retries: How often a job whose worker died is tried again.
        needs: What jobs need on a worker, which must be the same as here.
        images: Folders of images that are trained on.

    Raises:
        WrongUse: Nothing answers at the address, or too few workers can be used.
        StudyFailed: The scheduler was lost meanwhile.
    """
    if workers and workers > MOST_WORKERS:
        raise WrongUse(
            f"--workers: expected at most {MOST_WORKERS} with --scheduler, got {workers}"
        )
    quiet_dask()
    from distributed import Client

    # Dask's messages on a lost scheduler are silenced; the study says it in one line.
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)
    try:
        client = Client(address, timeout=_CONNECT_TIMEOUT)
    except (OSError, TimeoutError, ValueError, TypeError) as error:
        raise WrongUse(f"--scheduler: no Dask scheduler at {address}: {one_line(error)}") from error
    with closed_in_time(client):
        try:
            engine = _engine(client, address, workers, folder.resolve(), retries, needs, images)
        except OSError as error:
            raise StudyFailed(
                f"--scheduler: {address} was lost while waiting for workers: {one_line(error)}"
            ) from error
        with closed_in_time(engine):
            yield engine


def _engine(
    client: "distributed.Client",
    address: str,
    workers: int | None,
    folder: Path,
    retries: int,
    needs: Needs,
    images: Sequence[Path],
) -> Engine:
    try:
        client.wait_for_workers(1, timeout=_JOIN_TIMEOUT)
    except TimeoutError:
        raise WrongUse(f"--scheduler: {address} has no workers; start some first") from None
    expected = fingerprint.on_disk(needs, images)
    resource = "study-" + blake2b(repr((expected, folder)).encode()).hexdigest()[:16]
    heard = _Heard()
    client.subscribe_topic(resource, lambda event: heard.note(event[1]))
    client.register_plugin(admission(resource, expected, folder, needs, images))
    import_tensorflow()  # while the workers do so too
    engine = Engine(client, retries, resource=resource)
    _wait(client, engine, resource, workers, heard)
    if engine.workers < (workers or 1):
        there = f"{address} has {engine.workers or 'no'} workers"
        wanted = f" instead of the {workers} of --workers" if workers else ""
        why = f" that can be used{wanted}: {heard.first_objection}"
        raise WrongUse(
            f"--scheduler: {there}{why if heard.first_objection else wanted + '; start some first'}"
        )
    heard.say()
    return engine


def _wait(
    client: "distributed.Client",
    engine: Engine,
    resource: str,
    workers: int | None,
    heard: "_Heard",
) -> None:
    """Wait until this many can be used; None: until all workers have examined themselves."""
    deadline = time.monotonic() + _ALL_JOIN_TIMEOUT
    while time.monotonic() < deadline:
        reports = list(client.run(reports_of(resource), on_error="ignore").values())
        for report in filter(None, reports):
            heard.note(report)
        there = engine.count_workers()
        if there >= workers if workers else all(reports):
            return
        if workers:
            heard.say()  # why there are not enough
        time.sleep(_LOOK_AGAIN)


class _Heard:
    """The workers' reports, each logged once; workers that report the same share a line."""

    def __init__(self) -> None:
        self.first_objection: str | None = None
        """Why the first unusable worker cannot be used, with its address."""
        self._here = processor.vector_instructions()
        self._lock = threading.Lock()
        self._known: set[str | None] = set()
        self._unsaid: dict[str, list[str]] = {}
        """Message -> the workers that it is about."""
        self._waits = True

    def note(self, report: Report) -> None:
        """Note a report; may be called from any thread."""
        worker = report["worker"] or ""
        with self._lock:
            if worker in self._known:
                return
            self._known.add(worker)
            if report["objection"]:
                self.first_objection = self.first_objection or f"{worker}: {report['objection']}"
                self._unsaid.setdefault(f"is not used: {report['objection']}", []).append(worker)
            elif report["vectors"] != self._here:
                words = (
                    f"has other vector instructions than this machine ({report['vectors']}, not "
                    f"{self._here}): its scores may be rounded differently"
                )
                self._unsaid.setdefault(words, []).append(worker)
        if not self._waits:
            self.say()

    def say(self) -> None:
        """Log everything not yet logged; from now on reports are logged at once."""
        with self._lock:
            self._waits = False
            unsaid, self._unsaid = self._unsaid, {}
        for words, (first, *more) in unsaid.items():
            log.warning("worker %s%s %s", first, f" (and {len(more)} more)" if more else "", words)
