"""Where in the image the cells of a layer's maps lie, and maps in the size of the image.

Stretching a map over the image displaces it if a convolution without padding has cut off the
border: after one with 7 pixels, the outer cells are off by 2.4 pixels, about the width of a line.
"""

from collections.abc import Iterator
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
    """Cells that are spread evenly over all pixels."""
    step = pixels / cells
    return Axis(cells, (step - 1) / 2, step)


def place(network: keras.Model, layer: str) -> tuple[Axis, Axis]:
    """Rows and columns of the layer's maps: each cell in the middle of the pixels it sees.

    If the way from the image is not a chain of convolutions and poolings, the maps are stretched.

    Args:
        network: A functional network of images (n, height, width, channels).
        layer: Name of a layer with outputs (n, rows, columns, channels).
    """
    size, target = network.inputs[0].shape[1:3], network.get_layer(layer)
    cells = target.output.shape[1:3]
    chain = _chain(target.output)
    if chain is None:
        return stretched(size[0], cells[0]), stretched(size[1], cells[1])
    rows, columns = (_along(chain, axis, cells[axis]) for axis in (0, 1))
    return rows, columns


def spread(axis: Axis, pixels: int) -> np.ndarray:
    """(pixels, cells) float32: shares of the cells in a pixel, by linear interpolation.

    Beyond the middle of an outer cell only this cell counts.
    """
    at = np.clip((np.arange(pixels) - axis.first) / axis.step, 0, axis.cells - 1)
    return np.maximum(0, 1 - np.abs(at[:, np.newaxis] - np.arange(axis.cells))).astype(np.float32)


def field(network: keras.Model, unit: tuple[int, int]) -> tuple[slice, slice]:
    """Rows and columns of the image that one unit of the network's output sees.

    Araujo et al. 2019, "Computing Receptive Fields of Convolutional Neural Networks". If the way
    from the image is not a chain of convolutions and poolings, the unit may see the whole image.

    Args:
        network: A functional network of images (n, height, width, channels), with one output
            (n, rows, columns, channels).
        unit: Row and column of the unit.
    """
    size, chain = network.inputs[0].shape[1:3], _chain(network.outputs[0])
    if chain is None:
        return slice(0, size[0]), slice(0, size[1])
    rows, columns = (_seen(chain, axis, unit[axis], size[axis]) for axis in (0, 1))
    return rows, columns


def _seen(chain: list[Step], axis: int, cell: int, pixels: int) -> slice:
    """The pixels within the image that a cell sees."""
    first, side, step = 0, 1, 1
    for move in _moves(chain, axis):
        first -= step * move.before
        side += step * (move.window - 1)
        step *= move.stride
    start = first + step * cell
    return slice(max(start, 0), min(start + side, pixels))


def _chain(output: keras.KerasTensor) -> list[Step] | None:
    """The steps from the image to a map that move cells; None if they are not a known chain."""
    found, step = [], made_by(output)
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


class _Move(NamedTuple):
    """What a convolution or a pooling does to the cells along one axis."""

    window: int
    """Number of cells that are combined into one."""
    stride: int
    before: int
    """Number of cells of padding before the first."""


def _moves(chain: list[Step], axis: int) -> Iterator[_Move]:
    for layer, (given, *_), made in ((one.operation, one.inputs, one.output) for one in chain):
        if isinstance(layer, POOLING):
            window = layer.pool_size[axis]
        else:
            window = (layer.kernel_size[axis] - 1) * layer.dilation_rate[axis] + 1
        stride, before = layer.strides[axis], 0
        if layer.padding == "same":
            before = max((made.shape[1 + axis] - 1) * stride + window - given.shape[1 + axis], 0)
            before //= 2
        yield _Move(window, stride, before)


def _along(chain: list[Step], axis: int, cells: int) -> Axis:
    """The middles of cells, by Dumoulin and Visin 2016, "A guide to convolution arithmetic"."""
    first, step = 0.0, 1.0
    for move in _moves(chain, axis):
        first += step * ((move.window - 1) / 2 - move.before)
        step *= move.stride
    return Axis(cells, first, step)
