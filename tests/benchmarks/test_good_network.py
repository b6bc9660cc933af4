from collections.abc import Generator
from typing import Any

from benchmarks.good_network import but_the_baseline
from benchmarks.task import Result

BASELINE, OTHER = {"depth": 2}, {"depth": 3}


def told(*results: tuple[int, dict[str, int]]) -> Generator[Result]:
    for number, values in results:
        yield float(number), {"number": number, "hyperparameters": values, "score": 0.9}


def numbers(results: Generator[tuple[float, dict[str, Any]]]) -> list[int]:
    return [result["number"] for _, result in results]


def test_the_baseline_does_not_win_a_race_on_any_rung() -> None:
    results = told((1, OTHER), (0, BASELINE), (2, OTHER), (3, BASELINE))
    assert numbers(but_the_baseline(results)) == [1, 2]
