"""Trials by number, by time and by epoch."""

import math

from hypothesis import given
from hypothesis import strategies as st

from study.figures.search.course import (
    Curve,
    CurvesInfo,
    HistoryInfo,
    TimelineInfo,
    curves_info,
    curves_words,
    history_info,
    history_words,
    timeline_info,
    timeline_words,
)
from tests.factories import trial
from tests.figures.search.six_trials import of, scored, six


def test_history_has_the_trials_own_numbers() -> None:
    assert history_info(six()) == HistoryInfo(
        numbers=(0, 1, 4, 5, 7),
        scores=(0.8, 0.6, 0.85, 0.9, 0.7),
        epochs=(2, 2, 2, 2, 2),
        failed=(2,),
        line=((0, 0.8), (4, 0.85), (5, 0.9), (7, 0.9)),
        tried=6,
        failures=1,
        baseline=0.8,
        best=(5, 0.9),
        budgets=None,
        last=7,
    )
    assert history_words(six(), history_info(six())).caption == (
        "Validation accuracy of 6 trials in the order in which they were tried, and the best score "
        "so far (line). The baseline is orange, the best trial blue. Trial 5 is the best, with "
        "90.00%; the baseline reached 80.00% (+10.00 points). 1 trial failed (crosses)."
    )


def test_best_so_far_holds_until_the_last_trial_which_may_have_failed() -> None:
    found = history_info(scored(None, 0.8, None, 0.7, 0.9, None))
    assert found.line == ((1, 0.8), (4, 0.9), (5, 0.9))
    assert found.failed == (0, 2, 5)


def test_search_in_which_all_failed_shows_that() -> None:
    search = scored(None, None)
    found = history_info(search)
    assert (found.numbers, found.line, found.best, found.failed) == ((), (), None, (0, 1))
    assert history_words(search, found).caption == (
        "No trial has a score: 2 trials ran and failed (crosses)."
    )


def test_baseline_alone_is_named_as_the_best() -> None:
    search = scored(0.9)
    said = history_words(search, history_info(search)).caption
    assert said.endswith("The baseline is the best trial, with 90.00%.")


def test_different_budgets_are_mentioned() -> None:
    search = of(trial(0, 0.9, epochs=2), trial(1, 0.8, epochs=9))
    found = history_info(search)
    assert (found.epochs, found.budgets) == ((2, 9), (2, 9))
    assert "Trials were trained for 2 to 9 epochs" in history_words(search, found).caption


@given(st.lists(st.one_of(st.none(), st.floats(0, 1)), min_size=1, max_size=8))
def test_best_so_far_never_falls(scores: list[float | None]) -> None:
    line = history_info(scored(*scores)).line
    heights = [height for _, height in line]
    assert heights == sorted(heights)
    known = [score for score in scores if score is not None]
    assert (heights[-1] if heights else None) == max(known, default=None)


def test_timeline_is_in_utc_without_a_zone() -> None:
    search = of(
        trial(0, 0.9, seconds=10, finished="2026-11-22T08:00:30+00:00"),
        trial(1, 0.8, seconds=20, finished="2026-11-22T10:01:00.5+02:00"),
        trial(2, None),
    )
    found = timeline_info(search)
    assert found == TimelineInfo(
        numbers=(0, 1),
        began=("2026-11-22T08:00:20", "2026-11-22T08:00:40.500000"),
        seconds=(10.0, 20.0),
        timed=2,
        trained=30.0,
        passed=40.5,
    )
    assert timeline_words(search, found).caption.startswith(
        "2 trials: 30.0 s of training within 40.5 s, 0.7 at a time."
    )


def test_timeline_takes_two_trials_that_say_when_they_ended() -> None:
    assert timeline_info(scored(0.9, 0.8)) is None
    assert timeline_info(of(trial(0, 0.9, finished="2026-11-22T08:00:30+00:00"))) is None


def test_curves_are_those_of_the_objective_as_far_as_they_are_numbers() -> None:
    found = curves_info(
        of(
            trial(
                0, 0.6, epochs=3, curves={"val_accuracy": [0.5, 0.55, 0.6], "accuracy": [1, 1, 1]}
            ),
            trial(1, None, epochs=3, curves={"val_accuracy": [0.1, math.nan, 0.2]}),
            trial(2, None),
            trial(3, 0.9, epochs=5, curves={"val_accuracy": [0.8, 0.9]}),  # goes on with another's
        )
    )
    assert found == CurvesInfo(
        (
            Curve(0, (1, 2, 3), (0.5, 0.55, 0.6)),
            Curve(1, (1, 3), (0.1, 0.2)),
            Curve(3, (4, 5), (0.8, 0.9)),
        ),
        best=3,
    )


def test_caption_of_curves_says_where_they_peak() -> None:
    search = of(
        trial(0, 0.8, epochs=3, curves={"val_accuracy": [0.7, 0.8, 0.75]}),
        trial(1, 0.9, epochs=5, curves={"val_accuracy": [0.8, 0.9]}),
    )
    info = curves_info(search)
    assert info
    assert curves_words(search, info).caption == (
        "Validation accuracy after each epoch of 2 trials, 2 to 3 epochs each. The baseline is "
        "orange, the best trial blue. The best trial (1) peaks at 90.00% in epoch 5 of 5. The "
        "baseline peaks at 80.00% in epoch 2 of 3."
    )


def test_curves_of_one_epoch_are_no_chart() -> None:
    assert curves_info(of(trial(0, 0.5, epochs=1, curves={"val_accuracy": [0.5]}))) is None
    assert curves_info(scored(None)) is None
