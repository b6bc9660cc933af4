"""Mean and variance of batch normalisation, recomputed after each epoch."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from study.data.dataset import Part
from study.libraries.internals import layers_within

if TYPE_CHECKING:
    import keras

STATISTICS_IMAGES = 512
"""Number of training images, the first ones, whose mean and variance batch normalisation uses
outside of training. They are one batch if that fits into memory."""


def statistics_function(model: "keras.Model", part: Part) -> Callable[[], None]:
    """A function that sets the statistics of batch normalisation to those of the current network.

    While training, Keras averages them over many past steps. After few steps these averages belong
    to a very different network: one that had learnt 94% of MNIST in an epoch of 2,400 images scored
    17% on validation, and low rungs ranked networks hardly better than chance. Wu and Johnson,
    "Rethinking 'Batch' in BatchNorm", 2021, section 3 ("PreciseBN").
    """
    import keras
    import tensorflow as tf

    norms = [
        layer
        for layer in layers_within(model)
        if isinstance(layer, keras.layers.BatchNormalization)
    ]
    if not norms:
        return lambda: None
    batches = _in_batches(part.images[:STATISTICS_IMAGES], model)
    pixels = tf.TensorSpec((None, *part.images.shape[1:]), tf.uint8)
    forward = tf.function(lambda batch: model(batch, training=True), autograph=False)
    momenta = [layer.momentum for layer in norms]
    for layer in norms:
        layer.momentum = 0.0  # while tracing, so that earlier statistics are forgotten
    traced = forward.get_concrete_function(pixels)
    for layer, momentum in zip(norms, momenta, strict=True):
        layer.momentum = momentum

    def set_statistics() -> None:
        found: list[list[tuple[np.ndarray, np.ndarray]]] = [[] for _ in norms]
        for batch in batches:
            traced(tf.constant(batch))
            for norm, of_batches in zip(norms, found, strict=True):
                of_batches.append((norm.moving_mean.numpy(), norm.moving_variance.numpy()))
        if len(batches) == 1:
            return
        for norm, of_batches in zip(norms, found, strict=True):
            mean, variance = pooled(of_batches, [len(batch) for batch in batches])
            norm.moving_mean.assign(mean)
            norm.moving_variance.assign(variance)

    return set_statistics


def _in_batches(images: np.ndarray, model: "keras.Model") -> list[np.ndarray]:
    """The images in as few batches, of about equal size, as memory allows."""
    from study.networks.memory import rows_that_fit

    return np.array_split(images, -(-len(images) // rows_that_fit(model, len(images))))


def pooled(
    statistics: Sequence[tuple[np.ndarray, np.ndarray]], sizes: Sequence[int]
) -> tuple[np.ndarray, np.ndarray]:
    """(mean, variance) over all images, from the means and variances of batches.

    The variance over all images is the mean of the variances plus the variance of the means.

    Args:
        statistics: Mean and variance, each (channels,), of each batch; the variances are without
            Bessel's correction, as Keras computes them.
        sizes: Number of images in each batch.
    """
    means, variances = (np.stack(some) for some in zip(*statistics, strict=True))
    mean = np.average(means, axis=0, weights=sizes)
    within = np.average(variances, axis=0, weights=sizes)
    return mean, within + np.average((means - mean) ** 2, axis=0, weights=sizes)
