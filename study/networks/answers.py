"""What a network puts out, held against what class probabilities are.

A saved file can hold anything: logits, a regression, a map per image, weights that are NaN. None of
that may be shown as a percentage. Outputs with a yes or no for each of several classes (sigmoids
that need not add up to 1) are refused too, and not read as one choice among the classes.
"""

from collections.abc import Sequence

import keras
import numpy as np

from study.errors import WrongUse
from study.networks.graph import made_by
from study.problem.metrics import Probabilities

SUM_TOLERANCE = 0.05
"""How far from 1 a softmax may add up to: in bfloat16 it is off by up to 0.006 with 2 classes,
0.014 with 96 and 0.023 with 1,000 (measured on 20,000 random vectors each)."""

TOLERANCE = 1e-5
"""How far a probability may lie outside of [0, 1] by rounding."""

YES_OR_NO = ("sigmoid", "hard_sigmoid")
"""Activation functions whose units each say yes or no."""

UNCHANGED = (
    keras.layers.Dropout,
    keras.layers.Flatten,
    keras.layers.Identity,
    keras.layers.Reshape,
)
"""Layers that hand on the numbers they get, in inference."""

REMEDY = "end the network in a softmax over its classes, or in one sigmoid neuron"


def check_heads(heads: Sequence[str], outputs: Sequence[keras.KerasTensor]) -> None:
    """Whether the outputs can be class probabilities, by their shapes and last layers.

    Args:
        heads: Their names.
        outputs: Of a functional model.

    Raises:
        WrongUse: one cannot; the message says what it is.
    """
    for head, output in zip(heads, outputs, strict=True):
        shape = tuple(output.shape)
        if len(shape) != 2 or not shape[1]:
            raise WrongUse(
                f"head {head!r} puts out an array of shape {shape[1:]} per image, where a "
                f"classifier has one number per class; {REMEDY}"
            )
        activation = _last_activation(output)
        if shape[1] == 1 and activation not in (None, *YES_OR_NO):
            raise WrongUse(
                f"head {head!r} puts out one number per image by {activation!r}, such as a "
                f"regression has, and no probability; {REMEDY}"
            )
        if shape[1] > 1 and activation in YES_OR_NO:
            raise WrongUse(
                f"head {head!r} puts out a yes or no for each of {shape[1]} classes ({activation}),"
                f" of which several can be true, and not one choice among them; {REMEDY}"
            )


def check_probabilities(probabilities: Probabilities) -> None:
    """Whether the numbers are class probabilities of every image.

    Raises:
        WrongUse: they are not; the message says what they are.
    """
    for head, p in probabilities.items():
        if not np.isfinite(p).all():
            raise WrongUse(
                f"head {head!r} puts out numbers that are not finite (NaN or infinite), so its "
                "weights or these images are out of bounds; train the network anew"
            )
        if p.min() < -TOLERANCE or p.max() > 1 + TOLERANCE:
            raise WrongUse(
                f"head {head!r} puts out numbers from {p.min():.4g} to {p.max():.4g}, such as "
                f"logits or a regression has, and no probabilities; {REMEDY}"
            )
        sums = p.sum(axis=1)
        worst = sums[np.abs(sums - 1).argmax()]
        if abs(worst - 1) > SUM_TOLERANCE:
            raise WrongUse(
                f"head {head!r} puts out {p.shape[1]} numbers between 0 and 1 that add up to "
                f"{worst:.4g} and not to 1, so they are no choice among classes; {REMEDY}"
            )


def _last_activation(output: keras.KerasTensor) -> str | None:
    """Name of the activation function that an output comes out of; None if no layer says so."""
    step = made_by(output)
    layer = step.operation
    if isinstance(layer, keras.Model):
        return _last_activation(layer.outputs[step.place])
    function = getattr(layer, "activation", None)
    hands_on = isinstance(layer, keras.layers.Activation) and function is keras.activations.linear
    if hands_on or isinstance(layer, UNCHANGED):
        return _last_activation(step.inputs[0])
    return None if function is None else str(function.__name__)
