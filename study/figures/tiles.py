"""Pictures in a grid on one axes, with words beside them: what the network figures share.

The tile of column x and row y covers [x, x + SIDE] by [y, y + SIDE] of the axes' coordinates,
y downwards; the rest of the unit square is gap.
"""

from collections.abc import Mapping, Sequence
from urllib.parse import quote

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from study.figures.style import PALETTE, new_figure
from study.records import NetworkName

SIDE = 0.94


def new_grid(left: float, top: float, right: float, bottom: float, inch: float) -> Axes:
    """Axes that show [left, right] by [top, bottom] at that many inches a unit, margins extra."""
    figure = new_figure((right - left) * inch + 0.15, (bottom - top) * inch + 0.15)
    axes = figure.add_subplot(xlim=(left, right), ylim=(bottom, top), aspect="equal")
    axes.set_axis_off()
    return axes


def figure_of(axes: Axes) -> Figure:
    """The figure the axes are in."""
    figure = axes.figure
    assert isinstance(figure, Figure)
    return figure


def tile(axes: Axes, picture: np.ndarray, x: float, y: float, **look: object) -> AxesImage:
    """Show a picture, (h, w) numbers or (h, w, 3) colours, as the tile at x, y."""
    limits = axes.get_xlim(), axes.get_ylim()
    image = axes.imshow(picture, extent=(x, x + SIDE, y + SIDE, y), **look)  # type: ignore[arg-type]
    axes.set(xlim=limits[0], ylim=limits[1])
    return image


def over_tile(axes: Axes, words: str, x: float, y: float, **look: object) -> None:
    """Words in the middle of a tile, readable on any picture."""
    axes.text(x + SIDE / 2, y + SIDE / 2, words, ha="center", va="center", fontsize=7, color="white",
              bbox={"boxstyle": "round,pad=0.25", "color": PALETTE["ink"], "alpha": 0.85, "lw": 0},
              **look)  # type: ignore[arg-type]  # fmt: skip


def as_rgb(images: np.ndarray) -> np.ndarray:
    """(n, h, w, 1 or 3) pixels 0 to 255 -> (n, h, w, 3) uint8."""
    return np.broadcast_to(images, (*images.shape[:3], 3)).astype(np.uint8)


def class_name(names: Mapping[str, Sequence[str]] | None, head: str, index: int) -> str:
    """The class's name, or its index if names are unknown."""
    return names[head][index] if names and head in names else str(index)


def row_labels(
    truth: Mapping[str, np.ndarray] | None, names: Mapping[str, Sequence[str]] | None, rows: int
) -> list[str]:
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
    """How a title or caption calls the network."""
    return f"{network} network" if network else "network"
