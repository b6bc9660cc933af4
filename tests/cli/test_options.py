"""Options: what they take, and refuse."""

from typing import get_args

import pytest

from study.cli.options import KindOption, MethodOption, worker_count
from study.records import METHODS, FigureKind
from tests.cli.conftest import Command


@pytest.mark.parametrize("workers", ["0", "-1", "two", "1.5"])
def test_workers_are_auto_or_a_number(command: Command, workers: str) -> None:
    refused = command.refused("run", "line", "--workers", workers)
    assert "'--workers': expected auto, or a number of 1 or more" in refused
    assert f"got '{workers}'" in refused


def test_auto_is_a_worker_a_core() -> None:
    assert (worker_count("auto"), worker_count("3")) == (None, 3)


def test_methods_offered_are_those_there_are() -> None:
    assert tuple(option.value for option in MethodOption) == METHODS
    assert tuple(option.value for option in KindOption) == get_args(FigureKind)
