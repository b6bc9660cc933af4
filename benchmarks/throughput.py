"""Throughput at equal work: the same trials by `study search` and by plain Keras Tuner."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel

from benchmarks.good_network import LIMIT, study_search
from benchmarks.task import BATCH_SIZE, TASKS, Result, Task, watch

TRIALS = 8


class Throughput(BaseModel):
    """Image-epochs a second over a whole search, its start included."""

    task: str
    seed: int
    study: float
    keras_tuner: float


def throughputs(seeds: int) -> Iterator[Throughput]:
    """One a task and seed."""
    for seed in range(1, seeds + 1):
        for task in TASKS.values():
            yield _throughput(task, seed)


def _throughput(task: Task, seed: int) -> Throughput:
    (images, _), _ = task.arrays(seed)
    epochs = TRIALS * task.epochs
    with tempfile.TemporaryDirectory(prefix="race-") as name:
        ours = _seconds(study_search("random", TRIALS, task, seed, Path(name)))
    with tempfile.TemporaryDirectory(prefix="race-") as name:
        folder = Path(name)
        command = ["-m", "benchmarks.contestants.same_trials", task.problem, str(seed), str(TRIALS)]
        peer = _seconds(watch(command, folder, folder / "scores", LIMIT))
    trained = len(images) // BATCH_SIZE * BATCH_SIZE  # the study leaves out an odd last batch
    return Throughput(
        task=task.problem,
        seed=seed,
        study=epochs * trained / ours,
        keras_tuner=epochs * len(images) / peer,
    )


def _seconds(results: Iterator[Result]) -> float:
    """When the last result came."""
    return max(seconds for seconds, _ in results)
