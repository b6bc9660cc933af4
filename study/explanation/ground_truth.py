"""Do heatmaps lie where the evidence is? Scores against pixels that are known to be evidence.

A method is informative only if it beats maps that do not depend on the network: random maps, a
uniform map, and the image's edges.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import binary_dilation, sobel

from study.evaluation.uncertainty import image_estimates, image_gain, image_share
from study.records.base import Estimate, NetworkName
from study.records.finding import (
    CONTROLS,
    METHODS,
    TRUTH_SCORES,
    Control,
    Localisation,
    TruthScore,
)

if TYPE_CHECKING:
    from study.explanation.attribution import Explainer

SQUARE = np.ones((1, 3, 3), bool)
"""Mask of a pixel and its eight neighbours, for each image by itself."""


def pointing_game(maps: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Does the maximum lie in the true region? Zhang et al. 2018, "Top-down Neural Attention".

    Args:
        maps: (n, height, width) >= 0.
        truth: (n, height, width) bool.

    Returns:
        (n,) in [0, 1]: the share of equal maxima that lie in the true region.
    """
    top = maps == maps.max(axis=(1, 2), keepdims=True)
    return np.asarray((top & truth).sum(axis=(1, 2)) / top.sum(axis=(1, 2)))


def energy(maps: np.ndarray, truth: np.ndarray, within: int = 0) -> np.ndarray:
    """Share of a map's sum in the true region; Wang et al. 2020, "Score-CAM", section 4.3.

    Args:
        maps: (n, height, width) >= 0; an all-zero map counts as uniform.
        truth: (n, height, width) bool.
        within: Width in pixels of a margin around the region that counts too, diagonals included.

    Returns:
        (n,) in [0, 1].
    """
    if within:
        truth = binary_dilation(truth, SQUARE, iterations=within)
    peaks = maps.max(axis=(1, 2), keepdims=True)
    shares = np.divide(maps, peaks, out=np.ones(maps.shape), where=peaks > 0)  # no overflow
    return np.asarray((shares * truth).sum(axis=(1, 2)) / shares.sum(axis=(1, 2)))


def rank_accuracy(maps: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Share of true pixels among the K highest, K being the number of true pixels.

    "Relevance rank accuracy" of Arras et al. 2022, "CLEVR-XAI", section 3.4.

    For example, a map has the five pixels 9, 5, 5, 5, 1, and the line is the first and the second
    (K = 2). One pixel is above the second-highest value, 5, and three tie for the one place that is
    left, so each gets a third of it. The line's first pixel counts 1, its second 1/3:
    (1 + 1/3) / 2 = 0.67.

    Args:
        maps: (n, height, width) >= 0.
        truth: (n, height, width) bool.

    Returns:
        (n,) in [0, 1]: pixels that tie for the last places count with their expected share; 0 if
        there are no true pixels.
    """
    flat, true = maps.reshape(len(maps), -1), truth.reshape(len(truth), -1)
    size = true.sum(axis=1)
    ordered = np.sort(flat, axis=1)[:, ::-1]
    last = np.take_along_axis(ordered, np.maximum(size - 1, 0)[:, np.newaxis], axis=1)
    above, tied = flat > last, flat == last
    left = (size - above.sum(axis=1)) / tied.sum(axis=1)  # places left for a tied pixel
    hits = (above & true).sum(axis=1) + left * (tied & true).sum(axis=1)
    return np.divide(hits, size, out=np.zeros(len(maps)), where=size > 0)


def truth_scores(maps: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """(n, scores) in [0, 1], in the order of TRUTH_SCORES."""
    of: dict[TruthScore, np.ndarray] = {
        "pointing": pointing_game(maps, truth),
        "energy": energy(maps, truth),
        "energy_1px": energy(maps, truth, within=1),
        "energy_2px": energy(maps, truth, within=2),
        "rank": rank_accuracy(maps, truth),
    }
    return np.stack([of[score] for score in TRUTH_SCORES], axis=1)


def control_maps(images: np.ndarray, seed: int) -> dict[Control, np.ndarray]:
    """Maps (n, height, width) >= 0 that do not depend on any network.

    Random is uniform noise; Sobel is the length of the gradient over all colours.
    """
    colours = images.astype(np.float32)
    across, down = (sobel(colours, axis, mode="nearest") for axis in (1, 2))
    size = images.shape[:3]
    return {
        "sobel": np.sqrt((across**2 + down**2).sum(axis=-1)),
        "random": np.random.default_rng(seed).random(size, np.float32),
        "uniform": np.ones(size, np.float32),
    }


def localise(
    explainers: "Mapping[NetworkName, Explainer]",
    images: np.ndarray,
    truth: np.ndarray,
    seed: int,
) -> Localisation:
    """Score every method on every network, and the controls, on the same images.

    Args:
        explainers: The networks, with the same heads.
        images: (n, height, width, channels) uint8.
        truth: (n, height, width) bool: where the evidence is.
        seed: Seed of noise, random maps and intervals.
    """
    controls = {
        name: truth_scores(maps, truth) for name, maps in control_maps(images, seed).items()
    }
    maps = {
        network: {method: explainer.in_turn(images, method, seed) for method in METHODS}
        for network, explainer in explainers.items()
    }
    found = {
        network: {method: truth_scores(one, truth) for method, one in of_network.items()}
        for network, of_network in maps.items()
    }
    return Localisation(
        images=len(images),
        truth_share=float(truth.mean()),
        heads=next(iter(explainers.values())).heads,
        layers={network: explainer.layer for network, explainer in explainers.items()},
        empty={
            network: {method: int((~one.any(axis=(1, 2))).sum()) for method, one in made.items()}
            for network, made in maps.items()
        },
        methods={
            network: {method: _estimates(scores, seed) for method, scores in of_network.items()}
            for network, of_network in found.items()
        },
        controls={name: _estimates(controls[name], seed) for name in CONTROLS},
        above_sobel={
            network: {
                method: _estimates(scores - controls["sobel"], seed, image_gain)
                for method, scores in of_network.items()
            }
            for network, of_network in found.items()
        },
    )


def _estimates(
    scores: np.ndarray, seed: int, of_hits: Callable[[np.ndarray], Estimate] = image_share
) -> dict[TruthScore, Estimate]:
    """Means of (images, TRUTH_SCORES); a hit is yes or no, so it has the interval of `of_hits`."""
    found = dict(zip(TRUTH_SCORES, image_estimates(scores, seed), strict=True))
    return {**found, "pointing": of_hits(scores[:, TRUTH_SCORES.index("pointing")])}
