"""Where in an image a network finds its evidence: Grad-CAM.

Selvaraju et al. 2017, "Grad-CAM: Visual Explanations from Deep Networks via Gradient-based
Localization", section 3: a layer's channels weighted by the mean gradient of the class score,
added up, positive part only.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import keras
import matplotlib
import numpy as np
import tensorflow as tf
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from tf_keras_vis.gradcam import Gradcam
from tf_keras_vis.utils.model_modifiers import ReplaceToLinear
from tf_keras_vis.utils.scores import BinaryScore, CategoricalScore, InactiveScore

from study.errors import WrongName
from study.figures.style import PALETTE, SEQUENTIAL, save, styled
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
    """The picture's foreground on top of the heatmap, so that neither hides the other.

    Foreground is what differs from the picture's median colour, its background.

    Args:
        picture: (h, w, 3) uint8.
        heatmap: (h, w) in [0, 1].

    Returns:
        (h, w, 3) in [0, 1].
    """
    colours = picture / 255
    background = np.median(colours, axis=(0, 1))
    share = 0.8 * np.abs(colours - background).max(axis=-1, keepdims=True)  # of the picture
    heat = matplotlib.colormaps[SEQUENTIAL](heatmap)[..., :3]
    return np.asarray(share * colours + (1 - share) * heat)


class _Layout(NamedTuple):
    """Where things are, in tiles; all images of a single head are set in two columns."""

    blocks: int
    rows: int
    across: float
    """Width of a block: the input and a heatmap with overlay for each head."""
    pitch: float
    """From one row to the next."""
    inch: float
    """A tile's side."""

    @property
    def right(self) -> float:
        return self.blocks * self.across + (self.blocks - 1) * 0.35

    def corner(self, place: int) -> tuple[float, float]:
        """Left and top of an image's row."""
        block, row = divmod(place, self.rows)
        return block * (self.across + 0.35), row * self.pitch


def _layout(heads: int, images: int) -> _Layout:
    blocks = 2 if heads == 1 and images > 1 else 1
    inch, pitch = (1.25, 1.32) if heads == 1 else (0.9, 1.4)
    return _Layout(blocks, -(-images // blocks), 1.1 + 2.15 * heads - 0.2, pitch, inch)


def draw_heatmaps(
    info: HeatmapsInfo,
    images: np.ndarray,
    truth: Mapping[str, np.ndarray] | None = None,
    names: Mapping[str, Sequence[str]] | None = None,
) -> Figure:
    """A row an image: input, then heatmap and overlay of each head with true and predicted."""
    layout, norm = _layout(len(info.heads), len(images)), Normalize(0, 1)
    top = -0.45 if len(info.heads) > 1 else -0.22
    bottom = layout.rows * layout.pitch - 0.06
    with styled():
        axes = new_grid(0, top, layout.right + 0.6, bottom, layout.inch)
        for block in range(layout.blocks):
            _write_heads(axes, info, layout.corner(block * layout.rows)[0])
        for place, picture in enumerate(as_rgb(images)):
            left, y = layout.corner(place)
            tile(axes, picture, left, y)
            for number, head in enumerate(info.heads):
                x = left + 1.1 + 2.15 * number
                tile(axes, head.maps[place], x, y, cmap=SEQUENTIAL, norm=norm)
                tile(axes, overlay(picture, head.maps[place]), x + 1, y)
                if head.empty[place]:
                    over_tile(axes, "no positive\nevidence", x, y)
                _write_verdict(axes, head, place, truth, names, x, y + SIDE, layout.inch)
        height = min(layout.rows - 1, 3) * layout.pitch + SIDE
        bar = axes.inset_axes((layout.right + 0.1, 0, 0.1, height), transform=axes.transData)
        scale = ScalarMappable(norm, SEQUENTIAL)
        figure_of(axes).colorbar(scale, cax=bar, ticks=[0, 0.5, 1], format="{x:.0%}")
        bar.set_title("evidence", fontsize=7.5, weight="normal", loc="left")
        bar.tick_params(labelsize=7)
    return figure_of(axes)


def _write_heads(axes: Axes, info: HeatmapsInfo, left: float) -> None:
    """The words above the columns, from x = left on."""
    axes.text(left + SIDE / 2, -0.06, "input", ha="center", fontsize=8)
    for number, head in enumerate(info.heads):
        x = left + 1.1 + 2.15 * number
        axes.text(x + SIDE / 2, -0.06, "heatmap", ha="center", fontsize=8)
        axes.text(x + 1 + SIDE / 2, -0.06, "overlay", ha="center", fontsize=8)
        if head.head != SINGLE_HEAD:
            middle = x + (1 + SIDE) / 2
            axes.text(middle, -0.24, head.head, ha="center", fontsize=9, weight="bold")


def _write_verdict(
    axes: Axes,
    head: HeadHeatmaps,
    place: int,
    truth: Mapping[str, np.ndarray] | None,
    names: Mapping[str, Sequence[str]] | None,
    x: float,
    y: float,
    inch: float,
) -> None:
    """True and predicted class below a heatmap and its overlay."""
    predicted, sure = int(head.predicted[place]), head.probability[place]
    told = f"predicted {class_name(names, head.head, predicted)}"
    told += ", over 99%" if sure > 0.99 else f", {sure:.0%}"
    line, right = y + 0.04, True
    if truth:
        actual = int(truth[head.head][place])
        right = actual == predicted
        told = f"{'✓' if right else '✗'} {told}"
        axes.text(x, line, f"true {class_name(names, head.head, actual)}", va="top", fontsize=7)
        line += 0.14 / inch
    color = PALETTE["ink" if right else "bad"]
    axes.text(x, line, told, va="top", fontsize=7, color=color)


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
    chosen: Sequence[str | None] = layers or [None]
    for layer in chosen:
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
