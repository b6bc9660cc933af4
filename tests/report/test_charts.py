"""The charts' data step: what they show of hand-made trials, and what they leave out."""

import base64
import gzip
import hashlib
import json
import re
import subprocess
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from study.figures.search import CHARTS
from study.records.importance import Importance
from study.report import ReportInput, charts, render
from study.report.charts import Chart, Explore, explore
from study.report.charts.chart import label, sparkline
from study.report.inputs import ProblemInput
from study.report.page.plotly_js import plotly_js
from tests.factories import curves, trial
from tests.figures.search.six_trials import six
from tests.report.inputs import picture, problem, searched, study

TEMPLATES = Path(charts.__file__).parents[1] / "page" / "templates"


def explored(given: ProblemInput) -> Explore:
    found = explore(given, "first")
    assert found
    return found


@cache
def usual() -> Explore:
    return explored(searched())


def chart(key: str, given: ProblemInput | None = None) -> Chart:
    found = explored(given) if given else usual()
    return next(chart for chart in found.charts if chart.key == key)


def data(key: str, given: ProblemInput | None = None) -> list[dict[str, Any]]:
    return chart(key, given).figure["data"]


def test_history_shows_the_trials_own_numbers() -> None:
    best, dots, failed = data("history")
    # The baseline and the best come last, over the others.
    assert (dots["x"], dots["y"]) == ([1, 4, 7, 0, 5], [0.6, 0.85, 0.7, 0.8, 0.9])
    assert dots["customdata"] == dots["x"]
    assert dots["marker"]["color"] == [*["var(--muted)"] * 3, "var(--baseline)", "var(--tuned)"]
    assert (best["x"], best["y"]) == ([0, 4, 5, 7], [0.8, 0.85, 0.9, 0.9])
    assert (failed["x"], failed["customdata"], failed["name"]) == ([2], [2], "failed")
    assert failed["yaxis"] == "y2"  # at the bottom, whatever the scores


def test_history_of_failures_has_crosses_only() -> None:
    (failed,) = data("history", searched(trials=(trial(0, None), trial(1, None))))
    assert failed["customdata"] == [0, 1]


def test_scores_either_side_of_ninety_percent_get_an_axis_of_errors() -> None:
    given = searched(trials=(trial(0, 0.5), trial(1, 0.9995)))
    found = chart("history", given).figure
    assert found["data"][1]["y"] == pytest.approx([0.5005, 0.001])
    axis = found["layout"]["yaxis"]
    assert (axis["type"], axis["autorange"]) == ("log", "reversed")
    assert axis["ticktext"][0] == "50%"
    assert axis["tickvals"][0] == pytest.approx(0.5005)


def test_label_of_a_trial_has_result_cost_curve_and_hyperparameters() -> None:
    labels = usual().labels
    assert labels["4"] == [
        "85.00% in 2 epochs",
        "8,000 parameters, 14.0 s",
        "validation 75.00% ▁█ 85.00%",
        "filters 64 · rate 0.001",
        "norm yes · momentum 0.5",
    ]
    assert labels["2"] == [
        "failed: ValueError: no such layer",
        "8,000 parameters, 12.0 s",
        "filters 64 · rate 0.1",
        "norm no",
    ]


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ([0.25, 0.5, 0.375, 0.75], "validation 25.00% ▁▅▃█ 75.00%"),
        (
            [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7],
            "validation 0.00% ▁▂▃▄▅▆▇█ 70.00%",
        ),
        ([0.9, 0.9, 0.9], "validation 90.00% ▄▄▄ 90.00%"),
        ([0.9], "validation 90.00%"),
        ([0.5, float("nan"), 0.6], "validation 50.00% ▁·█ 60.00%"),
    ],
    ids=["up and down", "every block", "flat", "one epoch", "not a number"],
)
def test_curve_of_a_trial_is_drawn_over_its_own_range(values: list[float], line: str) -> None:
    one = trial(0, 0.9, curves={"val_joint": values, "val_accuracy": [0, 1]})
    assert label(one, "joint")[2] == line


def test_long_curve_is_told_by_epochs_from_the_first_to_the_last() -> None:
    assert sparkline([0.0] + [0.6] * 998 + [1.0]) == "▁" + "▅" * 18 + "█"


def test_trial_that_left_no_curve_of_the_objective_has_no_line_of_it() -> None:
    assert label(trial(0, 0.9, curves={"val_loss": [1.0, 0.5]}), "accuracy") == [
        "90.00% in 2 epochs",
        "1,000 parameters, 2.5 s",
        "filters 32",
    ]


def test_lines_of_parallel_coordinates_are_the_trials_they_are_said_to_be() -> None:
    info = CHARTS["parallel"].info(six())
    figure = chart("parallel").figure
    drawn = [(line["customdata"], line["y"]) for line in figure["data"]]
    assert drawn == [([line.number] * 5, [*line.places]) for line in info.lines]
    assert figure["layout"]["xaxis"]["ticktext"] == [axis.name for axis in info.axes]
    written = [(note["x"], note["y"], note["text"]) for note in figure["layout"]["annotations"]]
    assert written == [(n, *tick) for n, axis in enumerate(info.axes) for tick in axis.ticks]


def test_panels_have_a_dot_per_trial_and_a_bar_per_median() -> None:
    info = CHARTS["hyperparameters"].info(six())
    figure = chart("hyperparameters").figure
    for place, panel in enumerate(info.panels):
        x = "x" if place == 0 else f"x{place + 1}"
        dots, *bars = [trace for trace in figure["data"] if trace["xaxis"] == x]
        shown = zip(dots["customdata"], dots["x"], dots["y"], strict=True)
        assert sorted(shown) == sorted(zip(panel.numbers, panel.places, panel.scores, strict=True))
        assert {*dots["customdata"][-2:]} >= {0, 5} & {*panel.numbers}  # over the others
        heights = [trace["y"][0::3] for trace in bars]
        assert heights == ([[score for _, score in panel.medians]] if panel.medians else [])
    titles = [axis["title"]["text"] for axis in axes_of(figure, "xaxis")]
    assert {"momentum (in 2 of 5)", "norm"} <= {*titles}
    norm = axes_of(figure, "xaxis")[titles.index("norm")]
    assert norm["ticktext"] == ["yes", "no"]


def axes_of(figure: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [axis for name, axis in figure["layout"].items() if name.startswith(kind)]


@pytest.mark.parametrize("key", ["parameters", "latency", "seconds"])
def test_front_is_marked_and_the_others_are_not(key: str) -> None:
    info = CHARTS[key].info(six())
    steps, behind, front = data(key)
    on_front = [info.numbers[place] for place in info.front]
    assert sorted(front["customdata"]) == sorted(on_front)
    assert sorted(behind["customdata"]) == sorted({*info.numbers} - {*on_front})
    assert steps["x"] == [info.costs[place] for place in info.front]
    assert steps["y"] == [info.scores[place] for place in info.front]


def test_timeline_is_in_the_records_time_whatever_the_machines() -> None:
    (bars,) = data("timeline")
    assert bars["y"] == bars["customdata"] == [0, 1, 4, 5, 7]
    assert bars["base"][:2] == ["2026-11-22T08:00:20", "2026-11-22T08:01:19"]
    assert bars["x"] == [10000, 11000, 14000, 15000, 17000]


def test_surface_ranks_curves_and_shares_are_those_of_the_data_step() -> None:
    surface, dots = data("contour")
    info = CHARTS["contour"].info(six())
    assert surface["z"] == [*map(list, info.surface)]
    assert (surface["x"], surface["y"]) == ([*info.columns], [*info.rows])
    assert sorted(dots["customdata"]) == sorted(info.points.numbers)
    ranks = CHARTS["rank"].info(six())
    for panel, trace in zip(ranks.panels, data("rank"), strict=True):
        assert trace["customdata"] == [*panel.points.numbers]
        assert trace["marker"]["color"] == [*panel.ranks]
    curves_ = CHARTS["curves"].info(six())
    lines = {line["customdata"][0]: line["y"] for line in data("curves")}
    assert lines == {curve.number: [*curve.scores] for curve in curves_.curves}
    assert [line["customdata"][0] for line in data("curves")][-2:] == [0, 5]
    (line,) = data("distribution")
    assert line["y"] == [*CHARTS["distribution"].info(six()).shares]
    bars = {trace["name"]: trace for trace in data("importances")}
    shares = CHARTS["importances"].info(six())
    assert bars["fANOVA"]["x"] == [one.share for one in shares.fanova]
    assert bars["PED-ANOVA"]["y"] == [one.name for one in shares.ped_anova]


def test_best_of_fewer_trials_lies_within_its_band() -> None:
    low, high, line = data("more_trials")
    assert line["x"] == low["x"] == [1, 2, 3, 4]
    assert all(a <= b <= c for a, b, c in zip(low["y"], line["y"], high["y"], strict=True))
    assert high["fill"] == "tonexty"


def test_learning_curves_are_of_every_trial_that_left_some() -> None:
    found = usual().curves
    assert found
    traces = found.figure["data"]
    assert {trace["meta"] for trace in traces} == {0, 1, 4, 5, 7}
    own = [trace for trace in traces if trace["meta"] == 5]
    assert [(trace["name"], trace["xaxis"], trace["x"], trace["y"]) for trace in own] == [
        ("training", "x1", [1, 2], [0.5, 0.25]),
        ("validation", "x1", [1, 2], [0.5, 0.25]),
        ("training", "x2", [1, 2], [0.8, 0.9]),
        ("validation", "x2", [1, 2], [0.8, 0.9]),
    ]


def test_trial_that_went_on_begins_where_the_first_part_ended() -> None:
    one = trial(0, 0.9, epochs=5, curves=curves(0.9, 2))
    found = explored(searched(trials=(one,))).curves
    assert found
    assert found.figure["data"][0]["x"] == [4, 5]


# -------------------------------------------------------------------------------- importances


def test_charts_come_out_the_same_again() -> None:
    assert explored(searched()) == usual()


@pytest.mark.parametrize(
    ("share", "low", "high", "settled"),
    [
        (0.5, 0.4, 0.6, True),
        (0.5, 0.2, 0.6, False),  # the interval reaches down to an equal part
        (0.5, 0.3, 0.9, False),  # wider than the share
        (0.5, 0.6, 0.8, False),  # does not hold the share
    ],
)
def test_importance_is_settled(share: float, low: float, high: float, settled: bool) -> None:
    assert Importance(name="a", share=share, low=low, high=high, equal=0.25).settled == settled


# ------------------------------------------------------------------------------------ the pictures


def test_charts_have_the_pictures_of_their_key_and_no_others() -> None:
    pictures = (
        picture("search_history.png", 70, 30),
        picture("search_more_trials.png"),
        picture("search_other.png"),
        picture("search_curves.png", section="filters"),
    )
    found = explored(searched(pictures=pictures))
    assert {one.key for one in found.charts if one.twin} == {"history", "more_trials"}
    (history,) = [one.twin for one in found.charts if one.key == "history"]
    assert history
    assert (history.png, history.width) == (pictures[0].png, 70)


def test_picture_that_cannot_be_read_is_noted() -> None:
    damaged = replace(picture("search_history.png"), png=b"")
    found = explored(searched(pictures=(damaged,)))
    assert not any(one.twin for one in found.charts)
    assert any("search_history.png" in note for note in found.notes)


# -------------------------------------------------------------------------------- what is missing


def test_no_trials_no_charts() -> None:
    assert explore(searched(trials=()), "first") is None


@pytest.mark.parametrize(
    ("scores", "made"),
    [
        ([None], {"history"}),
        ([None, None], {"history"}),
        ([float("nan")], {"history"}),
        ([0.9], {"history", "curves"}),
    ],
    ids=["failed", "all failed", "nan", "one"],
)
def test_charts_that_so_few_trials_allow(scores: list[float | None], made: set[str]) -> None:
    trials = tuple(trial(n, s, hyperparameters={"filters": 16}) for n, s in enumerate(scores))
    found = explored(searched(trials=trials))
    assert {chart.key for chart in found.charts} == made
    assert found.notes[-1].startswith(
        "Not drawn, because there are too few trials, recorded times or different values:"
    )


def test_two_trials_and_trials_all_alike_raise_nothing() -> None:
    alike = tuple(trial(n, 0.9, hyperparameters={"filters": 16}) for n in range(8))
    for trials in (searched().trials[:2], alike):
        found = explored(searched(trials=trials))
        assert "importances" not in {chart.key for chart in found.charts}
        assert "importances" in found.notes[-1]


def test_run_that_kept_no_space_has_the_other_charts() -> None:
    found = explored(searched(space=None))
    keys = {chart.key for chart in found.charts}
    assert {"history", "parameters", "distribution"} <= keys
    assert "hyperparameters" not in keys
    assert found.notes[0] == (
        "The search space was not recorded, so there are no charts of the hyperparameters."
    )


def test_value_outside_of_the_space_costs_the_charts_of_hyperparameters_only() -> None:
    strange = trial(8, 0.5, hyperparameters={"filters": 17})
    found = explored(searched(trials=(*searched().trials, strange)))
    assert found.notes[0].startswith("The trials do not fit the recorded search space: ValueError")
    assert "history" in {chart.key for chart in found.charts}


# ------------------------------------------------------------------------------------- the page


def test_every_chart_has_caption_and_text_and_colours_that_the_page_has() -> None:
    found = usual()
    style = (TEMPLATES / "assets" / "style.css").read_text()
    known = re.search(r"--\(\?:([a-z|]+)\)", (TEMPLATES / "assets" / "charts.js").read_text())
    assert known
    for one in (*found.charts, found.curves):
        assert one
        assert one.title
        assert one.caption.endswith(".")
        assert one.alt.endswith(".")
        names = set(re.findall(r"var\(--(\w+)\)", json.dumps(one.figure))) - {"sans"}
        assert names <= set(known[1].split("|"))
        assert all(f"--{name}:" in style for name in names)


def test_every_chart_but_the_common_one_says_how_it_is_read() -> None:
    readings = {one.key: one.reading for one in usual().charts}
    assert [key for key, reading in readings.items() if not reading] == ["history"]
    assert all(reading.endswith(".") for reading in readings.values() if reading)
    assert "the values of the best 3 trials differ from those of all" in readings["importances"]


def test_packed_library_is_the_one_that_may_run() -> None:
    packed = plotly_js()
    source = gzip.decompress(base64.b64decode(packed.packed))
    assert b"plotly.js v" in source[:100]
    assert base64.b64encode(hashlib.sha256(source).digest()).decode() == packed.digest
    assert len(packed.packed) < 2_500_000


def test_report_is_imported_without_what_only_charts_or_nobody_needs() -> None:
    heavy = {"optuna", "plotly", "sklearn", "pandas", "matplotlib"}
    code = f"import sys, study.report; print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_page_without_trials_carries_no_library() -> None:
    text = render(ReportInput(study(), (problem(trials=()),)))
    assert 'id="plotly"' not in text
    assert len(text) < 100_000
