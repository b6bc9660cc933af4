"""Workers on this machine: one single-threaded process per core.

Two of them do half as much again as one process with two threads.
"""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import forkserver
from pathlib import Path

from study import variables
from study.engine import Engine, preparation, quiet_dask
from study.errors import WrongUse
from study.quiet import import_tensorflow

_LONGEST_SOCKET = 103
"""Characters of a socket's path: 107 on Linux (unix(7)), 103 on macOS."""

_SOCKET_NAME = len("/pymp-12345678/listener-12345678")
"""Characters that `multiprocessing` adds to the path of its temporary folder."""

MOST_PER_CORE = 4
"""Worker processes on this machine: more are a slip of the finger."""


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
    quiet_dask()
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
        client.register_plugin(preparation())
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
