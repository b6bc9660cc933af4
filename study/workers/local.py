"""Workers on this machine: one single-threaded process per core.

Two of them do one and a half times the work of one process with two threads.
"""

import logging
import os
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import forkserver, resource_tracker
from typing import TYPE_CHECKING

from study.errors import WrongUse
from study.libraries import variables
from study.libraries.import_path import python_path
from study.libraries.internals import have_dask_preload_nothing
from study.libraries.quiet_import import import_tensorflow, quiet_dask
from study.machine import scratch
from study.machine.stopping import closed_in_time
from study.workers.engine import Engine
from study.workers.worker_process import preparation

if TYPE_CHECKING:
    import distributed

_BACK_S = 30
"""Seconds that a worker may take to come back before another is started; it takes one or two."""

_PATIENCE_S = 2 * _BACK_S
"""Seconds without any worker after which none will come back."""

MOST_PER_CORE = 4
"""Largest number of worker processes per core: more are a typing error."""


def core_count() -> int:
    """Number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def local_engine(
    workers: int | None, retries: int, imports: Sequence[str] = ()
) -> Iterator[Engine]:
    """Worker processes on this machine, for the length of the block; they obey only this process.

    Args:
        workers: Number of workers; None: one per core.
        retries: How often a job whose worker died is tried again.
        imports: Modules that jobs need, imported once for all workers before the first job.

    Raises:
        WrongUse: There would be more than MOST_PER_CORE workers per core.
    """
    wanted = workers or core_count()
    if wanted > (most := MOST_PER_CORE * core_count()):
        raise WrongUse(
            f"--workers: expected at most {most} here, {MOST_PER_CORE} per core, got {wanted}: "
            "more workers do not train faster, and each takes memory of its own"
        )
    quiet_dask()
    variables.decide()  # the workers inherit these
    start_method = _begin_importing(imports)
    import_tensorflow()
    import dask
    from distributed import Client

    settings = {
        "distributed.admin.large-graph-warning-threshold": "1GB",
        # Models cannot be spilled to disk; a worker that takes too much is killed and replaced.
        "distributed.worker.memory.target": False,
        "distributed.worker.memory.spill": False,
        "distributed.worker.memory.pause": False,
        "distributed.worker.multiprocessing-method": start_method,
        "distributed.deploy.lost-worker-timeout": f"{_BACK_S}s",
    }
    with (
        dask.config.set(settings),
        closed_in_time(_cluster(wanted)) as cluster,
        closed_in_time(Client(cluster)) as client,
    ):
        client.register_plugin(preparation())
        # A worker that dies right after it starts takes its nanny with it, which would have started
        # the next.
        engine = Engine(client, retries, _PATIENCE_S, revive=lambda: cluster.scale(wanted))
        with closed_in_time(engine):
            yield engine


def _cluster(workers: int) -> "distributed.SpecCluster":
    """A scheduler in this process and workers in their own processes, usable only with their key.

    The key is made here and is only in the memory of these processes: other users of the machine
    can reach their ports but cannot do anything there.
    """
    from distributed import Nanny, Security, SpecCluster, system

    from study.workers.dask_nodes import SilentScheduler, SilentWorker

    security = Security.temporary()
    everywhere = {"host": "127.0.0.1", "protocol": "tls://", "security": security}
    worker = {
        "cls": Nanny,
        "options": {
            **everywhere,
            "worker_class": SilentWorker,
            "nthreads": 1,
            "memory_limit": system.MEMORY_LIMIT // workers,
            "local_directory": str(scratch.folder()),
            "silence_logs": logging.ERROR,
        },
    }
    return SpecCluster(
        workers=dict.fromkeys(range(workers), worker),
        worker=worker,
        scheduler={
            "cls": SilentScheduler,
            "options": {**everywhere, "port": 0, "dashboard": False},
        },
        security=security,
        silence_logs=logging.ERROR,
    )


def _begin_importing(imports: Sequence[str]) -> str:
    """Start the process that all workers are forked from, and say how Dask is to start them.

    It imports TensorFlow once for all of them, while this process imports its own: on two cores the
    first trial begins after 9 s instead of 13, and a worker that died is back at once. Forking
    after the import is safe, because TensorFlow starts no thread before its first operation. On
    systems other than Linux, the libraries below it do start threads.
    """
    if sys.platform != "linux":
        return "spawn"
    # Only by this does that process find the study: up to Python 3.11 it does not get `sys.path`.
    here = {"PYTHONPATH": python_path(), "TMPDIR": str(scratch.folder())}
    # The tracker removes the semaphores of a killed process, and would otherwise complain.
    with _environment({"PYTHONWARNINGS": "ignore"}), _signals_are_not_for_children():
        resource_tracker.ensure_running()
    with _environment(here), _temporary_files_in(here["TMPDIR"]), _signals_are_not_for_children():
        forkserver.set_forkserver_preload(["study.workers.preload", *imports])
        forkserver.ensure_running()
    have_dask_preload_nothing()
    return "forkserver"


@contextmanager
def _environment(variables: dict[str, str]) -> Iterator[None]:
    """Set these environment variables for the length of the block."""
    before = os.environ.copy()
    os.environ.update(variables)
    try:
        yield
    finally:
        for name in variables.keys() - before.keys():
            del os.environ[name]
        os.environ.update(before)


@contextmanager
def _temporary_files_in(folder: str) -> Iterator[None]:
    before = tempfile.tempdir
    tempfile.tempdir = folder
    try:
        yield
    finally:
        tempfile.tempdir = before


@contextmanager
def _signals_are_not_for_children() -> Iterator[None]:
    """Processes started in the block ignore Ctrl-C and the closing of their terminal.

    They do so from their first moment, before they could arrange it themselves.
    """
    heard = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, heard)
