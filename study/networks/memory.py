"""How many images may go through a network at once: the one rule about memory.

A layer with 48 maps of 128 x 128 pixels puts out 3 MB per image. A number of images that suits
small ones would take gigabytes there, so it is bounded by what the network's layers put out.
"""

import math

import keras

from study.networks.graph import steps

BYTES = 256e6
"""Of what layers put out, at once. A worker takes some 600 MB without."""

NUMBER_BYTES = 4
"""Of a number in float32; in bfloat16 more rows would fit, but figures compute in float32."""


def rows_that_fit(
    model: keras.Model, most: int, gradients: bool = False, limit: float = BYTES
) -> int:
    """How many images, from 1 to `most`, may go through the network at once.

    Args:
        model: A functional network, or a sequential one that knows its input.
        most: Images at a time that suit a small network: 1 or more.
        gradients: Whether everything that layers put out is kept until the end, as it is for
            gradients or when it is all asked for. Without, only the largest step counts: what one
            layer takes and puts out.
        limit: Bytes that all rows may take together.
    """
    sizes = [
        (numbers(step.output), sum(map(numbers, step.inputs))) for step in steps(model.outputs)
    ]
    kept = sum(out for out, _ in sizes) if gradients else max(out + given for out, given in sizes)
    return max(1, min(most, int(limit / (NUMBER_BYTES * kept))))


def numbers(tensor: keras.KerasTensor) -> int:
    """How many numbers of a tensor belong to one image."""
    return math.prod(side or 1 for side in tensor.shape[1:])
