"""Activations of each convolution and pooling layer for some images."""

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from study.data.dataset import Names
from study.explanation.arrays import ActivationsInfo
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
from study.records.base import NetworkName
from study.records.picture import Picture


def colour_scale(maps: np.ndarray) -> tuple[str, Normalize]:
    """One colour map and its range for all maps.

    The outermost 0.2% of the values share the colours at the ends, because a few very strong pixels
    would leave the rest in the dark. If values reach about as far below zero as above, zero is in
    the middle of the scale.
    """
    low, high = (float(end) for end in np.quantile(maps, (0.002, 0.998)))
    if low == high:
        low, high = float(maps.min()), float(maps.max())
    if low < 0 and -low > high / 4:
        end = max(-low, high)
        return DIVERGING, Normalize(-end, end)
    low = min(low, 0)
    return SEQUENTIAL, Normalize(low, high if high > low else low + 1)


def draw_activations(info: ActivationsInfo, images: np.ndarray, labels: Sequence[str]) -> Figure:
    """One row per image, one column per channel, one colour scale for all tiles."""
    cmap, norm = colour_scale(info.maps)
    words = ["\n".join(textwrap.wrap(label, 16)) for label in labels]
    longest = max(len(line) for label in words for line in label.split("\n"))
    first, right = (
        1.25,
        1.25 + len(info.channels),
    )  # the input stands a little apart from the channels
    rows = len(images)
    with styled():
        axes = new_grid(-0.25 - 0.15 * longest, -0.45, right + 1.7, rows, inch=0.44)
        axes.text(SIDE / 2, -0.12, "input", ha="center", fontsize=8)
        for column, channel in enumerate(info.channels):
            axes.text(first + column + SIDE / 2, -0.12, str(channel), ha="center", fontsize=8)
        for row, (picture, label) in enumerate(zip(as_rgb(images), words, strict=True)):
            axes.text(-0.15, row + SIDE / 2, label, ha="right", va="center", fontsize=7.5)
            tile(axes, picture, 0, row)
            for column in range(len(info.channels)):
                picture = info.maps[row, :, :, column]
                tile(axes, picture, first + column, row, cmap=cmap, norm=norm)
        bar = axes.inset_axes((right + 0.15, 0, 0.22, rows - 1 + SIDE), transform=axes.transData)
        scale = ScalarMappable(norm, cmap)
        figure_of(axes).colorbar(scale, cax=bar).set_label("activation", fontsize=8)
        bar.tick_params(labelsize=7)
    return figure_of(axes)


def caption(info: ActivationsInfo) -> str:
    """What to see in the figure of this layer, with its numbers."""
    images, height, width, shown = info.maps.shape
    size = "one number" if height * width == 1 else f"a {height} × {width} map"  # noqa: RUF001
    which = (
        f"all {info.total} channels"
        if shown == info.total
        else f"{shown} of {info.total} channels, the most active"
    )
    quiet = (
        "every channel responds to at least one of the images"
        if not info.silent
        else f"{info.silent} of {info.total} channels stay at zero on all {images} images"
    )
    return (
        f"Output of {info.kind} layer {info.layer}, {size} per channel: {which}, one per column, "
        f"for {images} images. One colour scale for all tiles; {quiet}."
    )


def pictures(
    infos: Sequence[ActivationsInfo],
    network: NetworkName | None,
    images: np.ndarray,
    truth: Mapping[str, np.ndarray] | None,
    names: Names | None,
    directory: Path,
) -> list[Picture]:
    """Draw a figure of each layer into the directory.

    Args:
        infos: Activations of a network's layers for these images.
        network: Which of the study's networks it is; None for any other model.
        images: (n, height, width, channels), pixels 0 to 255.
        truth: Head -> (n,) true class indices; None if unknown.
        names: Head -> class names in class order; None if unknown.
        directory: Where the PNG files go.
    """
    labels = row_labels(truth, names, len(images))
    made = []
    for info in infos:
        file = file_name("activations", network, info.layer)
        save(draw_activations(info, images, labels), directory / file)
        made.append(
            Picture(
                file=file,
                kind=f"activations_{info.layer}",
                section="activations",
                network=network,
                title=f"Activations of {info.layer}, {whose(network)}",
                caption=caption(info),
                alt=f"Grid of activation maps of {info.kind} layer {info.layer}: one row for each "
                f"of {len(images)} images ({'; '.join(labels)}), one column per channel.",
            )
        )
    return made
