"""Plain Keras Tuner on the very trials that `study search --tuner random` does: one process."""

import sys
from pathlib import Path

import keras_tuner

from benchmarks.contestants.plain_keras_tuner import Network, search
from benchmarks.task import TASKS
from study.problem.settings import SearchSettings
from study.search.oracles import make_oracle


def main(task_name: str, seed: int, trials: int) -> None:
    """Do these trials."""
    task = TASKS[task_name]

    def make_tuner(build: Network) -> keras_tuner.Tuner:
        settings = SearchSettings(max_trials=trials)
        oracle = make_oracle(task.load(), task.signature(), settings, seed, Path("tuner/search"))
        oracle.begin_writing()
        return keras_tuner.Tuner(
            oracle, build, directory="tuner", project_name="search", overwrite=True
        )

    search(task, seed, make_tuner)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
