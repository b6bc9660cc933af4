"""Where training runs: Dask's worker processes, here (`study.workers.local`) or on a cluster.

Results come back in any order; the caller decides what to wait for.

A job waits here until a worker is free for it, so that a worker that dies takes no other job with
it. Dask gives the job of a dead worker to another one, which continues from the job's checkpoint.
"""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from study.errors import StudyError, StudyFailed, WorkerDied, one_line
from study.libraries.internals import allow_failures
from study.problem import own_space
from study.wording import several
from study.workers.worker_process import Done, do

if TYPE_CHECKING:
    import distributed

_LOOK_S = 2
"""Seconds between checks of whether any worker is left to do the job."""

_COUNT_S = 10
"""Seconds between counts of workers, which also show whether their scheduler answers."""

_ANSWER_S = 120
"""Seconds after which a scheduler that does not answer is taken to be lost."""

_FORGOTTEN_S = 0.01
"""Seconds between checks of whether the scheduler has forgotten a job, which it does quickly."""


_LOST = "the connection to the scheduler was lost; finished work is kept: resume the run"


@dataclass(frozen=True)
class Tick:
    """News of a job that is still running."""

    key: str
    epoch: int
    score: float


@dataclass
class _Call:
    key: str
    function: Callable[..., Any]
    args: tuple[Any, ...]
    result: "Future[Any]" = field(default_factory=Future)


class Engine:
    """Workers that call functions; made by `study.workers.local` and `study.workers.cluster`."""

    def __init__(
        self,
        client: "distributed.Client",
        retries: int,
        patience: float = 90,
        revive: Callable[[], None] = lambda: None,
        resource: str | None = None,
    ) -> None:
        """Use the client's workers, which have imported what they need.

        Args:
            client: Client of a running scheduler.
            retries: How often a job whose worker died is tried again.
            patience: Seconds without any worker after which none is expected to come back; a
                cluster may take a while to start one.
            revive: Starts workers in place of those that died for good.
            resource: Resource of which workers that do jobs offer 1; None: all workers do jobs.
        """
        self._client = client
        self._loop: Any = client.loop
        self._patience = patience
        self._revive = revive
        self._resource = resource
        self._session = uuid4().hex[:8]  # a scheduler may serve several searches
        self._lock = threading.RLock()
        self._waiting: deque[_Call] = deque()
        self._running: dict[str, distributed.Future] = {}
        self.on_tick: Callable[[Tick], None] = lambda _: None
        """Called in another thread for every `report_epoch` of a worker."""
        self._addresses: set[str] = set()
        """Addresses of the workers that do jobs."""
        self._counted = 0.0
        self._renews = True
        """Whether workers that have grown too large can be restarted."""
        self._renewing: set[str] = set()
        """Workers that are about to be restarted but that Dask still takes to be free."""
        client.subscribe_topic("all", self._note_worker)
        self.count_workers()
        client.run_on_scheduler(allow_failures(retries))
        client.subscribe_topic(self._session, lambda event: self.on_tick(Tick(**event[1]["tick"])))

    @property
    def workers(self) -> int:
        """How many jobs can currently run at the same time."""
        return len(self._addresses)

    def submit(self, function: Callable[..., Any], *args: Any, key: str) -> "Future[Any]":
        """Call `function(*args)` on a worker, in the order submitted; `key` names the job once."""
        call = _Call(key, function, args)
        with self._lock:
            self._waiting.append(call)
        self._start_waiting()
        return call.result

    def everywhere(self, function: Callable[[], Any]) -> list[Any]:
        """The results of the function on all workers, in any order."""
        return list(self._client.run(function, workers=list(self._addresses_now())).values())

    def wait_any(self, futures: "Sequence[Future[Any]]") -> None:
        """Wait until at least one of these is done.

        Raises:
            StudyFailed: No worker is left, or no scheduler.
        """
        last_seen = time.monotonic()
        self._count_in_time()
        while not wait(futures, timeout=_LOOK_S, return_when=FIRST_COMPLETED).done:
            if (
                self._client.status == "closed"
            ):  # Dask gives up after trying to reconnect for a while
                raise StudyFailed(_LOST)
            self._count_in_time()
            if self.workers:
                last_seen = time.monotonic()
            elif time.monotonic() - last_seen > self._patience:
                raise StudyFailed(
                    "all worker processes died and none came back; finished work is kept: resume "
                    "the run"
                )
            self._revive()
            self._start_waiting()  # workers may have joined

    def wait_for(self, future: "Future[Any]") -> Any:
        """Wait for the result of a job.

        Raises:
            WorkerDied: The job's worker died every time the job was tried.
            StudyFailed: The job raised an exception, or no worker is left. A StudyError is raised
                unchanged.
        """
        self.wait_any([future])
        return future.result()

    def close(self) -> None:
        """Start no more jobs, and silence Dask, including the client's own departure."""
        with self._lock:
            self._waiting.clear()
        self._client.unsubscribe_topic("all")

    def count_workers(self) -> int:
        """Ask how many jobs can run at the same time; sets `workers` until Dask reports a change.

        Raises:
            StudyFailed: The scheduler does not answer.
        """
        self._addresses = self._addresses_now()
        self._counted = time.monotonic()
        return self.workers

    def _count_in_time(self) -> None:
        """Count workers from time to time, because Dask does not report which may do jobs."""
        if time.monotonic() - self._counted > _COUNT_S:
            self.count_workers()

    def _addresses_now(self) -> set[str]:
        """Addresses of the workers that do jobs."""
        scheduler = self._client.scheduler
        try:
            if scheduler is None:
                raise ConnectionError("the connection is closed")
            known = self._client.sync(scheduler.identity, callback_timeout=_ANSWER_S)["workers"]
        except OSError as error:
            raise StudyFailed(f"{_LOST} ({one_line(error)})") from error
        return {
            address
            for address, worker in known.items()
            if self._resource is None or self._resource in worker["resources"]
        }

    def _start_waiting(self) -> None:
        with self._lock:
            # Dask decides which of the free workers gets a job.
            while self._waiting and not self._renewing and len(self._running) < self.workers:
                call = self._waiting.popleft()
                future = self._client.submit(
                    do,
                    own_space.used(),
                    call.function,
                    *call.args,
                    key=f"{self._session}/{call.key}",
                    pure=False,
                    resources=self._resource and {self._resource: 1},
                )
                self._running[call.key] = future
                # On Dask's own loop, which ends with the client: a callback thread would wait for a
                # result for ever, and the process would wait for the thread.
                self._loop.add_callback(self._follow, call, future)

    async def _follow(self, call: _Call, future: "distributed.Future") -> None:
        """Pass on the result of a job; if it is lost with its worker, Dask has it done again."""
        outcome: Done | StudyError
        dead = ""
        try:
            outcome = await self._client.gather(future, asynchronous=True)
        except Exception as error:
            outcome, dead = _reason(call.key, error), _dead_worker(error)
        worn = outcome.worn if isinstance(outcome, Done) and self._renews else None
        with self._lock:
            self._running.pop(call.key, None)
            # Dask may report it only later; until then a job would be sent to a busy worker.
            self._addresses.discard(dead)
            if worn:
                self._addresses.discard(worn)
                self._renewing.add(worn)
        if isinstance(outcome, Done):
            call.result.set_result(outcome.result)
        else:
            call.result.set_exception(outcome)
        self._start_waiting()
        if worn:
            future.release()
            await self._renew(worn, str(future.key))

    async def _renew(self, address: str, last: str) -> None:
        """Restart an idle worker, which does not count as the death of a job's worker.

        Args:
            address: Address of the worker.
            last: Key of its last job, whose result is no longer needed.
        """
        try:
            await self._forgotten(last)
            await self._client.restart_workers([address], raise_for_error=False)
        except Exception:  # without a nanny nothing would restart it, so it continues
            self._renews = False
            self._addresses.add(address)
        finally:
            self._renewing.discard(address)
            self._start_waiting()

    async def _forgotten(self, key: str) -> None:
        """Wait until the scheduler would no longer repeat a job whose worker is gone."""
        scheduler: Any = self._client.scheduler
        async with asyncio.timeout(_ANSWER_S):
            while any((await scheduler.who_has(keys=[key])).values()):
                await asyncio.sleep(_FORGOTTEN_S)

    def _note_worker(self, event: tuple[float, dict[str, Any]]) -> None:
        """Handle, on Dask's loop, an event such as that a worker has come or gone."""
        news = event[1]
        if news.get("action") == "add-worker" and self._resource is None:
            self._addresses.add(news["worker"])
            self._start_waiting()
        elif news.get("action") == "remove-worker":
            self._addresses.discard(news["worker"])
            self._renewing.discard(news["worker"])
            self._start_waiting()


def _dead_worker(error: Exception) -> str:
    """The address of the worker that died during a job; "" if none did."""
    from distributed.scheduler import KilledWorker

    return str(error.last_worker.address) if isinstance(error, KilledWorker) else ""


def _reason(key: str, error: Exception) -> StudyError:
    from distributed.scheduler import KilledWorker

    if isinstance(error, StudyError):
        return error
    if isinstance(error, CancelledError):
        return StudyFailed(f"{key}: {_LOST}")
    if isinstance(error, KilledWorker):
        times = error.allowed_failures + 1
        return WorkerDied(
            f"{key}: the worker process died {several(times, 'time')}, perhaps because it ran out "
            "of memory; try fewer --workers"
        )
    return StudyFailed(f"{key}: {one_line(error)}")
