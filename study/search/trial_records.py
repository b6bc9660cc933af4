"""Translates between Keras Tuner's trials, jobs for workers and the records of a search."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from study.data.dataset import DataOptions
from study.errors import Failed
from study.problem.problem import Problem
from study.problem.settings import SearchSettings
from study.records.study import DtypePolicy, Signature
from study.records.trial import Trial
from study.search.oracles import split_values
from study.training.checkpoint import checkpoint_path
from study.training.job import Job, Trained

if TYPE_CHECKING:
    from study.search.study_oracle import StudyOracle


def job_of(
    number: int,
    trial: Any,
    problem: Problem,
    signature: Signature,
    settings: SearchSettings,
    data: DataOptions,
    seed: int,
    dtype_policy: DtypePolicy,
    folder: Path,
) -> Job:
    """The job that a worker is given for a trial.

    Args:
        number: Number of the trial.
        trial: Keras Tuner's trial.
        problem: The problem whose network is trained.
        signature: The problem's images and classes.
        settings: Settings of the search.
        data: Options of the data to train on.
        seed: Seed of the search, from which each trial gets its own.
        dtype_policy: Arithmetic of the trial.
        folder: Keras Tuner's project folder.
    """
    values, tuner = split_values(trial.hyperparameters.values)
    parent = tuner.get("tuner/trial_id")
    return Job(
        problem=problem.name,
        signature=signature,
        values=values,
        seed=seed + number,
        data=data,
        data_seed=seed,
        epochs=int(tuner.get("tuner/epochs", settings.max_epochs)),
        batch_size=settings.batch_size,
        max_images=settings.max_images,
        # On low rungs too: if the rate decays by the end of the rung, promoted trials come out
        # worse than trials that never stopped.
        decay_epochs=settings.max_epochs,
        dtype_policy=dtype_policy,
        first_epoch=int(tuner.get("tuner/initial_epoch", 0)),
        load_from=checkpoint_path(folder, str(parent)) if parent is not None else None,
        checkpoint=checkpoint_path(folder, trial.trial_id),
    )


def record_of(
    number: int, trial: Any, job: Job, rejected: list[str], outcome: Trained | Failed
) -> Trial:
    """The record of a trial that is done, a line of trials.jsonl."""
    values, tuner = split_values(trial.hyperparameters.values)
    record = Trial(
        number=number,
        trial_id=trial.trial_id,
        hyperparameters=values,
        tuner=tuner,
        status="failed",
        seed=job.seed,
        rejected=rejected,
    )
    if isinstance(outcome, Failed):
        return record.model_copy(update={"error": outcome.reason})
    return record.model_copy(
        update={
            "status": "completed",
            "hyperparameters": outcome.hyperparameters,
            "score": outcome.score,
            "best_epoch": outcome.best_epoch,
            "epochs": job.epochs,
            "curves": outcome.curves,
            "parameters": outcome.parameters,
            "seconds": outcome.seconds,
            "latency": outcome.latency,
            "finished": outcome.finished,
        }
    )


def tell(oracle: "StudyOracle", trial: Any, record: Trial, first_epoch: int) -> None:
    """Tell the oracle the result of a trial.

    Args:
        oracle: The oracle that proposed the trial.
        trial: Keras Tuner's trial.
        record: The record of the trial.
        first_epoch: Epochs that the trial it continues had been trained for.
    """
    if record.status == "completed":
        # Not by calling `update_trial` for every epoch, which writes the trial's file every time:
        # with nine epochs that was half of the driver's time per trial.
        told = oracle.get_trial(trial.trial_id)
        told.metrics = type(told.metrics).from_config(_metrics(record, first_epoch))
        trial.status = "COMPLETED"
    else:
        trial.status, trial.message = "FAILED", record.error
    oracle.end_trial(trial)


def _metrics(record: Trial, first_epoch: int) -> dict[str, Any]:
    """The trial's curves as Keras Tuner writes them."""
    return {
        "metrics": {
            name: {
                "direction": "min" if name.endswith("loss") else "max",
                "observations": [
                    {"value": [value], "step": epoch}
                    for epoch, value in enumerate(curve, start=first_epoch + 1)
                ],
            }
            for name, curve in record.curves.items()
        }
    }
