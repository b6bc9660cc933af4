from pathlib import Path

import pytest

from study.figures.search import more_trials
from study.trials.checks import expected_best
from tests.factories import trial


def drawn(scores: list[float | None], folder: Path, tuner: str = "random") -> str:
    """The caption of a search that found these after its baseline."""
    trials = [trial(0, 0.99), *(trial(number, score) for number, score in enumerate(scores, 1))]
    (made,) = more_trials.pictures(trials, "mnist", "accuracy", tuner, 1, folder)
    assert (folder / made.file).stat().st_size > 1000
    return made.caption


def test_caption_says_what_half_of_the_drawn_trials_would_have_found(tmp_path: Path) -> None:
    said = drawn([0.6, None, 0.8, 0.7, 0.9], tmp_path)
    # Of the six pairs of 60, 70, 80 and 90% three have 90 as their best, two 80, one 70.
    assert said.startswith("2 trials would have found 83.33% on average, all 4 found 90.00%: ")
    assert "the second half brought +6.67 points" in said
    assert "3.333 points per trial" in said
    assert "99" not in said  # the baseline was not drawn


@pytest.mark.parametrize("scores", [[0.9] * 8, [0.1 * n for n in range(1, 10)]])
def test_caption_says_what_random_draws_allow_and_no_more(
    scores: list[float | None], tmp_path: Path
) -> None:
    said = drawn(scores, tmp_path)
    assert f"{len(scores)} more random trials" in said
    assert "a chance of one half" in said
    assert "helped" not in said


@pytest.mark.parametrize("tuner", ["grid", "bayesian", "hyperband", "asha"])
def test_of_a_search_that_does_not_draw_nothing_is_claimed(tuner: str, tmp_path: Path) -> None:
    said = drawn([0.6, 0.8, 0.7, 0.9], tmp_path, tuner)
    assert f"trials of {tuner} search are no independent draws" in said
    assert "chance" not in said
    assert "per trial" not in said


@pytest.mark.parametrize("scores", [[], [0.9], [0.5, 0.6, 0.7, 0.8], [0.5, 0.6, 0.7, 0.8, None]])
def test_too_few_scored_trials_have_no_picture(scores: list[float | None], tmp_path: Path) -> None:
    trials = [trial(number, score) for number, score in enumerate(scores)]
    assert more_trials.pictures(trials, "mnist", "accuracy", "random", 1, tmp_path) == []


def test_the_line_is_the_expected_best() -> None:
    info = expected_best([0.6, 0.8, 0.7, 0.9], seed=1)
    assert info
    (axes,) = more_trials.draw_expected_best(info, "accuracy").axes
    (line,) = axes.lines
    assert list(line.get_xdata()) == [1, 2, 3, 4]
    assert tuple(line.get_ydata()) == info.mean
