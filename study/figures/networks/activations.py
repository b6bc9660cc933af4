"""What each convolution and pooling layer makes of some images."""

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import keras
import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from study.data.dataset import Names
from study.figures.palette import DIVERGING, SEQUENTIAL
from study.figures.style import save, styled
from study.figures.tiles import (
    SIDE,
    as_rgb,
    figure_of,
    file_name,
    new_grid,
    row_labels,
    tile,
    whose,
)
from study.networks.saved import (
    as_functional,
    find_layers,
    is_convolution,
    layer_outputs,
    visual_layers,
)
from study.records.base import NetworkName, Picture

SHOWN_IMAGES = 6
SHOWN_CHANNELS = 16


class ActivationsInfo(NamedTuple):
    """What one layer puts out for some images."""

    layer: str
    kind: Literal["convolution", "pooling"]
    maps: np.ndarray
    """(n, h, w, c) float32: the layer's output; global pooling has h = w = 1."""

    @property
    def active(self) -> np.ndarray:
        """(c,) bool: channels that are not zero everywhere on every image."""
        return np.asarray(np.any(self.maps != 0, axis=(0, 1, 2)))


def activations_info(
    model: keras.Model, images: np.ndarray, layers: Sequence[str] | None = None
) -> list[ActivationsInfo]:
    """The output of each layer for raw images.

    Args:
        model: Any plain Keras model of images.
        images: (n, height, width, channels), pixels 0 to 255.
        layers: Names of convolution and pooling layers; all of them if None.

    Raises:
        WrongName: a layer that is not there, or a network with another one nested inside.
    """
    model = as_functional(model)
    chosen = visual_layers(model) if layers is None else find_layers(model, layers)
    return [
        ActivationsInfo(
            layer=layer.name,
            kind="convolution" if is_convolution(layer) else "pooling",
            maps=_as_maps(output),
        )
        for layer, output in zip(chosen, layer_outputs(model, chosen, images), strict=True)
    ]


def _as_maps(output: np.ndarray) -> np.ndarray:
    """(n, h, w, c) as it is, (n, c) of global pooling as (n, 1, 1, c)."""
    return output if output.ndim == 4 else output[:, np.newaxis, np.newaxis, :]


def most_active(maps: np.ndarray, limit: int) -> np.ndarray:
    """The channels of (n, h, w, c) maps with the greatest mean magnitude, in channel order."""
    strength = np.abs(maps).mean(axis=(0, 1, 2))
    return np.sort(np.argsort(-strength, kind="stable")[:limit])


def colour_scale(maps: np.ndarray) -> tuple[str, Normalize]:
    """One colour map and its range for all maps.

    The outermost 0.2% of the values share the colours at the ends: a few very strong pixels
    would leave the rest in the dark. Where values go about as far below zero as above, zero is
    in the middle.
    """
    low, high = (float(end) for end in np.quantile(maps, (0.002, 0.998)))
    if low == high:
        low, high = float(maps.min()), float(maps.max())
    if low < 0 and -low > high / 4:
        end = max(-low, high)
        return DIVERGING, Normalize(-end, end)
    low = min(low, 0)
    return SEQUENTIAL, Normalize(low, high if high > low else low + 1)


def draw_activations(
    info: ActivationsInfo,
    images: np.ndarray,
    labels: Sequence[str],
    channels: int = SHOWN_CHANNELS,
) -> Figure:
    """Images down, the most active channels across, one colour scale for all of them."""
    shown = most_active(info.maps, channels)
    cmap, norm = colour_scale(info.maps[..., shown])
    words = ["\n".join(textwrap.wrap(label, 16)) for label in labels]
    longest = max(len(line) for label in words for line in label.split("\n"))
    first, right = 1.25, 1.25 + len(shown)  # the input stands a little apart from the channels
    rows = len(images)
    with styled():
        axes = new_grid(-0.25 - 0.15 * longest, -0.45, right + 1.7, rows, inch=0.44)
        axes.text(SIDE / 2, -0.12, "input", ha="center", fontsize=8)
        for column, channel in enumerate(shown):
            axes.text(first + column + SIDE / 2, -0.12, str(channel), ha="center", fontsize=8)
        for row, (picture, label) in enumerate(zip(as_rgb(images), words, strict=True)):
            axes.text(-0.15, row + SIDE / 2, label, ha="right", va="center", fontsize=7.5)
            tile(axes, picture, 0, row)
            for column, channel in enumerate(shown):
                picture = info.maps[row, :, :, channel]
                tile(axes, picture, first + column, row, cmap=cmap, norm=norm)
        bar = axes.inset_axes((right + 0.15, 0, 0.22, rows - 1 + SIDE), transform=axes.transData)
        scale = ScalarMappable(norm, cmap)
        figure_of(axes).colorbar(scale, cax=bar).set_label("activation", fontsize=8)
        bar.tick_params(labelsize=7)
    return figure_of(axes)


def caption(info: ActivationsInfo, shown: int, channels: int = SHOWN_CHANNELS) -> str:
    """What to see in the figure of this layer, with its numbers."""
    _, height, width, total = info.maps.shape
    size = "one number" if height * width == 1 else f"a {height} × {width} map"  # noqa: RUF001
    which = (
        f"all {total} channels"
        if total <= channels
        else f"{channels} of {total} channels, the most active"
    )
    silent = int(total - info.active.sum())
    quiet = (
        "every channel responds to at least one of the images"
        if not silent
        else f"{silent} of {total} channels stay at zero on all {shown} images"
    )
    return (
        f"Output of {info.kind} layer {info.layer}, {size} a channel: {which}, one a column, for "
        f"{shown} images. One colour scale for all tiles; {quiet}."
    )


def pictures(
    model: keras.Model,
    network: NetworkName | None,
    images: np.ndarray,
    truth: Mapping[str, np.ndarray] | None,
    names: Names | None,
    directory: Path,
    layers: Sequence[str] | None = None,
    rows: int = SHOWN_IMAGES,
) -> list[Picture]:
    """Draw a figure of each convolution and pooling layer into the directory.

    Args:
        model: Any plain Keras model of images.
        network: Which of the study's networks it is; None for any other model.
        images: (n, height, width, channels), pixels 0 to 255; the first `rows` are drawn.
        truth: Head -> (n,) true class indices; None if unknown.
        names: Head -> class names in class order; None if unknown.
        directory: Where the PNG files go.
        layers: Names of layers; all convolution and pooling layers if None.
        rows: Images to draw.

    Raises:
        WrongName: a layer that is not there, or a network with another one nested inside.
    """
    images = images[:rows]
    labels = row_labels(truth, names, len(images))
    made = []
    for info in activations_info(model, images, layers):
        file = file_name("activations", network, info.layer)
        save(draw_activations(info, images, labels), directory / file)
        made.append(
            Picture(
                file=file,
                section="activations",
                network=network,
                title=f"Activations of {info.layer}, {whose(network)}",
                caption=caption(info, len(images)),
                alt=f"Grid of activation maps of {info.kind} layer {info.layer}: a row for each of "
                f"{len(images)} images ({'; '.join(labels)}), a column a channel.",
            )
        )
    return made
