"""One unit of a convolution, by which it is found out what excites a filter.

It is the unit in the middle of the filter's map, before the layer's activation function, which
could hide gradients. A single unit is used rather than the mean over the map: for a first layer the
mean's gradient is the same at every pixel, so that a blank start would only ever change its colour.

`linear` is always the result of `before_activation`. Images are made for the layer's first filters,
as many at once as memory has room for: image i for filter `first` + i.
"""

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from study.explanation.arrays import Ascent
from study.networks.cell_positions import field
from study.networks.memory import rows_that_fit

BLANK = 127.5
"""Mid-grey, from which a pixel can go either way, so that what a filter avoids shows as well."""


def before_activation(model: keras.Model, layer: keras.layers.Layer) -> keras.Model:
    """Images -> the convolution's output without its activation function."""
    twin = type(layer).from_config({**layer.get_config(), "activation": "linear"})
    output = twin(layer.input)
    twin.set_weights(layer.get_weights())
    return keras.Model(model.inputs, output)


def middle_field(linear: keras.Model) -> tuple[slice, slice]:
    """Rows and columns of the image that the unit in the middle of a map sees."""
    height, width = linear.outputs[0].shape[1:3]
    return field(linear, (height // 2, width // 2))


def used_channels(images: np.ndarray) -> np.ndarray:
    """(channels,) bool: the colours that some image has; all colours if the images are blank.

    The network has learned nothing about a colour that no real image has: an ascent that may use it
    fills its images with noise of that colour.
    """
    used = np.asarray(images.any(axis=(0, 1, 2)))
    return used if used.any() else np.ones(images.shape[-1], bool)


def as_weights(channels: np.ndarray | None, count: int) -> np.ndarray:
    """(count,) float32: 1 for the channels that may change, else 0; None: all may."""
    return np.ones(count, np.float32) if channels is None else channels.astype(np.float32)


def in_parts(linear: keras.Model, filters: int, ascend: Callable[[slice], Ascent]) -> Ascent:
    """Where the ascents of all filters end, of as many at once as fit into memory.

    Args:
        filters: How many of the layer's filters, the first ones.
        ascend: The filters of a part -> where theirs end; no filter's depends on others.
    """
    rows = rows_that_fit(linear, filters, gradients=True)
    parts = [slice(first, min(first + rows, filters)) for first in range(0, filters, rows)]
    images, scores = zip(*map(ascend, parts), strict=True)
    return Ascent(np.concatenate(images), np.concatenate(scores))


def scored(linear: keras.Model, images: np.ndarray | tf.Tensor, first: int) -> Ascent:
    """The images as bytes, and the units' values on these rounded images."""
    rounded = np.rint(images).astype(np.uint8)
    values = middle_value(linear([rounded.astype(np.float32)]), first)
    return Ascent(rounded, np.asarray(values))


def middle_value(maps: tf.Tensor, first: int) -> tf.Tensor:
    """(f, h, w, c) -> (f,): image i's value of filter `first` + i in the middle of the map."""
    height, width = maps.shape[1:3]
    middle = maps[:, height // 2, width // 2, first : first + maps.shape[0]]
    return tf.cast(tf.linalg.diag_part(middle), tf.float32)
