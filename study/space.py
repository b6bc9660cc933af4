"""A problem's search space as a plain record, for those who know nothing of Keras Tuner."""

from typing import Any

from study.problems import Problem
from study.records import Hyperparameter, SearchSpace


def search_space(problem: Problem) -> SearchSpace:
    """The whole space, conditional hyperparameters too, in the order it declares them."""
    import keras_tuner

    space = keras_tuner.HyperParameters()
    problem.build(space, 1)
    return SearchSpace(
        objective=problem.objective,
        hyperparameters=[_hyperparameter(entry) for entry in space.space],
    )


def _hyperparameter(entry: Any) -> Hyperparameter:
    """Keras Tuner's Choice, Boolean and Fixed are choices; its Int and Float numbers."""
    from keras_tuner.engine.hyperparameters import Float, Int

    conditions = {one.name: list(one.values) for one in entry.conditions}
    if not isinstance(entry, Int | Float):
        return Hyperparameter(
            name=entry.name, kind="choice", values=list(entry.values), conditions=conditions
        )
    log = entry.sampling != "linear"
    return Hyperparameter(
        name=entry.name,
        kind="int" if isinstance(entry, Int) else "float",
        low=entry.min_value,
        high=entry.max_value,
        # On a logarithmic scale Keras Tuner's step is a factor.
        step=None if log else entry.step,
        log=log,
        conditions=conditions,
    )
