"""Where in the image the cells of a layer's maps lie, and maps in the size of the image.

Stretching a map over the image moves it where a convolution without padding has cut the border
off: after one of 7 pixels the outer cells by 2.4 pixels, as much as a line is wide.
"""

from typing import NamedTuple

import keras
import numpy as np

from study.networks.graph import Step, made_by

MOVING = (keras.layers.Conv2D, keras.layers.DepthwiseConv2D, keras.layers.SeparableConv2D)
POOLING = (keras.layers.MaxPooling2D, keras.layers.AveragePooling2D)


class Axis(NamedTuple):
    """Cells along the rows or columns of an image."""

    cells: int
    first: float
    """Pixel, counted from 0, on which the middle of cell 0 lies."""
    step: float
    """Pixels from one cell to the next."""


def stretched(pixels: int, cells: int) -> Axis:
    """The cells spread evenly over all pixels."""
    step = pixels / cells
    return Axis(cells, (step - 1) / 2, step)


def place(network: keras.Model, layer: str) -> tuple[Axis, Axis]:
    """Rows and columns of the layer's maps: each cell in the middle of the pixels it sees.

    Where the way from the image is no chain of convolutions and poolings, the maps are stretched.

    Args:
        network: A functional network of images (n, height, width, channels).
        layer: Name of a layer with outputs (n, rows, columns, channels).
    """
    size, target = network.inputs[0].shape[1:3], network.get_layer(layer)
    cells = target.output.shape[1:3]
    chain = _chain(target)
    if chain is None:
        return stretched(size[0], cells[0]), stretched(size[1], cells[1])
    rows, columns = (_along(chain, axis, cells[axis]) for axis in (0, 1))
    return rows, columns


def spread(axis: Axis, pixels: int) -> np.ndarray:
    """(pixels, cells) float32: shares of the cells in a pixel, by linear interpolation.

    Beyond the middles of the outer cells these count alone.
    """
    at = np.clip((np.arange(pixels) - axis.first) / axis.step, 0, axis.cells - 1)
    return np.maximum(0, 1 - np.abs(at[:, np.newaxis] - np.arange(axis.cells))).astype(np.float32)


def _chain(target: keras.layers.Layer) -> list[Step] | None:
    """The steps from the image to the target that move cells, if it is a chain of known ones."""
    found, step = [], made_by(target.output)
    while step.inputs:
        (given, *more), made = step.inputs, step.output
        if more:
            return None
        if isinstance(step.operation, MOVING + POOLING):
            found.append(step)
        elif given.shape[1:3] != made.shape[1:3]:
            return None
        step = made_by(given)
    return found[::-1]


def _along(chain: list[Step], axis: int, cells: int) -> Axis:
    """Dumoulin and Visin 2016, "A guide to convolution arithmetic", for the middles of cells."""
    first, step = 0.0, 1.0
    for layer, (given, *_), made in ((one.operation, one.inputs, one.output) for one in chain):
        if isinstance(layer, POOLING):
            window = layer.pool_size[axis]
        else:
            window = (layer.kernel_size[axis] - 1) * layer.dilation_rate[axis] + 1
        stride, before = layer.strides[axis], 0
        if layer.padding == "same":
            before = max((made.shape[1 + axis] - 1) * stride + window - given.shape[1 + axis], 0)
            before //= 2
        first += step * ((window - 1) / 2 - before)
        step *= stride
    return Axis(cells, first, step)
