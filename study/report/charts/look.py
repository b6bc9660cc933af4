"""The study's look on plotly figures: colours by what they stand for, plain axes, no chrome.

A colour is named as in the page's style sheet, `var(--tuned)`, and the page fills in its own, so
that charts are light or dark as the page is.
"""

import json
import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from study.figures.wording import SOFT_END, is_wide, wide_ticks
from study.machine.foreign_text import plotly_text

if TYPE_CHECKING:
    import plotly.graph_objects as go

INK, MUTED, RULE, PAPER = "var(--ink)", "var(--muted)", "var(--rule)", "var(--paper)"
BASELINE, TUNED, GOOD, BAD = "var(--baseline)", "var(--tuned)", "var(--good)", "var(--bad)"
AMOUNTS = "Viridis"
"""plotly's name of `study.figures.palette.SEQUENTIAL`."""
SHARE = ".2~%"
"""d3's format of a score: two digits, no zeros at the end."""

MOST_TICKS = 15
ROOM = 1.2
"""How far beyond the scores an axis of errors has ticks, as a ratio."""
FEW_DECADES = 30
"""Ratio of an axis's ends up to which it has ticks between the powers of ten."""

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


def plain(figure: "go.Figure") -> dict[str, Any]:
    """The figure's data and layout, without plotly's own look."""
    layout = figure.layout.to_plotly_json()
    for name in ("template", "title", "width", "plot_bgcolor"):
        layout.pop(name, None)
    return {"data": [trace.to_plotly_json() for trace in figure.data], "layout": layout}


def finished(data: Iterable[dict[str, Any]], layout: dict[str, Any], height: int) -> dict[str, Any]:
    """Data and layout in the study's look, `height` CSS pixels high, as what JSON can hold."""
    from plotly.utils import PlotlyJSONEncoder

    look = {"template": {"layout": _LAYOUT}, "margin": {"l": 8, "r": 12, "t": 28, "b": 8}}
    figure = {"data": list(data), "layout": layout | look | {"height": height}}
    made: dict[str, Any] = _escaped(json.loads(json.dumps(figure, cls=PlotlyJSONEncoder)))
    return made


def _escaped(part: Any) -> Any:
    """The same with all texts as plotly has to be given them, but for its own kind of templates.

    Names and values of hyperparameters, which may be any, are titles of axes and their ticks, and
    places on them.
    """
    if isinstance(part, dict):
        return {
            key: inside if key == "hovertemplate" else _escaped(inside)
            for key, inside in part.items()
        }
    if isinstance(part, list):
        return [*map(_escaped, part)]
    return plotly_text(part) if isinstance(part, str) else part


def score_axis(
    traces: Iterable[dict[str, Any]], title: str = "", side: str = "y"
) -> dict[str, Any]:
    """The axis of the traces' scores; on both sides of, say, 90% and 99% it is logarithmic in the
    error, as in the pictures (`study.figures.wording`), and the traces then have errors."""
    axis: dict[str, Any] = {"title": {"text": title}} if title else {}
    traces = list(traces)
    scores = [score for trace in traces for score in trace[side] if math.isfinite(score)]
    low, high = min(scores), max(scores)
    if not is_wide(low, high):
        return axis | {"tickformat": SHARE}
    for trace in traces:
        trace[side] = [1 + SOFT_END - score for score in trace[side]]
    lowest, highest = 1 + SOFT_END - low, 1 + SOFT_END - high  # errors
    ticks = wide_ticks(1 + SOFT_END - lowest * ROOM, 1 + SOFT_END - highest / ROOM)
    return axis | {
        "type": "log",
        "autorange": "reversed",
        "tickvals": [1 + SOFT_END - tick for tick in ticks],
        "ticktext": [f"{100 * tick:g}%" for tick in ticks],
    }


def colours(numbers: Iterable[int], best: int | None) -> list[str]:
    """A colour for each trial: the baseline's, the best one's, or that of all others."""
    return [_colour(number, best) for number in numbers]


def _colour(number: int, best: int | None) -> str:
    if number == 0:
        return BASELINE
    return TUNED if number == best else MUTED


def marker(
    numbers: Sequence[int], best: int | None, sizes: Sequence[float] | None = None
) -> dict[str, Any]:
    """Dots of trials: baseline and best in their colours and larger."""
    shown = sizes or [7.0] * len(numbers)
    return {
        "color": colours(numbers, best),
        "size": [
            size * (1.5 if number in (0, best) else 1)
            for number, size in zip(numbers, shown, strict=True)
        ],
        "opacity": 0.85,
        "line": {"width": 0.8, "color": PAPER},
    }


def dots(
    x: Sequence[Any], y: Sequence[Any], numbers: Sequence[int], best: int | None
) -> dict[str, Any]:
    """Trials at their places; the baseline and the best last, so that no dot hides them."""
    order = sorted(range(len(numbers)), key=lambda i: numbers[i] in (0, best))
    numbers = [numbers[i] for i in order]
    return {
        "x": [x[i] for i in order],
        "y": [y[i] for i in order],
        "customdata": numbers,
        "marker": marker(numbers, best),
    }


def whole(most: int) -> dict[str, Any]:
    """Ticks of an axis of whole numbers up to `most`."""
    return {"tickformat": "d", "dtick": 1} if most <= MOST_TICKS else {"tickformat": "d"}


def log_ticks(low: float, high: float, tickformat: str = "~g") -> dict[str, Any]:
    """Ticks of a logarithmic axis over that range, each written in full: 1, 2, 5, 10, ..."""
    steps = (1, 2, 5) if high < FEW_DECADES * low else (1,)
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    ticks = [float(f"{step}e{power}") for power in powers for step in steps]
    inside = [tick for tick in ticks if low <= tick <= high]
    return {"tickvals": inside, "tickformat": tickformat} if len(inside) > 1 else {"nticks": 4}
