"""A problem's search space, for Keras Tuner and as a plain record without it."""

from typing import TYPE_CHECKING, Any

from study.errors import WrongName, one_line
from study.problem.problem import Problem, check_network, file_of
from study.problem.settings import Breadth
from study.records.recipe import Budget
from study.records.study import Signature
from study.records.trial import Hyperparameter, SearchSpace

if TYPE_CHECKING:
    import keras_tuner


def declared(problem: Problem, signature: Signature) -> "keras_tuner.HyperParameters":
    """All hyperparameters that the problem's networks can have, conditional ones too.

    Args:
        problem: The problem whose networks they define.
        signature: The problem's images and classes.

    Raises:
        WrongName: The defaults give no network, or none that the study can train.
    """
    import keras_tuner

    space = keras_tuner.HyperParameters()
    try:
        network = problem.build(space, signature, Budget(steps=1))
        problem.recipe(space, signature, 1)
    except Exception as error:  # a search space's code can raise anything
        raise WrongName(
            f"{file_of(problem.name)}: build fails for the defaults: {one_line(error)}"
        ) from error
    check_network(problem, network)
    return space


def searched(
    problem: Problem, signature: Signature, breadth: Breadth
) -> "keras_tuner.HyperParameters":
    """The hyperparameters that a search draws from: all, or the problem's core, if it names one.

    The others have one value, the baseline's; those without a value in the baseline their default.

    Raises:
        WrongName: As `declared`; or the core names a hyperparameter that does not exist.
    """
    import keras_tuner
    from keras_tuner.engine.hyperparameters import Fixed

    whole = declared(problem, signature)
    if breadth == "whole" or not problem.core:
        return whole
    if unknown := set(problem.core) - {one.name for one in whole.space}:
        raise WrongName(
            f"{file_of(problem.name)}: expected CORE to name hyperparameters that build declares, "
            f"got {', '.join(sorted(unknown))}"
        )
    space = keras_tuner.HyperParameters()
    for one in whole.space:
        value = problem.baseline.get(one.name, one.default)
        kept = one.name in problem.core
        space.merge([one if kept else Fixed(one.name, value, conditions=one.conditions)])
    return space


def search_space(problem: Problem, signature: Signature, breadth: Breadth = "whole") -> SearchSpace:
    """The space that is searched, in the order in which the problem declares it."""
    return SearchSpace(
        objective=problem.objective,
        hyperparameters=[
            _hyperparameter(entry) for entry in searched(problem, signature, breadth).space
        ],
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
        # On a logarithmic scale, Keras Tuner's step is a factor.
        step=None if log else entry.step,
        log=log,
        conditions=conditions,
    )
