"""The charts as pictures: the same numbers, and nothing left behind."""

from functools import cache
from pathlib import Path
from typing import Any

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure

from study.figures.search import CHARTS, Searched
from study.figures.search.twins import DRAWINGS, pictures
from study.records.trial import Hyperparameter
from study.report.charts.explore import TRACES
from study.trials import excerpt
from tests.factories import trial
from tests.figures.search.six_trials import choice, number, of, scored, six
from tests.trials.test_excerpt import long_search


def drawn(key: str, search: Searched) -> tuple[Figure, Any]:
    info = CHARTS[key].info(search)
    assert info is not None
    return DRAWINGS[key](search, info), info


def test_every_chart_is_drawn_by_both() -> None:
    assert set(DRAWINGS) == set(TRACES) == set(CHARTS)


def test_there_is_one_picture_per_chart_with_the_words_of_the_chart(tmp_path: Path) -> None:
    made = pictures(six(), tmp_path)
    assert [picture.file for picture in made] == [f"search_{key}.png" for key in CHARTS]
    assert [picture.kind for picture in made] == [*CHARTS]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(p.file for p in made)
    for picture, kind in zip(made, CHARTS.values(), strict=True):
        words = kind.words(six(), kind.info(six()))
        assert picture.section == "search"
        assert (picture.title, picture.caption) == (words.title, words.caption)
        assert (picture.alt, picture.reading) == (words.alt, words.reading)


def test_history_has_the_line_the_dots_and_the_crosses() -> None:
    figure, info = drawn("history", scored(None, 0.8, None, 0.7, 0.9, None))
    (axes,) = figure.axes
    (line,) = axes.lines
    assert [*zip(line.get_xdata(), line.get_ydata(), strict=True)] == [*info.line]
    dots = {shown.get_label(): shown.get_offsets().data.tolist() for shown in axes.collections}
    assert dots.pop("failed") == [[0, 0.03], [2, 0.03], [5, 0.03]]
    assert dots == {"other trials": [[1, 0.8], [3, 0.7]], "best (trial 4)": [[4, 0.9]]}


def test_curve_is_a_line_and_one_of_a_single_epoch_a_dot() -> None:
    search = of(
        trial(0, 0.9), trial(1, 0.8), trial(2, 0.5, epochs=1, curves={"val_accuracy": [0.5]})
    )
    figure, info = drawn("curves", search)
    (axes,) = figure.axes
    assert [tuple(line.get_ydata()) for line in axes.lines] == [c.scores for c in info.curves]
    assert [line.get_marker() for line in axes.lines] == ["", "", "o"]
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == [
        "other trials",
        "baseline (trial 0)",
    ]


def test_line_of_fewer_trials_is_the_expected_best() -> None:
    figure, info = drawn("more_trials", scored(0.5, 0.6, 0.8, 0.7, 0.9))
    (line,) = figure.axes[0].lines
    assert tuple(line.get_xdata()) == info.trials == (1, 2, 3, 4)
    assert tuple(line.get_ydata()) == info.mean


def test_lines_of_parallel_coordinates_are_the_trials() -> None:
    figure, info = drawn("parallel", six())
    lines = [line for line in figure.axes[0].lines if line.get_marker() == "o"]
    assert [tuple(line.get_ydata()) for line in lines] == [line.places for line in info.lines]


def test_panels_of_values_have_their_dots_and_medians() -> None:
    figure, info = drawn("hyperparameters", six())
    for axes, panel in zip(figure.axes, info.panels, strict=False):
        dots = [
            tuple(place)
            for shown in axes.collections
            if shown.get_label() and "trial" in str(shown.get_label())
            for place in shown.get_offsets().data.tolist()
        ]
        assert sorted(dots) == sorted(zip(panel.places, panel.scores, strict=True))


@cache
def long_with_failures() -> Searched:
    """Seven hundred trials of three hyperparameters with long and strange names."""
    name = "a_name_that_is_much_longer_than_its_panel_is_wide"
    rng = np.random.default_rng(1)
    trials = []
    for one in long_search(700):
        values = {
            name: f"also_a_long_value_{one.number % 3}",
            "rate": float(10 ** rng.uniform(-5, -1)),
            "$l2$": float(rng.integers(0, 3)),
        }
        ended = None if one.score is None else f"2026-11-22T08:{one.number % 60:02}:30+00:00"
        trials.append(one.model_copy(update={"hyperparameters": values, "finished": ended}))
    return of(
        *trials,
        hyperparameters=(
            choice(name, *(f"also_a_long_value_{n}" for n in range(3))),
            number("rate", 1e-5, 0.1, log=True),
            number("$l2$", 0, 2),
        ),
    )


@pytest.mark.parametrize("key", CHARTS)
def test_long_search_with_failures_and_long_names_is_drawn(key: str) -> None:
    figure, _ = drawn(key, long_with_failures())
    figure.draw_without_rendering()


def test_hyperparameter_that_no_trial_that_is_drawn_has_can_be_drawn() -> None:
    every = long_search(700)
    drawn_ones = {one.number for one in excerpt.shown(every)}
    rare = [one.number for one in every if one.score and one.number not in drawn_ones][:3]
    assert len(rare) == 3
    trials = [
        one.model_copy(
            update={
                "hyperparameters": {"x": one.number % 2}
                | ({"rare": one.number} if one.number in rare else {})
            }
        )
        for one in every
    ]
    whole = Hyperparameter(name="rare", kind="int", low=0, high=9_999)
    search = of(*trials, hyperparameters=(choice("x", 0, 1), whole))
    assert "rare" in search.names
    for key in ("hyperparameters", "parallel", "rank"):
        figure, info = drawn(key, search)
        figure.draw_without_rendering()
        assert TRACES[key](search, info).data


def test_drawing_leaves_no_figure_and_no_setting_behind(tmp_path: Path) -> None:
    before = dict(matplotlib.rcParams)
    pictures(six(), tmp_path)
    assert (plt.get_fignums(), dict(matplotlib.rcParams)) == ([], before)


@settings(max_examples=8, deadline=None)
@given(st.lists(st.one_of(st.none(), st.floats(0, 1)), min_size=1, max_size=6))
def test_any_scores_can_be_drawn(scores: list[float | None]) -> None:
    search = scored(*scores)
    for key, kind in CHARTS.items():
        if (info := kind.info(search)) is not None:
            DRAWINGS[key](search, info).draw_without_rendering()
