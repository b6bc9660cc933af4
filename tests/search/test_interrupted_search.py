"""An interrupted search goes on as if nothing had been."""

from pathlib import Path
from typing import Any

import pytest

from study.errors import StudyFailed
from study.problem.settings import Tuner
from study.records.trial import Trial
from study.search import search
from study.training.job import Job
from tests.command import contents
from tests.search.searches import (
    EVERY_TUNER,
    STUBBED,
    fail_on,
    interrupted,
    leave_checkpoints,
    searched,
    tried,
)

pytestmark = STUBBED


@pytest.mark.slow
@EVERY_TUNER
@pytest.mark.parametrize("workers", [1, 2])
def test_an_interrupted_search_goes_on_as_the_uninterrupted_one(
    tmp_path: Path, tuner: Tuner, workers: int, jobs: list[Job]
) -> None:
    budget: dict[str, Any] = {"max_trials": 7, "workers": workers}
    whole = searched(tmp_path / "whole", tuner, **budget)
    for after in (1, len(whole) // 2, len(whole) - 1):
        folder = tmp_path / f"after-{after}"
        finished = interrupted(folder, after, tuner, **budget)
        jobs.clear()
        rest = searched(folder, tuner, finished=finished, **budget)
        assert tried([*finished, *rest]) == tried(whole)
        numbers = [int(job.seed) - 1 for job in jobs]  # of the trials that were trained
        assert not set(numbers) & {trial.number for trial in finished}
        assert len(numbers) == len(set(numbers))


@EVERY_TUNER
def test_a_finished_search_is_not_done_again(tmp_path: Path, tuner: Tuner, jobs: list[Job]) -> None:
    finished = searched(tmp_path, tuner)
    jobs.clear()
    assert searched(tmp_path, tuner, finished=finished) == []
    assert jobs == []


def test_failed_trials_are_not_tried_again_and_still_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_on(monkeypatch, lambda number: number > 0, words="MemoryError: none left")
    finished = interrupted(tmp_path, 4, "random", max_trials=20)
    assert [trial.status for trial in finished[1:]] == ["failed"] * 3
    rest: list[Trial] = []
    fail_on(monkeypatch, lambda _: True)
    with pytest.raises(StudyFailed, match="5 trials failed in a row"):
        searched(tmp_path, max_trials=20, finished=finished, trials=rest)
    assert len(rest) == 2


def test_a_search_that_stopped_for_failures_can_go_on_when_that_is_put_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_on(monkeypatch, lambda number: number > 0)
    finished: list[Trial] = []
    with pytest.raises(StudyFailed, match="5 trials failed in a row"):
        searched(tmp_path, max_trials=8, trials=finished)
    more: list[Trial] = []
    fail_on(monkeypatch, lambda _: True)
    with pytest.raises(StudyFailed, match="6 trials failed in a row"):
        searched(tmp_path, max_trials=8, finished=finished, trials=more)
    fail_on(monkeypatch, lambda _: False)
    rest = searched(tmp_path, max_trials=8, finished=finished + more)
    assert [trial.status for trial in rest] == ["completed"]


@pytest.mark.parametrize(
    "change",
    [
        {"hyperparameters": {"units": 4, "deep": False, "rate": 0.5}},
        {"number": 9},
        {"tuner": {"tuner/epochs": 1}},
    ],
)
@pytest.mark.parametrize("tuner", ["random", "hyperband"])
def test_records_of_another_search_are_refused_and_everything_stays_as_it_was(
    tmp_path: Path, tuner: Tuner, change: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last record is wrong: those before it have been told to the oracle by then."""
    leave_checkpoints(monkeypatch)
    begun: list[bool] = []
    finished = interrupted(tmp_path, 3, tuner, workers=2)
    finished[-1] = finished[-1].model_copy(update=change)
    before = contents(tmp_path)
    monkeypatch.setattr(search, "_run", lambda _: pytest.fail("trained"))
    with pytest.raises(StudyFailed, match="is not what this search proposes"):
        searched(
            tmp_path,
            tuner,
            finished=finished,
            workers=2,
            keep=0,
            on_begin=lambda: begun.append(True),
        )
    assert contents(tmp_path) == before
    assert not begun


def test_records_that_are_more_than_the_search_proposes_are_refused(tmp_path: Path) -> None:
    finished = searched(tmp_path, max_trials=4)
    before = contents(tmp_path)
    with pytest.raises(StudyFailed, match=r"trial 3 in trials\.jsonl is not what this search"):
        searched(tmp_path, max_trials=3, finished=finished)
    assert contents(tmp_path) == before


def test_time_before_an_interruption_counts(tmp_path: Path, jobs: list[Job]) -> None:
    """Trials take 1.5 seconds each; two workers were busy with four."""
    finished = searched(tmp_path, max_trials=4, time_limit="1h", workers=2)
    jobs.clear()
    budget: dict[str, Any] = {"max_trials": 50, "workers": 2, "finished": finished}
    assert searched(tmp_path, time_limit="3s", **budget) == []
    assert searched(tmp_path, time_limit="1h", **budget) != []
