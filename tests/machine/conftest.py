"""A run that may come from anywhere, and an end to waiting for its files."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from study.run.store import Run
from tests.run.test_store import study

SECONDS = 20
"""Far more than a refusal takes: whoever waits for a pipe fails instead of hanging."""


@pytest.fixture
def _never_waits() -> Iterator[None]:
    def give_up(*_: object) -> None:
        raise TimeoutError("waited for a file")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(SECONDS)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
def run(workplace: Path) -> Run:  # noqa: ARG001  # its folder is the current one
    made = Run("demo")
    made.write_study(study())
    return made
