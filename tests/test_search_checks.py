from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from study.records import Hyperparameter, SearchSpace, Value
from study.search_checks import Edge, edges, expected_best
from tests.factories import trial

SPACE = SearchSpace(
    objective="accuracy",
    hyperparameters=[
        Hyperparameter(name="filters", kind="choice", values=[32, 16, 64]),
        Hyperparameter(name="kernel", kind="choice", values=[3, 5]),
        Hyperparameter(name="way", kind="choice", values=["max", "average", "stride"]),
        Hyperparameter(name="norm", kind="choice", values=[True, False]),
        Hyperparameter(name="depth", kind="int", low=1, high=4, step=1),
        Hyperparameter(name="dropout", kind="float", low=0, high=0.5, step=0.1),
        Hyperparameter(name="rate", kind="float", low=1e-4, high=1e-2, log=True),
    ],
)


@pytest.mark.parametrize(
    ("name", "value", "upper", "limits"),
    [
        ("filters", 64, True, (16, 64)),
        ("filters", 16, False, (16, 64)),
        ("depth", 4, True, (1, 4)),
        ("depth", 1, False, (1, 4)),
        ("dropout", 0.5, True, (0, 0.5)),
        ("rate", 9e-3, True, (1e-4, 1e-2)),
        ("rate", 1.2e-4, False, (1e-4, 1e-2)),
    ],
)
def test_a_value_at_an_end_is_found(
    name: str, value: Value, upper: bool, limits: tuple[float, float]
) -> None:
    found = edges(trial(0, hyperparameters={name: value}), SPACE)
    assert found.found == (Edge(name, value, upper, *limits),)
    assert found.ranged == 1


@pytest.mark.parametrize(
    ("name", "value", "ranged"),
    [
        ("filters", 32, 1),
        ("depth", 2, 1),
        ("dropout", 0.0, 1),  # there is no less
        ("dropout", 0.4, 1),
        ("rate", 1e-3, 1),
        ("rate", 7e-3, 1),  # near on a linear scale only
        ("kernel", 5, 0),  # two values are all ends
        ("way", "stride", 0),
        ("norm", True, 0),
        ("unheard", 7, 0),
    ],
)
def test_a_value_inside_or_without_a_range_is_no_edge(name: str, value: Value, ranged: int) -> None:
    found = edges(trial(0, hyperparameters={name: value}), SPACE)
    assert (found.found, found.ranged) == ((), ranged)


def test_as_many_are_found_of_random_trials_as_chance_says() -> None:
    rng = np.random.default_rng(1)
    found = []
    for _ in range(4000):
        values = {
            "filters": int(rng.choice([16, 32, 64])),
            "depth": int(rng.integers(1, 5)),
            "dropout": float(rng.integers(0, 6)) / 10,
            "rate": float(10 ** rng.uniform(-4, -2)),
        }
        found.append(edges(trial(0, hyperparameters=values), SPACE))
    assert found[0].by_chance == pytest.approx(2 / 3 + 2 / 4 + 1 / 6 + 2 * 0.05)
    assert np.mean([len(one.found) for one in found]) == pytest.approx(found[0].by_chance, abs=0.05)


SCORES = st.lists(st.floats(0, 1), min_size=4, max_size=7)


@given(scores=SCORES)
def test_expected_best_is_the_mean_over_all_draws(scores: list[float]) -> None:
    found = expected_best(scores, seed=1)
    assert found
    for n, mean in enumerate(found.mean, start=1):
        assert mean == pytest.approx(np.mean([max(drawn) for drawn in combinations(scores, n)]))


@given(scores=SCORES)
def test_expected_best_rises_from_the_mean_to_the_maximum(scores: list[float]) -> None:
    found = expected_best(scores, seed=1)
    assert found
    assert found.mean[0] == pytest.approx(np.mean(scores))
    assert found.mean[-1] == pytest.approx(max(scores))
    assert all(np.diff(found.mean) >= -1e-12)
    assert all(low <= high for low, high in zip(found.low, found.high, strict=True))


def test_too_few_trials_say_nothing() -> None:
    assert expected_best([0.5, 0.6, 0.7], seed=1) is None


@pytest.mark.parametrize(
    ("scores", "helps"),
    [
        ([0.9] * 20, False),
        ([0.9801, 0.9802, 0.9803, 0.9800] * 5, False),
        (list(np.linspace(0.1, 0.9, 20)), True),
        ([0.5] * 19 + [0.9], None),  # one lucky trial
    ],
)
def test_more_trials_help_if_the_second_half_did(scores: list[float], helps: bool | None) -> None:
    found = expected_best(scores, seed=1)
    assert found
    assert found.would_help is helps
