"""Where in an image a network finds its evidence: Grad-CAM.

Selvaraju et al. 2017, "Grad-CAM: Visual Explanations from Deep Networks via Gradient-based
Localization", section 3: a layer's channels weighted by the mean gradient of the class score,
added up, positive part only.
"""

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import keras
import matplotlib
import numpy as np
import tensorflow as tf
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from tf_keras_vis.gradcam import Gradcam
from tf_keras_vis.utils.model_modifiers import ReplaceToLinear
from tf_keras_vis.utils.scores import BinaryScore, CategoricalScore, InactiveScore

from study.errors import WrongName
from study.figures.style import HEAT, PALETTE, save
from study.figures.tiles import (
    SIDE,
    as_rgb,
    class_name,
    figure_of,
    file_name,
    new_grid,
    over_tile,
    tile,
    whose,
)
from study.models import (
    SINGLE_HEAD,
    as_functional,
    find_layers,
    head_names,
    image_shape,
    is_convolution,
    predict,
    visual_layers,
)
from study.records import NetworkName, Picture

SHOWN_IMAGES = 6


class HeadHeatmaps(NamedTuple):
    """One head's predictions and what speaks for them."""

    head: str
    predicted: np.ndarray
    """(n,) int64 class indices."""
    probability: np.ndarray
    """(n,) float32, of the predicted class."""
    maps: np.ndarray
    """(n, height, width) float32 in [0, 1]: evidence for the predicted class, as a share of the
    image's greatest; all zero if there is none."""

    @property
    def empty(self) -> np.ndarray:
        """(n,) bool: nowhere does the layer speak for the predicted class."""
        return np.asarray(~np.any(self.maps > 0, axis=(1, 2)))


class HeatmapsInfo(NamedTuple):
    """Grad-CAM of some images, for each head of a network."""

    layer: str
    resolution: tuple[int, int]
    """(rows, columns) of the layer's maps, which are enlarged to the image."""
    heads: list[HeadHeatmaps]


def heatmaps_info(model: keras.Model, images: np.ndarray, layer: str | None = None) -> HeatmapsInfo:
    """Grad-CAM for the class each head predicts.

    The score is the head's output without softmax or sigmoid, which flatten gradients where
    the network is sure; for a sigmoid neuron that predicts its negative class, minus it.

    Args:
        model: Its heads end in softmax or in one sigmoid neuron.
        images: (n, height, width, channels), pixels 0 to 255.
        layer: Name of a layer with maps; the last convolution layer if None.

    Raises:
        WrongName: a layer that is not there or has no maps, no convolution layer at all, or a
            network with another one nested inside.
    """
    model = as_functional(model)
    chosen = _layer(model, layer)
    pixels = np.asarray(images, np.float32)
    probabilities = predict(model, images)
    gradcam = Gradcam(model, model_modifier=ReplaceToLinear(), clone=True)
    heads = []
    for place, head in enumerate(head_names(model)):
        predicted = probabilities[head].argmax(axis=1)
        scores = [InactiveScore() for _ in model.outputs]
        one_neuron = model.outputs[place].shape[-1] == 1
        scores[place] = (BinaryScore if one_neuron else CategoricalScore)(predicted.tolist())
        evidence = gradcam(
            scores,
            pixels,
            penultimate_layer=chosen.name,
            seek_penultimate_conv_layer=False,
            expand_cam=False,  # its own enlarging puts the outer cells' middles on the border
            normalize_cam=False,
        )
        heads.append(
            HeadHeatmaps(
                head=head,
                predicted=predicted,
                probability=probabilities[head].max(axis=1),
                maps=_enlarge(np.asarray(evidence, np.float32), image_shape(model)[:2]),
            )
        )
    rows, columns = chosen.output.shape[1:3]
    return HeatmapsInfo(layer=chosen.name, resolution=(rows, columns), heads=heads)


def _layer(model: keras.Model, name: str | None) -> keras.layers.Layer:
    if name is None:
        convolutions = [layer for layer in visual_layers(model) if is_convolution(layer)]
        if not convolutions:
            raise WrongName("the network has no convolution layer, which a heatmap needs")
        return convolutions[-1]
    layer = find_layers(model, [name])[0]
    if len(layer.output.shape) != 4:
        raise WrongName(f"layer {name!r} has no maps left to draw a heatmap from; take one before")
    return layer


def _enlarge(evidence: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """(n, rows, columns) >= 0 -> (n, *size), the greatest cell of each image worth 1."""
    peak = evidence.max(axis=(1, 2), keepdims=True)
    shares = np.divide(evidence, peak, out=np.zeros_like(evidence), where=peak > 0)
    return np.asarray(tf.image.resize(shares[..., np.newaxis], size, "bilinear"))[..., 0]


def overlay(picture: np.ndarray, heatmap: np.ndarray) -> np.ndarray:
    """(h, w, 3) uint8 under (h, w) in [0, 1] -> (h, w, 3) in [0, 1]; heat hides, cold shows."""
    share = 0.7 * heatmap[..., np.newaxis]
    return np.asarray((1 - share) * picture / 255 + share * _colours(heatmap))


def _colours(heatmap: np.ndarray) -> np.ndarray:
    return np.asarray(matplotlib.colormaps[HEAT](heatmap))[..., :3]


def draw_heatmaps(
    info: HeatmapsInfo,
    images: np.ndarray,
    truth: Mapping[str, np.ndarray] | None = None,
    names: Mapping[str, Sequence[str]] | None = None,
) -> Figure:
    """A row an image: input, then heatmap and overlay of each head with true and predicted."""
    blocks = 2 if len(info.heads) == 1 else 1  # a narrow table is set in two columns
    rows = -(-len(images) // blocks)
    across = 1.15 + 2.15 * len(info.heads)
    inch, pitch = (1.25, 1.42) if blocks == 2 else (0.9, 1.5)
    right = blocks * across + 0.35 * (blocks - 1)
    axes = new_grid(0, -0.4, right + 0.55, pitch * rows - 0.1, inch)
    for block in range(blocks):
        _write_heads(axes, info, block * (across + 0.35))
    for place, picture in enumerate(as_rgb(images)):
        left, top = (place // rows) * (across + 0.35), pitch * (place % rows)
        tile(axes, picture, left, top)
        for number, head in enumerate(info.heads):
            x = left + 1.15 + 2.15 * number
            image = tile(axes, head.maps[place], x, top, cmap=HEAT, vmin=0, vmax=1)
            tile(axes, overlay(picture, head.maps[place]), x + 1, top)
            if head.empty[place]:
                over_tile(axes, "no positive\nevidence", x, top)
            _write_verdict(axes, head, place, truth, names, x, top + SIDE, 2 * inch)
    height = min(pitch * rows, 4.0) - pitch + SIDE
    bar = axes.inset_axes((right + 0.05, 0, 0.12, height), transform=axes.transData)
    figure_of(axes).colorbar(image, cax=bar, ticks=[0, 0.5, 1], format="{x:.0%}")
    bar.set_title("evidence", fontsize=7.5, weight="normal")
    bar.yaxis.set_tick_params(labelsize=7)
    return figure_of(axes)


def _write_heads(axes: Axes, info: HeatmapsInfo, left: float) -> None:
    """The words above the columns, from x = left on."""
    axes.text(left + SIDE / 2, -0.06, "input", ha="center", fontsize=8)
    for number, head in enumerate(info.heads):
        x = left + 1.15 + 2.15 * number
        axes.text(x + SIDE / 2, -0.06, "heatmap", ha="center", fontsize=8)
        axes.text(x + 1 + SIDE / 2, -0.06, "overlay", ha="center", fontsize=8)
        if head.head != SINGLE_HEAD:
            middle = x + (1 + SIDE) / 2
            axes.text(middle, -0.25, head.head, ha="center", fontsize=9, weight="bold")


def _write_verdict(
    axes: Axes,
    head: HeadHeatmaps,
    place: int,
    truth: Mapping[str, np.ndarray] | None,
    names: Mapping[str, Sequence[str]] | None,
    x: float,
    y: float,
    inches: float,
) -> None:
    """True and predicted class below a heatmap and its overlay."""
    predicted = int(head.predicted[place])
    told = f"predicted {class_name(names, head.head, predicted)}, {head.probability[place]:.0%}"
    right = True
    if truth:
        actual = int(truth[head.head][place])
        right = actual == predicted
        told = f"{'✓' if right else '✗'} {told}"
        axes.text(x, y + 0.05, f"true {class_name(names, head.head, actual)}", va="top", fontsize=7)
    words = "\n".join(textwrap.wrap(told, int(17 * inches)))
    axes.text(x, y + 0.05 + 0.14 / inches * 2, words, va="top", fontsize=7,
              color=PALETTE["ink" if right else "bad"])  # fmt: skip


def caption(info: HeatmapsInfo, images: int, truth: Mapping[str, np.ndarray] | None) -> str:
    """What to see in the figure, with its numbers."""
    rows, columns = info.resolution
    height, width = info.heads[0].maps.shape[1:]
    told = (
        f"Grad-CAM of {images} images at layer {info.layer}: bright is where the network finds "
        f"evidence for the class it predicts, as a share of the image's greatest. The layer has "
        f"{rows} × {columns} cells for {height} × {width} pixels"  # noqa: RUF001
    )
    coarse = min(height // rows, width // columns)
    told += f", so a patch is no finer than {coarse} pixels." if coarse > 1 else "."
    if truth:
        right = [
            f"{int((head.predicted == truth[head.head][:images]).sum())} of {images}"
            + ("" if head.head == SINGLE_HEAD else f" ({head.head})")
            for head in info.heads
        ]
        told += f" Predicted right: {', '.join(right)}."
    empty = sum(int(head.empty.sum()) for head in info.heads)
    if empty:
        told += f" {empty} of {images * len(info.heads)} maps show no positive evidence."
    return told


def pictures(
    model: keras.Model,
    network: NetworkName | None,
    images: np.ndarray,
    truth: Mapping[str, np.ndarray] | None,
    names: Mapping[str, Sequence[str]] | None,
    directory: Path,
    layers: Sequence[str] | None = None,
    rows: int = SHOWN_IMAGES,
) -> list[Picture]:
    """Draw the heatmaps into the directory: one figure for the last convolution layer.

    Args:
        model: Its heads end in softmax or in one sigmoid neuron.
        network: Which of the study's networks it is; None for any other model.
        images: (n, height, width, channels), pixels 0 to 255; the first `rows` are drawn.
        truth: Head -> (n,) true class indices; None if unknown.
        names: Head -> class names in class order; None if unknown.
        directory: Where the PNG files go.
        layers: Names of layers, a figure each; the last convolution layer if None.
        rows: Images to draw.

    Raises:
        WrongName: as `heatmaps_info`.
    """
    images = images[:rows]
    made = []
    for layer in layers or [None]:
        info = heatmaps_info(model, images, layer)
        file = file_name("heatmaps", network, layer)
        save(draw_heatmaps(info, images, truth, names), directory / file)
        heads = ", ".join(head.head for head in info.heads)
        made.append(
            Picture(
                file=file,
                section="heatmaps",
                network=network,
                title=f"Heatmaps at {info.layer}, {whose(network)}",
                caption=caption(info, len(images), truth),
                alt=f"{len(images)} images, each beside its heatmap and the heatmap laid over it, "
                f"with true and predicted class ({heads}).",
            )
        )
    return made
