"""How many images may go through a network at once: the one rule about memory.

A layer with 48 maps of 128 x 128 pixels outputs 3 MB per image. A number of images that suits small
layers would take gigabytes there, so the number is limited by the size of the layers' outputs.
"""

import math

import keras

from study.networks.graph import steps

BYTES = 256e6
"""Largest size of all outputs of layers at once. A worker takes some 600 MB without them."""

NUMBER_BYTES = 4
"""Size of a number in float32; in bfloat16 more rows would fit, but figures compute in float32."""


def rows_that_fit(
    model: keras.Model, most: int, gradients: bool = False, limit: float = BYTES
) -> int:
    """How many images, from 1 to `most`, may go through the network at once.

    Args:
        model: A functional network, or a sequential one that knows its input.
        most: Images at a time that suit a small network: 1 or more.
        gradients: Whether all outputs of layers are kept until the end, as for gradients or when
            all are asked for. If not, only the largest step counts: input and output of one layer.
        limit: Largest number of bytes for all rows together.
    """
    sizes = [
        (numbers(step.output), sum(map(numbers, step.inputs))) for step in steps(model.outputs)
    ]
    kept = sum(out for out, _ in sizes) if gradients else max(out + given for out, given in sizes)
    return max(1, min(most, int(limit / (NUMBER_BYTES * kept))))


def numbers(tensor: keras.KerasTensor) -> int:
    """How many numbers of a tensor belong to one image."""
    return math.prod(side or 1 for side in tensor.shape[1:])
