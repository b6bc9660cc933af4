"""Pictures in a grid on one axes, with words beside them: shared by the figures of networks.

The tile of column x and row y covers [x, x + SIDE] by [y, y + SIDE] of the axes' coordinates,
y downwards; the rest of the unit square is gap.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from study.data.dataset import Names
from study.figures.palette import PALETTE
from study.figures.style import new_figure
from study.records.base import NetworkName

SIDE = 0.94
MARGIN = 0.06
"""Margin around the grid, in inches."""


def new_grid(left: float, top: float, right: float, bottom: float, inch: float) -> Axes:
    """Bare axes that show [left, right] by [top, bottom] at that many inches per unit.

    They fill their figure, so the range must include room for the words.
    """
    width, height = (right - left) * inch, (bottom - top) * inch
    figure = new_figure(width + 2 * MARGIN, height + 2 * MARGIN)
    figure.set_layout_engine("none")
    x, y = MARGIN / figure.get_figwidth(), MARGIN / figure.get_figheight()
    axes = figure.add_axes((x, y, 1 - 2 * x, 1 - 2 * y), xlim=(left, right), ylim=(bottom, top))
    axes.set_axis_off()
    return axes


def figure_of(axes: Axes) -> Figure:
    """The figure the axes are in."""
    figure = axes.figure
    assert isinstance(figure, Figure)
    return figure


def tile(axes: Axes, picture: np.ndarray, x: float, y: float, **look: Any) -> AxesImage:
    """Show a picture as the tile at x, y: (h, w, 3) colours, or (h, w) numbers by cmap and norm."""
    extent = (x, x + SIDE, y + SIDE, y)
    image = AxesImage(axes, extent=extent, interpolation="nearest", **look)  # faster than imshow
    image.set_data(picture)
    axes.add_image(image)
    return image


def over_tile(axes: Axes, words: str, x: float, y: float) -> None:
    """Words in the middle of a tile, readable on any picture."""
    box = {"boxstyle": "round,pad=0.25", "color": PALETTE["ink"], "alpha": 0.85, "linewidth": 0}
    middle = (x + SIDE / 2, y + SIDE / 2)
    axes.text(*middle, words, ha="center", va="center", fontsize=7, color="white", bbox=box)


def as_rgb(images: np.ndarray) -> np.ndarray:
    """(n, h, w, 1 or 3) pixels 0 to 255 -> (n, h, w, 3) uint8."""
    return np.broadcast_to(images, (*images.shape[:3], 3)).astype(np.uint8)


def class_name(names: Names | None, head: str, index: int) -> str:
    """The class's name, or its index if it has none."""
    known = names.get(head, ()) if names else ()
    return known[index] if index < len(known) else str(index)


def row_labels(truth: Mapping[str, np.ndarray] | None, names: Names | None, rows: int) -> list[str]:
    """What each of the first images shows: its true classes, or its number if unknown."""
    if not truth:
        return [f"image {row + 1}" for row in range(rows)]
    return [
        ", ".join(class_name(names, head, int(labels[row])) for head, labels in truth.items())
        for row in range(rows)
    ]


def file_name(kind: str, network: NetworkName | None, layer: str | None = None) -> str:
    """`kind_network_layer.png`; two layers never share one, and none leaves its folder."""
    parts = [kind, network, layer and quote(layer, safe="")]
    return "_".join(part for part in parts if part) + ".png"


def whose(network: NetworkName | None) -> str:
    """What a title or caption calls the network."""
    return f"{network} network" if network else "network"
