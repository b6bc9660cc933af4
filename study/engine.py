"""Where training runs: worker processes, by Dask; on this machine, or on a running cluster.

One single-threaded process a core: two of them do half as much again as one process with two
threads. Results come back in any order; whoever submits decides what to wait for.

A job waits here until a worker is free for it, so that a worker that dies takes no other job with
it. Dask gives the job of a dead worker to another one, which goes on from the job's checkpoint.
"""

import gc
import os
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import forkserver
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from study import variables
from study.errors import StudyError, StudyFailed, WorkerDied, WrongUse, one_line
from study.quiet import import_tensorflow

if TYPE_CHECKING:
    import distributed

_LONGEST_SOCKET = 103
"""Characters of a socket's path: 107 on Linux (unix(7)), 103 on macOS."""

_SOCKET_NAME = len("/pymp-12345678/listener-12345678")
"""Characters that `multiprocessing` adds to the path of its temporary folder."""

MOST_PER_CORE = 4
"""Worker processes on this machine: more are a slip of the finger."""

_CHECK_WORKERS = 30
"""Seconds between looks at whether anybody is left to do the job."""

_JOIN_TIMEOUT = 15
"""Seconds to wait for a scheduler, and for its first worker."""

_ALL_JOIN_TIMEOUT = 600
"""Seconds to wait for as many workers as were asked for: a cluster may still be starting them."""


@dataclass(frozen=True)
class Tick:
    """News of a job that is still running."""

    key: str
    epoch: int
    score: float


class Stopped(Exception):
    """The driver does not want the running job any more."""


@dataclass
class _Call:
    key: str
    function: Callable[..., Any]
    args: tuple[Any, ...]
    result: "Future[Any]" = field(default_factory=Future)


class Engine:
    """Workers that call functions; made by `local_engine` and `remote_engine`."""

    def __init__(
        self,
        client: "distributed.Client",
        retries: int,
        revive: Callable[[], None] = lambda: None,
    ) -> None:
        """`revive` begins workers in place of those that died for good."""
        self._client = client
        self._revive = revive
        self._session = uuid4().hex[:8]  # a scheduler may serve several searches
        self._lock = threading.RLock()
        self._waiting: deque[_Call] = deque()
        self._running: dict[str, distributed.Future] = {}
        self.on_tick: Callable[[Tick], None] = lambda _: None
        """Called, in another thread, for every `report_epoch` of a worker."""
        self.workers = self.count_workers()
        """How many there were at last count."""
        client.run_on_scheduler(_allow_failures, failures=retries)
        client.register_plugin(_prepare_workers())
        client.subscribe_topic(self._session, lambda event: self.on_tick(Tick(**event[1]["tick"])))

    def submit(self, function: Callable[..., Any], *args: Any, key: str) -> "Future[Any]":
        """Call `function(*args)` on a worker, in the order submitted; `key` names the job once."""
        call = _Call(key, function, args)
        with self._lock:
            self._waiting.append(call)
        self._start_waiting()
        return call.result

    def everywhere(self, function: Callable[[], Any]) -> list[Any]:
        """What the function returns on each worker, in no order."""
        return list(self._client.run(function).values())

    def wait_any(self, futures: "Sequence[Future[Any]]") -> None:
        """Wait until at least one of these is done.

        Raises:
            StudyFailed: no worker is left.
        """
        alone = 0
        while not wait(futures, timeout=_CHECK_WORKERS, return_when=FIRST_COMPLETED).done:
            alone = 0 if self.count_workers() else alone + 1
            if alone == 3:  # before, one may just be coming back
                raise StudyFailed(
                    "all worker processes died and none came back; what is finished is kept: "
                    "resume the run"
                )
            self._revive()
            self._start_waiting()  # workers may have joined

    def wait_for(self, future: "Future[Any]") -> Any:
        """Wait for what a job returns.

        Raises:
            WorkerDied: its worker died, each time it was tried.
            StudyFailed: it raised, or no worker is left. A StudyError is raised as it is.
        """
        self.wait_any([future])
        return future.result()

    def count_workers(self) -> int:
        """How many jobs can run at the same time, now."""
        self.workers = sum(self._client.nthreads().values())
        return self.workers

    def _start_waiting(self) -> None:
        with self._lock:
            while self._waiting and len(self._running) < self.workers:
                call = self._waiting.popleft()
                future = self._client.submit(
                    call.function, *call.args, key=f"{self._session}/{call.key}", pure=False
                )
                self._running[call.key] = future
                future.add_done_callback(lambda done, call=call: self._finish(call, done))

    def _finish(self, call: _Call, done: "distributed.Future") -> None:
        """In a thread of Dask's."""
        with self._lock:
            self._running.pop(call.key, None)
        try:
            call.result.set_result(done.result())  # lost with its worker, Dask has it done again
        except Exception as error:
            call.result.set_exception(_reason(call.key, error))
        if self._client.status == "running":
            self.count_workers()
            self._start_waiting()


def _reason(key: str, error: Exception) -> StudyError:
    from distributed.scheduler import KilledWorker

    if isinstance(error, StudyError):
        return error
    if isinstance(error, CancelledError):
        return StudyFailed(
            f"{key}: the connection to the scheduler was lost; what is finished is kept: resume "
            "the run"
        )
    if isinstance(error, KilledWorker):
        times = error.allowed_failures + 1
        return WorkerDied(
            f"{key}: the worker process died {times} time{'s' if times > 1 else ''}, "
            "out of memory perhaps; try fewer --workers"
        )
    return StudyFailed(f"{key}: {one_line(error)}")


def report_epoch(epoch: int, score: float) -> None:
    """Called on a worker: tell the driver how the running job is doing.

    Raises:
        Stopped: the driver does not want the job any more, or is gone.
    """
    from distributed import get_worker

    worker = get_worker()
    task = worker.get_current_task()
    if worker.state.tasks[task].state == "cancelled":
        raise Stopped
    session, _, key = str(task).partition("/")
    worker.log_event(session, {"tick": {"key": key, "epoch": epoch, "score": score}})


def _quiet_dask() -> None:
    """Before Dask is imported: workers take leave, and fail, at length."""
    os.environ.setdefault("DASK_LOGGING__DISTRIBUTED", "critical")


def core_count() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def local_engine(workers: int | None, retries: int) -> Iterator[Engine]:
    """Worker processes on this machine, for the length of the block; they listen on loopback only.

    Args:
        workers: How many; None: one a core.
        retries: How often a job whose worker died is taken up again.

    Raises:
        WrongUse: there would be more than MOST_PER_CORE workers on each core.
    """
    wanted = workers or core_count()
    if wanted > (most := MOST_PER_CORE * core_count()):
        raise WrongUse(
            f"--workers: expected at most {most} here, {MOST_PER_CORE} per core, got {wanted}: "
            "more train no faster, and each takes memory of its own"
        )
    _quiet_dask()
    variables.decide()  # for the workers too, which begin with these
    start_method = _begin_importing()
    import_tensorflow()
    import dask
    from distributed import Client, LocalCluster

    settings = {
        "distributed.admin.large-graph-warning-threshold": "1GB",
        # Models cannot be spilled to disk; a worker that takes too much is killed and replaced.
        "distributed.worker.memory.target": False,
        "distributed.worker.memory.spill": False,
        "distributed.worker.memory.pause": False,
        "distributed.worker.multiprocessing-method": start_method,
    }
    with (
        dask.config.set(settings),
        LocalCluster(
            n_workers=wanted,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
            silence_logs=40,  # logging.ERROR
        ) as cluster,
        Client(cluster) as client,
    ):
        # A worker that dies as soon as it has begun takes its nanny with it, which would have begun
        # the next.
        yield Engine(client, retries, revive=lambda: cluster.scale(wanted))


def _begin_importing() -> str:
    """Start the process that all workers are forked from, and say how Dask is to start them.

    It imports TensorFlow once for all of them, while this process imports its own: on two cores
    the first trial begins after 9 s instead of 13, and a worker that died is back at once. To fork
    after that is safe, because TensorFlow starts no thread before its first operation. Elsewhere
    than on Linux the libraries below it do.
    """
    if sys.platform != "linux":
        return "spawn"
    # That process finds the study by this alone: up to Python 3.11 it is not told of `sys.path`.
    path = os.pathsep.join([str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    with _environment({"PYTHONPATH": path.rstrip(os.pathsep)}), _short_temporary_folder():
        forkserver.set_forkserver_preload(["study.worker"])
        forkserver.ensure_running()
    from distributed import utils

    utils._forkserver_preload_set = True  # or Dask imports here, too, what it would choose
    return "forkserver"


@contextmanager
def _environment(variables: dict[str, str]) -> Iterator[None]:
    """These for the length of the block."""
    before = os.environ.copy()
    os.environ.update(variables)
    try:
        yield
    finally:
        for name in variables.keys() - before.keys():
            del os.environ[name]
        os.environ.update(before)


@contextmanager
def _short_temporary_folder() -> Iterator[None]:
    """A folder for sockets, whose paths have `_LONGEST_SOCKET` characters at most.

    Raises:
        WrongUse: TMPDIR is too long, and there is no other.
    """
    usual = tempfile.gettempdir()
    short = next((path for path in (usual, "/tmp", "/var/tmp", "/dev/shm") if _holds(path)), None)
    if short is None:
        raise WrongUse(
            f"TMPDIR: expected a folder of {_LONGEST_SOCKET - _SOCKET_NAME} characters at most, "
            f"got {len(usual)}: sockets of the worker processes lie there; set TMPDIR to a shorter "
            "one"
        )
    tempfile.tempdir = short
    try:
        yield
    finally:
        tempfile.tempdir = usual


def _holds(folder: str) -> bool:
    return len(folder) + _SOCKET_NAME <= _LONGEST_SOCKET and os.access(folder, os.W_OK | os.X_OK)


@contextmanager
def remote_engine(
    address: str, workers: int | None, folder: Path, retries: int
) -> Iterator[Engine]:
    """The workers of a running Dask cluster, for the length of the block.

    Certificates for tls:// come from Dask's own configuration (`distributed.comm.tls`).

    Args:
        address: Of its scheduler, tcp://HOST:PORT or tls://HOST:PORT.
        workers: How many to wait for; None: those there are.
        folder: A folder that the workers must see under the same path: checkpoints go there.

    Raises:
        WrongUse: nobody answers there, too few workers join, or they cannot do the work.
    """
    _quiet_dask()
    from distributed import Client

    try:
        client = Client(address, timeout=_JOIN_TIMEOUT)
    except (OSError, TimeoutError, ValueError, TypeError) as error:
        raise WrongUse(f"--scheduler: no Dask scheduler at {address}: {one_line(error)}") from error
    with client:
        try:
            client.wait_for_workers(1, timeout=_JOIN_TIMEOUT)
            client.wait_for_workers(workers or 1, timeout=_ALL_JOIN_TIMEOUT)
        except TimeoutError:
            there = len(client.nthreads()) or "no"
            wanted = f", --workers {workers} were wanted" if workers and there != "no" else ""
            raise WrongUse(
                f"--scheduler: {address} has {there} workers{wanted}; start some first"
            ) from None
        _check_workers(client, folder.resolve())
        import_tensorflow()
        yield Engine(client, retries)


def _check_workers(client: "distributed.Client", folder: Path) -> None:
    """Workers need the study, a process for one training, and the folder of the checkpoints."""
    for worker, threads in client.nthreads().items():
        if threads > 1:
            raise WrongUse(
                f"--scheduler: worker {worker} has {threads} threads, and Keras trains one network "
                "a process: start workers with --nthreads 1, and --nworkers for the cores"
            )
    try:
        seen = client.run(_is_folder, folder)
        client.run(variables.decide)
    except WrongUse as error:
        raise WrongUse(f"--scheduler: a worker cannot be used: {error}") from None
    except Exception as error:  # whatever their import of the study raised
        raise WrongUse(
            f"--scheduler: a worker cannot import the study ({one_line(error)}): start workers in "
            "the project's folder, with its environment"
        ) from error
    blind = [worker for worker, sees in seen.items() if not sees]
    if blind:
        raise WrongUse(
            f"--scheduler: worker {blind[0]} does not see {folder}: the project's folder must be "
            "shared by all machines, under the same path"
        )


def _is_folder(folder: Path) -> bool:
    """On a worker."""
    return folder.is_dir()


def _allow_failures(dask_scheduler: Any, failures: int) -> None:
    """On the scheduler: how many workers may die of a task before it is given up."""
    dask_scheduler.allowed_failures = failures


def _prepare_workers() -> "distributed.WorkerPlugin":
    """Have workers, those that join later too, import TensorFlow before their first job."""
    from distributed import Worker, WorkerPlugin

    class Prepare(WorkerPlugin):
        name = "study"
        idempotent = True

        def setup(self, worker: Worker) -> None:  # noqa: ARG002  # Dask's signature
            variables.decide()
            variables.ignore_warning_options()
            # In a thread: the worker answers meanwhile.
            threading.Thread(target=warm_up, daemon=True).start()

    return Prepare()


def warm_up() -> None:
    """On a worker, or in the process it is forked from."""
    import_tensorflow()
    gc.freeze()  # Keras collects garbage before every trial: a quarter of a second less each time
