"""Ask a Keras Tuner oracle what to try, have it trained, tell the oracle how it went.

Keras Tuner decides; its own training loop is not used, because it keeps only the best epoch's
numbers and trains one network at a time. Its project folder is written as it would write it.

The oracle is told results in the order it proposed the trials, and always with the same number
of trials in between, so that what it proposes depends on the results and never on which worker
was faster: the same seed and number of workers give the same trials.
"""

import time
import warnings
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from study.data.dataset import DataOptions
from study.engine import Engine, report_epoch, wait_for
from study.errors import StudyFailed, one_line
from study.problems import Problem
from study.records import Trial, Value
from study.settings import SearchSettings, seconds
from study.train import Job, Trained, run_trial

if TYPE_CHECKING:
    import keras_tuner
    from distributed import Future

MAX_CONSECUTIVE_FAILURES = 5
"""So many failed trials in a row mean that something other than a hyperparameter is wrong."""

TUNER_ID = "tuner0"
"""Keras Tuner's name of a lone tuner: names the file by which it recognises its project."""

OnTrial = Callable[[Trial], None]
OnProposal = Callable[[int, str, int], None]
"""Called with a proposed trial's number, job key and epochs."""


@dataclass(frozen=True)
class _Running:
    number: int
    trial: Any  # keras_tuner.engine.trial.Trial
    job: Job
    future: "Future"


def search(
    problem: Problem,
    settings: SearchSettings,
    data: DataOptions,
    seed: int,
    folder: Path,
    engine: Engine,
    on_proposal: OnProposal,
    on_trial: OnTrial,
) -> None:
    """Search `problem`'s space; every finished trial, failed ones too, goes to `on_trial`.

    Args:
        folder: Keras Tuner's project folder, made here.
        on_proposal: Called when a trial is handed to the workers.
        on_trial: Called with each finished trial, in the order they were proposed.

    Raises:
        StudyFailed: MAX_CONSECUTIVE_FAILURES trials failed in a row, or none succeeded.
    """
    oracle = make_oracle(problem, settings, seed, folder)
    deadline = time.monotonic() + seconds(settings.time_limit) if settings.time_limit else None
    # Twice as many as workers, so that none waits while the oldest trial is still running; with a
    # time limit no more than workers, so that none is left to start when time is up.
    depth = 1 if engine.workers == 1 else engine.workers * (1 if deadline else 2)
    running: deque[_Running] = deque()
    failures = completed = number = 0
    while True:
        while len(running) < depth and (deadline is None or time.monotonic() < deadline):
            proposal = _propose(oracle, number)
            if proposal.status != "RUNNING":
                break  # the oracle has no more to try, or waits for results
            job = _job(problem, settings, data, seed, folder, number, proposal)
            key = job_key(problem.name, number)
            running.append(_Running(number, proposal, job, engine.submit(_run, job, key=key)))
            on_proposal(number, key, job.epochs - job.first_epoch)
            number += 1
        if not running:
            break
        trial = _tell(oracle, running.popleft())
        on_trial(trial)
        completed += trial.status == "completed"
        failures = failures + 1 if trial.status == "failed" else 0
        if failures == MAX_CONSECUTIVE_FAILURES:
            raise StudyFailed(
                f"{problem.name}: {failures} trials failed in a row, the last with: {trial.error}"
            )
    if not completed:
        raise StudyFailed(f"{problem.name}: no trial of the search succeeded; see trials.jsonl")


def job_key(problem: str, number: int) -> str:
    """How the workers and the progress bar call a trial."""
    return f"{problem}-search-{number}"


def make_oracle(
    problem: Problem, settings: SearchSettings, seed: int, folder: Path
) -> "keras_tuner.Oracle":
    """A Keras Tuner oracle over the problem's whole space, whose first trial is the baseline."""
    import keras_tuner

    space = keras_tuner.HyperParameters()
    problem.build(space, 1)
    shared = {
        "objective": keras_tuner.Objective(f"val_{problem.objective}", "max"),
        "hyperparameters": space,
        "seed": seed,
        # Keras Tuner raises on the third failed trial in a row, with its lock held; we count.
        "max_consecutive_failed_trials": 10**9,
    }
    if settings.tuner == "hyperband":
        # It would stop after one pass over its brackets: two trials, if max_epochs is 2.
        oracle = keras_tuner.oracles.HyperbandOracle(
            max_epochs=settings.max_epochs, hyperband_iterations=None, **shared
        )
        oracle.max_trials = settings.max_trials
    elif settings.tuner == "bayesian":
        # It would begin with three random trials a hyperparameter: more than most budgets have.
        oracle = keras_tuner.oracles.BayesianOptimizationOracle(
            max_trials=settings.max_trials,
            num_initial_points=max(2, settings.max_trials // 3),
            **shared,
        )
    else:
        kinds = {
            "random": keras_tuner.oracles.RandomSearchOracle,
            "grid": keras_tuner.oracles.GridSearchOracle,
        }
        oracle = kinds[settings.tuner](max_trials=settings.max_trials, **shared)
    oracle.verbose = 0
    _begin_with(oracle, problem.baseline)
    folder.mkdir(parents=True, exist_ok=True)
    oracle._set_project_dir(str(folder.parent), folder.name)  # what `keras_tuner.Tuner` does
    (folder / f"{TUNER_ID}.json").write_text("{}")
    return oracle


def _begin_with(oracle: "keras_tuner.Oracle", baseline: dict[str, Value]) -> None:
    """Have the oracle propose the baseline where it would draw its first random point.

    Grid search begins with every default, and the defaults are the baseline.
    """
    draw = oracle._random_values

    def first_baseline() -> dict[str, Value] | None:
        return draw() if oracle.trials else dict(baseline)

    oracle._random_values = first_baseline


def _propose(oracle: "keras_tuner.Oracle", number: int) -> Any:
    """Keras Tuner's next trial; its status is not RUNNING if there is none now."""
    with warnings.catch_warnings():
        # On few trials a Gaussian process ends at the bounds of its kernel, as it may.
        warnings.filterwarnings("ignore", module="sklearn.gaussian_process")
        return oracle.create_trial(f"worker{number}")


def _job(
    problem: Problem,
    settings: SearchSettings,
    data: DataOptions,
    seed: int,
    folder: Path,
    number: int,
    proposal: Any,
) -> Job:
    values, tuner = split_values(proposal.hyperparameters.values)
    parent = tuner.get("tuner/trial_id")
    return Job(
        problem=problem.name,
        values=values,
        seed=seed + number,
        data=data,
        data_seed=seed,
        epochs=int(tuner.get("tuner/epochs", settings.max_epochs)),
        batch_size=settings.batch_size,
        max_images=settings.max_images,
        first_epoch=int(tuner.get("tuner/initial_epoch", 0)),
        load_from=_weights(folder, str(parent)) if parent is not None else None,
        save_to=_weights(folder, proposal.trial_id) if settings.tuner == "hyperband" else None,
    )


def _weights(folder: Path, trial_id: str) -> Path:
    """Where Keras Tuner itself keeps a trial's weights."""
    return folder.resolve() / f"trial_{trial_id}" / "checkpoint.weights.h5"


def split_values(values: dict[str, Value]) -> tuple[dict[str, Value], dict[str, Value]]:
    """(hyperparameters, Keras Tuner's own tuner/* values)."""
    own = {name: value for name, value in values.items() if name.startswith("tuner/")}
    return {name: value for name, value in values.items() if name not in own}, own


def _run(job: Job) -> Trained | str:
    """On a worker: train, or say why not. Any exception fails the trial and not the search."""
    try:
        return run_trial(job, report_epoch)
    except Exception as error:
        return one_line(error)


def _tell(oracle: "keras_tuner.Oracle", running: _Running) -> Trial:
    """Wait for the trial, tell the oracle and return its record."""
    try:
        outcome: Trained | str = wait_for(running.future)
    except StudyFailed as error:
        outcome = str(error)
    trial = running.trial
    if isinstance(outcome, Trained):
        for epoch, metrics in _per_epoch(outcome, running.job.first_epoch):
            oracle.update_trial(trial.trial_id, metrics, step=epoch)
        trial.status = "COMPLETED"
    else:
        trial.status, trial.message = "FAILED", outcome
    oracle.end_trial(trial)
    return _record(running, outcome)


def _per_epoch(trained: Trained, first_epoch: int) -> list[tuple[int, dict[str, float]]]:
    names = list(trained.curves)
    rows = zip(*trained.curves.values(), strict=True)
    return [(first_epoch + n, dict(zip(names, row, strict=True))) for n, row in enumerate(rows, 1)]


def _record(running: _Running, outcome: Trained | str) -> Trial:
    values, tuner = split_values(running.trial.hyperparameters.values)
    trial = Trial(
        number=running.number,
        trial_id=running.trial.trial_id,
        hyperparameters=values,
        tuner=tuner,
        status="failed",
        seed=running.job.seed,
    )
    if isinstance(outcome, str):
        return trial.model_copy(update={"error": outcome})
    return trial.model_copy(
        update={
            "status": "completed",
            "hyperparameters": outcome.hyperparameters,
            "score": outcome.score,
            "best_epoch": outcome.best_epoch,
            "epochs": running.job.epochs,
            "curves": outcome.curves,
            "parameters": outcome.parameters,
            "seconds": outcome.seconds,
        }
    )


def best_trial(trials: list[Trial]) -> Trial:
    """The completed trial with the highest score; of equals, the smaller network.

    Raises:
        StudyFailed: no trial was completed.
    """
    completed = [trial for trial in trials if trial.score is not None]
    if not completed:
        raise StudyFailed("no trial of the search succeeded; see trials.jsonl for the reasons")
    return max(completed, key=lambda trial: (trial.score, -(trial.parameters or 0)))
