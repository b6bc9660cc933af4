"""Scores in words and on axes."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure

from study.figures.wording import count, metric_label, percent, points, set_score_axis


def test_scores_read_as_percentages() -> None:
    assert percent(0.99123) == "99.12%"
    assert points(0.0123) == "+1.23 points"
    assert points(-0.5) == "-50.00 points"


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
