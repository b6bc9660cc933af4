"""What happens to trials that fail, and when failures end a search."""

import os
from itertools import count
from pathlib import Path

import pytest

from study.errors import CannotWrite, Failed, StudyFailed, WorkerDied
from study.problem.settings import Tuner
from study.records.trial import Trial
from study.search import search
from study.training.checkpoint import checkpoint_path
from study.training.job import Job, Trained
from tests import tiny
from tests.search.searches import (
    EVERY_TUNER,
    STUBBED,
    fail_on,
    outcome,
    searched,
)

pytestmark = STUBBED


@EVERY_TUNER
def test_a_failed_trial_is_recorded_and_the_search_goes_on(
    tmp_path: Path, tuner: Tuner, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_on(monkeypatch, lambda number: number in (1, 3))
    trials = searched(tmp_path, tuner)
    assert len(trials) == 4
    failed = [trial for trial in trials if trial.status == "failed"]
    assert [trial.number for trial in failed] == [1, 3]
    for trial in failed:
        assert trial.error == "ValueError: no"
        assert trial.hyperparameters
        assert (trial.score, trial.best_epoch, trial.parameters, trial.curves) == (
            None, None, None, {}
        )  # fmt: skip


def test_what_goes_wrong_on_a_worker_becomes_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()

    def broken(*_: object) -> None:
        raise ValueError("Computed output size\n  would be\tnegative")

    monkeypatch.setattr(search, "run_trial", broken)
    assert search._run(None) == Failed("ValueError: Computed output size would be negative")


def test_a_dead_worker_fails_the_trial_and_not_the_search(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = count()

    def die(job: Job) -> Trained:
        if next(numbers) == 1:
            raise WorkerDied("tiny-search-1: the worker process died 3 times")
        return outcome(job)

    monkeypatch.setattr(search, "_run", die)
    trials = searched(tmp_path, engine=tiny.BackwardEngine(), max_trials=3)
    assert [trial.status for trial in trials] == ["completed", "failed", "completed"]
    assert trials[1].error is not None
    assert "tiny-search-1: the worker process died" in trials[1].error


def test_a_full_disk_stops_the_search_and_condemns_no_trial(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(job: Job, _: object) -> Trained:
        if job.seed == 2:
            raise CannotWrite("no space")
        return outcome(job)

    monkeypatch.undo()
    monkeypatch.setattr(search, "run_trial", full)
    trials: list[Trial] = []
    with pytest.raises(CannotWrite, match="no space"):
        searched(tmp_path, trials=trials)
    assert [trial.status for trial in trials] == ["completed"]


@pytest.mark.usefixtures("jobs")
@pytest.mark.parametrize("file", ["tuner0.json", "trial_0/trial.json", "oracle.json"])
def test_a_disk_that_is_full_for_keras_tuner_is_said_with_its_file(
    tmp_path: Path, file: str
) -> None:
    path = tmp_path / "search" / file
    path.parent.mkdir(parents=True)
    path.symlink_to("/dev/full")
    with pytest.raises(CannotWrite, match=rf"the disk is full: {path} cannot be written; free"):
        searched(tmp_path)


@pytest.mark.usefixtures("jobs")
def test_what_keras_tuner_writes_may_be_private(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        searched(tmp_path)
    finally:
        os.umask(before)
    written = list((tmp_path / "search").rglob("*"))
    assert tmp_path / "search/trial_0/trial.json" in written
    assert {path.stat().st_mode & 0o077 for path in written} == {0}


@pytest.mark.usefixtures("jobs")
def test_trials_that_were_not_begun_again_after_an_interruption_leave_nothing(
    tmp_path: Path,
) -> None:
    """Time was up; they were going on when the process was killed."""
    left = checkpoint_path(tmp_path / "search", "7")
    left.parent.mkdir(parents=True)
    left.touch()
    trials = searched(tmp_path)
    kept = {path.name for path in (tmp_path / "search").glob("trial_*")}
    assert kept == {f"trial_{trial.trial_id}" for trial in trials}


@EVERY_TUNER
def test_failures_in_a_row_stop_the_search(
    tmp_path: Path, tuner: Tuner, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_on(monkeypatch, lambda number: number > 0, words="MemoryError: none left")
    trials: list[Trial] = []
    with pytest.raises(
        StudyFailed, match="tiny: 5 trials failed in a row, the last with: MemoryError: none left"
    ):
        searched(tmp_path, tuner, max_trials=20, trials=trials)
    assert [trial.status for trial in trials] == ["completed"] + ["failed"] * 5


def test_failures_with_successes_between_do_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_on(monkeypatch, lambda number: number % 5 != 4)
    trials = searched(tmp_path, max_trials=15)
    assert sum(trial.status == "failed" for trial in trials) == 12


def test_a_search_without_success_is_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_on(monkeypatch, lambda _: True)
    trials: list[Trial] = []
    with pytest.raises(StudyFailed, match=r"no trial of the search succeeded; see trials\.jsonl"):
        searched(tmp_path, max_trials=3, trials=trials)
    assert len(trials) == 3
