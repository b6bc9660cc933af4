"""Is a network right as often as it says it is?

Guo et al. 2017, "On Calibration of Modern Neural Networks", section 2: images sorted by the
confidence of the answer into bins of equal width, accuracy beside mean confidence in each. The
expected calibration error (ECE) is their distance, averaged over images. It is never negative, so
even a network that is perfectly calibrated has some, by chance; how much is told beside it.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from study.records import Estimate
from study.statistics import percentile_estimate

BINS = 15
RESAMPLES = 1000


class Bin(NamedTuple):
    """The images whose answer has about the same confidence."""

    images: int
    right: int
    confidence: float
    """Their mean confidence, in [0, 1]."""


class Calibration(NamedTuple):
    """How well confidence tells accuracy."""

    bins: tuple[Bin | None, ...]
    """From 0 to 1 in equal steps, the upper end included; None where no image is."""
    error: Estimate
    """ECE in [0, 1] with its 95% interval by the bootstrap over images."""
    by_chance: float
    """Mean ECE of a network that is right exactly as often as this one says it is."""
    excess: Estimate
    """Mean confidence minus accuracy, in [-1, 1], with its 95% interval; above 0 the network is
    over-confident."""


def answers(
    predictions: Mapping[str, np.ndarray], network: str, heads: Sequence[str]
) -> tuple[np.ndarray, np.ndarray]:
    """Confidence (n,) float64 and correctness (n,) bool of a network's answers.

    With several heads an answer is that of all of them: right if all are, its confidence the
    product of theirs, as if they erred independently.

    Args:
        predictions: arrays of predictions.npz: labels_HEAD (n,) and NETWORK_HEAD (n, classes).
    """
    sure = [predictions[f"{network}_{head}"].max(axis=1).astype(float) for head in heads]
    right = [
        predictions[f"{network}_{head}"].argmax(axis=1) == predictions[f"labels_{head}"]
        for head in heads
    ]
    return np.prod(sure, axis=0), np.all(right, axis=0)


def calibration(confidence: np.ndarray, right: np.ndarray, seed: int) -> Calibration:
    """Bins and errors of answers (n,), n >= 1, with these confidences, in [0, 1]."""
    rng = np.random.default_rng([seed, 4])
    images = len(confidence)
    place = np.clip(np.ceil(confidence * BINS).astype(int) - 1, 0, BINS - 1)
    gap = confidence - right

    def gaps(drawn: np.ndarray) -> np.ndarray:
        """Of each bin (BINS,): confidence minus accuracy times its share of the images."""
        return np.bincount(place[drawn], gap[drawn], BINS) / images

    every = np.arange(images)
    resampled = np.array([gaps(rng.integers(0, images, images)) for _ in range(RESAMPLES)])
    lucky = [
        np.abs(np.bincount(place, confidence - (rng.random(images) < confidence), BINS)).sum()
        for _ in range(RESAMPLES // 5)
    ]
    return Calibration(
        bins=tuple(_bin(confidence[place == b], right[place == b]) for b in range(BINS)),
        error=percentile_estimate(float(np.abs(gaps(every)).sum()), np.abs(resampled).sum(axis=1)),
        by_chance=float(np.mean(lucky)) / images,
        excess=percentile_estimate(float(gap.mean()), resampled.sum(axis=1)),
    )


def _bin(confidence: np.ndarray, right: np.ndarray) -> Bin | None:
    if not len(right):
        return None
    return Bin(len(right), int(right.sum()), float(confidence.mean()))
