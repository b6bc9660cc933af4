"""The figures of a search: their data by equality, their drawing by not failing."""

import math
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from study.figures.panels import Panel, explained
from study.figures.search import static
from study.records.base import Trial
from study.trials.frames import trial_table
from tests.factories import trial


def test_the_line_of_the_history_is_the_best_so_far_up_to_the_last_trial() -> None:
    scores = [None, 0.8, None, 0.7, 0.9, None]
    table = trial_table([trial(number, score) for number, score in enumerate(scores)])

    (axes,) = static.draw_history(table, 4, "accuracy").axes

    line = pd.Series(axes.lines[0].get_ydata(), axes.lines[0].get_xdata()).dropna()
    assert line.to_dict() == {1: 0.8, 2: 0.8, 3: 0.8, 4: 0.9, 5: 0.9}
    dots = {shown.get_label(): shown.get_offsets().data.tolist() for shown in axes.collections}
    assert dots.pop("failed") == [[0, 0.03], [2, 0.03], [5, 0.03]]
    assert dots == {"other trials": [[1, 0.8], [3, 0.7]], "best (trial 4)": [[4, 0.9]]}


def test_the_history_marks_the_trial_that_the_study_takes_for_the_best(tmp_path: Path) -> None:
    """Of equals not the first to come, but the smaller network."""
    trials = [trial(0, 0.5), trial(1, 0.9, parameters=2000), trial(2, 0.9, parameters=1000)]
    assert (
        "The best is trial 2 with 90"
        in static.pictures(trials, "", "accuracy", tmp_path)[0].caption
    )


def varied(*values: object, name: str = "x") -> list[Trial]:
    return [
        trial(number, 0.5 + 0.04 * number, hyperparameters={name: value})
        for number, value in enumerate(values)
    ]


def panel(trials: list[Trial]) -> Panel:
    (only,) = static.hyperparameters_info(trials, "accuracy").panels
    return only


def test_choices_become_categories_in_order() -> None:
    found = panel(varied(7, 3, 5, 3))

    assert (found.name, found.kind, found.categories) == ("x", "categories", ("3", "5", "7"))
    assert found.points.index.tolist() == [0, 1, 2, 3]
    assert found.points["x"].tolist() == [2.0, 0.0, 1.0, 0.0]
    assert found.points["score"].tolist() == [0.5, 0.54, 0.58, 0.62]


def test_words_are_sorted_by_the_alphabet_and_booleans_said_in_words() -> None:
    assert panel(varied("sgd", "adam")).categories == ("adam", "sgd")
    assert panel(varied(True, False)).categories == ("no", "yes")


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0], "linear"),
        ([16, 32, 64, 128, 256, 512, 1024], "log"),
        ([0.0, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1], "symlog"),
        ([-1.0, 0.0, 1.0, 10.0, 100.0, 200.0, 300.0], "linear"),
        ([0.01, 0.0003], "log"),
        ([3, "three"], "categories"),
    ],
)
def test_the_axis_suits_the_values(values: list[object], kind: str) -> None:
    assert panel(varied(*values)).kind == kind


def test_a_hyperparameter_that_did_not_vary_has_no_panel() -> None:
    trials = [trial(number, 0.9, hyperparameters={"same": 3, "x": number}) for number in (0, 1)]

    assert [p.name for p in static.hyperparameters_info(trials, "accuracy").panels] == ["x"]


def test_trials_in_which_a_hyperparameter_was_inactive_are_absent_from_its_panel() -> None:
    trials = [
        trial(0, 0.7, hyperparameters={"dense_units": 64}),
        trial(1, 0.8, hyperparameters={}),
        trial(2, 0.9, hyperparameters={"dense_units": 128}),
        trial(3, None, hyperparameters={"dense_units": 256}),
    ]

    info = static.hyperparameters_info(trials, "accuracy")

    assert (info.scored, info.best, [*info.panels[0].points.index]) == (3, 2, [0, 2])


def test_the_hyperparameter_that_tells_scores_apart_comes_first() -> None:
    trials = [
        trial(n, 0.5 + 0.01 * n, hyperparameters={"noise": n % 2, "signal": n // 6})
        for n in range(12)
    ]

    panels = static.hyperparameters_info(trials, "accuracy").panels

    assert [p.name for p in panels] == ["signal", "noise"]


def test_perfectly_ranked_groups_explain_most_and_equal_scores_nothing() -> None:
    low, high = [0.1, 0.2, 0.3, 0.4], [0.5, 0.6, 0.7, 0.8]

    # Kruskal-Wallis H of two separated groups of four is 16/3; (H - 2 + 1) / (8 - 2).
    assert explained([0] * 4 + [1] * 4, low + high) == pytest.approx((16 / 3 - 1) / 6)
    assert explained([0, 0, 1, 1], [0.5] * 4) == 0
    assert explained([0, 1], [0.1, 0.9]) == 0


@given(
    st.lists(st.tuples(st.sampled_from(range(12)), st.floats(0, 1)), min_size=1, max_size=40),
)
def test_the_explained_share_is_a_share(points: list[tuple[int, float]]) -> None:
    assert 0 <= explained([x for x, _ in points], [y for _, y in points]) <= 1


def test_values_that_are_no_numbers_are_left_out_of_curves() -> None:
    diverged = trial(1, None, epochs=3, curves={"val_accuracy": [0.1, math.nan, 0.2]})

    curves = static.objective_curves([trial(0, None), diverged], "accuracy")

    assert curves[["trial", "epoch", "value"]].values.tolist() == [[1, 1, 0.1], [1, 3, 0.2]]


def test_a_curve_is_a_line_and_one_of_a_single_epoch_a_dot() -> None:
    trials = [trial(0, 0.9), trial(1, 0.8), trial(2, 0.5, epochs=1, curves={"val_accuracy": [0.5]})]

    figure = static.draw_curves(static.objective_curves(trials, "accuracy"), 0, "accuracy")

    (axes,) = figure.axes
    lines = {tuple(np.round(line.get_ydata(), 3)) for line in axes.lines}
    assert {(0.8, 0.9), (0.7, 0.8)} <= lines
    assert axes.collections[-1].get_offsets().data.tolist() == [[1, 0.5]]
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == [
        "other trials",
        "baseline (trial 0)",
    ]


def test_the_caption_of_curves_says_where_they_peak(tmp_path: Path) -> None:
    trials = [
        trial(0, 0.8, epochs=3, curves={"val_accuracy": [0.7, 0.8, 0.75]}),
        trial(1, 0.9, epochs=5, curves={"val_accuracy": [0.8, 0.9]}),  # goes on with another's
    ]
    made = static.pictures(trials, "mnist", "accuracy", tmp_path)
    assert made[-1].caption == (
        "Validation accuracy after each epoch, of 2 trials with up to 5 epochs. The best (trial 1) "
        "peaks at 90.00% in epoch 5 of 5. The baseline peaks at 80.00% in epoch 2 of 3."
    )


def test_drawing_leaves_no_figure_and_no_setting_behind(tmp_path: Path) -> None:
    """seaborn imports pyplot, which would keep figures for ever and choose a window system."""
    before = dict(matplotlib.rcParams)
    static.pictures(varied(1, 2, 3), "mnist", "accuracy", tmp_path)
    assert (plt.get_fignums(), dict(matplotlib.rcParams)) == ([], before)


def test_all_three_pictures_are_written_with_the_numbers_of_the_run(tmp_path: Path) -> None:
    trials = [
        trial(n, 0.9 + 0.005 * n if n != 3 else None, hyperparameters={"filters": 16 * (n % 3 + 1)})
        for n in range(12)
    ]

    made = static.pictures(trials, "mnist", "accuracy", tmp_path)

    assert [picture.file for picture in made] == [
        "search_history.png",
        "search_hyperparameters.png",
        "search_curves.png",
    ]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(p.file for p in made)
    assert "trial 11 with 95.50%" in made[0].caption
    assert "(+5.50 points)" in made[0].caption
    assert "1 trial failed" in made[0].caption
    assert "11 trials are few" in made[1].caption
    assert "peaks at 95.50% in epoch 2 of 2" in made[2].caption


def test_a_search_without_trials_has_no_pictures(tmp_path: Path) -> None:
    assert static.pictures([], "mnist", "accuracy", tmp_path) == []


def test_a_search_in_which_all_failed_shows_that(tmp_path: Path) -> None:
    (only,) = static.pictures([trial(0, None), trial(1, None)], "mnist", "accuracy", tmp_path)

    assert only.caption == "No trial has a score: 2 trials ran and failed (crosses)."


def test_a_search_of_the_baseline_alone_names_it_as_the_best(tmp_path: Path) -> None:
    history, curves = static.pictures([trial(0, 0.9)], "mnist", "accuracy", tmp_path)

    assert "The best is trial 0 with 90.00%: the baseline." in history.caption
    assert curves.file == "search_curves.png"


def test_different_budgets_are_mentioned(tmp_path: Path) -> None:
    trials = [trial(0, 0.9, epochs=2), trial(1, 0.8, epochs=9)]

    assert "Trials had 2 to 9 epochs" in static.pictures(trials, "x", "joint", tmp_path)[0].caption


def test_few_trials_name_no_hyperparameter_that_matters(tmp_path: Path) -> None:
    made = static.pictures(varied(1, 2, 3), "mnist", "accuracy", tmp_path)

    assert made[1].caption.endswith("3 trials are too few to say which of them matter.")


def test_many_trials_with_long_names_and_perfect_scores_can_be_drawn(tmp_path: Path) -> None:
    trials = [
        trial(
            n,
            1.0 if n % 5 else 0.01,
            hyperparameters={
                "a_name_that_is_much_longer_than_its_panel_is_wide": f"also_a_long_value_{n % 3}",
                "learning_rate": 1e-5 * (n + 1),
                "l2": 1e-6 * n,
            },
        )
        for n in range(110)
    ]

    made = static.pictures(trials, "mnist", "accuracy", tmp_path)

    assert all((tmp_path / picture.file).stat().st_size < 150_000 for picture in made)


@settings(max_examples=5, deadline=None)
@given(st.lists(st.one_of(st.none(), st.floats(0, 1)), min_size=1, max_size=6))
def test_any_history_can_be_drawn(scores: list[float | None]) -> None:
    trials = [trial(number, score) for number, score in enumerate(scores)]

    static.draw_history(trial_table(trials), None, "accuracy").draw_without_rendering()
