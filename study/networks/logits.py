"""The scores of a head: a network cut before its last softmax or sigmoid, however it is written.

Softmax and sigmoid are recognised by what they do to numbers and not by their names: as a layer's
`activation`, as a layer of their own (`Softmax`, `Activation`, a custom one) and as an operation
(`keras.ops.softmax`). So are subsequent steps that change nothing (`Reshape`, `Flatten`,
`Identity`, `Dropout`, a cast).
"""

from collections.abc import Callable
from typing import Literal

import keras
import numpy as np

from study.errors import WrongName
from study.networks.graph import Step, made_by
from study.networks.saved import CONVOLUTIONS

Kind = Literal["softmax", "sigmoid", "same"]
"""What a function does to one number per class; "same" leaves probabilities unchanged."""

ENDS_IN_ACTIVATION = (keras.layers.Dense, keras.layers.EinsumDense, *CONVOLUTIONS)
"""Layers whose `activation` is the last thing they do."""
PROBES = 8
"""Number of rows of random numbers that a function is tried on."""
CLOSE = 1e-5
"""How far results may be off: clipping probabilities at Keras's epsilon, 1e-7, is not a change."""


def cut(output: keras.KerasTensor, head: str) -> keras.KerasTensor:
    """The scores that a head's softmax or sigmoid is applied to.

    A head without either, which ends in a layer without activation function (or in the mean of
    maps), already outputs scores.

    Args:
        output: Output of a functional network, whose graph the result is added to. If softmax or
            sigmoid is a layer's activation function, the layer gets a twin with the same weights.
        head: Name of the output, for messages.

    Returns:
        (n, classes) or, for a sigmoid neuron, (n, 1).

    Raises:
        WrongName: The head does not output one number per class, or ends in something other than
            described above.
    """
    shape = output.shape[1:]
    if None in shape or np.prod(shape) != max(shape, default=0):
        raise WrongName(
            f"head {head!r} outputs {' x '.join(map(str, shape)) or 'one number'} per image; "
            "heatmaps need one number per class"
        )
    tensor = output
    while True:
        step = made_by(tensor)
        kind = _kind_of_step(step)
        if kind in ("softmax", "sigmoid"):
            return _flat(_before(step))
        if kind is None:
            break
        tensor = step.inputs[0]
    if np.prod(shape) == 1 or not _is_score(step) or not _sees_past_probabilities(tensor):
        raise WrongName(
            f"head {head!r} ends in {step.operation.name!r} ({type(step.operation).__name__}), "
            "whose input is not known to be one score per class; heatmaps need a network that ends "
            "in softmax or sigmoid, or in a layer without activation function"
        )
    return _flat(tensor)


def maker(scores: keras.KerasTensor) -> keras.Operation:
    """The layer or operation that makes the scores; later ones that change nothing are skipped."""
    step = made_by(scores)
    while _kind_of_step(step) == "same":
        step = made_by(step.inputs[0])
    return step.operation


def _kind_of_step(step: Step) -> Kind | None:
    """What the step does, with its activation function if it is a layer with weights."""
    if len(step.inputs) != 1 or isinstance(step.operation, keras.Model):
        return None
    if _has_weights(step):
        if not isinstance(step.operation, ENDS_IN_ACTIVATION):
            return None
        kind = _kind(step.operation.activation, step.output.shape)
        return None if kind == "same" else kind  # its weights do something else
    return _kind(step.apply, step.inputs[0].shape)


def _kind(function: Callable[[np.ndarray], object], shape: tuple[int | None, ...]) -> Kind | None:
    """What a function of arrays (n, ...) of that shape does to all but the first axis."""
    if None in shape[1:]:
        return None
    size = (PROBES, *(int(side or 1) for side in shape[1:]))
    numbers = np.random.default_rng(1).normal(0, 3, size).astype(np.float32)
    flat = numbers.reshape(PROBES, -1)
    powers = np.exp(flat - flat.max(axis=1, keepdims=True))
    softmax, sigmoid = powers / powers.sum(axis=1, keepdims=True), 1 / (1 + np.exp(-flat))
    sure = np.where(np.arange(PROBES)[:, np.newaxis] % 2, sigmoid, (flat > 0).astype(np.float32))
    made = _row_by_row(function, numbers)
    if _close(made, sigmoid):
        return "sigmoid"
    if _close(made, softmax) and flat.shape[1] > 1:
        return "softmax"
    if _close(_row_by_row(function, sure.reshape(size)), sure):
        return "same"
    return None


def _row_by_row(function: Callable[[np.ndarray], object], numbers: np.ndarray) -> np.ndarray | None:
    made = function(numbers)
    return None if made is None else np.asarray(made, np.float32).reshape(len(numbers), -1)


def _close(made: np.ndarray | None, expected: np.ndarray) -> bool:
    if made is None or made.shape != expected.shape:
        return False
    return np.allclose(made, expected, rtol=0, atol=CLOSE)


def _before(step: Step) -> keras.KerasTensor:
    """What the step's softmax or sigmoid is applied to."""
    if not _has_weights(step):
        return step.inputs[0]
    layer = step.operation
    changes = {"activation": "linear", "name": f"{layer.name}_scores"}
    twin = type(layer).from_config({**layer.get_config(), **changes})
    scores = twin(step.inputs[0])
    twin.set_weights(layer.get_weights())
    return scores


def _flat(scores: keras.KerasTensor) -> keras.KerasTensor:
    return scores if len(scores.shape) == 2 else keras.layers.Flatten()(scores)


def _has_weights(step: Step) -> bool:
    return bool(getattr(step.operation, "weights", None))


def _is_score(step: Step) -> bool:
    """Whether the step is a layer without activation function, or the mean of maps."""
    linear = getattr(step.operation, "activation", None) is keras.activations.linear
    return (_has_weights(step) and linear) or isinstance(
        step.operation, keras.layers.GlobalAveragePooling2D
    )


def _sees_past_probabilities(tensor: keras.KerasTensor) -> bool:
    """Whether some way from the images to the tensor avoids class probabilities.

    If there is none, the tensor is a mixture of the classes of an earlier softmax (or of one
    sigmoid neuron). A softmax that only weights something else, as in attention, has a way around
    it.
    """
    waiting, seen = [tensor], set()
    while waiting:
        tensor = waiting.pop()
        if id(tensor) in seen:
            continue
        seen.add(id(tensor))
        step = made_by(tensor)
        if not step.inputs:
            return True
        if not _are_probabilities(step):
            waiting.extend(step.inputs)
    return False


def _are_probabilities(step: Step) -> bool:
    shape = step.output.shape[1:]
    if None in shape or np.prod(shape) != max(shape, default=0):
        return False  # of maps, not of classes
    kind = _kind_of_step(step)
    return kind == "softmax" or (kind == "sigmoid" and np.prod(shape) == 1)
