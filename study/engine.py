"""Where training runs: worker processes on this machine, by Dask.

One single-threaded process a core: two of them do half as much again as one process with two
threads. Results come back in any order; whoever submits decides what to wait for.
"""

import os
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from study.errors import StudyFailed
from study.quiet import import_tensorflow

if TYPE_CHECKING:
    from collections.abc import Iterator

    from distributed import Client, Future

WORKER_ENVIRONMENT = {
    # One thread a worker, or the workers fight for the cores.
    "OMP_NUM_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    # TensorFlow leaves oneDNN off on processors without AVX-512; on, the baseline trains 1.5 times
    # as fast there too.
    "TF_ENABLE_ONEDNN_OPTS": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "KERAS_BACKEND": "tensorflow",
    # No GPU: one process a core would each grab the whole of its memory.
    "CUDA_VISIBLE_DEVICES": "",
}

_PROGRESS = "progress"

_CHECK_WORKERS = 30
"""Seconds between looks at whether anybody is left to do the job."""


@dataclass(frozen=True)
class Tick:
    """News of a job that is still running."""

    key: str
    epoch: int
    score: float


class Engine:
    """Workers that call functions; made by `local_engine`."""

    def __init__(self, client: "Client", workers: int) -> None:
        self._client = client
        self.workers = workers
        self.on_tick: Callable[[Tick], None] = lambda _: None
        """Called, in another thread, for every `report_epoch` of a worker."""
        client.subscribe_topic(_PROGRESS, lambda event: self.on_tick(Tick(**event[1]["tick"])))

    def submit(self, function: Callable[..., Any], *args: Any, key: str) -> "Future":
        """Call `function(*args)` on a worker, in the order submitted; `key` names the job once."""
        return self._client.submit(function, *args, key=key, pure=False)


def report_epoch(epoch: int, score: float) -> None:
    """Called on a worker: tell the driver how the running job is doing."""
    from distributed import get_worker

    worker = get_worker()
    tick = {"key": worker.get_current_task(), "epoch": epoch, "score": score}
    worker.log_event(_PROGRESS, {"tick": tick})


def wait_for(future: "Future") -> Any:
    """Wait for what a job returns.

    Raises:
        StudyFailed: its worker process died, each time it was tried, or no worker is left.
    """
    from distributed.scheduler import KilledWorker

    try:
        while True:
            try:
                return future.result(timeout=_CHECK_WORKERS)
            except TimeoutError:
                if not future.client.scheduler_info(n_workers=-1)["workers"]:
                    raise StudyFailed(
                        f"{future.key}: all worker processes died and none came back"
                    ) from None
    except KilledWorker as error:
        raise StudyFailed(
            f"{error.task}: the worker process died, out of memory perhaps; try fewer --workers"
        ) from error


def core_count() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def local_engine(workers: int | None = None) -> "Iterator[Engine]":
    """Worker processes on this machine (default: one a core), for the length of the block.

    They listen on loopback only.
    """
    import dask
    from distributed import Client, LocalCluster

    count = workers or core_count()
    settings = {
        "distributed.admin.large-graph-warning-threshold": "1GB",
        "distributed.worker.memory.target": False,  # models cannot be spilled to disk
        "distributed.worker.memory.spill": False,
        "distributed.nanny.pre-spawn-environ": WORKER_ENVIRONMENT,
        "logging.distributed": "error",
    }
    with (
        dask.config.set(settings),
        LocalCluster(
            n_workers=count,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
            silence_logs=40,  # logging.ERROR
        ) as cluster,
        Client(cluster) as client,
    ):
        addresses = client.scheduler_info(n_workers=-1)["workers"]
        imports = [  # on every worker, while the driver is still busy with its own
            client.submit(import_tensorflow, key=f"import-{n}", workers=[address])
            for n, address in enumerate(addresses)
        ]
        yield Engine(client, count)
        del imports
