"""The study's look for plotly figures: colours by what they stand for, plain axes, no toolbar.

A colour is named as in the page's style sheet, `var(--tuned)`, and the page fills in its own value,
so that charts are light or dark like the page.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from study.figures.score_axis import SOFT_END, is_wide, wide_ticks
from study.figures.search.scales import Scale
from study.figures.search.searched import BASELINE as FIRST
from study.machine.foreign_text import plotly_text

INK, MUTED, RULE, PAPER = "var(--ink)", "var(--muted)", "var(--rule)", "var(--paper)"
BASELINE, TUNED, GOOD, BAD = "var(--baseline)", "var(--tuned)", "var(--good)", "var(--bad)"
AMOUNTS = "Viridis"
"""plotly's name for `study.figures.palette.SEQUENTIAL`."""
BAND = "rgba(60, 140, 200, .22)"
"""Colour of an interval, on a light and on a dark page."""
SHARE = ".2~%"
"""d3's format for a score: two digits, without trailing zeros."""
CHART_PX = 360
"""Height of a chart, in CSS pixels."""

MOST_TICKS = 15
ROOM = 1.2
"""How far beyond the scores an axis of errors has ticks, as a ratio."""

Trace = dict[str, Any]
Layout = dict[str, Any]

_AXIS = {
    "gridcolor": RULE,
    "linecolor": MUTED,
    "zeroline": False,
    "ticks": "outside",
    "ticklen": 4,
    "tickcolor": MUTED,
    "automargin": True,
    "title": {"standoff": 8},
}
_LAYOUT = {
    "font": {"family": "var(--sans)", "size": 12, "color": INK},
    "paper_bgcolor": "rgba(0,0,0,0)",
    "plot_bgcolor": "rgba(0,0,0,0)",
    "hovermode": "closest",
    "hoverlabel": {
        "align": "left",
        "bgcolor": PAPER,
        "bordercolor": MUTED,
        "font": {"family": "var(--sans)", "color": INK},
    },
    "legend": {"orientation": "h", "x": 1, "xanchor": "right", "y": 1, "yanchor": "bottom"},
    "xaxis": _AXIS,
    "yaxis": _AXIS,
}


class Drawing(NamedTuple):
    """A chart as plotly draws it."""

    data: Sequence[Trace]
    layout: Layout
    height: int = CHART_PX
    """Height in CSS pixels on a wide screen."""
    width: int = 0
    """Smallest width in CSS pixels; on narrower screens the chart scrolls sideways."""
    full: bool = False
    """Whether the chart has a row of its own on a wide screen."""


def figure_of(drawing: Drawing) -> dict[str, Any]:
    """plotly's data and layout in the study's look, made only of values that JSON can hold."""
    look = {"template": {"layout": _LAYOUT}, "margin": {"l": 8, "r": 12, "t": 28, "b": 8}}
    layout = drawing.layout | look | {"height": drawing.height}
    made: dict[str, Any] = _escaped({"data": drawing.data, "layout": layout})
    return made


def _escaped(part: Any) -> Any:
    """The same with all texts escaped for plotly, except its hover templates.

    Names and values of hyperparameters, which may be any text, occur as titles, ticks and places of
    axes.
    """
    if isinstance(part, dict):
        return {
            key: inside if key == "hovertemplate" else _escaped(inside)
            for key, inside in part.items()
        }
    if isinstance(part, list | tuple):
        return [*map(_escaped, part)]
    return plotly_text(part) if isinstance(part, str) else part


class ScoreAxis(NamedTuple):
    """An axis of scores; if errors differ much it is logarithmic in the error, as in the pictures
    (`study.figures.score_axis`), and places on it are errors."""

    low: float
    high: float

    @property
    def wide(self) -> bool:
        """Whether the axis is logarithmic in the error."""
        return is_wide(self.low, self.high)

    def places(self, scores: Iterable[float]) -> list[float]:
        """Where these scores lie."""
        return [1 + SOFT_END - score for score in scores] if self.wide else [*scores]

    def layout(self, title: str = "") -> Layout:
        """The axis as plotly knows it."""
        axis: Layout = {"title": {"text": title}} if title else {}
        if not self.wide:
            return axis | {"tickformat": SHARE}
        lowest, highest = self.places([self.low, self.high])
        ticks = wide_ticks(1 + SOFT_END - lowest * ROOM, 1 + SOFT_END - highest / ROOM)
        return axis | {
            "type": "log",
            "autorange": "reversed",
            "tickvals": self.places(ticks),
            "ticktext": [f"{100 * tick:g}%" for tick in ticks],
        }


def score_axis(scores: Iterable[float]) -> ScoreAxis:
    """The axis that holds these scores; it goes from 0 to 1 if there are none."""
    known = [*scores] or [0.0, 1.0]
    return ScoreAxis(min(known), max(known))


def value_axis(scale: Scale, title: str = "") -> Layout:
    """The axis of a hyperparameter."""
    axis: Layout = {"title": {"text": title or scale.name}}
    if scale.kind == "linear":
        return axis | ({"tickformat": "d"} if scale.whole else {})
    places, texts = zip(*scale.ticks(), strict=True)
    axis |= {"tickvals": places, "ticktext": texts}
    if scale.kind == "log":
        return axis | {"type": "log"}
    return axis | {"range": [-0.6, len(places) - 0.4], "showgrid": False}


def colours(numbers: Iterable[int], best: int | None) -> list[str]:
    """A colour for each trial: the baseline's, the best one's, or that of all others."""
    return [_colour(number, best) for number in numbers]


def _colour(number: int, best: int | None) -> str:
    if number == FIRST:
        return BASELINE
    return TUNED if number == best else MUTED


def dots(
    x: Sequence[float],
    y: Sequence[float],
    numbers: Sequence[int],
    best: int | None,
    sizes: Sequence[float] = (),
) -> Trace:
    """Trials at their places; the baseline and the best larger, and last so that no dot hides them.

    Args:
        x: (n,) places.
        y: (n,) places.
        numbers: (n,) numbers of the trials.
        best: Number of the best trial.
        sizes: (n,) diameters in CSS pixels, if they differ.
    """
    order = sorted(range(len(numbers)), key=lambda i: numbers[i] in (FIRST, best))
    shown = [numbers[i] for i in order]
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [x[i] for i in order],
        "y": [y[i] for i in order],
        "customdata": shown,
        "marker": {
            "color": colours(shown, best),
            "size": [
                (sizes[i] if sizes else 7.0) * (1.5 if numbers[i] in (FIRST, best) else 1)
                for i in order
            ],
            "opacity": 0.85,
            "line": {"width": 0.8, "color": PAPER},
        },
        "showlegend": False,
    }


def numbered(axis: str, place: int) -> str:
    """plotly's name for the axis of a panel, counted from 0: "xaxis", "xaxis2", ..."""
    return axis if place == 0 else f"{axis}{place + 1}"


def whole(most: int) -> Layout:
    """Ticks of an axis of whole numbers up to `most`."""
    return {"tickformat": "d", "dtick": 1} if most <= MOST_TICKS else {"tickformat": "d"}
