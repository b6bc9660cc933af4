"""The methods of making heatmaps side by side, on the same images."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from study.data.dataset import Names
from study.explanation.attribution import Explainer
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
from study.records.base import METHOD_NAMES, METHODS, Method, NetworkName, Picture

MOST_IMAGES = 6
READING = (
    "A column is an image, a row a method. Bright is where the method finds evidence for the class "
    "written above, dark where it finds none; every map is scaled by its own maximum, so that "
    "brightness compares within a map, not between maps. The three CAMs add up the channels of one "
    "layer and are as coarse as it is: Grad-CAM and Grad-CAM++ weigh a channel by the gradient of "
    "the class, Score-CAM by what the network answers when it sees the image only where the "
    "channel is active. SmoothGrad shows how strongly the answer hangs on each pixel, for or "
    "against, averaged over noisy copies of the image. What all of them show is less likely to be "
    "one method's own doing."
)
INCH = 0.87
"""Of a tile: the two networks' figures fit side by side."""


class MethodsInfo(NamedTuple):
    """Heatmaps of some images by every method."""

    layer: str
    explained: list[tuple[str, int]]
    """Head and class of each image."""
    maps: dict[Method, np.ndarray]
    """(n, height, width) in [0, 1]."""


def methods_info(explainer: Explainer, images: np.ndarray, seed: int) -> MethodsInfo:
    """Explain image i for head i modulo their number, and the class predicted there.

    Args:
        images: (n, height, width, channels), pixels 0 to 255.
        seed: Of noise.
    """
    return MethodsInfo(
        layer=explainer.layer,
        explained=explainer.predicted_in_turn(images),
        maps={method: explainer.in_turn(images, method, seed) for method in METHODS},
    )


def draw_methods(info: MethodsInfo, images: np.ndarray, names: Names | None) -> Figure:
    """A column an image: the input, then its heatmap by each method."""
    left, several = -1.15, len({head for head, _ in info.explained}) > 1
    with styled():
        axes = new_grid(left, -0.32, len(images), 1 + len(info.maps), INCH)
        axes.text(left, SIDE / 2, "input", va="center", fontsize=8)
        for row, method in enumerate(info.maps, start=1):
            axes.text(left, row + SIDE / 2, METHOD_NAMES[method], va="center", fontsize=8)
        for column, picture in enumerate(as_rgb(images)):
            head, index = info.explained[column]
            told = class_name(names, head, index)
            if several:
                told = f"{head}: {told}"
            axes.text(column + SIDE / 2, -0.06, told, ha="center", fontsize=6.5)
            tile(axes, picture, column, 0)
            for row, maps in enumerate(info.maps.values(), start=1):
                tile(axes, maps[column], column, row, cmap=SEQUENTIAL, norm=Normalize(0, 1))
                if not maps[column].any():
                    over_tile(axes, "no positive\nevidence", column, row)
    return figure_of(axes)


def pictures(
    explainer: Explainer,
    network: NetworkName,
    images: np.ndarray,
    names: Names | None,
    directory: Path,
    seed: int,
) -> list[Picture]:
    """Draw the methods side by side into methods_NETWORK.png in the directory, which exists.

    Args:
        images: (n, height, width, channels), pixels 0 to 255; the first few are drawn.
        names: Head -> class names in class order; None if unknown.
        seed: Of noise.
    """
    images = images[:MOST_IMAGES]
    info = methods_info(explainer, images, seed)
    file = file_name("methods", network)
    save(draw_methods(info, images, names), directory / file)
    several = len(explainer.heads) > 1
    asked = "one head each, in turn, and the class predicted there" if several else (
        "the class that is predicted"
    )  # fmt: skip
    return [
        Picture(
            file=file,
            section="trust",
            network=network,
            title=f"Four methods, one question, {whose(network)}",
            caption=f"The same {len(images)} test images explained by four methods for {asked} "
            f"(written above). Those named CAM are at layer {info.layer}, "
            f"{explainer.resolution[0]} × {explainer.resolution[1]} cells; SmoothGrad goes down to "  # noqa: RUF001
            f"the pixels, with {explainer.samples} noisy copies; Score-CAM tried "
            f"{explainer.channels} channels. Where they differ, they cannot all be right.",
            alt=f"{len(images)} images, each above its heatmaps by "
            f"{', '.join(METHOD_NAMES[method] for method in info.maps)}.",
            reading=READING,
        )
    ]
