"""Where in an image a network finds its evidence, one figure per method."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from study.data.dataset import Names
from study.data.ground import has_even_ground
from study.explanation.arrays import HeadHeatmaps, HeatmapsInfo
from study.figures.palette import PALETTE, SEQUENTIAL
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

PHOTOGRAPH_SHARE = 0.5
"""Share of a photograph in an overlay; the rest is the heatmap."""
LUMINANCE = (0.2126, 0.7152, 0.0722)
"""Weights of red, green and blue in perceived brightness (ITU-R BT.709)."""


def overlay(picture: np.ndarray, heatmap: np.ndarray) -> np.ndarray:
    """The picture and the heatmap in one, so that neither hides the other.

    In a drawing on a uniform ground, the pixels that differ from its median colour are drawn on top
    of the heatmap. A photograph keeps only its brightness, mixed half and half with the heatmap,
    because its colours would be mistaken for heat.

    Args:
        picture: (h, w, 3) uint8.
        heatmap: (h, w) in [0, 1].

    Returns:
        (h, w, 3) in [0, 1].
    """
    colours, share = picture / 255, np.array(PHOTOGRAPH_SHARE)
    if has_even_ground(picture[np.newaxis]):
        background = np.median(colours, axis=(0, 1))
        share = 0.8 * np.abs(colours - background).max(axis=-1, keepdims=True)
    else:
        colours = (colours @ LUMINANCE)[..., np.newaxis]
    heat = matplotlib.colormaps[SEQUENTIAL](heatmap)[..., :3]
    return np.asarray(share * colours + (1 - share) * heat)


class _Layout(NamedTuple):
    """Where things are, in tiles; with a single head, the images are set in two columns."""

    blocks: int
    rows: int
    across: float
    """Width of a block: the input, then a heatmap and an overlay for each head."""
    pitch: float
    """Distance from one row to the next."""
    inch: float
    """Side of a tile, in inches."""

    @property
    def right(self) -> float:
        return self.blocks * self.across + (self.blocks - 1) * 0.35

    def corner(self, place: int) -> tuple[float, float]:
        """The left and top end of an image's row."""
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
    names: Names | None = None,
) -> Figure:
    """One row per image: input, then each head's heatmap, overlay, true and predicted class."""
    layout, norm = _layout(len(info.heads), len(images)), Normalize(0, 1)
    top = -0.45 if info.named else -0.22
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
    """The words above the columns, starting at x = left."""
    axes.text(left + SIDE / 2, -0.06, "input", ha="center", fontsize=8)
    for number, head in enumerate(info.heads):
        x = left + 1.1 + 2.15 * number
        axes.text(x + SIDE / 2, -0.06, "heatmap", ha="center", fontsize=8)
        axes.text(x + 1 + SIDE / 2, -0.06, "overlay", ha="center", fontsize=8)
        if info.named:
            middle = x + (1 + SIDE) / 2
            axes.text(middle, -0.24, head.head, ha="center", fontsize=9, weight="bold")


def _write_verdict(
    axes: Axes,
    head: HeadHeatmaps,
    place: int,
    truth: Mapping[str, np.ndarray] | None,
    names: Names | None,
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


def caption(
    info: HeatmapsInfo,
    images: int,
    truth: Mapping[str, np.ndarray] | None,
    names: Names | None = None,
) -> str:
    """What to see in the figure, with its numbers."""
    height, width = info.heads[0].maps.shape[1:]
    asked = "the class it predicts"
    if info.target is not None:
        asked = f"class {class_name(names, info.heads[0].head, info.target)}"
    where = f" at layer {', '.join(info.layers)}" if info.at_layer else ""
    told = (
        f"{METHOD_NAMES[info.method]} of {images} images{where}: bright is where the network finds "
        f"evidence for {asked}, relative to the maximum of each map."
    )
    for layer, (rows, columns) in info.layers.items() if info.at_layer else ():
        which = "The layer" if len(info.layers) == 1 else f"Layer {layer}"
        told += f" {which} has {rows} × {columns} cells for {height} × {width} pixels"  # noqa: RUF001
        coarse = min(height // rows, width // columns)
        told += f", so the map is no finer than {coarse} pixels." if coarse > 1 else "."
    if info.method == "scorecam":
        told += (
            f" For each image the {info.channels} channels that vary most were tried, or all if "
            "there are fewer."
        )
    if truth:
        right = [
            f"{int((head.predicted == truth[head.head][:images]).sum())} of {images}"
            + (f" ({head.head})" if info.named else "")
            for head in info.heads
        ]
        told += f" Predicted correctly: {', '.join(right)}."
    empty = sum(int(head.empty.sum()) for head in info.heads)
    if empty:
        told += f" {empty} of {images * len(info.heads)} maps show no positive evidence."
    return told


def pictures(
    infos: Sequence[HeatmapsInfo],
    network: NetworkName | None,
    images: np.ndarray,
    truth: Mapping[str, np.ndarray] | None,
    names: Names | None,
    directory: Path,
) -> list[Picture]:
    """Draw heatmaps into the directory, one figure per method and layer.

    Args:
        infos: Heatmaps of a network for these images.
        network: Which of the study's networks it is; None for any other model.
        images: (n, height, width, channels), pixels 0 to 255.
        truth: Head -> (n,) true class indices; None if unknown.
        names: Head -> class names in class order; None if unknown.
        directory: Where the PNG files go.
    """
    made = []
    for info in infos:
        kind = "heatmaps" if info.method == "gradcam" else f"heatmaps_{info.method}"
        file = file_name(kind, network, info.asked_layer)
        save(draw_heatmaps(info, images, truth, names), directory / file)
        heads = ", ".join(head.head for head in info.heads)
        by = "" if info.method == "gradcam" else f" by {METHOD_NAMES[info.method]}"
        where = f" at {', '.join(info.layers)}" if info.at_layer else ""
        made.append(
            Picture(
                file=file,
                kind=f"{kind}_{info.asked_layer}" if info.asked_layer else kind,
                section="heatmaps",
                network=network,
                title=f"Heatmaps{by}{where}, {whose(network)}",
                caption=caption(info, len(images), truth, names),
                alt=f"{len(images)} images, each beside its heatmap and the heatmap laid over "
                f"it, with true and predicted class ({heads}).",
            )
        )
    return made
