"""What the page knows of an interactive chart, and what it says of a trial under the pointer."""

from dataclasses import dataclass
from typing import Any

from study.records import Trial
from study.report.formats import duration, percent, several, value

LONGEST_ERROR = 120
"""Characters of a failed trial's error under the pointer; the table has all of it."""
PAIRS_A_LINE = 2


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
    """Trial's number -> what is said of it under the pointer: its result, its cost, and lines of
    hyperparameters."""
    notes: tuple[str, ...]
    """Which charts are missing, and why."""

    @property
    def open(self) -> tuple[Chart, ...]:
        """The charts shown at once."""
        return tuple(chart for chart in self.charts if not chart.more)

    @property
    def more(self) -> tuple[Chart, ...]:
        """The charts behind a fold."""
        return tuple(chart for chart in self.charts if chart.more)


def label(trial: Trial) -> list[str]:
    """Lines about a trial: score and epochs, size and time, hyperparameters."""
    if trial.score is None:
        result = f"failed: {trial.error or 'no score'}"
        result = result if len(result) <= LONGEST_ERROR else f"{result[: LONGEST_ERROR - 1]}…"
    else:
        result = f"{percent(trial.score)} in {several(trial.epochs, 'epoch')}"
    size = [] if trial.parameters is None else [several(trial.parameters, "parameter")]
    pairs = [f"{name} {value(setting)}" for name, setting in trial.hyperparameters.items()]
    return [
        result,
        ", ".join([*size, duration(trial.seconds)]),
        *(" · ".join(pairs[i : i + PAIRS_A_LINE]) for i in range(0, len(pairs), PAIRS_A_LINE)),
    ]
