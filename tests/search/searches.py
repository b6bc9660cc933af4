"""Searches that do not train: what is tried, told and left is real."""

import zlib
from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from study.data.dataset import DataOptions
from study.errors import Failed
from study.problem.problem import Problem
from study.problem.settings import TUNERS, SearchSettings, Tuner
from study.records.trial import Trial
from study.search import search
from study.training.job import Job, Trained
from tests import tiny
from tests.factories import signature

EVERY_TUNER = pytest.mark.parametrize("tuner", TUNERS)
IN_ORDER = pytest.mark.parametrize("tuner", [tuner for tuner in TUNERS if tuner != "asha"])
Engine = tiny.InstantEngine | tiny.BackwardEngine
STUBBED = pytest.mark.usefixtures("jobs", "_hasty", "_unchecked")
CHECKED = pytest.mark.usefixtures("checked")


def outcome(job: Job) -> Trained:
    """What training would come to: a score that depends on the hyperparameters alone."""
    score = zlib.crc32(repr(sorted(job.values.items())).encode()) % 1000 / 1000
    rising = [score * epoch / job.epochs for epoch in range(job.first_epoch + 1, job.epochs + 1)]
    curves = {"loss": [1.0] * len(rising), "accuracy": rising}
    curves |= {f"val_{name}": list(curve) for name, curve in curves.items()}
    return Trained(
        curves=curves | {"val_joint": rising},
        best_epoch=job.epochs,
        score=score,
        parameters=1000,
        hyperparameters=job.values,
        seconds=1.5,
        latency=1e-3,
        finished="2026-11-22T08:27:42+00:00",
    )


def fail_on(
    monkeypatch: pytest.MonkeyPatch, fails: Callable[[int], bool], words: str = "ValueError: no"
) -> None:
    """Have the trials of those numbers fail."""
    numbers = count()
    monkeypatch.setattr(
        search, "_run", lambda job: Failed(words) if fails(next(numbers)) else outcome(job)
    )


def searched(
    folder: Path,
    tuner: Tuner = "random",
    problem: Problem | None = None,
    engine: Engine | None = None,
    seed: int = 1,
    trials: list[Trial] | None = None,
    workers: int = 1,
    finished: Sequence[Trial] = (),
    on_begin: Callable[[], None] = lambda: None,
    on_proposal: Callable[..., object] = lambda *_: None,
    **settings: Any,
) -> list[Trial]:
    """The trials of a search in that folder."""
    found = [] if trials is None else trials
    problem = problem or tiny.problem()
    search.search(
        problem,
        tiny.SIGNATURE if problem.name == "tiny" else signature(problem.name),
        SearchSettings(tuner=tuner, **({"max_trials": 4, "max_epochs": 3} | settings)),
        DataOptions(),
        seed,
        workers,
        "float32",
        folder / "search",
        engine or tiny.InstantEngine(),
        finished,
        on_begin=on_begin,
        on_proposal=on_proposal,
        on_trial=found.append,
    )
    return found


def tried(trials: list[Trial]) -> list[tuple[Any, ...]]:
    """What tells one search from another."""
    return [
        (trial.number, trial.trial_id, trial.hyperparameters, trial.tuner, trial.score)
        for trial in trials
    ]


class Interruption(BaseException):
    """Stands in for a process that ends."""


def interrupted(folder: Path, after: int, tuner: Tuner, **settings: Any) -> list[Trial]:
    """The trials that a search had finished when it ended after so many."""
    finished: list[Trial] = []

    class Ending(list[Trial]):
        def append(self, trial: Trial) -> None:
            finished.append(trial)
            if len(finished) == after:
                raise Interruption

    with pytest.raises(Interruption):
        searched(folder, tuner, trials=Ending(), **settings)
    return finished


def ticking(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Have every look at the clock take so long."""
    monkeypatch.setattr(search, "time", SimpleNamespace(monotonic=count(step=seconds).__next__))


def leave_checkpoints(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have trials leave an empty checkpoint, and need that of the trial they continue."""

    def run(job: Job) -> Trained:
        assert job.load_from is None or job.load_from.exists()
        assert job.checkpoint
        job.checkpoint.parent.mkdir(parents=True, exist_ok=True)
        job.checkpoint.touch()
        return outcome(job)

    monkeypatch.setattr(search, "_run", run)
