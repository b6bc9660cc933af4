"""The charts' data step: what they show of hand-made trials, and what they leave out."""

import base64
import gzip
import hashlib
import json
import re
import subprocess
import sys
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from study.records.base import Hyperparameter, SearchSpace, Trial
from study.report import ReportInput, charts, render
from study.report.charts import Chart, Explore, explore
from study.report.charts.chart import label, sparkline
from study.report.inputs import ProblemInput
from study.report.page import plotly_js
from study.trials.importances import Importance
from tests.factories import curves, trial
from tests.report.inputs import problem, searched, study

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
    assert (dots["x"], dots["y"]) == ([0, 1, 4, 5, 7], [0.8, 0.6, 0.85, 0.9, 0.7])
    assert dots["customdata"] == dots["x"]
    assert dots["marker"]["color"] == [
        "var(--baseline)",
        "var(--muted)",
        "var(--muted)",
        "var(--tuned)",
        "var(--muted)",
    ]
    assert (best["x"], best["y"]) == ([0, 1, 2, 4, 5, 7], [0.8, 0.8, 0.8, 0.85, 0.9, 0.9])
    assert (failed["x"], failed["customdata"], failed["name"]) == ([2], [2], "failed")
    assert chart("history").caption == (
        "Validation accuracy of 6 trials in the order they were tried, and the best so far "
        "(line); the baseline orange, the best blue. Trial 5 is the best, with 90.00%; the "
        "baseline has 80.00%. 1 trial failed (crosses)."
    )


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
    found = chart("parallel-coordinates")
    given = {one.number: one for one in searched().trials}
    names = found.figure["layout"]["xaxis"]["ticktext"]
    assert names == ["score", "filters", "momentum", "norm", "rate"]
    filters, scores = [16, 32, 64], [0.6, 0.7, 0.8, 0.85, 0.9]
    lines = found.figure["data"]
    # The worst first, so that the best is drawn over it.
    assert [line["customdata"][0] for line in lines] == [1, 7, 0, 4, 5]
    for line in lines:
        one = given[line["customdata"][0]]
        assert line["customdata"] == [one.number] * len(names)
        assert line["y"][0] == pytest.approx((one.score - min(scores)) / 0.3)
        assert line["y"][1] == filters.index(one.hyperparameters["filters"]) / 2
        assert (line["y"][2] == 0) == ("momentum" not in one.hyperparameters)
    texts = [note["text"] for note in found.figure["layout"]["annotations"]]
    assert {"60.00%", "90.00%", "yes", "no", "–"} <= set(texts)  # noqa: RUF001


def test_axis_of_one_score_has_one_tick_at_which_all_lines_begin() -> None:
    trials = tuple(trial(n, 0.8, hyperparameters={"filters": 16 * 2**n}) for n in range(3))
    figure = chart("parallel-coordinates", searched(trials=trials)).figure
    assert [line["y"][0] for line in figure["data"]] == [0.5, 0.5, 0.5]
    first = [note for note in figure["layout"]["annotations"] if note["x"] == 0]
    assert [(note["y"], note["text"]) for note in first] == [(0.5, "80.00%")]


def test_slices_have_a_panel_a_hyperparameter_and_a_dot_a_trial_that_has_it() -> None:
    panels = {panel["name"]: panel for panel in data("slice")}
    assert list(panels) == ["filters", "momentum", "norm", "rate"]
    momentum = panels["momentum"]
    assert (momentum["x"], momentum["y"]) == ([0.5, 0.9], [0.85, 0.7])
    assert momentum["customdata"] == [4, 7]
    norm = zip(panels["norm"]["customdata"], panels["norm"]["x"], strict=True)
    assert dict(norm) == {0: "yes", 1: "no", 4: "yes", 5: "yes", 7: "no"}
    assert panels["norm"]["customdata"][-2:] == [0, 5]  # over the others


def test_front_has_the_trials_that_none_beats_in_both() -> None:
    beaten, front = data("accuracy-by-parameters")
    assert (front["customdata"], front["x"], front["y"]) == ([5], [1000], [0.9])
    assert sorted(beaten["customdata"]) == [0, 1, 4, 7]
    assert chart("accuracy-by-parameters").caption == (
        "Of 5 trials no other is as small and as good as trial 5 (1,000 parameters, 90.00%)."
    )
    _, quick = data("accuracy-by-seconds")
    assert (quick["customdata"], quick["x"]) == ([0, 4, 5], [10, 14, 15])
    assert chart("accuracy-by-seconds").caption == (
        "Of 5 trials no other is as quick to train and as good as the 3 on the front: from trial "
        "0 (10.0 s, 80.00%) to trial 5 (15.0 s, 90.00%)."
    )
    assert chart("accuracy-by-latency").caption == (
        "Of 5 trials no other is as quick to predict and as good as trial 5 (1 ms, 90.00%)."
    )


def test_timeline_is_in_the_records_time_whatever_the_machines() -> None:
    (bars,) = data("timeline")
    assert bars["y"] == bars["customdata"] == [0, 1, 4, 5, 7]
    assert bars["base"][:2] == ["2026-11-22T08:00:20", "2026-11-22T08:01:19"]
    assert bars["x"] == [10000, 11000, 14000, 15000, 17000]
    assert chart("timeline").caption.startswith(
        "5 trials, 1 min 07 s of training within 7 min 10 s, 0.2 at a time."
    )


def test_time_to_predict_is_that_of_the_trials_that_were_measured() -> None:
    tried = [(0.8, 0.002), (0.9, 0.004), (0.7, 0.003), (0.95, None)]
    trials = tuple(trial(n, score, latency=latency) for n, (score, latency) in enumerate(tried))
    beaten, front = data("accuracy-by-latency", searched(trials=trials))
    assert (front["x"], front["y"], front["customdata"]) == ([0.002, 0.004], [0.8, 0.9], [0, 1])
    assert (beaten["x"], beaten["y"], beaten["customdata"]) == ([0.003], [0.7], [2])
    assert chart("accuracy-by-latency", searched(trials=trials)).caption == (
        "Of 3 trials no other is as quick to predict and as good as the 2 on the front: from trial "
        "0 (2 ms, 80.00%) to trial 1 (4 ms, 90.00%)."
    )


def grid() -> ProblemInput:
    """Trials 0, 2, 4 and 6, one for each pair of two hyperparameters' values, and a failed one."""
    tried = [
        (0, 0.5, {"filters": 16, "norm": False}),
        (2, 0.6, {"filters": 16, "norm": True}),
        (3, None, {"filters": 32, "norm": True}),
        (4, 0.9, {"filters": 32, "norm": True}),
        (6, 0.7, {"filters": 32, "norm": False}),
    ]
    return searched(trials=tuple(trial(n, score, hyperparameters=hp) for n, score, hp in tried))


def test_surface_has_the_score_of_each_pair_of_values_and_a_dot_a_trial() -> None:
    surface, dots = data("contour", grid())
    assert surface["type"] == "contour"
    assert (surface["x"], surface["y"]) == ([15.2, 16, 32, 32.8], ["no", "yes"])
    assert surface["z"] == [[None, 0.5, 0.7, None], [None, 0.6, 0.9, None]]
    placed = zip(dots["customdata"], dots["x"], dots["y"], strict=True)
    assert list(placed) == [(2, 16, "yes"), (6, 32, "no"), (0, 16, "no"), (4, 32, "yes")]


def test_ranks_go_from_the_worst_to_the_best_whatever_the_scores_between() -> None:
    panel, scale = data("rank", grid())
    colours = panel["marker"]["color"]
    placed = list(zip(panel["customdata"], panel["x"], panel["y"], colours, strict=True))
    assert placed == [
        (0, 16, "no", 0),
        (2, 16, "yes", pytest.approx(1 / 3)),
        (4, 32, "yes", 1),
        (6, 32, "no", pytest.approx(2 / 3)),
    ]
    assert scale["marker"]["colorbar"]["ticktext"] == [
        "worst 50.00%",
        "quarter 57.50%",
        "half 65.00%",
        "quarter 75.00%",
        "best 90.00%",
    ]


def test_panels_of_ranks_pair_the_three_first_and_leave_out_trials_that_lack_one() -> None:
    *panels, _ = data("rank")
    ranks = {0: 0.5, 1: 0, 4: 0.75, 5: 1, 7: 0.25}
    momentum, rate, norm = (
        {4: 0.5, 7: 0.9},
        {0: 0.001, 1: 0.01, 4: 0.001, 5: 0.0001, 7: 0.01},
        {0: "yes", 1: "no", 4: "yes", 5: "yes", 7: "no"},
    )
    for panel, (across, down) in zip(
        panels, product((momentum, rate, norm), repeat=2), strict=True
    ):
        assert panel["customdata"] == sorted(set(across) & set(down))
        for key, of_trial in (("x", across), ("y", down)):
            assert panel[key] == [of_trial[number] for number in panel["customdata"]]
        assert panel["marker"]["color"] == [ranks[number] for number in panel["customdata"]]


def test_scores_after_every_epoch_are_those_of_the_curves() -> None:
    trials = (
        trial(0, 0.6, epochs=3, curves={"val_accuracy": [0.5, 0.55, 0.6], "accuracy": [1, 1, 1]}),
        trial(3, 0.7, curves={"val_accuracy": [0.7, 0.65]}),
    )
    lines = data("intermediate-values", searched(trials=trials))
    assert [(line["name"], line["x"], line["y"], line["customdata"]) for line in lines] == [
        ("trial 0", [1, 2, 3], [0.5, 0.55, 0.6], [0, 0, 0]),
        ("trial 3", [1, 2], [0.7, 0.65], [3, 3]),
    ]


def test_distribution_says_how_many_reach_what() -> None:
    (line,) = data("edf")
    assert (line["x"][0], line["x"][-1], line["y"][-1]) == (0.6, 0.9, 1)
    assert "half of them reach 80.00%, the best tenth 88.00%" in chart("edf").caption


def test_scores_after_equal_epochs_are_compared() -> None:
    trials = (
        trial(0, 0.8, epochs=1, best_epoch=1, curves=curves(0.8, 1)),
        trial(1, 0.9, epochs=3, curves=curves(0.9, 3), hyperparameters={"filters": 64}),
    )
    given = searched(
        trials=trials,
        space=SearchSpace(
            objective="accuracy",
            hyperparameters=[Hyperparameter(name="filters", kind="choice", values=[32, 64])],
        ),
    )
    (panel,) = data("slice", given)
    assert dict(zip(panel["x"], panel["y"], strict=True)) == {"32": 0.8, "64": pytest.approx(0.7)}
    assert chart("slice", given).caption.endswith(
        "Scores are those after 1 epoch, which all trials had."
    )
    assert data("history", given)[1]["y"] == [0.8, 0.9]
    assert [line["y"] for line in data("intermediate-values", given)] == [
        [0.8],
        pytest.approx([0.7, 0.8, 0.9]),
    ]


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


# ---------------------------------------------------------------------------------- importances


def synthetic(trials: int, effect: float) -> ProblemInput:
    """Scores that `a` moves by so much, beside some noise; `b` does nothing."""
    rng = np.random.default_rng(1)
    made: list[Trial] = []
    for number in range(trials):
        a, b = (float(value) for value in rng.random(2))
        score = min(0.4 + effect * a + 0.02 * float(rng.random()), 1)
        made.append(trial(number, score, hyperparameters={"a": a, "b": b}))
    space = SearchSpace(
        objective="accuracy",
        hyperparameters=[
            Hyperparameter(name=name, kind="float", low=0, high=1) for name in ("a", "b")
        ],
    )
    return problem(space=space, trials=tuple(made))


def test_hyperparameter_that_decides_alone_is_named_by_both_methods() -> None:
    found = chart("importances", synthetic(40, 0.5))
    ped_anova, fanova = found.figure["data"]
    for bars in (ped_anova, fanova):
        assert bars["y"] == ["a", "b"]
        assert bars["x"][0] > 0.8
        assert bars["marker"]["opacity"] == [1, 0.35]
    assert re.search(
        r"fANOVA: a \d+% \(\d+% to \d+%\); of b, too few trials to say\.", found.caption
    )
    assert re.search(r"PED-ANOVA: a \d+% \(\d+% to \d+%\); of b, too few", found.caption)


def test_few_trials_of_noise_say_nothing_of_importance() -> None:
    found = chart("importances", synthetic(6, 0))
    assert "fANOVA: too few trials to say, of any of them." in found.caption
    assert "PED-ANOVA: too few trials to say, of any of them." in found.caption


def test_importances_come_out_the_same_again() -> None:
    assert chart("importances", searched()) == chart("importances")
    assert "fANOVA leaves out what not all trials have: momentum." in chart("importances").caption


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
    assert Importance("a", share, low, high, equal=0.25).settled == settled


# -------------------------------------------------------------------------------- what is missing


def test_no_trials_no_charts() -> None:
    assert explore(searched(trials=()), "first") is None


@pytest.mark.parametrize(
    ("scores", "made"),
    [
        ([None], set()),
        ([None, None], set()),
        ([float("nan")], set()),
        ([0.9], {"history", "intermediate-values"}),
    ],
    ids=["failed", "all failed", "nan", "one"],
)
def test_charts_that_so_few_trials_allow(scores: list[float | None], made: set[str]) -> None:
    trials = tuple(trial(n, s, hyperparameters={"filters": 16}) for n, s in enumerate(scores))
    found = explored(searched(trials=trials))
    assert {chart.key for chart in found.charts} == made
    assert found.notes[-1].startswith("Not drawn, for want of trials, times or values that differ:")


def test_two_trials_and_trials_all_alike_raise_nothing() -> None:
    alike = tuple(trial(n, 0.9, hyperparameters={"filters": 16}) for n in range(8))
    for trials in (searched().trials[:2], alike):
        found = explored(searched(trials=trials))
        assert "importances" not in {chart.key for chart in found.charts}
        assert "importances" in found.notes[-1]


def test_run_that_kept_no_space_has_the_other_charts() -> None:
    found = explored(searched(space=None))
    keys = {chart.key for chart in found.charts}
    assert {"history", "accuracy-by-parameters", "edf"} <= keys
    assert "slice" not in keys
    assert found.notes[0] == (
        "The search space was not recorded: no charts of the hyperparameters."
    )


def test_value_outside_of_the_space_costs_the_charts_of_hyperparameters_only() -> None:
    strange = trial(8, 0.5, hyperparameters={"filters": 17})
    found = explored(searched(trials=(*searched().trials, strange)))
    assert found.notes[0].startswith("The trials do not fit the recorded search space: ValueError")
    assert "history" in {chart.key for chart in found.charts}


# ------------------------------------------------------------------------------------- the page


def test_every_chart_has_caption_and_text_and_colours_that_the_page_has() -> None:
    found = usual()
    style = (TEMPLATES / "style.css").read_text()
    known = re.search(r"--\(\?:([a-z|]+)\)", (TEMPLATES / "charts.js").read_text())
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


def test_report_is_imported_without_optuna_and_plotly() -> None:
    code = "import sys, study.report; print({'optuna', 'plotly', 'sklearn'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_page_without_trials_carries_no_library() -> None:
    text = render(ReportInput(study(), (problem(trials=()),)))
    assert 'id="plotly"' not in text
    assert len(text) < 100_000
