"""Plain Keras Tuner on the very trials that `study search --tuner random` does: one process."""

import sys
from pathlib import Path

import keras
import keras_tuner

from benchmarks.contestants.scores import Scores
from benchmarks.task import BATCH_SIZE, TASKS
from study.oracles import make_oracle
from study.settings import SearchSettings


def main(task_name: str, seed: int, trials: int) -> None:
    """Do these trials."""
    task = TASKS[task_name]
    (x, y), validation = task.arrays()
    steps = task.steps(len(x))
    keras.utils.set_random_seed(seed)
    tuner = keras_tuner.Tuner(
        make_oracle(task.load(), SearchSettings(max_trials=trials), seed, Path("tuner/search")),
        lambda hp: task.load().build(hp, steps),
        directory="tuner",
        project_name="search",
        overwrite=True,
    )
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
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
