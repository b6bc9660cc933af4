"""A network explained on a few images: activations, heatmaps, mistakes and their evidence."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import keras
import numpy as np

from study.data.dataset import KnownErrors, Names
from study.explanation.arrays import (
    ActivationsInfo,
    Evidence,
    HeadHeatmaps,
    HeatmapsInfo,
    MethodsInfo,
    Mistakes,
    MistakesInfo,
    Shown,
)
from study.explanation.attribution import CHANNELS, Explainer
from study.networks.answers import find_head
from study.networks.prediction import layer_outputs
from study.networks.saved import (
    as_functional,
    find_layers,
    is_convolution,
    visual_layers,
)
from study.records.base import NetworkName
from study.records.finding import METHODS, Method

SHOWN_CHANNELS = 16
MOST_COMPARED = 6
"""Number of images that are explained by every method."""
MOST_MISTAKES = 18


# Activations


def activations_info(
    model: keras.Model,
    images: np.ndarray,
    layers: Sequence[str] | None = None,
    channels: int = SHOWN_CHANNELS,
) -> list[ActivationsInfo]:
    """The output of each layer for raw images.

    Args:
        model: Any plain Keras model of images.
        images: (n, height, width, channels), pixels 0 to 255.
        layers: Names of convolution and pooling layers; all of them if None.
        channels: Largest number of channels kept per layer: the most active.

    Raises:
        WrongName: A layer does not exist, or another network is nested inside.
    """
    model = as_functional(model)
    chosen = visual_layers(model) if layers is None else find_layers(model, layers)
    return [
        _layer_activations(layer, _as_maps(output), channels)
        for layer, output in zip(chosen, layer_outputs(model, chosen, images), strict=True)
    ]


def _layer_activations(layer: keras.layers.Layer, maps: np.ndarray, most: int) -> ActivationsInfo:
    shown = most_active(maps, most)
    woken = np.any(maps != 0, axis=(0, 1, 2))
    return ActivationsInfo(
        layer=layer.name,
        kind="convolution" if is_convolution(layer) else "pooling",
        maps=maps[..., shown],
        channels=shown,
        total=maps.shape[-1],
        silent=int((~woken).sum()),
    )


def _as_maps(output: np.ndarray) -> np.ndarray:
    """(n, h, w, c) unchanged; (n, c) from global pooling as (n, 1, 1, c)."""
    return output if output.ndim == 4 else output[:, np.newaxis, np.newaxis, :]


def most_active(maps: np.ndarray, limit: int) -> np.ndarray:
    """The channels of (n, h, w, c) maps with the greatest mean magnitude, in channel order."""
    strength = np.abs(maps).mean(axis=(0, 1, 2))
    return np.sort(np.argsort(-strength, kind="stable")[:limit])


# Heatmaps


class Asked(NamedTuple):
    """What heatmaps are to show."""

    methods: tuple[Method, ...] = ("gradcam",)
    head: str | None = None
    """The only head; None: all heads."""
    target: int | None = None
    """Index of the class to explain; None: the predicted class."""


PLAIN = Asked()


def heatmaps_info(
    model: keras.Model,
    images: np.ndarray,
    layer: str | None = None,
    method: Method = "gradcam",
    head: str | None = None,
    target: int | None = None,
) -> HeatmapsInfo:
    """Heatmaps for the class each head predicts, or for one class of one head.

    Args:
        model: A network whose heads end in softmax or in one sigmoid neuron.
        images: (n, height, width, channels), pixels 0 to 255.
        layer: Name of a layer with maps; each head's last convolution layer if None.
        method: One of the methods of `study.explanation.attribution`.
        head: Name of the only head; all heads if None.
        target: Index of the class to explain; the predicted class if None.

    Raises:
        WrongName: For the same reasons as `study.explanation.attribution.attribute`.
    """
    explainer = Explainer(model, layer)
    probabilities = explainer.predict(images)
    heads = [
        HeadHeatmaps(
            head=name,
            predicted=probabilities[name].argmax(axis=1),
            probability=probabilities[name].max(axis=1),
            maps=explainer.maps(images, method, name, target),
            layer=explainer.layer_of(name),
            resolution=explainer.resolution_of(name),
        )
        for name in ([find_head(explainer.heads, head)] if head else explainer.heads)
    ]
    return HeatmapsInfo(heads, method, target, layer, CHANNELS, named=len(explainer.heads) > 1)


def all_heatmaps(
    model: keras.Model,
    images: np.ndarray,
    layers: Sequence[str] | None = None,
    asked: Asked = PLAIN,
) -> list[HeatmapsInfo]:
    """Heatmaps by each method at each layer; by SmoothGrad, which explains single pixels, once.

    Args:
        model: A network whose heads end in softmax or in one sigmoid neuron.
        images: (n, height, width, channels), pixels 0 to 255.
        layers: Names of layers; each head's last convolution layer if None.
        asked: Methods, head and class.

    Raises:
        WrongName: For the same reasons as `heatmaps_info`.
    """
    chosen: Sequence[str | None] = layers or [None]
    return [
        heatmaps_info(model, images, layer, method, asked.head, asked.target)
        for method in asked.methods
        for layer in (chosen if method != "smoothgrad" else [None])
    ]


def methods_info(explainer: Explainer, images: np.ndarray, seed: int) -> MethodsInfo:
    """Explain image i for head i modulo their number, and the class that this head predicts.

    Args:
        explainer: The network, prepared for heatmaps.
        images: (n, height, width, channels), pixels 0 to 255; the first few are explained.
        seed: Seed of SmoothGrad's noise.
    """
    images = images[:MOST_COMPARED]
    return MethodsInfo(
        layer=explainer.layer,
        resolution=explainer.resolution,
        explained=explainer.predicted_in_turn(images),
        maps={method: explainer.in_turn(images, method, seed) for method in METHODS},
        heads=len(explainer.heads),
        samples=explainer.samples,
        channels=explainer.channels,
    )


# Mistakes


def mistakes(
    model: keras.Model,
    network: NetworkName,
    images: np.ndarray,
    predictions: Mapping[str, np.ndarray],
    heads: Sequence[str],
    names: Names,
    known: KnownErrors | None,
) -> Mistakes:
    """Find a network's mistakes and explain them.

    Args:
        model: The saved network.
        network: Which one it is.
        images: Test images, (n, height, width, 1 or 3) uint8, in the order of the predictions.
        predictions: Arrays of predictions.npz.
        heads: Label columns the network predicts.
        names: Label column -> names of its classes.
        known: Test images whose label is known to be wrong; None if none is.

    Raises:
        WrongName: The network has no convolution layer, which a heatmap needs.
    """
    info = mistakes_info(predictions, network, heads, names, known)
    return Mistakes(info, evidence(model, info, images))


def mistakes_info(
    predictions: Mapping[str, np.ndarray],
    network: NetworkName,
    heads: Sequence[str],
    names: Names,
    known: KnownErrors | None = None,
) -> MistakesInfo:
    """Find a network's errors: images with at least one wrong head.

    Args:
        predictions: labels_HEAD (n,) int and NETWORK_HEAD (n, classes) probabilities.
        network: The network whose errors are found.
        heads: Label columns the network predicts.
        names: Label column -> names of its classes.
        known: Test images whose label is known to be wrong; None if none is.
    """
    mislabelled = known.places if known else ()
    labels = np.stack([predictions[f"labels_{head}"] for head in heads])  # (heads, n)
    chosen = np.stack([predictions[f"{network}_{head}"].argmax(axis=1) for head in heads])
    sure = np.stack([predictions[f"{network}_{head}"].max(axis=1) for head in heads])
    wrong = labels != chosen
    confidence = sure.prod(axis=0)
    mistaken = np.flatnonzero(wrong.any(axis=0))
    if len(mistaken):
        shown = mistaken[np.argsort(-confidence[mistaken], kind="stable")]
    else:
        shown = np.argsort(confidence, kind="stable")

    def describe(index: int) -> Shown:
        told = np.flatnonzero(wrong[:, index]).tolist() or [int(sure[:, index].argmin())]
        lines: list[str] = []
        for place in told:
            head = heads[place]
            prefix = f"{head} " if len(heads) > 1 else ""
            true, answer = int(labels[place, index]), int(chosen[place, index])
            lines.append(prefix + names[head][true])
            lines.append(f"→ {names[head][answer]} ({_share(sure[place, index])})")
        rounded = round(float(confidence[index]), 4)
        return Shown(index, tuple(lines), rounded, heads[told[0]], index in mislabelled)

    return MistakesInfo(
        images=labels.shape[1],
        errors=len(mistaken),
        shown=tuple(describe(int(index)) for index in shown[:MOST_MISTAKES]),
        heads=len(heads),
        mislabelled=len(mislabelled),
        mislabelled_errors=len(set(mistaken.tolist()) & set(mislabelled)),
        source=known.source if known else "",
    )


def _share(probability: float) -> str:
    """A probability in words; no probability below 1 reads 100%."""
    return ">99.9%" if probability > 0.999 else f"{probability:.1%}"


def evidence(model: keras.Model, info: MistakesInfo, images: np.ndarray) -> Evidence:
    """Each shown image with the heatmap of its head (Grad-CAM at the last convolution layer).

    Args:
        model: The network whose mistakes they are.
        info: The mistakes.
        images: Test images, (n, height, width, 1 or 3) uint8.
    """
    shown = images[[one.image for one in info.shown]]
    maps = np.zeros(shown.shape[:3], np.float32)
    if len(shown):
        heads = {head.head: head for head in heatmaps_info(model, shown).heads}
        for place, one in enumerate(info.shown):
            maps[place] = heads[one.head].maps[place]
    return Evidence(shown, maps)
