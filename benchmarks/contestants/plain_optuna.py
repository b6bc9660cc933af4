"""A plain Optuna search, as its Keras example writes it: one process, Keras's pruning callback.

https://github.com/optuna/optuna-examples/tree/main/keras
"""

import sys
from typing import Any

import keras
import keras_tuner
import optuna
from optuna_integration import KerasPruningCallback

from benchmarks.contestants.scores import Scores
from benchmarks.task import TASKS
from study.records.base import Value
from study.records.recipe import Budget


def main(task_name: str, seed: int, method: str) -> None:
    """Search until somebody stops it."""
    task = TASKS[task_name]
    (x, y), validation = task.arrays(seed)
    problem = task.load()
    keras.utils.set_random_seed(seed)
    space = keras_tuner.HyperParameters()
    problem.build(space, task.signature(), Budget(steps=1))

    def objective(trial: optuna.Trial) -> float:
        keras.backend.clear_session()
        hp = suggest(trial, space)
        model = problem.build(hp, task.signature(), task.budget(hp, len(x)))
        history = model.fit(
            x,
            y,
            batch_size=task.batch_size(hp),
            epochs=task.epochs,
            validation_data=validation,
            callbacks=[Scores(), KerasPruningCallback(trial, "val_accuracy")],
            verbose=0,
        )
        return max(history.history["val_accuracy"])

    pruner = (
        optuna.pruners.HyperbandPruner(min_resource=1, max_resource=task.epochs, reduction_factor=3)
        if method == "hyperband"
        else optuna.pruners.MedianPruner()
    )
    study = optuna.create_study(
        direction="maximize", sampler=optuna.samplers.TPESampler(seed=seed), pruner=pruner
    )
    study.optimize(objective)


def suggest(trial: optuna.Trial, space: keras_tuner.HyperParameters) -> keras_tuner.HyperParameters:
    """A point of the space drawn by Optuna: conditional hyperparameters only where they count."""
    hp = keras_tuner.HyperParameters()
    for entry in space.space:
        if all(one.is_active(hp.values) for one in entry.conditions):
            hp.values[entry.name] = _suggest_one(trial, entry)
    return hp


def _suggest_one(trial: optuna.Trial, entry: Any) -> Value:
    kind = type(entry).__name__
    if kind == "Choice":
        return trial.suggest_categorical(entry.name, entry.values)
    if kind == "Boolean":
        return trial.suggest_categorical(entry.name, [False, True])
    if kind == "Int":
        return trial.suggest_int(entry.name, entry.min_value, entry.max_value)
    log = entry.sampling == "log"
    return trial.suggest_float(
        entry.name, entry.min_value, entry.max_value, step=entry.step, log=log
    )


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
