"""A network's outputs: which heads there are, and whether they are class probabilities.

A saved file can hold anything: logits, a regression, a map per image, weights that are NaN. None of
these may be shown as a percentage. Outputs that say yes or no for each of several classes (sigmoids
that need not add up to 1) are refused too, instead of being read as one choice among the classes.
"""

from collections.abc import Sequence

import keras
import numpy as np

from study.data.dataset import Names
from study.errors import WrongName, WrongUse
from study.networks.graph import made_by
from study.problem.metrics import Probabilities
from study.problem.problem import head_names

SUM_TOLERANCE = 0.05
"""How far the sum of a softmax may be from 1: in bfloat16 it is off by up to 0.006 with 2 classes,
0.014 with 96 and 0.023 with 1,000 (measured on 20,000 random vectors each)."""

TOLERANCE = 1e-5
"""How far a probability may lie outside of [0, 1] by rounding."""

YES_OR_NO = ("sigmoid", "hard_sigmoid")
"""Activation functions with which each unit says yes or no by itself."""

UNCHANGED = (
    keras.layers.Dropout,
    keras.layers.Flatten,
    keras.layers.Identity,
    keras.layers.Reshape,
)
"""Layers that pass on their input unchanged in inference."""

REMEDY = "end the network in a softmax over its classes or in a single sigmoid neuron"


def check_heads(heads: Sequence[str], outputs: Sequence[keras.KerasTensor]) -> None:
    """Check by shapes and last layers that the outputs can be class probabilities.

    Args:
        heads: Names of the outputs.
        outputs: Outputs of a functional model.

    Raises:
        WrongUse: An output cannot be class probabilities; the message says what it is.
    """
    for head, output in zip(heads, outputs, strict=True):
        shape = tuple(output.shape)
        if len(shape) != 2 or not shape[1]:
            raise WrongUse(
                f"head {head!r} outputs an array of shape {shape[1:]} per image, but a classifier "
                f"outputs one number per class; {REMEDY}"
            )
        activation = _last_activation(output)
        if shape[1] == 1 and activation not in (None, *YES_OR_NO):
            raise WrongUse(
                f"head {head!r} outputs one number per image by {activation!r}, like a regression, "
                f"and not a probability; {REMEDY}"
            )
        if shape[1] > 1 and activation in YES_OR_NO:
            raise WrongUse(
                f"head {head!r} outputs a yes or no for each of {shape[1]} classes ({activation}), "
                f"several of which can be true, and not one choice among them; {REMEDY}"
            )


def check_probabilities(probabilities: Probabilities) -> None:
    """Check that the numbers are class probabilities for every image.

    Raises:
        WrongUse: They are not; the message says what they are.
    """
    for head, p in probabilities.items():
        if not np.isfinite(p).all():
            raise WrongUse(
                f"head {head!r} outputs numbers that are not finite (NaN or infinite), so its "
                "weights or these images are out of bounds; train the network anew"
            )
        if p.min() < -TOLERANCE or p.max() > 1 + TOLERANCE:
            raise WrongUse(
                f"head {head!r} outputs numbers from {p.min():.4g} to {p.max():.4g}, like logits "
                f"or a regression, and not probabilities; {REMEDY}"
            )
        sums = p.sum(axis=1)
        worst = sums[np.abs(sums - 1).argmax()]
        if abs(worst - 1) > SUM_TOLERANCE:
            raise WrongUse(
                f"head {head!r} outputs {p.shape[1]} numbers between 0 and 1 that add up to "
                f"{worst:.4g} and not to 1, so they are not a choice among classes; {REMEDY}"
            )


def _last_activation(output: keras.KerasTensor) -> str | None:
    """Name of the activation function that makes an output; None if no layer names one."""
    step = made_by(output)
    layer = step.operation
    if isinstance(layer, keras.Model):
        return _last_activation(layer.outputs[step.place])
    function = getattr(layer, "activation", None)
    hands_on = isinstance(layer, keras.layers.Activation) and function is keras.activations.linear
    if hands_on or isinstance(layer, UNCHANGED):
        return _last_activation(step.inputs[0])
    return None if function is None else str(function.__name__)


def find_head(heads: Sequence[str], name: str | None) -> str:
    """The head of that name; the first one for None.

    Raises:
        WrongName: There is no head of that name; the message lists those there are.
    """
    if name is None:
        return heads[0]
    if name not in heads:
        raise WrongName(f"no head {name!r}; there are: {', '.join(heads)}")
    return name


def class_count(model: keras.Model, head: str) -> int:
    """Number of classes that a head tells apart; a single neuron tells two apart."""
    units = int(model.outputs[head_names(model).index(head)].shape[-1])
    return max(2, units)


def fitting_names(model: keras.Model, names: Names) -> dict[str, tuple[str, ...]]:
    """Head -> class names, for heads that tell as many classes apart as they have names."""
    fitting = {}
    for head, output in zip(head_names(model), model.outputs, strict=True):
        units = output.shape[-1]
        if len(output.shape) == 2 and len(names.get(head, ())) == max(2, units or 0):
            fitting[head] = tuple(names[head])
    return fitting
