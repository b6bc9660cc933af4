"""What runs in a worker process around its jobs.

It imports TensorFlow before the first, tells of every epoch, and after each job it looks how much
memory it has taken: one that has taken too much is begun anew. TensorFlow and oneDNN keep what they
compile for every new shape, up to 1,024 of each kind, and nothing empties these caches: about 3 MB
per training of another architecture.
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
"""More than after its first job: half comes with the next ten, half with some fifty after these."""

_at_first: int | None = None


class Stopped(Exception):
    """The driver does not want the running job any more."""


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


def is_worn() -> bool:
    """On a worker, after each job: whether it has grown by more than MOST_BYTES since its first."""
    global _at_first
    now = psutil.Process().memory_info().rss
    if _at_first is None:
        _at_first = now
    return now - _at_first > MOST_BYTES


@dataclass(frozen=True)
class Done:
    """What a job returned, and the address of its worker if that has grown too large."""

    result: Any
    worn: str | None


def do(spaces: tuple[own_space.OwnSpace, ...], function: Callable[..., Any], *args: Any) -> Done:
    """On a worker: a job, with the user's own search spaces as whoever gives the job has them."""
    from distributed import get_worker

    own_space.use(spaces)
    result = function(*args)
    return Done(result, get_worker().address if is_worn() else None)
