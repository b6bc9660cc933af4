"""Axes of hyperparameters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from study.figures.search.scales import Scale, log_ticks, scale_of, short_number, spread
from study.records.trial import Hyperparameter
from tests.figures.search.six_trials import choice, number


def test_choices_tried_lie_in_the_order_of_the_space() -> None:
    scale = scale_of(choice("x", 7, 3, 5, True), [True, 3, 7, 3])
    assert scale == Scale("x", "categories", 0.0, 2.0, (7, 3, True))
    assert [scale.place(value) for value in (7, 3, True)] == [0, 1, 2]
    assert scale.ticks() == ((0, "7"), (1, "3"), (2, "yes"))
    assert scale.share(3) == 0.5


def test_numbers_lie_between_the_lowest_and_the_highest_that_was_tried() -> None:
    scale = scale_of(number("x", 0, 1), [0.2, 0.6])
    assert scale == Scale("x", "linear", 0.2, 0.6)
    assert scale.share(0.3) == pytest.approx(0.25)
    assert scale.ticks() == tuple((pytest.approx(n / 10), f"0.{n}") for n in range(2, 7))


def test_logarithmic_axis_has_equal_factors_at_equal_distances() -> None:
    scale = scale_of(number("x", 1e-4, 1, log=True), [1e-4, 1e-2])
    assert scale.kind == "log"
    assert scale.share(1e-3) == pytest.approx(0.5)
    assert [text for _, text in scale.ticks()] == ["1e-4", "0.001", "0.01"]


def test_whole_numbers_have_no_ticks_between_them() -> None:
    one = Hyperparameter(name="depth", kind="int", low=1, high=100)
    assert scale_of(one, [1, 2, 3, 4, 5, 6, 8]).ticks() == tuple((n, str(n)) for n in (2, 4, 6, 8))


def test_few_numbers_with_steps_are_categories() -> None:
    one = Hyperparameter(name="depth", kind="int", low=1, high=8)
    assert scale_of(one, [3, 1, 3]) == Scale("depth", "categories", 0.0, 1.0, (1, 3))
    stepped = number("dropout", 0, 0.5, step=0.1)
    assert scale_of(stepped, [0.3, 0.0]).ticks() == ((0, "0"), (1, "0.3"))
    assert scale_of(number("rate", 0, 1), [0.3, 0.1]).kind == "linear"


def test_axis_of_one_value_has_it_in_the_middle() -> None:
    scale = scale_of(number("x", 0, 1), [0.3])
    assert (scale.share(0.3), scale.ticks()) == (0.5, ((0.3, "0.3"),))


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (1e-4, 0.1, [1e-4, 1e-3, 1e-2, 1e-1]),
        (3e-4, 4e-3, [5e-4, 1e-3, 2e-3]),
        (0.0139, 0.0147, [0.0139, 0.0147]),
    ],
)
def test_logarithmic_ticks_are_few_and_at_least_two(
    low: float, high: float, ticks: list[float]
) -> None:
    assert log_ticks(low, high) == ticks


@given(st.floats(1e-9, 1e9), st.floats(1.001, 1e6))
def test_every_axis_of_numbers_has_two_ticks_within_its_ends(low: float, ratio: float) -> None:
    for log in (False, True):
        scale = scale_of(number("x", 0, 1e16, log=log), [low, low * ratio])
        shares = [scale.share_of_place(place) for place, _ in scale.ticks()]
        assert len(shares) >= 2
        assert all(-1e-6 <= share <= 1 + 1e-6 for share in shares)
        assert shares == sorted(shares)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.00034567, "3.46e-4"), (1e-6, "1e-6"), (0.0139944, "0.014"), (0.31, "0.31"), (0, "0"),
        (1024.0, "1024"), (-0.5, "-0.5"), (123456.0, "123456"),
    ],
)  # fmt: skip
def test_numbers_are_written_short(value: float, text: str) -> None:
    assert short_number(value) == text


def test_dots_of_one_category_lie_beside_each_other_and_others_at_their_places() -> None:
    scale = scale_of(choice("x", "a", "b"), ["a", "b"])
    places = spread(scale, range(8), [0.0] * 8)
    assert len(set(places)) == 8
    assert all(abs(place) <= 0.25 for place in places)
    assert places == spread(scale, range(8), [0.0] * 8)
    assert spread(scale_of(number("x", 0, 1), [0, 1]), [1, 2], [0.5, 0.5]) == (0.5, 0.5)
