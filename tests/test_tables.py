"""What commands show in the terminal."""

import io
from pathlib import Path

import pytest
from rich.console import Console
from rich.table import Table

from study import tables
from study.records import StudyRecord
from study.store import Run
from tests import tiny
from tests.factories import evaluation, trained, trial


def text(table: Table) -> list[str]:
    """The table's lines, without padding."""
    file = io.StringIO()
    Console(width=200, file=file).print(table)
    return [" ".join(line.split()) for line in file.getvalue().splitlines() if line.strip()]


@pytest.fixture
def run(workplace: Path) -> Run:
    """Four trials: the baseline, a failed one, one that ended early, and the best."""
    made = Run("some")
    (workplace / "results" / "some").mkdir(parents=True)
    for one in (
        trial(0, 0.8, epochs=4),
        trial(1, None),
        trial(2, 0.7, epochs=2, hyperparameters={"rate": 0.000123456, "filters": 8}),
        trial(3, 0.9, epochs=4),
    ):
        made.append_trial("mnist", one)
    return made


def test_leaderboard_has_the_best_first_and_failed_trials_last(run: Run) -> None:
    title, *lines = text(tables.leaderboard(run, "mnist", top=10))
    rows = [line for line in lines if line.startswith("│")]
    assert title == "mnist: 4 trials, 1 failed, 1 ended early"
    assert [row.split()[1] for row in rows] == ["3", "0", "2", "1"]
    assert "0 (baseline) │ 80.00% │ 4 │ 1,000" in rows[1]
    assert "70.00% │ 2 (ended early)" in rows[2]
    assert "rate=0.000123, filters=8" in rows[2]
    assert "failed" in rows[3]
    assert "ValueError: no such layer" in rows[3]


def test_leaderboard_is_cut_at_the_top(run: Run) -> None:
    assert tables.leaderboard(run, "mnist", top=2).row_count == 2


def test_comparison_says_scores_difference_and_verdict() -> None:
    line = tables.comparison_line("mnist", evaluation(baseline=0.8, tuned=0.9))
    assert line.startswith("mnist: test accuracy 80.00% -> 90.00%, difference +10.00 points [")
    assert line.endswith(
        ": tuned is better; both networks were still improving when training ended after 2 epochs "
        "(4 of 4 retrainings kept their last one), so with more epochs the verdict may be another"
    )
    done = trained(evaluation(baseline=0.8, tuned=0.9), kept=3, epochs=5)
    assert tables.comparison_line("mnist", done).endswith(": tuned is better")


def test_data_set_is_told_in_numbers_and_class_names() -> None:
    lines = text(tables.data_set(tiny.dataset()))
    assert lines[:4] == ["data set tiny", "images 6x6, 1 channel", "train 48", "validation 24"]
    assert "side 2 classes: left, right" in lines


def test_runs_are_listed_with_what_is_left_to_do_and_what_is_wrong(workplace: Path) -> None:
    for name, plan in (("half", ["search"]), ("whole", [])):
        record = StudyRecord(
            name=name,
            created="2026-11-22T08:27:42+00:00",
            command="",
            seed=3,
            problems=["mnist"],
            settings={},
            versions={},
            hardware={},
            git_commit=None,
            plan=plan,
        )
        (workplace / "results" / name).mkdir(parents=True)
        Run(name).write_study(record)
    (workplace / "results" / "bad").mkdir()
    (workplace / "results" / "bad" / "study.json").write_text("{")

    lines = text(tables.everything())

    about = "2026-11-22T08:27:42+00:00, seed 3, mnist"
    assert f"run half {about}; not finished: resume half" in lines
    assert f"run whole {about}" in lines
    assert any(line.startswith("run bad") and "damaged record" in line for line in lines)
    assert any(line.startswith("tuner asha") for line in lines)
