"""Make a network of hyperparameter values, as a training needs it."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from study.libraries.internals import draw_seeds_from
from study.problem.problem import Problem, check_network
from study.records.base import Value
from study.records.recipe import Budget, Recipe
from study.records.study import DtypePolicy, Signature

if TYPE_CHECKING:
    import keras
    import keras_tuner


def recipe_of(
    problem: Problem, signature: Signature, values: dict[str, Value], epochs: int
) -> Recipe:
    """How a network with these hyperparameters is trained, if it is for so many epochs."""
    return problem.recipe(_hyperparameters(values), signature, epochs)


def build(
    problem: Problem, signature: Signature, values: dict[str, Value], budget: Budget
) -> tuple["keras.Model", dict[str, Value]]:
    """(compiled network, the hyperparameters that were active in it).

    Weights come from Keras's global generator, which must be seeded before.

    Raises:
        WrongName: the study cannot train such a network.
    """
    from study.training.epoch.averaging import average_weights

    hp = _hyperparameters(values)
    model = problem.build(hp, signature, budget)
    check_network(problem, model)
    if problem.recipe(hp, signature, budget.epochs).averaging:
        average_weights(model.optimizer)
    return model, {entry.name: hp.values[entry.name] for entry in hp.space if hp.is_active(entry)}


def _hyperparameters(values: dict[str, Value]) -> "keras_tuner.HyperParameters":
    import keras_tuner

    hp = keras_tuner.HyperParameters()
    hp.values.update(values)
    return hp


@contextmanager
def dtype_policy(name: DtypePolicy) -> Iterator[None]:
    """Layers made in the block compute in this arithmetic, and keep it.

    Layers that the process makes later, for instance to explain a network, compute in float32.
    """
    import keras

    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def seed_keras(seed: int) -> None:
    """Make weights and dropout depend on the seed.

    Keras takes the seeds of initializers and dropout from Python's global generator, from which
    the threads of a Dask worker draw too: two of eight equal jobs gave different results. So Keras
    gets a generator of its own.
    """
    import keras

    keras.utils.set_random_seed(seed)
    draw_seeds_from(random.Random(seed))
