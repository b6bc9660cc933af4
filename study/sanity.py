"""Do heatmaps depend on what a network learned? Cascading randomisation.

Adebayo et al. 2018, "Sanity Checks for Saliency Maps", section 3.1: the weights of the layers are
drawn anew one after the other, from the top; a map that stays as it is shows the image and not the
network.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import keras
import numpy as np
from scipy.stats import rankdata

from study.records import METHODS, Method, NetworkName, NetworkSanity, Sanity
from study.statistics import image_estimates

if TYPE_CHECKING:
    from study.attribution import Explainer

LIMIT = 0.5
"""A rank correlation of 0.5 shares a quarter of the variance of the pixels' ranks: a method above
it takes that much from somewhere else than the weights."""


class Stage(NamedTuple):
    """Layers that are randomised together."""

    name: str
    layers: list[keras.layers.Layer]


def cascade(network: keras.Model) -> list[Stage]:
    """The stages of a functional network from the top: all heads together, then layer by layer.

    A layer without a kernel, such as batch normalisation, goes with the one before it.
    """
    heads = [network.get_layer(name) for name in network.output_names]
    top = Stage(heads[0].name if len(heads) == 1 else "heads", [h for h in heads if h.weights])
    below: list[Stage] = []
    for layer in network.layers:
        if not layer.weights or layer in heads:
            continue
        if not below or any(len(weight.shape) > 1 for weight in layer.weights):
            below.append(Stage(layer.name, []))
        below[-1].layers.append(layer)
    return [stage for stage in (top, *reversed(below)) if stage.layers]


def randomise(layer: keras.layers.Layer, rng: np.random.Generator) -> None:
    """Set the layer's weights to what they could have been before training.

    By the layer's own initializers; where it does not say, Glorot's for a kernel, else zeros.
    """
    for weight in layer.weights:
        default = "glorot_uniform" if len(weight.shape) > 1 else "zeros"
        initializer = keras.initializers.get(
            getattr(layer, f"{weight.name}_initializer", None) or default
        )
        config = initializer.get_config()
        if "seed" in config:  # Keras takes it from a generator that other threads draw from too
            config["seed"] = int(rng.integers(2**31))
        weight.assign(type(initializer).from_config(config)(weight.shape))


def similarity(maps: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Spearman's rank correlation of the pixels of two maps, image by image.

    Args:
        maps: (n, height, width).
        others: The same shape.

    Returns:
        (n,) in [-1, 1]; 0 where either is constant.
    """
    ranks = [rankdata(some.reshape(len(some), -1), axis=1) for some in (maps, others)]
    first, second = (rank - rank.mean(axis=1, keepdims=True) for rank in ranks)
    shared = (first * second).sum(axis=1)
    scale = np.sqrt((first**2).sum(axis=1) * (second**2).sum(axis=1))
    found = np.divide(shared, scale, out=np.zeros(len(maps)), where=scale > 0)
    return np.asarray(np.clip(found, -1, 1))


def check(explainer: "Explainer", images: np.ndarray, seed: int) -> NetworkSanity:
    """Randomise the explainer's network from the top and see what its maps do.

    The explainer is of no further use. Every map is for the class that the network predicted
    before, with the same noise.

    Args:
        images: (n, height, width, channels) uint8.
        seed: Of the new weights, noise and intervals.
    """
    rng = np.random.default_rng(seed)
    original = {method: explainer.in_turn(images, method, seed) for method in METHODS}
    told = {method: np.ptp(maps, axis=(1, 2)) > 0 for method, maps in original.items()}
    stages = cascade(explainer.network)
    found: dict[Method, list[np.ndarray]] = {method: [] for method in METHODS}
    for stage in stages:
        for layer in stage.layers:
            randomise(layer, rng)
        for method, maps in original.items():
            found[method].append(similarity(maps, explainer.in_turn(images, method, seed)))
    return NetworkSanity(
        stages=[stage.name for stage in stages],
        similarity={
            method: image_estimates(np.stack(of, axis=1)[told[method]], seed)
            for method, of in found.items()
            if told[method].any()
        },
        compared={method: int(which.sum()) for method, which in told.items()},
    )


def check_all(
    explainers: "Mapping[NetworkName, Explainer]", images: np.ndarray, seed: int
) -> Sanity:
    """`check` of several networks."""
    return Sanity(
        images=len(images),
        limit=LIMIT,
        networks={name: check(one, images, seed) for name, one in explainers.items()},
    )
