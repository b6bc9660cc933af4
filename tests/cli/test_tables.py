"""What commands show in the terminal."""

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.table import Table

from study.cli import tables
from study.records.base import Value
from study.records.study import StudyRecord
from study.run.store import Run
from tests import tiny
from tests.command import ROOT
from tests.factories import evaluation, trained, trial
from tests.run.test_store import study

BASELINE: dict[str, Value] = {"filters": 32, "rate": 0.1, "tail": True}


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
        trial(0, 0.8, epochs=4, hyperparameters=BASELINE),
        trial(1, None),
        trial(2, 0.7, epochs=2, hyperparameters={"filters": 8, "rate": 0.000123456, "size": 5}),
        trial(3, 0.9, epochs=4, hyperparameters=BASELINE | {"filters": 8}),
    ):
        made.append_trial("mnist", one)
    return made


def test_leaderboard_has_the_best_first_and_failed_trials_last(run: Run) -> None:
    lines = tables.leaderboard(run, "mnist", 10, width=60)
    assert [" ".join(line.split()) for line in lines] == [
        "mnist: 4 trials, 1 failed, 1 ended early",
        "baseline: filters=32, rate=0.1, tail=True",
        "",
        "Trials, best first, and how they differ from the baseline:",
        "trial score epochs parameters seconds",
        "3 90.00% 4 1,000 2",
        "filters=8",
        "0 (baseline) 80.00% 4 1,000 2",
        "2 70.00% 2 (ended early) 1,000 2",
        "filters=8, rate=0.000123, size=5, without tail",
        "1 failed 0 2",
        "ValueError: no such layer",
        "",
    ]


def test_leaderboard_is_cut_at_the_top(run: Run) -> None:
    *_, second, last, _ = tables.leaderboard(run, "mnist", 2, width=80)
    assert (second, last.split()[0]) == ("    filters=8", "0")


def test_without_the_baseline_all_values_are_shown(run: Run) -> None:
    path = run.problem_folder("mnist") / "trials.jsonl"
    path.write_text(path.read_text().partition("\n")[2])
    text = "\n".join(tables.leaderboard(run, "mnist", 1, width=80))
    assert "baseline" not in text
    assert text.endswith("    filters=8, rate=0.1, tail=True\n")


@given(
    items=st.lists(st.from_regex(r"[a-z_]{1,9}=[a-z0-9.+-]{1,9}", fullmatch=True), min_size=1),
    width=st.integers(1, 120),
)
def test_lines_break_between_items_and_cut_none(items: list[str], width: int) -> None:
    lines = tables.wrapped(items, width, "baseline: ")
    assert " ".join(" ".join(lines).split()) == " ".join(["baseline:", *", ".join(items).split()])
    for line in lines:
        alone = line.removeprefix("baseline: ").strip().removesuffix(",") in items
        assert len(line) <= width or alone


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_the_example_s_leaderboard_fits_and_has_every_value_whole(
    width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    run = Run("example")
    for problem in run.problems():
        lines = tables.leaderboard(run, problem, 99, width)
        assert max(map(len, lines)) <= width
        text = "\n".join(lines)
        assert "…" not in text
        baseline, *others = run.trials(problem)
        for one in (another for another in others if another.status == "completed"):
            for key, value in one.hyperparameters.items():
                if baseline.hyperparameters.get(key) != value:
                    short = f"{value:.3g}" if isinstance(value, float) else value
                    assert f"{key}={short}" in text


def test_what_there_is_is_listed_whole_in_a_narrow_terminal(workplace: Path) -> None:
    file = io.StringIO()
    name = "a-run-with-a-long-name-" + "x" * 41
    Run(name).write_study(study(name=name))
    assert workplace.exists()
    Console(width=40, file=file).print(tables.everything())
    assert "…" not in file.getvalue()
    assert "bayesian" in file.getvalue()


def test_comparison_says_scores_difference_and_verdict() -> None:
    line = tables.comparison_line("mnist", evaluation(baseline=0.8, tuned=0.9))
    assert line.startswith(
        "mnist: test accuracy 80.00% (baseline) and 90.00% (tuned), difference +10.00 points "
        "(95% interval "
    )
    assert line.endswith(
        ": tuned is better; both networks were still improving when training ended after 2 epochs "
        "(4 of 4 retrainings kept their last epoch), so the verdict may be different with more "
        "epochs"
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
