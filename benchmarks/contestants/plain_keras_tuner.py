"""A plain Keras Tuner search, as its "Getting started" guide writes it: one process.

https://keras.io/keras_tuner/getting_started/
"""

import sys
from collections.abc import Callable

import keras
import keras_tuner

from benchmarks.contestants.scores import Scores
from benchmarks.task import BATCH_SIZE, TASKS, Task

TRIALS = 1000
"""More than there is time for."""

Build = Callable[[keras_tuner.HyperParameters], keras.Model]


def search(task: Task, seed: int, make_tuner: Callable[[Build], keras_tuner.Tuner]) -> None:
    """Search by the tuner that `make_tuner` makes of a function that builds networks."""
    (x, y), validation = task.arrays(seed)
    steps = task.steps(len(x))
    keras.utils.set_random_seed(seed)
    tuner = make_tuner(lambda hp: task.load().build(hp, task.signature(), steps))
    tuner.search(
        x,
        y,
        batch_size=BATCH_SIZE,
        epochs=task.epochs,
        validation_data=validation,
        callbacks=[Scores()],
        verbose=0,
    )


def main(task_name: str, seed: int, method: str) -> None:
    """Search until somebody stops it."""
    task = TASKS[task_name]
    shared = {"objective": "val_accuracy", "seed": seed, "directory": "tuner"}

    def make_tuner(build: Build) -> keras_tuner.Tuner:
        if method == "hyperband":
            return keras_tuner.Hyperband(
                build, max_epochs=task.epochs, hyperband_iterations=TRIALS, **shared
            )
        if method == "bayesian":
            return keras_tuner.BayesianOptimization(build, max_trials=TRIALS, **shared)
        return keras_tuner.RandomSearch(build, max_trials=TRIALS, **shared)

    search(task, seed, make_tuner)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
