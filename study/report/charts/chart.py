"""What the page knows of an interactive chart, and what it says of a trial under the pointer."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from study.machine.foreign_text import visible
from study.records.trial import Trial
from study.records.wording import duration, percent, several, value
from study.report.gallery import Figure

LONGEST_ERROR = 120
"""Characters of a failed trial's error under the pointer; the table has all of it."""
PAIRS_A_LINE = 2
BLOCKS = "▁▂▃▄▅▆▇█"
"""Of a curve under the pointer, from its lowest value to its highest."""
FLAT = BLOCKS[3]
GAP = "·"
"""Of an epoch whose value is no number."""
MOST_BLOCKS = 20
"""A longer curve is told by so many of its epochs, evenly spaced."""


@dataclass(frozen=True)
class Chart:
    """A chart that the browser draws when it is scrolled to."""

    key: str
    """Its name within the problem's section."""
    title: str
    caption: str
    alt: str
    """What it shows, for someone who cannot see it."""
    figure: dict[str, Any]
    """plotly's: data and layout. `layout.height` is in CSS pixels; a point's or a line's
    `customdata` is its trial's number; a colour may be `var(--NAME)`, the page's."""
    reading: str = ""
    """How to read a chart of its kind, if it is an uncommon one."""
    gestures: str = ""
    """What else than pointing and clicking it answers to."""
    twin: Figure | None = None
    """The same as a picture, for paper and where no scripts run, if the run's figures are drawn."""
    more: bool = False
    """Not shown until asked for."""
    width: int = 0
    """Narrower than so many CSS pixels it scrolls sideways."""
    full: bool = False
    """Alone in its row on a wide screen."""

    @property
    def height(self) -> int:
        """In CSS pixels, on a wide screen."""
        return int(self.figure["layout"]["height"])


@dataclass(frozen=True)
class Explore:
    """The interactive charts of one problem's search."""

    charts: tuple[Chart, ...]
    curves: Chart | None
    """Of the trial that is picked: traces of all, `meta` is the number of each one's trial."""
    labels: dict[str, list[str]]
    """Trial's number -> what is said of it under the pointer: its result, its cost, its
    curve if it left one, and lines of hyperparameters."""
    notes: tuple[str, ...]
    """Which charts are missing, and why."""

    @property
    def drawn(self) -> bool:
        """Whether there is a picture of any of them."""
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
    """Lines about a trial: score and epochs, size and time, the metric's curve, hyperparameters."""
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
    """The metric's values on validation in one line; no line if there are none."""
    values = trial.curves.get(f"val_{metric}", [])
    if not values:
        return []
    if len(values) == 1:
        return [f"validation {percent(values[0])}"]
    return [f"validation {percent(values[0])} {sparkline(values)} {percent(values[-1])}"]


def sparkline(values: Sequence[float]) -> str:
    """A block a value, as high as the value lies between the lowest and the highest."""
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
