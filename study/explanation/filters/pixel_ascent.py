"""Images that excite a unit, by gradient ascent on their pixels."""

import keras
import numpy as np
import tensorflow as tf
from tf_keras_vis.activation_maximization import ActivationMaximization

from study.explanation.arrays import Ascent
from study.explanation.filters.unit import (
    BLANK,
    as_weights,
    in_parts,
    middle_field,
    middle_value,
    scored,
)
from study.networks.saved import image_shape

REACH = 1.0
"""How far the fastest pixel could go in all steps together, as a share of the pixels' range."""
SMOOTH_FROM = 8
"""If a unit sees this many pixels per side or more, its gradient in pixels is smoothed; with fewer,
smoothing would destroy the filter's shape."""


def pixel_ascent(
    linear: keras.Model,
    filters: int,
    steps: int,
    channels: np.ndarray | None = None,
    blank: float = BLANK,
) -> Ascent:
    """Gradient ascent on the pixels of a blank image, without randomness.

    Erhan et al. 2009, "Visualizing Higher-Layer Features of a Deep Network".

    Args:
        linear: Images -> the convolution's output without its activation function.
        filters: How many of the layer's filters, the first ones.
        steps: Number of steps, limited by the environment's TF_KERAS_VIS_MAX_STEPS.
        channels: (channels,) bool: which may change, the others stay zero. None: all.
        blank: The pixel value to start from, 0 to 255.
    """
    shape = image_shape(linear)
    field = middle_field(linear)
    seen = np.zeros((*shape[:2], 1), np.float32)
    seen[field] = 1
    smooth = min(seen[field].shape[:2]) >= SMOOTH_FROM
    there = as_weights(channels, shape[-1])

    def direction(gradient: tf.Tensor) -> tf.Tensor:
        """Direction of ascent: the fastest pixel of each image has speed 1; noise is low-passed."""
        if smooth:  # twice: averaging once would turn the finest waves downhill
            gradient = tf.nn.avg_pool2d(tf.nn.avg_pool2d(gradient, 3, 1, "SAME"), 3, 1, "SAME")
        gradient *= seen * there
        peak = tf.reduce_max(tf.abs(gradient), axis=(1, 2, 3), keepdims=True)
        return tf.math.divide_no_nan(gradient, peak)

    def ascend(part: slice) -> Ascent:
        found = ActivationMaximization(linear)(
            lambda maps: middle_value(maps, part.start),
            seed_input=np.full((part.stop - part.start, *shape), blank, np.float32) * there,
            input_range=(0.0, 255.0),
            input_modifiers=[lambda pixels: tf.clip_by_value(pixels, 0.0, 255.0)],
            regularizers=[],
            steps=steps,
            optimizer=keras.optimizers.SGD(REACH * 255 / steps),
            gradient_modifier=direction,
        )
        return scored(linear, found, part.start)

    return in_parts(linear, filters, ascend)
