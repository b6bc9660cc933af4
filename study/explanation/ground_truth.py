"""Do heatmaps lie on the line? Scores against line pixels that are known.

A method is worth something only above what maps score that know nothing of the network: random
ones, a uniform one, and the image's edges.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import binary_dilation, sobel

from study.evaluation.uncertainty import image_estimates, image_gain, image_share
from study.records.base import (
    CONTROLS,
    LINE_SCORES,
    METHODS,
    Control,
    Estimate,
    LineScore,
    Localisation,
    NetworkName,
)

if TYPE_CHECKING:
    from study.explanation.attribution import Explainer

SQUARE = np.ones((1, 3, 3), bool)
"""A pixel and its eight neighbours, image by image."""


def pointing_game(maps: np.ndarray, lines: np.ndarray) -> np.ndarray:
    """Does the maximum lie on the line? Zhang et al. 2018, "Top-down Neural Attention".

    Args:
        maps: (n, height, width) >= 0.
        lines: (n, height, width) bool.

    Returns:
        (n,) in [0, 1]: of several equal maxima the share that does.
    """
    top = maps == maps.max(axis=(1, 2), keepdims=True)
    return np.asarray((top & lines).sum(axis=(1, 2)) / top.sum(axis=(1, 2)))


def energy(maps: np.ndarray, lines: np.ndarray, within: int = 0) -> np.ndarray:
    """Share of a map's sum that lies on the line; Wang et al. 2020, "Score-CAM", section 4.3.

    Args:
        maps: (n, height, width) >= 0; an all-zero one counts as uniform.
        lines: (n, height, width) bool.
        within: Pixels around the line that count too, diagonal neighbours among them.

    Returns:
        (n,) in [0, 1].
    """
    if within:
        lines = binary_dilation(lines, SQUARE, iterations=within)
    peaks = maps.max(axis=(1, 2), keepdims=True)
    shares = np.divide(maps, peaks, out=np.ones(maps.shape), where=peaks > 0)  # no overflow
    return np.asarray((shares * lines).sum(axis=(1, 2)) / shares.sum(axis=(1, 2)))


def rank_accuracy(maps: np.ndarray, lines: np.ndarray) -> np.ndarray:
    """Share of line pixels among the K highest, K being the number of line pixels.

    "Relevance rank accuracy" of Arras et al. 2022, "CLEVR-XAI", section 3.4.

    Args:
        maps: (n, height, width) >= 0.
        lines: (n, height, width) bool.

    Returns:
        (n,) in [0, 1]: of pixels that tie for the last places the share expected of a draw; 0
        where there is no line.
    """
    flat, line = maps.reshape(len(maps), -1), lines.reshape(len(lines), -1)
    size = line.sum(axis=1)
    ordered = np.sort(flat, axis=1)[:, ::-1]
    last = np.take_along_axis(ordered, np.maximum(size - 1, 0)[:, np.newaxis], axis=1)
    above, tied = flat > last, flat == last
    left = (size - above.sum(axis=1)) / tied.sum(axis=1)  # places left for a tied pixel
    hits = (above & line).sum(axis=1) + left * (tied & line).sum(axis=1)
    return np.divide(hits, size, out=np.zeros(len(maps)), where=size > 0)


def line_scores(maps: np.ndarray, lines: np.ndarray) -> np.ndarray:
    """(n, scores) in [0, 1], in the order of LINE_SCORES."""
    of: dict[LineScore, np.ndarray] = {
        "pointing": pointing_game(maps, lines),
        "energy": energy(maps, lines),
        "energy_1px": energy(maps, lines, within=1),
        "energy_2px": energy(maps, lines, within=2),
        "rank": rank_accuracy(maps, lines),
    }
    return np.stack([of[score] for score in LINE_SCORES], axis=1)


def control_maps(images: np.ndarray, seed: int) -> dict[Control, np.ndarray]:
    """Maps (n, height, width) >= 0 that know nothing of any network.

    Random: uniform noise. Sobel: the length of the gradient, over all colours.
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
    lines: np.ndarray,
    seed: int,
) -> Localisation:
    """Score every method on every network, and the controls, on the same images.

    Args:
        explainers: The networks, with the same heads.
        images: (n, height, width, channels) uint8.
        lines: (n, height, width) bool, where the evidence is in each.
        seed: Of noise, random maps and intervals.
    """
    controls = {name: line_scores(maps, lines) for name, maps in control_maps(images, seed).items()}
    maps = {
        network: {method: explainer.in_turn(images, method, seed) for method in METHODS}
        for network, explainer in explainers.items()
    }
    found = {
        network: {method: line_scores(one, lines) for method, one in of_network.items()}
        for network, of_network in maps.items()
    }
    return Localisation(
        images=len(images),
        line_share=float(lines.mean()),
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
) -> dict[LineScore, Estimate]:
    """Means of (images, LINE_SCORES); a hit is yes or no, so its interval is that of `of_hits`."""
    found = dict(zip(LINE_SCORES, image_estimates(scores, seed), strict=True))
    return {**found, "pointing": of_hits(scores[:, LINE_SCORES.index("pointing")])}
