"""The heatmap methods side by side, on the same images."""

from pathlib import Path

import numpy as np
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from study.data.dataset import Names
from study.explanation.arrays import MethodsInfo
from study.figures.palette import SEQUENTIAL
from study.figures.style import save, styled
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
from study.records.base import NetworkName
from study.records.finding import METHOD_NAMES
from study.records.picture import Picture

READING = (
    "Each column is an image, each row a method. Bright is where the method finds evidence for the "
    "class written above, dark where it finds none. Every map is scaled by its own maximum, so "
    "brightness can be compared within a map but not between maps. The three CAMs add up the "
    "channels of one layer and are as coarse as that layer: Grad-CAM and Grad-CAM++ weight a "
    "channel by the gradient of the class, Score-CAM by the network's answer when it sees the "
    "image only where the channel is active. SmoothGrad shows how strongly the answer depends on "
    "each pixel, for or against, averaged over noisy copies of the image. What all four methods "
    "show is less likely to be an artefact of one of them."
)
INCH = 0.87
"""Side of a tile, in inches: the two networks' figures fit side by side."""


def draw_methods(info: MethodsInfo, images: np.ndarray, names: Names | None) -> Figure:
    """One column per image: the input, then its heatmap by each method."""
    left = -1.15
    with styled():
        axes = new_grid(left, -0.32, len(images), 1 + len(info.maps), INCH)
        axes.text(left, SIDE / 2, "input", va="center", fontsize=8)
        for row, method in enumerate(info.maps, start=1):
            axes.text(left, row + SIDE / 2, METHOD_NAMES[method], va="center", fontsize=8)
        for column, picture in enumerate(as_rgb(images)):
            head, index = info.explained[column]
            told = class_name(names, head, index)
            if info.heads > 1:
                told = f"{head}: {told}"
            axes.text(column + SIDE / 2, -0.06, told, ha="center", fontsize=6.5)
            tile(axes, picture, column, 0)
            for row, maps in enumerate(info.maps.values(), start=1):
                tile(axes, maps[column], column, row, cmap=SEQUENTIAL, norm=Normalize(0, 1))
                if not maps[column].any():
                    over_tile(axes, "no positive\nevidence", column, row)
    return figure_of(axes)


def pictures(
    info: MethodsInfo,
    network: NetworkName,
    images: np.ndarray,
    names: Names | None,
    directory: Path,
) -> list[Picture]:
    """Draw the methods side by side into methods_NETWORK.png in the directory, which exists.

    Args:
        info: Heatmaps of the first of these images.
        network: Which of the study's networks it is.
        images: (n, height, width, channels), pixels 0 to 255.
        names: Head -> class names in class order; None if unknown.
        directory: The folder the picture goes into.
    """
    images = images[: len(info.explained)]
    file = file_name("methods", network)
    save(draw_methods(info, images, names), directory / file)
    asked = (
        "the class that one head predicts, the heads taking turns"
        if info.heads > 1
        else "the predicted class"
    )
    return [
        Picture(
            file=file,
            kind="methods",
            section="trust",
            network=network,
            title=f"Heatmaps by four methods, {whose(network)}",
            caption=f"The same {len(images)} test images explained by four methods for {asked} "
            f"(written above). The CAMs explain layer {info.layer}, which has "
            f"{info.resolution[0]} × {info.resolution[1]} cells; SmoothGrad resolves "  # noqa: RUF001
            f"single pixels, from {info.samples} noisy copies; Score-CAM tried {info.channels} "
            "channels. Where the methods differ, they cannot all be right.",
            alt=f"{len(images)} images, each above its heatmaps by "
            f"{', '.join(METHOD_NAMES[method] for method in info.maps)}.",
            reading=READING,
        )
    ]
