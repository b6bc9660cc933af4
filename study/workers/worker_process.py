"""What runs in a worker process around its jobs.

A worker imports TensorFlow before its first job, reports every epoch, and checks after each job how
much memory it has taken; a worker that has taken too much is restarted. TensorFlow and oneDNN keep
what they compile for every new shape, up to 1,024 of each kind, and nothing empties these caches:
about 3 MB per training of another architecture.
"""

import gc
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psutil

from study.libraries import variables
from study.libraries.quiet_import import import_tensorflow
from study.problem import own_space

if TYPE_CHECKING:
    import distributed

MOST_BYTES = 400_000_000
"""Growth since the first job after which a worker is restarted: half of it comes with the next ten
jobs, half with some fifty after these."""

_at_first: int | None = None


class Stopped(Exception):
    """The driver no longer needs the running job."""


def preparation() -> "distributed.WorkerPlugin":
    """A plugin that makes workers, even those that join later, import TensorFlow before any job."""
    from distributed import Worker, WorkerPlugin

    class Prepare(WorkerPlugin):
        name = "study"
        idempotent = True

        def setup(self, worker: Worker) -> None:  # noqa: ARG002  # Dask's signature
            variables.decide()
            variables.ignore_warning_options()
            # In a thread, so that the worker answers meanwhile.
            threading.Thread(target=warm_up, daemon=True).start()

    return Prepare()


def warm_up() -> None:
    """Import what is slow, on a worker or in the process that workers are forked from."""
    import_tensorflow()
    gc.freeze()  # saves a quarter of a second in Keras's garbage collection before every trial


def report_epoch(epoch: int, score: float) -> None:
    """Tell the driver, from a worker, how the running job is doing.

    Raises:
        Stopped: The driver no longer needs the job, or is gone.
    """
    from distributed import get_worker

    worker = get_worker()
    task = worker.get_current_task()
    if worker.state.tasks[task].state == "cancelled":
        raise Stopped
    session, _, key = str(task).partition("/")
    worker.log_event(session, {"tick": {"key": key, "epoch": epoch, "score": score}})


def is_worn() -> bool:
    """Whether this worker has grown by more than MOST_BYTES since its first job."""
    global _at_first
    now = psutil.Process().memory_info().rss
    if _at_first is None:
        _at_first = now
    return now - _at_first > MOST_BYTES


@dataclass(frozen=True)
class Done:
    """The result of a job, and the address of its worker if that has grown too large."""

    result: Any
    worn: str | None


def do(spaces: tuple[own_space.OwnSpace, ...], function: Callable[..., Any], *args: Any) -> Done:
    """Do a job on a worker, with the user's own search spaces as the driver knows them."""
    from distributed import get_worker

    own_space.use(spaces)
    result = function(*args)
    return Done(result, get_worker().address if is_worn() else None)
