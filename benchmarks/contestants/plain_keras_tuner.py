"""A plain Keras Tuner search, as its "Getting started" guide writes it: one process.

https://keras.io/keras_tuner/getting_started/
"""

import sys

import keras
import keras_tuner

from benchmarks.contestants.scores import Scores
from benchmarks.task import BATCH_SIZE, TASKS

TRIALS = 1000
"""More than there is time for."""


def main(task_name: str, seed: int, method: str) -> None:
    """Search until somebody stops it."""
    task = TASKS[task_name]
    (x, y), validation = task.arrays()
    steps = task.steps(len(x))
    keras.utils.set_random_seed(seed)

    def build(hp: keras_tuner.HyperParameters) -> keras.Model:
        return task.load().build(hp, steps)

    shared = {"objective": "val_accuracy", "seed": seed, "directory": "tuner"}
    if method == "hyperband":
        tuner = keras_tuner.Hyperband(
            build, max_epochs=task.epochs, hyperband_iterations=TRIALS, **shared
        )
    elif method == "bayesian":
        tuner = keras_tuner.BayesianOptimization(build, max_trials=TRIALS, **shared)
    else:
        tuner = keras_tuner.RandomSearch(build, max_trials=TRIALS, **shared)
    tuner.search(
        x,
        y,
        batch_size=BATCH_SIZE,
        epochs=task.epochs,
        validation_data=validation,
        callbacks=[Scores()],
        verbose=0,
    )


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
