"""Which points make a network that may be trained is known without training."""

import keras
import pytest
from keras import layers

from study.problem.network_size import TooLarge, network_size, why_unfit
from study.problem.problem import Problem, load_problem
from tests import tiny
from tests.factories import signature

TINY = 36 * 8 + 8 + 4 * 8 + 8 * 6 + 6
"""Parameters of the tiny problem's baseline: dense, batch normalisation, dense."""


def broken(*_: object) -> keras.Model:
    raise ValueError("Computed output size\n  would be\tnegative")


def uncompiled(*_: object) -> keras.Model:
    return keras.Sequential([keras.Input((6, 6, 1)), layers.Flatten(), layers.Dense(6)])


def test_the_size_is_the_number_of_parameters() -> None:
    assert network_size(tiny.problem(), tiny.SIGNATURE, tiny.BASELINE, TINY) == TINY
    with pytest.raises(TooLarge, match=rf"more than {TINY - 1} parameters .*: {TINY} with layer"):
        network_size(tiny.problem(), tiny.SIGNATURE, tiny.BASELINE, TINY - 1)


def test_a_network_far_too_large_is_not_even_begun() -> None:
    """Its weights would take 400 GB."""

    def huge(*_: object) -> keras.Model:
        return keras.Sequential([keras.Input((6, 6, 1)), layers.Flatten(), layers.Dense(3 * 10**9)])

    reason = why_unfit(tiny.problem(build=huge), tiny.SIGNATURE, {}, 10**6)
    assert reason is not None
    assert "more than 1,000,000 parameters (max_parameters)" in reason


@pytest.mark.parametrize(
    ("problem", "reason"),
    [
        (tiny.problem(build=broken), "ValueError: Computed output size would be negative"),
        (tiny.problem(build=uncompiled), "call model.compile in build"),
    ],
    ids=["broken", "uncompiled"],
)
def test_points_that_make_no_network_are_unfit(problem: Problem, reason: str) -> None:
    found = why_unfit(problem, tiny.SIGNATURE, {}, TINY)
    assert found is not None
    assert reason in found


@pytest.mark.parametrize("name", ["line", "multihead"])
def test_the_largest_networks_of_the_study_fit(name: str) -> None:
    largest = {"filters": 48, "kernel_first": 3, "dense_units": 1024, "depth": 1}
    largest |= {"head_depth": 2, "head_width": 128}
    problem = load_problem(name)
    values = problem.baseline | largest
    assert 8_000_000 < network_size(problem, signature(name), values, 20_000_000) < 10_000_000
