"""Optuna's files opened as its own programs do, and closed: by itself Optuna closes none."""

from collections.abc import Iterator
from contextlib import contextmanager

import optuna
from optuna.storages import RDBStorage


@contextmanager
def opened(url: str) -> Iterator[RDBStorage]:
    """The storage at that URL."""
    storage = RDBStorage(url)
    try:
        yield storage
    finally:
        storage.remove_session()
        storage.engine.dispose()


def study_names(url: str) -> list[str]:
    """Names of the studies in it."""
    with opened(url) as storage:
        return optuna.get_all_study_names(storage)
