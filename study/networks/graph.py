"""Walks through a functional network from its outputs, over layers and plain operations."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import keras
import numpy as np

from study.libraries.internals import origin


class Step(NamedTuple):
    """One call of a layer or operation; a layer that is used twice makes two steps."""

    operation: keras.Operation
    inputs: list[keras.KerasTensor]
    """Inputs of the call; empty for the layer that stands for the images."""
    output: keras.KerasTensor
    place: int
    """Index among the operation's outputs."""
    node: object
    """Keras's record of the call."""

    def apply(self, values: np.ndarray) -> np.ndarray | None:
        """The step's output for values (n, ...) in place of its only input, outside of training.

        None if it outputs several arrays.
        """
        (given,) = self.inputs
        arguments, options = self.node.arguments.fill_in({id(given): values})  # type: ignore[attr-defined]
        made = self.operation(*arguments, **options)
        return None if isinstance(made, list | tuple | dict) else np.asarray(made)


def made_by(tensor: keras.KerasTensor) -> Step:
    """The step that a tensor of a functional network comes from.

    `layer.output` knows only the first call, and operations that are not layers are not in
    `model.layers`.
    """
    operation, node, place = origin(tensor)
    return Step(operation, list(node.input_tensors), tensor, place, node)


def steps(outputs: Sequence[keras.KerasTensor]) -> Iterator[Step]:
    """All steps that these outputs of a functional network depend on, each once.

    The steps of a network that is used as a layer come after the step that uses it.
    """
    left, seen = list(outputs), set()
    while left:
        tensor = left.pop()
        if tensor in seen:
            continue
        seen.add(tensor)
        step = made_by(tensor)
        yield step
        left += step.inputs
        if isinstance(step.operation, keras.Model):
            left += step.operation.outputs
