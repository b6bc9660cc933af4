"""Which filters of a convolution do no work: dead ones, and near-duplicates of others."""

from collections.abc import Sequence
from typing import NamedTuple

import keras
import numpy as np

from study.networks.memory import rows_that_fit
from study.networks.prediction import layer_outputs
from study.records.finding import LayerHealth

ALIKE = 0.95
"""Smallest correlation (or cosine) of near-duplicates. Its square is 0.9, so nine tenths of one
filter's responses (or weights) are shared by the other. Unrelated kernels lie far below: the cosine
of random ones spreads by one over the root of their number of weights, 0.2 for 5 x 5."""

BATCH = 256
"""Images in the network at a time, if the outputs of all its layers fit into memory."""


class Health(NamedTuple):
    """Which filters of one layer are silent, and how similar they are."""

    layer: str
    silent: np.ndarray | None
    """(f,) bool: whether the output is zero everywhere on every image; None without images."""
    answers: np.ndarray | None
    """(f, f) correlation of the filters' outputs over all positions of all images; zero for a
    filter whose output never changes. None without images."""
    kernels: np.ndarray | None
    """(f, f) cosine of the filters' weights, zero for a filter without any; None for convolutions
    that are not plain ones, whose filters do not all weight the same inputs."""

    @property
    def like(self) -> np.ndarray | None:
        """(f,) int: the filter of a lower number that this one nearly duplicates, or -1.

        Measured by responses if there were images, else by kernels; None if there is neither.
        Silent filters duplicate nothing.
        """
        similar = self.kernels if self.answers is None else self.answers
        return None if similar is None else near_duplicates(similar, self.silent)


def layers_health(
    model: keras.Model, layers: Sequence[keras.layers.Layer], images: np.ndarray | None
) -> list[Health]:
    """The filters of these convolutions of the model.

    Args:
        model: A plain functional Keras model of images.
        layers: Convolutions of the model.
        images: (n, height, width, channels) real images, pixels 0 to 255; None if there are none.
    """
    if images is None or not len(images):
        return [Health(layer.name, None, None, kernel_cosines(layer)) for layer in layers]
    tallies = [_Tally(layer.output.shape[-1]) for layer in layers]
    rows = rows_that_fit(model, BATCH, gradients=True)
    for i in range(0, len(images), rows):
        outputs = layer_outputs(model, layers, images[i : i + rows])
        for tally, maps in zip(tallies, outputs, strict=True):
            tally.add(maps)
    return [
        Health(layer.name, ~tally.woken, tally.correlations(), kernel_cosines(layer))
        for layer, tally in zip(layers, tallies, strict=True)
    ]


class _Tally:
    """Sums over a layer's outputs so far, so that no map need be kept."""

    def __init__(self, filters: int) -> None:
        self.woken = np.zeros(filters, bool)
        self.places = 0
        self.sums = np.zeros(filters)
        self.products = np.zeros((filters, filters))

    def add(self, maps: np.ndarray) -> None:
        values = maps.reshape(-1, maps.shape[-1]).astype(np.float64)
        self.woken |= values.any(axis=0)
        self.places += len(values)
        self.sums += values.sum(axis=0)
        self.products += values.T @ values

    def correlations(self) -> np.ndarray:
        means = self.sums / self.places
        return _normalised(self.products / self.places - np.outer(means, means))


def kernel_cosines(layer: keras.layers.Layer) -> np.ndarray | None:
    """(f, f) cosines of a plain convolution's kernels, without biases; else None."""
    if not isinstance(layer, keras.layers.Conv2D) or layer.groups != 1:
        return None
    kernels = np.asarray(layer.kernel, np.float64)
    flat = kernels.reshape(-1, kernels.shape[-1])
    return _normalised(flat.T @ flat)


def _normalised(products: np.ndarray) -> np.ndarray:
    """(f, f) products over the roots of the diagonal; zero where the diagonal is only rounding."""
    power = np.diag(products)
    some = power > 1e-12 * power.max(initial=0)
    lengths = np.where(some, np.sqrt(np.maximum(power, 0)), np.inf)
    return np.asarray(products / np.outer(lengths, lengths))


def near_duplicates(similar: np.ndarray, silent: np.ndarray | None = None) -> np.ndarray:
    """(f,) int: the filter of a lower number that each one nearly duplicates, or -1.

    The filter that is duplicated is not a near-duplicate itself: the filters to keep are those with
    -1 that are not silent.
    """
    like = np.full(len(similar), -1)
    kept: list[int] = []
    for number in range(len(similar)):
        if silent is not None and silent[number]:
            continue
        like[number] = next((old for old in kept if similar[number, old] >= ALIKE), -1)
        if like[number] < 0:
            kept.append(number)
    return like


def layer_record(health: Health) -> LayerHealth:
    """What a run keeps of a layer's health, which must have been measured with images."""
    assert health.silent is not None
    assert health.answers is not None
    assert health.like is not None
    by_kernels = None if health.kernels is None else near_duplicates(health.kernels, health.silent)
    return LayerHealth(
        layer=health.layer,
        filters=len(health.silent),
        dead=int(health.silent.sum()),
        alike=int((health.like >= 0).sum()),
        alike_kernels=None if by_kernels is None else int((by_kernels >= 0).sum()),
        nearest=_nearest(health.answers, health.silent),
        nearest_kernels=None if health.kernels is None else _nearest(health.kernels, health.silent),
    )


def _nearest(similar: np.ndarray, silent: np.ndarray) -> list[float]:
    """For each filter that is not silent, its similarity to the most similar other filter."""
    awake = similar[np.ix_(~silent, ~silent)]
    others = np.where(np.eye(len(awake), dtype=bool), -1.0, awake)
    return [round(float(row.max()), 4) for row in others] if len(awake) > 1 else []
