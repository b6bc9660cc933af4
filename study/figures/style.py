"""One look for every figure: type, size, and how a figure becomes a file.

Figures are made without pyplot, so no state outlives a call.
"""

import io
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Literal

import matplotlib
import numpy as np
from matplotlib.backend_bases import GraphicsContextBase
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.text import Text
from PIL import Image

from study.figures.palette import PALETTE
from study.machine.files import write_bytes
from study.machine.foreign_text import visible

STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "text.color": PALETTE["ink"],
    "axes.titlesize": 9.5,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "axes.labelsize": 9,
    "axes.labelcolor": PALETTE["ink"],
    "axes.edgecolor": PALETTE["muted"],
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": False,
    "axes.axisbelow": True,
    "grid.color": PALETTE["grid"],
    "grid.linewidth": 0.8,
    "xtick.color": PALETTE["muted"],
    "ytick.color": PALETTE["muted"],
    "xtick.labelcolor": PALETTE["ink"],
    "ytick.labelcolor": PALETTE["ink"],
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "lines.linewidth": 1.6,
    "image.interpolation": "nearest",
    "figure.facecolor": "white",
    "text.parse_math": False,  # a $ in a layer's or class's name is a $
}
"""matplotlib settings of every figure."""

DPI = 120
"""Dots per inch: a figure 8 inches wide is 960 px, sharp at the report's column width."""

COLORS = 256
"""A PNG with a palette of so many colours is about a third as heavy as one without."""


def styled() -> AbstractContextManager[None]:
    """The study's look for everything drawn inside: `with styled(): ...`.

    The user's `matplotlibrc` is ignored: it could turn every tile upside down.
    """
    defaults = {key: value for key, value in matplotlib.rcParamsDefault.items() if key != "backend"}
    return matplotlib.rc_context(defaults | STYLE)


def new_figure(width_in: float, height_in: float) -> Figure:
    """An empty figure of that size in inches, in the study's look, with automatic layout."""
    with styled():
        return Figure(figsize=(width_in, height_in), dpi=DPI, layout="constrained")


def save(figure: Figure, path: Path) -> None:
    """Write the figure as PNG, whole or not at all."""
    write_bytes(path, png(figure))


def png(figure: Figure) -> bytes:
    """The figure as PNG: the same bytes for the same figure."""
    canvas, packed = _Canvas(figure), io.BytesIO()
    with styled():
        canvas.draw()
    drawn = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
    # Maximum coverage: the usual median cut gives rare colours, such as a thin line's, away.
    few = drawn.quantize(COLORS, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    few.save(packed, format="PNG", optimize=True)
    return packed.getvalue()


class _Renderer(RendererAgg):
    """Draws text literally, such as names of layers and classes, and interprets none of it."""

    def draw_text(
        self,
        gc: GraphicsContextBase,
        x: float,
        y: float,
        s: str,
        prop: FontProperties,
        angle: float,
        ismath: bool | Literal["TeX"] = False,
        mtext: Text | None = None,
    ) -> None:
        super().draw_text(gc, x, y, visible(s), prop, angle, ismath, mtext)

    def get_text_width_height_descent(
        self, s: str, prop: FontProperties, ismath: bool | Literal["TeX"]
    ) -> tuple[float, float, float]:
        return super().get_text_width_height_descent(visible(s), prop, ismath)


class _Canvas(FigureCanvasAgg):
    """The canvas on which `_Renderer` draws a figure once."""

    def __init__(self, figure: Figure) -> None:
        super().__init__(figure)
        self._own = _Renderer(*self.get_width_height(physical=True), figure.dpi)

    def get_renderer(self) -> RendererAgg:
        return self._own
