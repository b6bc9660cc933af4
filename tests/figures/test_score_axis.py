"""Scores on axes."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure

from study.figures.score_axis import set_score_axis


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
