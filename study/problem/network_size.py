"""Which points of a search space give a network that may be trained, found without training it.

A search draws another point in place of each that does not, so that its budget goes into networks.
"""

import math
from typing import TYPE_CHECKING, NamedTuple

from study.errors import one_line
from study.libraries.internals import output_shapes
from study.problem.problem import Problem, check_network
from study.records.base import Value
from study.records.recipe import Budget
from study.records.study import Signature

if TYPE_CHECKING:
    import keras


class TooLarge(ValueError):
    """The network has more parameters than it may have, or needs more operations."""


class Limits(NamedTuple):
    """How large a network may be."""

    parameters: int
    operations: int
    """Multiplications per image, see `operations`."""


class Size(NamedTuple):
    """How large a network is."""

    parameters: int
    """Trainable or not."""
    operations: int


def network_size(
    problem: Problem, signature: Signature, values: dict[str, Value], most: Limits
) -> Size:
    """The size of the network that these hyperparameters make.

    The network is built for that: some 40 ms, and 50 more for each five million parameters.

    Raises:
        TooLarge: The network is larger than allowed. With too many parameters, it is not built to
            the end.
        Exception: The values make no network; what Keras or the problem raises then has no bound.
    """
    import keras
    import keras_tuner

    from study.libraries.weight_limit import at_most_weights

    def too_large(asked: int, layer: str) -> TooLarge:
        return TooLarge(
            f"its network has more than {most.parameters:,} parameters (max_parameters): "
            f"{asked:,} with layer {layer!r}"
        )

    hp = keras_tuner.HyperParameters()
    hp.values.update(values)
    try:
        with at_most_weights(most.parameters, too_large):
            model = problem.build(hp, signature, Budget(steps=1))
        check_network(problem, model)
        needed = operations(model)
        if needed > most.operations:
            raise TooLarge(
                f"its network needs more than {most.operations:,} multiplications per image "
                f"(max_operations): {needed:,}"
            )
        return Size(int(model.count_params()), needed)
    finally:
        keras.utils.clear_session(free_memory=False)  # collecting garbage would take 200 ms


def operations(model: "keras.Model") -> int:
    """Multiplications of weights in the forward pass of one image.

    Kernels and other matrices count, once for each place of their layer's output; vectors such as
    biases and the scales of batch normalisation do not.
    """
    import keras

    return sum(
        operations(layer) if isinstance(layer, keras.Model) else layer_operations(layer)
        for layer in model.layers
    )


def layer_operations(layer: "keras.Layer") -> int:
    """The same of one layer of a network, all its calls together."""
    matrices = [weight.shape for weight in layer.weights if len(weight.shape) > 1]
    if not matrices:
        return 0
    places = [
        math.prod(side or 1 for side in shape[1:-1])  # 1 of a vector
        for shape in output_shapes(layer)
    ]
    return sum(places) * sum(math.prod(shape) for shape in matrices)


def why_unfit(
    problem: Problem, signature: Signature, values: dict[str, Value], most: Limits
) -> str | None:
    """Why these hyperparameters give no network that may be trained, in one line; None: they do.

    Args:
        problem: The problem that is searched.
        signature: The problem's images and classes.
        values: The hyperparameters.
        most: How large a network may be.
    """
    try:
        network_size(problem, signature, values, most)
    except Exception as error:
        return one_line(error)
    return None
