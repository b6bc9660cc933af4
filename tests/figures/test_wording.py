"""Numbers in words, and scores on axes."""

import math
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure

from study.figures.wording import (
    DASH,
    count,
    duration,
    listed,
    metric_label,
    percent,
    points,
    set_score_axis,
    value,
)


def test_scores_read_as_percentages() -> None:
    assert percent(0.99123) == "99.12%"
    assert points(0.0123) == "+1.23 points"
    assert points(-0.5) == "-50.00 points"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (percent(0.97312), "97.31%"),
        (percent(1.0), "100.00%"),
        (duration(4.21), "4.2 s"),
        (duration(59.96), "1 min 00 s"),
        (duration(192), "3 min 12 s"),
        (duration(3599.9), "1 h 00 min"),
        (duration(3900), "1 h 05 min"),
        (value(True), "yes"),
        (value(0.000123456), "0.0001235"),
        (value(0.0), "0"),
        (value(1024), "1024"),
        (value("cosine"), "cosine"),
        (value([1, 2]), "1, 2"),
        (listed(["a", "b", "c"]), "a, b and c"),
        (listed(["a"]), "a"),
        (listed([]), ""),
    ],
)
def test_written_form(written: str, expected: str) -> None:
    assert written == expected


@pytest.mark.parametrize("absent", [None, math.nan, math.inf])
def test_what_is_not_known_is_a_dash(absent: float | None) -> None:
    assert {percent(absent), duration(absent), value(absent)} == {DASH}


@given(st.floats(0, 1e7))
def test_durations_never_show_sixty(seconds: float) -> None:
    assert not re.search(r"\b60(\.0)? (s|min)", duration(seconds))


def test_metrics_read_as_words() -> None:
    assert [metric_label(name) for name in ("accuracy", "joint", "length", "loss")] == [
        "accuracy",
        "joint accuracy",
        "length accuracy",
        "loss",
    ]


def test_one_is_singular() -> None:
    assert [count(number, "trial") for number in (0, 1, 1200)] == [
        "0 trials",
        "1 trial",
        "1,200 trials",
    ]


def test_scores_near_and_far_from_perfect_get_an_axis_of_errors() -> None:
    axes = Figure().subplots()
    set_score_axis(axes, [0.5, 0.99, 1.0])

    assert axes.get_yscale() == "function"
    assert [label.get_text() for label in axes.get_yticklabels()][-1] == "100%"


def test_scores_close_together_get_a_linear_axis() -> None:
    axes = Figure().subplots()
    set_score_axis(axes, [0.9, 0.95], "x")

    assert axes.get_xscale() == "linear"
    assert axes.get_xlim() == pytest.approx((0.896, 0.954))


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(0, 1), max_size=4))
def test_the_axis_holds_all_scores(scores: list[float]) -> None:
    figure = Figure()
    axes = figure.subplots()
    set_score_axis(axes, scores)
    low, high = axes.get_ylim()
    figure.draw_without_rendering()

    assert all(low < score < high for score in scores)
