"""Which trials are begun as time goes by."""

from pathlib import Path

import pytest

from study.problem.settings import Tuner
from study.records.trial import Trial
from study.training.job import Job
from tests import tiny
from tests.search.searches import STUBBED, searched, ticking

pytestmark = STUBBED


def test_no_trial_starts_after_the_time_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, jobs: list[Job]
) -> None:
    ticking(monkeypatch, 20)
    trials = searched(tmp_path, max_trials=50, time_limit="90s")
    assert 1 <= len(trials) == len(jobs) <= 4
    assert {trial.status for trial in trials} == {"completed"}


def test_with_a_time_limit_none_waits_in_line(tmp_path: Path) -> None:
    """A trial that starts when a worker is free starts in time."""
    engine = tiny.BackwardEngine()
    submitted: list[int] = []
    searched(
        tmp_path,
        engine=engine,
        workers=2,
        on_proposal=lambda *_: submitted.append(len(engine.waiting)),
        max_trials=6,
        time_limit="1h",
    )
    assert max(submitted) == 2


def test_without_a_time_limit_the_workers_have_the_next_trial_at_hand(tmp_path: Path) -> None:
    engine = tiny.BackwardEngine()
    submitted: list[int] = []
    searched(
        tmp_path,
        engine=engine,
        workers=2,
        on_proposal=lambda *_: submitted.append(len(engine.waiting)),
        max_trials=6,
    )
    assert max(submitted) == 4


@pytest.mark.parametrize(("tuner", "before_it"), [("random", 6), ("bayesian", 4)])
@pytest.mark.parametrize("time_limit", [None, "1h"])
def test_random_search_goes_on_while_the_oldest_trial_is_a_straggler(
    tmp_path: Path, tuner: Tuner, before_it: int, time_limit: str | None
) -> None:
    """What it proposes does not depend on results; others wait, for the same search every time."""
    proposed: list[int] = []
    before: list[int] = []

    class Told(list[Trial]):
        def append(self, _: Trial) -> None:
            before.append(len(proposed))

    searched(
        tmp_path,
        tuner,
        engine=tiny.BackwardEngine(),
        trials=Told(),
        workers=2,
        on_proposal=lambda number, *_: proposed.append(number),
        max_trials=6,
        time_limit=time_limit,
    )
    in_line = 2 if time_limit and tuner != "random" else before_it
    assert before[0] == in_line
