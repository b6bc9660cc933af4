"""Retrain baseline and tuned on several seeds, read the test part, compare.

This is the only file that reads the test part's labels to compare the networks, and it does so
once for each retrained network, after everything has been chosen: hyperparameters by the search,
epochs and the network that is saved by validation. (`study/evaluation/robustness.py` scores the
saved networks on corrupted copies afterwards, for the report only.)
"""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from study.data.dataset import DataOptions, Dataset
from study.errors import Failed, StudyFailed, attempt
from study.evaluation import uncertainty
from study.machine.files import naming
from study.problem import metrics
from study.problem.problem import Problem, load_problem
from study.problem.settings import EvaluationSettings
from study.records.base import NETWORKS, Estimate, NetworkName, Value
from study.records.evaluation import Evaluation, NetworkResult, PerClass, SeedResult
from study.records.study import Signature
from study.training import checkpoint
from study.training.job import Job, Trained
from study.training.training import cached_dataset, train
from study.workers.engine import Engine
from study.workers.worker_process import report_epoch

SEED_STEP = 1_000_003
"""Distance between the seeds of retrainings, so that none is the seed of a trial."""

OnSubmit = Callable[[str, int], None]
"""Called with the key and the epochs of every retraining handed to the workers."""

OnRetrained = Callable[[str, SeedResult], None]
"""Called with the key and the result of every retraining that is done."""


@dataclass(frozen=True)
class Retrained:
    """One retrained network and its predictions on the test part."""

    seed: int
    trained: Trained
    validation: dict[str, float]
    test: dict[str, float]
    correct: dict[str, np.ndarray]
    """Metric -> (n,) bool over the test images."""
    probabilities: metrics.Probabilities
    """Head -> (n, classes) over the test images."""
    model: bytes
    """The .keras file."""


@dataclass(frozen=True)
class Result:
    """An evaluation with the arrays and models that are saved beside it."""

    evaluation: Evaluation
    predictions: dict[str, np.ndarray]
    models: dict[NetworkName, bytes]


def evaluate(
    problem: Problem,
    signature: Signature,
    tuned: dict[str, Value],
    settings: EvaluationSettings,
    batch_size: int,
    data: DataOptions,
    seed: int,
    folder: Path,
    engine: Engine,
    on_submit: OnSubmit,
    on_retrained: OnRetrained,
) -> Result:
    """Retrain the baseline and the network with the hyperparameters `tuned`, and compare them.

    Args:
        folder: Folder for checkpoints, from which an interrupted evaluation continues. The caller
            removes it when the result is safe.

    Raises:
        StudyFailed: A retraining failed.
    """
    seeds = [seed + SEED_STEP * n for n in range(1, settings.seeds + 1)]
    values = {"baseline": problem.baseline, "tuned": tuned}
    jobs = {
        (network, f"{problem.name}-evaluate-{network}-{n}"): Job(
            problem=problem.name,
            signature=signature,
            values=values[network],
            seed=one,
            data=data,
            data_seed=seed,
            epochs=settings.epochs,
            batch_size=batch_size,
            checkpoint=folder.resolve() / f"{network}-{n}" / checkpoint.FILE,
            keep_best=True,
        )
        for network in NETWORKS
        for n, one in enumerate(seeds, start=1)
    }
    futures = [engine.submit(_retrain, job, key=key) for (_, key), job in jobs.items()]
    for _, key in jobs:
        on_submit(key, settings.epochs)
    networks: dict[NetworkName, list[Retrained]] = {network: [] for network in NETWORKS}
    for (network, key), future in zip(jobs, futures, strict=True):
        outcome: Retrained | Failed = engine.wait_for(future)
        if isinstance(outcome, Failed):
            raise StudyFailed(f"{problem.name}: retraining failed ({key}): {outcome.reason}")
        networks[network].append(outcome)
        on_retrained(key, _seed_result(outcome))
    dataset = cached_dataset(problem.data, seed, data)
    return _result(problem, dataset, networks)


def _retrain(job: Job) -> Retrained | Failed:
    """Train on a worker, then read the test part."""
    outcome = attempt(train, job, report_epoch)
    if isinstance(outcome, Failed):
        return outcome
    model, trained = outcome
    from study.networks.prediction import predictor

    dataset = cached_dataset(load_problem(job.problem).data, job.data_seed, job.data)
    predict = predictor(model)
    probabilities = predict(dataset.test.images)
    return Retrained(
        seed=job.seed,
        trained=trained,
        validation=metrics.scores(dataset.validation.labels, predict(dataset.validation.images)),
        test=metrics.scores(dataset.test.labels, probabilities),
        correct=metrics.correct(dataset.test.labels, probabilities),
        probabilities=probabilities,
        model=_saved(model),
    )


def _saved(model: object) -> bytes:
    """The network as a .keras file, without the optimizer: a third of the size."""
    import keras

    assert isinstance(model, keras.Model)
    bare = type(model).from_config(model.get_config())  # `clone_model` would compile it again
    bare.set_weights(model.get_weights())
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        with naming(path):
            bare.save(path)
        return path.read_bytes()


def _seed_result(one: Retrained) -> SeedResult:
    return SeedResult(
        seed=one.seed,
        epochs=one.trained.best_epoch,
        validation=one.validation,
        test=one.test,
        curves=one.trained.curves,
        seconds=one.trained.seconds,
    )


def _result(
    problem: Problem, dataset: Dataset, networks: dict[NetworkName, list[Retrained]]
) -> Result:
    saved = {
        network: max(runs, key=lambda run: run.trained.score) for network, runs in networks.items()
    }
    right = {
        network: np.stack([run.correct[problem.objective] for run in runs])  # (seeds, n)
        for network, runs in networks.items()
    }
    evaluation = Evaluation(
        problem=problem.name,
        metric=problem.objective,
        images=dataset.sizes,
        networks={
            network: _network_result(problem, dataset, runs, saved[network])
            for network, runs in networks.items()
        },
        comparison=uncertainty.compare(right["baseline"], right["tuned"]),
    )
    predictions = {f"labels_{head}": dataset.test.labels[head] for head in problem.heads}
    for network in NETWORKS:
        predictions[f"{network}_correct"] = right[network]
        for head, probabilities in saved[network].probabilities.items():
            predictions[f"{network}_{head}"] = probabilities
    models = {network: run.model for network, run in saved.items()}
    return Result(evaluation, predictions, models)


def _network_result(
    problem: Problem, dataset: Dataset, runs: list[Retrained], saved: Retrained
) -> NetworkResult:
    names = metrics.metric_names(problem.heads)
    return NetworkResult(
        hyperparameters=saved.trained.hyperparameters,
        parameters=saved.trained.parameters,
        seeds=[_seed_result(run) for run in runs],
        saved_seed=saved.seed,
        test={
            name: uncertainty.estimate(np.stack([run.correct[name] for run in runs]))
            for name in names
        },
        ensemble=_ensemble(dataset, runs),
        per_head={
            head: _per_class(dataset.test.labels[head], probabilities)
            for head, probabilities in saved.probabilities.items()
        },
    )


def _ensemble(dataset: Dataset, runs: list[Retrained]) -> dict[str, Estimate]:
    """Metric -> the score of the mean of the runs' probabilities."""
    mean = {
        head: np.mean([run.probabilities[head] for run in runs], axis=0)
        for head in runs[0].probabilities
    }
    right = metrics.correct(dataset.test.labels, mean)
    return {name: uncertainty.share(one) for name, one in right.items()}


def _per_class(labels: np.ndarray, probabilities: np.ndarray) -> PerClass:
    """Scores of the classes of a head.

    Args:
        labels: (n,) int.
        probabilities: (n, classes).
    """
    precision, recall, f1 = metrics.per_class(
        labels, probabilities.argmax(axis=1), probabilities.shape[1]
    )
    return PerClass(precision=_known(precision), recall=_known(recall), f1=_known(f1))


def _known(values: np.ndarray) -> list[float | None]:
    """The values with None in place of NaN, which JSON does not have."""
    return [None if np.isnan(value) else float(value) for value in values]
