"""What the page knows about an interactive chart, and the label of a trial under the pointer."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from study.machine.foreign_text import visible
from study.records.trial import Trial
from study.report.gallery import Figure
from study.wording import duration, percent, several, value

LONGEST_ERROR = 120
"""Characters of a failed trial's error under the pointer; the table has the whole error."""
PAIRS_A_LINE = 2
BLOCKS = "▁▂▃▄▅▆▇█"
"""Blocks of a curve under the pointer, from its lowest value to its highest."""
FLAT = BLOCKS[3]
GAP = "·"
"""Mark of an epoch whose value is not a finite number."""
MOST_BLOCKS = 20
"""A longer curve is shown by this many of its epochs, evenly spaced."""


@dataclass(frozen=True)
class Chart:
    """A chart that the browser draws when it is scrolled to."""

    key: str
    """The chart's name within the problem's section."""
    title: str
    caption: str
    alt: str
    """What the chart shows, for someone who cannot see it."""
    figure: dict[str, Any]
    """plotly's data and layout. `layout.height` is in CSS pixels; the `customdata` of a point or a
    line is its trial's number; a colour may be one of the page's, `var(--NAME)`."""
    reading: str = ""
    """How to read a chart of this kind, if it is an uncommon one."""
    gestures: str = ""
    """What the chart responds to besides pointing and clicking."""
    twin: Figure | None = None
    """The chart as a picture, for paper and for pages without scripts, if figures are drawn."""
    more: bool = False
    """Whether the chart is hidden until the reader opens a fold."""
    width: int = 0
    """Smallest width in CSS pixels; on narrower screens the chart scrolls sideways."""
    full: bool = False
    """Whether the chart has a row of its own on a wide screen."""

    @property
    def height(self) -> int:
        """Height in CSS pixels on a wide screen."""
        return int(self.figure["layout"]["height"])


@dataclass(frozen=True)
class Explore:
    """The interactive charts of one problem's search."""

    charts: tuple[Chart, ...]
    curves: Chart | None
    """Learning curves of the picked trial: traces of all trials, whose `meta` is their number."""
    labels: dict[str, list[str]]
    """Trial's number -> its label under the pointer: result, cost, curve if it has one, and lines
    of hyperparameters."""
    notes: tuple[str, ...]
    """Says which charts are missing, and why."""

    @property
    def drawn(self) -> bool:
        """Whether any of the charts has a picture."""
        return any(chart.twin for chart in self.charts)

    @property
    def open(self) -> tuple[Chart, ...]:
        """The charts shown at once."""
        return tuple(chart for chart in self.charts if not chart.more)

    @property
    def more(self) -> tuple[Chart, ...]:
        """The charts behind a fold."""
        return tuple(chart for chart in self.charts if chart.more)


def label(trial: Trial, metric: str) -> list[str]:
    """A trial's label: score and epochs, size and time, the metric's curve, hyperparameters."""
    if trial.score is None:
        result = f"failed: {trial.error or 'no score'}"
        result = result if len(result) <= LONGEST_ERROR else f"{result[: LONGEST_ERROR - 1]}…"
    else:
        result = f"{percent(trial.score)} in {several(trial.epochs, 'epoch')}"
    size = [] if trial.parameters is None else [several(trial.parameters, "parameter")]
    pairs = [f"{name} {value(setting)}" for name, setting in trial.hyperparameters.items()]
    lines = [
        result,
        ", ".join([*size, duration(trial.seconds)]),
        *_curve(trial, metric),
        *(" · ".join(pairs[i : i + PAIRS_A_LINE]) for i in range(0, len(pairs), PAIRS_A_LINE)),
    ]
    return [*map(visible, lines)]


def _curve(trial: Trial, metric: str) -> list[str]:
    """One line with the metric's values on validation; no line if there are none."""
    values = trial.curves.get(f"val_{metric}", [])
    if not values:
        return []
    if len(values) == 1:
        return [f"validation {percent(values[0])}"]
    return [f"validation {percent(values[0])} {sparkline(values)} {percent(values[-1])}"]


def sparkline(values: Sequence[float]) -> str:
    """One block per value, whose height shows where it lies between the lowest and the highest."""
    epochs = np.linspace(0, len(values) - 1, min(len(values), MOST_BLOCKS)).round().astype(int)
    shown = [values[epoch] for epoch in epochs]
    finite = [value for value in shown if math.isfinite(value)]
    low, high = min(finite, default=0), max(finite, default=0)
    return "".join(_block(value, low, high) for value in shown)


def _block(value: float, low: float, high: float) -> str:
    if not math.isfinite(value):
        return GAP
    if low == high:
        return FLAT
    return BLOCKS[round((value - low) / (high - low) * (len(BLOCKS) - 1))]
