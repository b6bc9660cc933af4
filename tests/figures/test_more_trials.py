from pathlib import Path

import pytest

from study.figures import more_trials
from study.search_checks import expected_best
from tests.factories import trial


def drawn(scores: list[float | None], folder: Path) -> str:
    trials = [trial(number, score) for number, score in enumerate(scores)]
    (made,) = more_trials.pictures(trials, "mnist", "accuracy", 1, folder)
    assert (folder / made.file).stat().st_size > 1000
    return made.caption


def test_caption_says_what_half_of_the_trials_would_have_found(tmp_path: Path) -> None:
    said = drawn([0.6, None, 0.8, 0.7, 0.9], tmp_path)
    # Of the six pairs of 60, 70, 80 and 90% three have 90 as their best, two 80, one 70.
    assert said.startswith("2 trials would have found 83.33% on average, all 4 found 90.00%: ")
    assert "the second half brought +6.67 points" in said


@pytest.mark.parametrize(
    ("scores", "end"),
    [
        ([0.9] * 8, "More trials would hardly have helped."),
        ([0.1 * n for n in range(1, 10)], "More trials would probably have helped still."),
        ([0.5] * 11 + [0.9], "Whether more would have helped these trials do not tell."),
    ],
)
def test_caption_says_whether_more_would_have_helped(
    scores: list[float | None], end: str, tmp_path: Path
) -> None:
    assert drawn(scores, tmp_path).endswith(end)


@pytest.mark.parametrize("scores", [[], [0.9], [0.5, 0.6, 0.7], [0.5, 0.6, 0.7, None]])
def test_too_few_scored_trials_have_no_picture(scores: list[float | None], tmp_path: Path) -> None:
    trials = [trial(number, score) for number, score in enumerate(scores)]
    assert more_trials.pictures(trials, "mnist", "accuracy", 1, tmp_path) == []


def test_the_line_is_the_expected_best() -> None:
    info = expected_best([0.6, 0.8, 0.7, 0.9], seed=1)
    assert info
    (axes,) = more_trials.draw_expected_best(info, "accuracy").axes
    (line,) = axes.lines
    assert list(line.get_xdata()) == [1, 2, 3, 4]
    assert tuple(line.get_ydata()) == info.mean
