"""Which points make a network that may be trained is known without training."""

import keras
import pytest
from keras import layers

from study.problem.network_size import Limits, TooLarge, network_size, operations, why_unfit
from study.problem.problem import Problem, load_problem
from study.problem.settings import SearchSettings
from tests import tiny
from tests.factories import signature

MUCH = 10**9
TINY = 36 * 8 + 8 + 4 * 8 + 8 * 6 + 6
"""Parameters of the tiny problem's baseline: dense, batch normalisation, dense."""


def broken(*_: object) -> keras.Model:
    raise ValueError("Computed output size\n  would be\tnegative")


def uncompiled(*_: object) -> keras.Model:
    return keras.Sequential([keras.Input((6, 6, 1)), layers.Flatten(), layers.Dense(6)])


def test_the_size_is_the_number_of_parameters() -> None:
    just = Limits(TINY, MUCH)
    assert network_size(tiny.problem(), tiny.SIGNATURE, tiny.BASELINE, just).parameters == TINY
    with pytest.raises(TooLarge, match=rf"more than {TINY - 1} parameters .*: {TINY} with layer"):
        network_size(tiny.problem(), tiny.SIGNATURE, tiny.BASELINE, Limits(TINY - 1, MUCH))


def test_the_expense_is_the_multiplications_for_an_image() -> None:
    needed = 36 * 8 + 8 * 6
    just = Limits(TINY, needed)
    assert network_size(tiny.problem(), tiny.SIGNATURE, tiny.BASELINE, just).operations == needed
    found = why_unfit(tiny.problem(), tiny.SIGNATURE, tiny.BASELINE, Limits(TINY, needed - 1))
    assert found is not None
    assert f"more than {needed - 1} multiplications per image (max_operations): {needed}" in found


def test_multiplications_are_those_of_kernels_at_all_places_of_all_calls() -> None:
    inner = keras.Sequential([keras.Input((4, 4, 5)), layers.Flatten(), layers.Dense(7)])
    twice = layers.Conv2D(2, 1)
    pixels = keras.Input((6, 6, 2))
    x = layers.BatchNormalization()(twice(twice(pixels)))
    x = layers.SeparableConv2D(5, 3, name="separable")(x)
    model = keras.Model(pixels, inner(x))
    expected = {"1 x 1, twice": 2 * 36 * 4, "separable": 16 * (9 * 2 + 2 * 5), "dense": 80 * 7}
    assert operations(model) == sum(expected.values())


def test_a_network_far_too_large_is_not_even_begun() -> None:
    """Its weights would take 400 GB."""

    def huge(*_: object) -> keras.Model:
        return keras.Sequential([keras.Input((6, 6, 1)), layers.Flatten(), layers.Dense(3 * 10**9)])

    reason = why_unfit(tiny.problem(build=huge), tiny.SIGNATURE, {}, Limits(10**6, MUCH))
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
    found = why_unfit(problem, tiny.SIGNATURE, {}, Limits(TINY, MUCH))
    assert found is not None
    assert reason in found


@pytest.mark.parametrize("name", ["line", "multihead"])
def test_the_largest_networks_of_the_study_fit(name: str) -> None:
    largest = {"filters": 48, "kernel_first": 3, "dense_units": 1024, "depth": 1}
    largest |= {"head_depth": 2, "head_width": 128}
    problem = load_problem(name)
    values = problem.baseline | largest
    size = network_size(problem, signature(name), values, Limits(20_000_000, MUCH))
    assert 8_000_000 < size.parameters < 10_000_000


def test_the_slowest_network_of_the_space_is_within_the_usual_limit() -> None:
    slowest = {"filters": 48, "kernel_first": 3, "depth": 4, "kernel": 5, "growth": 2.0}
    slowest |= {"convolutions": 3, "summary": "average", "dense_units_average": 256}
    settings = SearchSettings()
    limits = Limits(settings.max_parameters, settings.max_operations)
    problem = load_problem("mnist")
    size = network_size(problem, signature("mnist"), problem.baseline | slowest, limits)
    assert 90_000_000 < size.operations < 130_000_000
