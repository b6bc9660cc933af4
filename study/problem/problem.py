"""Finds problems: every module of `search_spaces` with a public name is one.

So is every file that the user has given, see `study.problem.own_space`. A problem's module holds

    its docstring           the first line is the problem's description
    DATA                    the name of its data set
    HEADS                   label columns of the data set: the network has an output for each, in
                            this order, from a layer of that name
    OBJECTIVE               the metric its search maximises: "accuracy" or "joint"
    BASELINE                the prescribed network as a point of the space
    build(hp, signature, budget)
                            hyperparameters -> compiled Keras model for these images and classes,
                            functional or sequential, with at least one convolution
    recipe(hp, signature, epochs)
                            hyperparameters -> how it is trained beside that; may be left out
    CORE                    names of the hyperparameters that a search of few trials explores; may
                            be left out
    describe_baseline(signature)
                            says what the baseline is for these images; may be left out
"""

import ast
import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import search_spaces
from study.data.ground import ground_of
from study.errors import WrongName
from study.problem import own_space
from study.records.base import Value
from study.records.recipe import Budget, Recipe
from study.records.study import Signature

if TYPE_CHECKING:
    import keras
    import keras_tuner

    from study.data.dataset import Dataset


_DECLARED = ("DATA", "HEADS", "OBJECTIVE", "BASELINE", "build")

_LOOPS = ("train_step", "make_train_function", "fit")
"""Methods of Keras that the study replaces by its own loop."""


@dataclass(frozen=True)
class Problem:
    """One problem of the study, as its module in `search_spaces` declares it."""

    name: str
    description: str
    data: str
    heads: tuple[str, ...]
    objective: str
    baseline: dict[str, Value]
    build: "Callable[[keras_tuner.HyperParameters, Signature, Budget], keras.Model]"
    """What is chosen -> a compiled network."""
    recipe: "Callable[[keras_tuner.HyperParameters, Signature, int], Recipe]" = lambda *_: Recipe()
    """What is chosen, for a training of so many epochs -> how the network is trained."""
    core: tuple[str, ...] = ()
    """Names of the hyperparameters that a search of few trials explores; (): all."""
    describe_baseline: Callable[[Signature], str] = lambda _: ""
    """Says what the baseline is for images of that size; "" if the module does not."""


def problem_names() -> list[str]:
    """Names of all problems, sorted; imports none of them."""
    return sorted([*included_names(), *(space.name for space in own_space.used())])


def included_names() -> list[str]:
    """Names of the problems in `search_spaces`."""
    return [
        module.name
        for module in pkgutil.iter_modules(search_spaces.__path__)
        if not module.name.startswith("_")
    ]


def file_of(name: str) -> str:
    """Name of the problem's file in messages."""
    space = own_space.find(name)
    return space.file if space else f"search_spaces/{name}.py"


def problem_description(name: str) -> str:
    """First line of the problem's docstring, read without importing Keras."""
    return _first_line(ast.get_docstring(_source(name)))


def _source(name: str) -> ast.Module:
    _check_name(name)
    if space := own_space.find(name):
        return own_space.syntax_tree(space)
    path = Path(next(iter(search_spaces.__path__))) / f"{name}.py"
    return ast.parse(path.read_text(encoding="utf-8"))


def load_problem(name: str) -> Problem:
    """The problem of that name.

    Raises:
        WrongName: There is no such problem, or its module lacks something.
    """
    _check_name(name)
    space = own_space.find(name)
    module = (
        own_space.module_of(space) if space else importlib.import_module(f"search_spaces.{name}")
    )
    if missing := [one for one in _DECLARED if not hasattr(module, one)]:
        raise WrongName(f"{file_of(name)}: expected it to define {', '.join(missing)}")
    return Problem(
        name=name,
        description=_first_line(module.__doc__),
        data=module.DATA,
        heads=tuple(module.HEADS),
        objective=module.OBJECTIVE,
        baseline=dict(module.BASELINE),
        build=module.build,
        core=tuple(getattr(module, "CORE", ())),
        recipe=getattr(module, "recipe", lambda *_: Recipe()),
        describe_baseline=getattr(module, "describe_baseline", lambda _: ""),
    )


def check_heads(problem: Problem, dataset: "Dataset") -> None:
    """Check that the problem's heads are label columns of the data set.

    Raises:
        WrongName: A head is not a label column, or occurs twice, or there is no head.
    """
    heads = problem.heads
    if not heads or not set(heads) <= set(dataset.columns) or len(set(heads)) < len(heads):
        raise WrongName(
            f"{file_of(problem.name)}: expected HEADS to name label columns of the data set "
            f"{dataset.name}, of {', '.join(dataset.columns)}, each once, got {heads}"
        )


def signature(problem: Problem, dataset: "Dataset") -> Signature:
    """The images and classes of the problem's networks, whose heads must fit the data set."""
    found = Signature(
        image_shape=dataset.image_shape,
        heads={head: list(dataset.columns[head]) for head in problem.heads},
        images=dataset.sizes,
        ground=ground_of(dataset.train.images),
        changes=dataset.changes,
    )
    return found.model_copy(update={"baseline": problem.describe_baseline(found)})


def check_network(problem: Problem, model: "keras.Model") -> None:
    """Check that the study's loop trains this network of the problem as Keras's `fit` would.

    Raises:
        WrongName: It does not; the message says why.
    """
    if wrong := _obstacle(problem.heads, model):
        raise WrongName(f"{file_of(problem.name)}: {wrong}")


def head_names(model: "keras.Model") -> list[str]:
    """Names of the network's heads, which are those of its output layers, in order."""
    import keras

    if isinstance(model, keras.Sequential):  # which has no `output_names`
        return [model.layers[-1].name]
    return [str(name) for name in model.output_names]


def _obstacle(heads: tuple[str, ...], model: "keras.Model") -> str | None:
    import keras

    if not isinstance(model, keras.Model) or not getattr(model, "outputs", None):
        return (
            "expected build to return a functional keras.Model, or a Sequential one with an Input, "
            f"got {type(model).__name__}"
        )
    if not (model.compiled and model.optimizer):
        return "expected a compiled network, got one without optimizer; call model.compile in build"
    for name in _LOOPS:
        if getattr(getattr(model, name), "__func__", None) is not getattr(keras.Model, name):
            return (
                f"its network overrides Keras's {name}, which the study does not call; "
                "express what it does by layers, losses and an optimizer"
            )
    if not model.trainable_variables:
        return "expected a network that can learn, got one without trainable weights"
    names = tuple(head_names(model))
    if names != heads:
        return (
            f"expected one output for each of HEADS = {heads}, in this order, from a layer of that "
            f"name, got {names}"
        )
    return None


def _check_name(name: str) -> None:
    if name not in problem_names():
        raise WrongName(f"no problem {name!r}; there are: {', '.join(problem_names())}")


def _first_line(docstring: str | None) -> str:
    return (docstring or "").strip().partition("\n")[0]
