"""Which trials' weights stay on disk."""

from pathlib import Path
from typing import Any

import pytest

from study.errors import Failed
from study.problem.settings import Tuner
from study.records.trial import Trial
from study.search import search
from study.training.job import Job, Trained
from tests import tiny
from tests.search.searches import EVERY_TUNER, STUBBED, leave_checkpoints, searched

pytestmark = STUBBED


def kept(folder: Path) -> set[str]:
    found = (folder / "search").glob("trial_*/checkpoint.weights.h5")
    return {path.parent.name.removeprefix("trial_") for path in found}


class Watching(list[Trial]):
    """Trials as they are told; counts the checkpoints there are each time."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder
        self.kept: list[int] = []

    def append(self, trial: Trial) -> None:
        super().append(trial)
        self.kept.append(len(kept(self.folder)))


@EVERY_TUNER
@pytest.mark.parametrize("keep", [0, 2])
def test_only_the_best_trials_keep_their_weights(
    tmp_path: Path, tuner: Tuner, keep: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave_checkpoints(monkeypatch)
    budget: dict[str, Any] = {"max_trials": 12, "max_epochs": 9, "keep": keep, "workers": 2}
    trials = searched(tmp_path, tuner, engine=tiny.BackwardEngine(), **budget)
    ranked = sorted(trials, key=lambda trial: (-(trial.score or 0), trial.number))
    assert kept(tmp_path) == {trial.trial_id for trial in ranked[:keep]}


def test_weights_go_as_soon_as_they_are_not_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave_checkpoints(monkeypatch)
    told = Watching(tmp_path)
    searched(tmp_path, max_trials=12, keep=2, trials=told)
    assert max(told.kept) == 3  # the best two, and the one that was told last


def test_hyperband_keeps_weights_of_unfinished_brackets_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bracket of 3 epochs has 3 trials below and 1 above, or 2 trials and no other rung."""
    leave_checkpoints(monkeypatch)
    told = Watching(tmp_path)
    searched(tmp_path, "hyperband", max_trials=24, max_epochs=3, keep=0, trials=told)
    assert len(told.kept) == 24
    assert max(told.kept) <= 4


def test_a_failed_trial_keeps_no_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    leave_checkpoints(monkeypatch)
    run = search._run

    def fail_later(job: Job) -> Trained | Failed:
        return Failed("ValueError: no") if job.seed == 2 and run(job) else run(job)

    monkeypatch.setattr(search, "_run", fail_later)
    searched(tmp_path, max_trials=3, keep=9)
    assert kept(tmp_path) == {"0", "2"}
