"""Where training runs: worker processes, by Dask, here (`study.local`) or on a cluster.

Results come back in any order; whoever submits decides what to wait for.

A job waits here until a worker is free for it, so that a worker that dies takes no other job with
it. Dask gives the job of a dead worker to another one, which goes on from the job's checkpoint.
"""

import gc
import os
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from study import variables
from study.errors import StudyError, StudyFailed, WorkerDied, one_line
from study.quiet import import_tensorflow

if TYPE_CHECKING:
    import distributed

_CHECK_WORKERS = 30
"""Seconds between looks at whether anybody is left to do the job."""

_ANSWER = 120
"""Seconds after which a scheduler that does not answer is taken to be lost."""

_LOST = "the connection to the scheduler was lost; what is finished is kept: resume the run"


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
    """Workers that call functions; made by `study.local` and `study.cluster`."""

    def __init__(
        self,
        client: "distributed.Client",
        retries: int,
        revive: Callable[[], None] = lambda: None,
        resource: str | None = None,
    ) -> None:
        """Workers have imported what they need.

        Args:
            client: Of their scheduler.
            retries: How often a job whose worker died is taken up again.
            revive: Begins workers in place of those that died for good.
            resource: What workers that do jobs offer 1 of; None: all do.
        """
        self._client = client
        self._revive = revive
        self._resource = resource
        self._session = uuid4().hex[:8]  # a scheduler may serve several searches
        self._lock = threading.RLock()
        self._waiting: deque[_Call] = deque()
        self._running: dict[str, distributed.Future] = {}
        self.on_tick: Callable[[Tick], None] = lambda _: None
        """Called, in another thread, for every `report_epoch` of a worker."""
        self.workers = self.count_workers()
        """How many there were at last count."""
        client.run_on_scheduler(_allow_failures(retries))
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
        return list(self._client.run(function, workers=list(self._threads())).values())

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
        """How many jobs can run at the same time, now.

        Raises:
            StudyFailed: the scheduler does not answer.
        """
        self.workers = sum(self._threads().values())
        return self.workers

    def _threads(self) -> dict[str, int]:
        """Those of each worker that does jobs."""
        scheduler = self._client.scheduler
        try:
            if scheduler is None:
                raise ConnectionError("the connection is closed")
            known = self._client.sync(scheduler.identity, callback_timeout=_ANSWER)["workers"]
        except OSError as error:
            raise StudyFailed(f"{_LOST} ({one_line(error)})") from error
        return {
            address: worker["nthreads"]
            for address, worker in known.items()
            if self._resource is None or self._resource in worker["resources"]
        }

    def _start_waiting(self) -> None:
        with self._lock:
            while self._waiting and len(self._running) < self.workers:
                call = self._waiting.popleft()
                future = self._client.submit(
                    call.function,
                    *call.args,
                    key=f"{self._session}/{call.key}",
                    pure=False,
                    resources=self._resource and {self._resource: 1},
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
            try:
                self.count_workers()
            except StudyFailed:
                return  # whoever waits will see it
            self._start_waiting()


def _reason(key: str, error: Exception) -> StudyError:
    from distributed.scheduler import KilledWorker

    if isinstance(error, StudyError):
        return error
    if isinstance(error, CancelledError):
        return StudyFailed(f"{key}: {_LOST}")
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


def _allow_failures(failures: int) -> Callable[[Any], None]:
    """For the scheduler: how many workers may die of a task before it is given up."""

    # Pickled as it is and not by its name, since a scheduler may have no study.
    def allow(dask_scheduler: Any) -> None:
        dask_scheduler.allowed_failures = failures

    return allow


def preparation() -> "distributed.WorkerPlugin":
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


def quiet_dask() -> None:
    """Before Dask is imported: workers take leave, and fail, at length."""
    os.environ.setdefault("DASK_LOGGING__DISTRIBUTED", "critical")
