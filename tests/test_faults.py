"""Real processes, killed at real moments: nothing finished is lost or done twice."""

import json
import os
import random
import resource
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from study.data.dataset import DataOptions
from study.problem.settings import SearchSettings
from study.records.trial import Trial
from study.search import search
from study.training import training
from tests import tiny
from tests.command import ROOT
from tests.driver import EPOCH_SECONDS, HANGS_IN, PATIENCE, finished
from tests.factories import TIMES
from tests.zygote import Launched, Zygote, launch_cold

pytestmark = pytest.mark.slow(minutes=1)

EPOCHS = 3
TRIALS = 5
BUDGET = {"max_trials": TRIALS, "max_epochs": EPOCHS, "batch_size": 16, "dtype": "float32"}


@dataclass
class Search:
    """A search in a process group of its own, that can be begun again and again."""

    folder: Path
    zygote: Zygote
    workers: int = 1
    faults: dict[str, str] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    limit: tuple[int, int] | None = None
    """A resource and how much of it there is."""

    def begin(self) -> Launched:
        """Begin the search, or go on with it."""
        settings = {"search": BUDGET | self.settings}
        parts = [str(self.folder), json.dumps(settings), json.dumps(self.faults), str(self.workers)]
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        if "hog" in self.faults.values():  # Dask reads how much memory there is while imported
            return launch_cold(ROOT, "tests.driver", parts, environment)
        limits = [self.limit] if self.limit else []
        return self.zygote.launch(ROOT, "tests.driver", parts, environment, limits=limits)

    def complete(self, expect: int = 0) -> str:
        """Let it come to its end; what it printed."""
        process = self.begin()
        printed = self.printed(process)
        assert process.returncode == expect, printed
        return printed

    def printed(self, process: Launched) -> str:
        """What it printed, when it has ended, and all that it began."""
        return "".join(process.communicate(timeout=PATIENCE))

    def until(self, process: Launched, happened: Callable[[], bool]) -> None:
        """Wait until something has happened in the folder."""
        deadline = time.monotonic() + PATIENCE
        while not happened():
            assert process.poll() is None, self.printed(process)
            assert time.monotonic() < deadline
            time.sleep(0.005)

    def stop(self, process: Launched, number: int = signal.SIGKILL) -> str:
        """Send the signal to the whole process group and wait for its end; what it printed."""
        os.killpg(process.pid, number)
        return self.printed(process)

    def orphan(self, process: Launched) -> None:
        """kill -9 of the driver alone, and wait until its workers have ended, by themselves.

        They have its standard output too, which is closed when the last of them has.
        """
        process.kill()
        self.printed(process)

    def epochs(self) -> list[tuple[int, int]]:
        """(trial, epoch), in the order they ended, of all processes so far."""
        return [(trial, epoch) for trial, epoch, _ in self._notes()]

    def trainers(self, trial: int) -> list[int]:
        """The worker processes that trained it, epoch by epoch."""
        return [worker for number, _, worker in self._notes() if number == trial]

    def _notes(self) -> list[tuple[int, int, int]]:
        path = self.folder / "epochs"
        lines = path.read_text().splitlines() if path.exists() else []
        return [(int(trial), int(epoch), int(by)) for trial, epoch, by in map(str.split, lines)]

    def trials(self) -> list[Trial]:
        return finished(self.folder)


def tried(trials: list[Trial]) -> list[tuple[Any, ...]]:
    """All of a trial but its time."""
    return [tuple(trial.model_dump(exclude=TIMES).items()) for trial in trials]


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> list[Trial]:
    """What the search comes to if nobody disturbs it."""
    return undisturbed(tmp_path_factory.mktemp("whole"))


def undisturbed(folder: Path, **settings: Any) -> list[Trial]:
    """The search done in this process, without workers."""
    budget = SearchSettings.model_validate(BUDGET | settings)
    assert budget.dtype != "auto"
    trials: list[Trial] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "load_problem", lambda _: tiny.problem())
        patch.setattr(training, "cached_dataset", lambda *_: tiny.dataset())
        patch.setattr(search, "_run", lambda job: training.run_trial(job))
        search.search(
            tiny.problem(),
            tiny.SIGNATURE,
            budget,
            DataOptions(),
            1,
            1,
            budget.dtype,
            folder,
            tiny.InstantEngine(),
            [],
            on_begin=lambda: None,
            on_proposal=lambda *_: None,
            on_trial=trials.append,
        )
    assert {trial.status for trial in trials} == {"completed"}
    return trials


def test_killed_at_any_moment_it_goes_on_as_if_nothing_had_happened(
    tmp_path: Path, zygote: Zygote, uninterrupted: list[Trial]
) -> None:
    """kill -9 of the whole process group or of the driver alone: in a trial, while a checkpoint is
    written, between.
    """
    run, moments = Search(tmp_path, zygote), random.Random(1)
    half_written = "results/demo/tiny/search/trial_*/.checkpoint-*"
    for kill, end in enumerate((run.orphan, run.stop)):
        process, before = run.begin(), len(run.epochs())
        run.until(process, lambda before=before: len(run.epochs()) > before)
        if kill == 1:
            run.until(process, lambda: any(tmp_path.glob(half_written)))
        else:
            time.sleep(moments.random() * 4 * EPOCH_SECONDS)
        end(process)
        assert process.returncode == -signal.SIGKILL
    run.complete()
    assert tried(run.trials()) == tried(uninterrupted)
    # An epoch is noted when its checkpoint is written: none of those was trained again.
    assert max(Counter(run.epochs()).values()) == 1
    assert not list(tmp_path.glob(half_written))


def test_killed_while_trials_go_up_rungs_it_goes_on_as_if_nothing_had_happened(
    tmp_path: Path, zygote: Zygote
) -> None:
    """ASHA: a trial that continues another does so after kill -9 too; here in bfloat16."""
    settings = {"tuner": "asha", "max_trials": 6, "dtype": "mixed_bfloat16"}
    run, moments = Search(tmp_path, zygote, settings=settings), random.Random(2)
    for _ in range(2):
        process, before = run.begin(), len(run.epochs())
        run.until(process, lambda before=before: len(run.epochs()) > before + 2)
        time.sleep(moments.random() * 3 * EPOCH_SECONDS)
        run.stop(process)
    run.complete()
    whole = undisturbed(tmp_path / "whole", **settings)
    assert [trial.tuner["tuner/round"] for trial in whole] == [0, 0, 0, 1, 0, 0, 0, 1]
    assert tried(run.trials()) == tried(whole)
    assert max(Counter(run.epochs()).values()) == 1


def test_after_control_c_and_with_half_a_line_and_half_an_oracle_it_goes_on(
    tmp_path: Path, zygote: Zygote, uninterrupted: list[Trial]
) -> None:
    run = Search(tmp_path, zygote)
    process = run.begin()
    run.until(process, lambda: len(run.epochs()) > 2 * EPOCHS)
    run.stop(process, signal.SIGINT)
    assert process.returncode
    lines = tmp_path / "results/demo/tiny/trials.jsonl"
    with lines.open("a") as file:
        file.write('{"number": 2, "tri')
    oracle = tmp_path / "results/demo/tiny/search/oracle.json"
    oracle.write_text(oracle.read_text()[:50])
    run.complete()
    assert tried(run.trials()) == tried(uninterrupted)
    assert max(Counter(run.epochs()).values()) == 1
    assert json.loads(oracle.read_text())


def test_of_a_worker_killed_in_an_epoch_another_does_that_epoch_and_a_second_process_is_refused(
    tmp_path: Path, zygote: Zygote, uninterrupted: list[Trial]
) -> None:
    """One of two workers; the other goes on with its own trials meanwhile."""
    run = Search(tmp_path, zygote, workers=2, faults={"1": "hang"})
    process = run.begin()
    run.until(process, (tmp_path / "hanging").exists)
    assert "results/demo is in use by another process" in run.complete(expect=2)
    (killed,) = set(run.trainers(1))
    os.kill(killed, signal.SIGKILL)
    printed = run.printed(process)
    assert process.returncode == 0, printed
    assert tried(run.trials()) == tried(uninterrupted)
    assert max(Counter(run.epochs()).values()) == 1
    before, after = run.trainers(1)[: HANGS_IN - 1], run.trainers(1)[HANGS_IN - 1 :]
    assert set(before) == {killed}
    assert len(after) == EPOCHS - len(before)
    assert killed not in after


def test_trials_that_cannot_be_trained_are_recorded_and_the_search_goes_on(
    tmp_path: Path, zygote: Zygote
) -> None:
    """One raises, one diverges, one takes all memory."""
    faults = {"1": "raise", "2": "nan", "3": "hog"}
    run = Search(tmp_path, zygote, 1, faults, {"retries": 0})
    run.complete()
    trials = run.trials()
    assert [trial.number for trial in trials] == list(range(TRIALS))
    errors = {trial.number: trial.error for trial in trials if trial.status == "failed"}
    assert errors.keys() == {1, 2, 3}
    assert errors[1] == "RuntimeError: ordered"
    assert errors[2] == "Diverged: the training loss became nan in epoch 1"
    assert "the worker process died 1 time, perhaps because it ran out of memory" in str(errors[3])


def test_a_full_disk_is_said_and_nothing_is_lost(
    tmp_path: Path, zygote: Zygote, uninterrupted: list[Trial]
) -> None:
    """A limit on the size of a file is the disk quota that every user may set."""
    run = Search(tmp_path, zygote, limit=(resource.RLIMIT_FSIZE, 20_000))
    printed = run.complete(expect=1)
    assert "checkpoint.weights.h5 cannot be written" in printed
    assert "Traceback" not in printed
    run.limit = None
    run.complete()
    assert tried(run.trials()) == tried(uninterrupted)
