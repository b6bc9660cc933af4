"""The workers of a running Dask cluster, on any machines."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from study import variables
from study.engine import Engine, closed_in_time, quiet_dask
from study.errors import WrongUse, one_line
from study.quiet import import_tensorflow

if TYPE_CHECKING:
    import distributed

_JOIN_TIMEOUT = 15
"""Seconds to wait for a scheduler, and for its first worker."""

_ALL_JOIN_TIMEOUT = 600
"""Seconds to wait for as many workers as were asked for: a cluster may still be starting them."""


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
    quiet_dask()
    from distributed import Client

    try:
        client = Client(address, timeout=_JOIN_TIMEOUT)
    except (OSError, TimeoutError, ValueError, TypeError) as error:
        raise WrongUse(f"--scheduler: no Dask scheduler at {address}: {one_line(error)}") from error
    with closed_in_time(client):
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
        with closed_in_time(Engine(client, retries)) as engine:
            yield engine


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
