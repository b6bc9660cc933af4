"""The charts of the course of a search, as plotly draws them."""

import math
from collections.abc import Sequence
from itertools import product

from study.figures.search.course import CurvesInfo, HistoryInfo, TimelineInfo
from study.figures.search.searched import BASELINE, Searched
from study.records.trial import Trial
from study.report.charts import look
from study.report.charts.chart import Chart
from study.report.charts.look import Drawing, Trace
from study.wording import metric_name, percent

CURVES_PX = 260
TALLEST_PX = 3_000
"""Largest height of the timeline, in CSS pixels."""
ROW = 0.8
"""Width of a timeline's bar, as a share of the distance to the next: plotly's default."""
AT_THE_BOTTOM = 0.03
"""Place of failed trials, as a share of the height."""


def history(search: Searched, info: HistoryInfo) -> Drawing:
    """Score by trial with the best score so far; failed trials are crosses at the bottom."""
    scores = look.score_axis([*info.scores, *(score for _, score in info.line)])
    most = max([1, *info.epochs])
    sizes = [5 + 4 * epochs / most for epochs in info.epochs]
    traces = [
        {
            "type": "scatter",
            "mode": "lines",
            "x": [number for number, _ in info.line],
            "y": scores.places(score for _, score in info.line),
            "name": "best so far",
            "line": {"color": look.TUNED, "width": 2, "shape": "hv"},
            "hoverinfo": "skip",
        },
        look.dots(info.numbers, scores.places(info.scores), info.numbers, search.best, sizes),
    ]
    if info.failed:
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "x": info.failed,
                "y": [AT_THE_BOTTOM] * len(info.failed),
                "yaxis": "y2",
                "customdata": info.failed,
                "name": "failed",
                "marker": {"symbol": "x", "color": look.BAD, "size": 8},
            }
        )
    return Drawing(
        traces if info.line else traces[2:],
        {
            "xaxis": {"title": {"text": "trial"}, "range": info.ends} | look.whole(info.last),
            "yaxis": scores.layout(search.score) | ({} if info.line else {"range": [0, 1]}),
            "yaxis2": {"overlaying": "y", "range": [0, 1], "visible": False, "fixedrange": True},
            "showlegend": True,
        },
        full=True,
    )


def timeline(search: Searched, info: TimelineInfo) -> Drawing:
    """A bar from the beginning to the end of each trial, by its number."""
    bars: Trace = {
        "type": "bar",
        "orientation": "h",
        "name": "trial",
        "base": info.began,
        "x": [1000 * seconds for seconds in info.seconds],
        "y": info.numbers,
        "customdata": info.numbers,
        "marker": {"color": look.colours(info.numbers, search.best)},
        "textposition": "none",
    }
    if search.sampled:  # one row for every trial of a long search would be finer than a pixel
        bars["width"] = ROW * (info.numbers[-1] - info.numbers[0]) / len(info.numbers)
    height = max(look.CHART_PX, min(60 + 14 * len(info.numbers), TALLEST_PX))
    return Drawing(
        [bars],
        {
            "xaxis": {"type": "date", "title": {"text": "time (UTC)"}},
            "yaxis": {"title": {"text": "trial"}, "tickformat": "d"},
            "showlegend": False,
        },
        height,
        full=height > 2 * look.CHART_PX,
    )


def curves(search: Searched, info: CurvesInfo) -> Drawing:
    """The validation objective by epoch, baseline and best trial in colour and on top."""
    scores = look.score_axis(score for curve in info.curves for score in curve.scores)
    lines: list[Trace] = []
    special = (BASELINE, info.best)
    for curve in sorted(info.curves, key=lambda curve: curve.number in special):
        (colour,) = look.colours([curve.number], info.best)
        marked = curve.number in special
        lines.append(
            {
                "type": "scatter",
                "mode": "lines+markers",
                "name": f"trial {curve.number}",
                "x": curve.epochs,
                "y": scores.places(curve.scores),
                "customdata": [curve.number] * len(curve.epochs),
                "line": {"color": colour, "width": 2.5 if marked else 1},
                "marker": {"color": colour, "size": 5},
                "opacity": 1 if marked else 0.5,
            }
        )
    longest = max(curve.epochs[-1] for curve in info.curves)
    return Drawing(
        lines,
        {
            "xaxis": {"title": {"text": "epoch"}} | look.whole(longest),
            "yaxis": scores.layout(search.score),
            "showlegend": False,
        },
    )


def curves_of_one(search: Searched) -> Chart | None:
    """Loss and objective by epoch on training and validation, of the trial that is picked."""
    metrics = ("loss", search.space.objective)
    traces = [trace for trial in search.shown for trace in _curves_of(trial, metrics)]
    if not traces:
        return None
    longest = max(trace["x"][-1] for trace in traces)
    axis = {"title": {"text": "epoch"}, "range": [0.5, longest + 0.5]} | look.whole(longest)
    label = metric_name(search.space.objective)
    drawing = Drawing(
        traces,
        {
            "xaxis": axis,
            "xaxis2": axis | {"anchor": "y2"},
            "yaxis": {"title": {"text": "loss"}},
            "yaxis2": {"title": {"text": label}, "anchor": "x2", "tickformat": look.SHARE},
            "meta": {"panels": 2, "height": CURVES_PX, "shared": False},
        },
        CURVES_PX,
    )
    return Chart(
        key="learning-curves",
        title="Learning curves of a trial",
        caption=(
            f"Loss and {label} after each epoch, on training images (grey, dotted) and validation "
            "images (blue)."
        ),
        alt="Two line plots by epoch: loss and score, each on training and on validation images.",
        figure=look.figure_of(drawing),
    )


def _curves_of(trial: Trial, metrics: Sequence[str]) -> list[Trace]:
    traces: list[Trace] = []
    for (place, metric), (part, prefix) in product(
        enumerate(metrics, start=1), (("training", ""), ("validation", "val_"))
    ):
        if not (values := trial.curves.get(prefix + metric)):
            continue
        first = max(trial.epochs - len(values), 0) + 1
        colour = look.TUNED if prefix else look.MUTED
        traces.append(
            {
                "type": "scatter",
                "mode": "lines+markers",
                "name": part,
                "legendgroup": part,
                "showlegend": place == 1,
                "x": [*range(first, first + len(values))],
                "y": [value if math.isfinite(value) else None for value in values],
                "line": {"color": colour, "width": 2, "dash": "solid" if prefix else "dot"},
                "marker": {"color": colour, "size": 6},
                "text": [f"{value:.4g}" if place == 1 else percent(value) for value in values],
                "hovertemplate": f"{part}, epoch %{{x}}: %{{text}}<extra></extra>",
                "xaxis": f"x{place}",
                "yaxis": f"y{place}",
                "meta": trial.number,
            }
        )
    return traces
