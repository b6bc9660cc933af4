"""A plain Keras Tuner search, as its "Getting started" guide writes it: one process.

https://keras.io/keras_tuner/getting_started/
"""

import sys
from collections.abc import Callable
from typing import Any

import keras
import keras_tuner

from benchmarks.contestants.scores import Scores
from benchmarks.task import TASKS, Task

TRIALS = 1000
"""More than there is time for."""


class Network(keras_tuner.HyperModel):
    """A point of the search space: its network and its batch size. `fit` knows no more of it."""

    def __init__(self, task: Task, images: int) -> None:
        """Of a task with so many training images."""
        super().__init__()
        self.task, self.images = task, images

    def build(self, hp: keras_tuner.HyperParameters) -> keras.Model:
        """The compiled network."""
        budget = self.task.budget(hp, self.images)
        return self.task.load().build(hp, self.task.signature(), budget)

    def fit(
        self, hp: keras_tuner.HyperParameters, model: keras.Model, *args: Any, **kwargs: Any
    ) -> Any:
        """Keras's own, in batches of the size that was chosen."""
        return model.fit(*args, batch_size=self.task.batch_size(hp), **kwargs)


def search(task: Task, seed: int, make_tuner: Callable[[Network], keras_tuner.Tuner]) -> None:
    """Search by the tuner that `make_tuner` makes of a function that builds networks."""
    (x, y), validation = task.arrays(seed)
    keras.utils.set_random_seed(seed)
    tuner = make_tuner(Network(task, len(x)))
    tuner.search(
        x,
        y,
        epochs=task.epochs,
        validation_data=validation,
        callbacks=[Scores()],
        verbose=0,
    )


def main(task_name: str, seed: int, method: str) -> None:
    """Search until somebody stops it."""
    task = TASKS[task_name]
    shared = {"objective": "val_accuracy", "seed": seed, "directory": "tuner"}

    def make_tuner(build: Network) -> keras_tuner.Tuner:
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
