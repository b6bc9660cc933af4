"""Do heatmaps rank the pixels that a network needs? Deletion and insertion curves.

Petsiuk et al. 2018, "RISE", section 3: remove an image's pixels, the hottest first, and see how
soon the network gives up its class; or restore them, and see how soon it returns to it.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.ndimage import gaussian_filter

from study.data.ground import has_even_ground
from study.evaluation.uncertainty import image_estimates
from study.explanation.ground_truth import control_maps
from study.records.base import Estimate, NetworkName
from study.records.finding import METHODS, Control, Deletion, Ranking, Replacement

if TYPE_CHECKING:
    from study.explanation.attribution import Explainer

STEPS = 20

CONTROLS: tuple[Control, ...] = ("sobel", "random")
"""The controls. A uniform map ranks no pixel before another, so its order is random."""


BLUR = 1 / 8
"""Standard deviation of the blur, as a share of the shorter side: no shape remains readable."""


class Curves(NamedTuple):
    """Probability of the class that the network predicts for the whole image."""

    deletion: np.ndarray
    """(n, STEPS + 1) from the whole image to its replacement."""
    insertion: np.ndarray
    """(n, STEPS + 1) from the replacement to the whole image."""

    @property
    def areas(self) -> np.ndarray:
        """(n, 3) deletion and insertion area in [0, 1], and the second minus the first."""
        deletion, insertion = (np.trapezoid(curve, axis=1) / STEPS for curve in self)
        return np.stack([deletion, insertion, insertion - deletion], axis=1)


def replacements(images: np.ndarray) -> tuple[Replacement, ...]:
    """What deleted pixels of such images should be replaced by.

    Drawings on a uniform ground get its colour: RISE blurs, but a blurred digit is still readable.
    A photograph has no ground, and every replacement is itself visible, so two are tried: a result
    that holds for both does not come from the replacement.

    Args:
        images: (n, height, width, channels) uint8, at least one.
    """
    return ("background",) if has_even_ground(images) else ("mean", "blur")


def replaced(images: np.ndarray, by: Replacement) -> np.ndarray:
    """(n, height, width, channels): the images with every pixel deleted."""
    if by == "blur":
        wide = BLUR * min(images.shape[1:3])
        return gaussian_filter(images.astype(np.float32), (0, wide, wide, 0))
    middle = np.median if by == "background" else np.mean
    return np.broadcast_to(middle(images, axis=(1, 2), keepdims=True), images.shape)


def curves(
    explainer: "Explainer",
    images: np.ndarray,
    maps: np.ndarray,
    seed: int,
    by: Replacement = "background",
) -> Curves:
    """Delete and insert pixels in the order of the maps, equal ones in a random order.

    Args:
        images: (n, height, width, channels), pixels 0 to 255; for image i, head i modulo their
            number gives the probability of the class that it predicts.
        maps: (n, height, width).
        seed: Seed of the order of equal pixels.
        by: What deleted pixels are replaced by, and what the insertion starts from.
    """
    flat = maps.reshape(len(maps), -1)
    chance = np.random.default_rng(seed).random(flat.shape)
    place = np.argsort(np.lexsort((chance, -flat), axis=1), axis=1).reshape(maps.shape)
    without = replaced(images, by)
    asked = explainer.predicted_in_turn(images)

    def sure(pixels: np.ndarray) -> np.ndarray:
        p = explainer.predict(pixels)
        return np.array([p[head][i, told] for i, (head, told) in enumerate(asked)])

    deletion, insertion = [], []
    for step in range(STEPS + 1):
        hot = (place < round(step * flat.shape[1] / STEPS))[..., np.newaxis]
        deletion.append(sure(np.where(hot, without, images)))
        insertion.append(sure(np.where(hot, images, without)))
    return Curves(np.stack(deletion, axis=1), np.stack(insertion, axis=1))


def delete(
    explainers: "Mapping[NetworkName, Explainer]",
    images: np.ndarray,
    seed: int,
    by: Replacement = "background",
) -> Deletion:
    """Score every method on every network, and the controls, on the same images.

    Args:
        explainers: The networks.
        images: (n, height, width, channels) uint8.
        seed: Seed of noise, random maps, the order of equal pixels and intervals.
        by: What deleted pixels are replaced by; see `replacements`.
    """
    controls = control_maps(images, seed)
    found = {
        network: {
            name: curves(explainer, images, maps, seed, by)
            for name, maps in [
                *((method, explainer.in_turn(images, method, seed)) for method in METHODS),
                *((control, controls[control]) for control in CONTROLS),
            ]
        }
        for network, explainer in explainers.items()
    }
    return Deletion(
        images=len(images),
        replacement=by,
        layers={network: explainer.layer for network, explainer in explainers.items()},
        methods={
            network: {method: _ranking(made[method], seed) for method in METHODS}
            for network, made in found.items()
        },
        controls={
            network: {control: _ranking(made[control], seed) for control in CONTROLS}
            for network, made in found.items()
        },
        above_sobel={
            network: {method: _above(made[method], made["sobel"], seed) for method in METHODS}
            for network, made in found.items()
        },
    )


FINDINGS: dict[Replacement, str] = {
    "background": "deletion",
    "mean": "deletion-mean",
    "blur": "deletion-blur",
}
"""Replacement -> name of the finding, which names every replacement but the ground's colour."""


def delete_all(
    explainers: "Mapping[NetworkName, Explainer]", images: np.ndarray, seed: int
) -> dict[str, Deletion]:
    """`delete` with every replacement that suits the images: name of the finding -> the finding."""
    return {FINDINGS[by]: delete(explainers, images, seed, by) for by in replacements(images)}


def _ranking(made: Curves, seed: int) -> Ranking:
    deletion, insertion, _ = image_estimates(made.areas, seed)
    return Ranking(
        deletion=made.deletion.mean(axis=0).tolist(),
        insertion=made.insertion.mean(axis=0).tolist(),
        deletion_area=deletion,
        insertion_area=insertion,
    )


def _above(made: Curves, other: Curves, seed: int) -> Estimate:
    return image_estimates(made.areas - other.areas, seed)[2]
