"""The charts over hyperparameters, as plotly draws them."""

from study.figures.search.by_value import PanelsInfo, ParallelInfo
from study.figures.search.pairs import ContourInfo, RankInfo
from study.figures.search.searched import BASELINE, Searched
from study.report.charts import look
from study.report.charts.look import Drawing, Layout, Trace
from study.wording import percent

PANEL_PX, PARALLEL_PX, RANK_PX = 210, 420, 300
AXIS_PX = 64
"""Smallest width of a parallel axis, in CSS pixels."""
WIDE_PX = 620
"""Smallest width of several panels of ranks with the scale beside them, in CSS pixels."""
COLUMNS = 4
BAR = 0.32
"""Half the length of a median's bar, as a share of the distance of two categories."""
RANK_WORDS = ("worst", "quarter", "half", "three quarters", "best")


def panels(search: Searched, info: PanelsInfo) -> Drawing:  # noqa: ARG001  # as the others
    """Small multiples, one per hyperparameter."""
    scores = look.score_axis(score for panel in info.panels for score in panel.scores)
    layout: Layout = {
        "meta": {"panels": len(info.panels), "height": PANEL_PX, "shared": True},
        "showlegend": False,
    }
    traces: list[Trace] = []
    for place, panel in enumerate(info.panels):
        x, y = look.numbered("x", place), look.numbered("y", place)
        own = {"xaxis": x, "yaxis": y}
        dots = look.dots(panel.places, scores.places(panel.scores), panel.numbers, info.best)
        traces.append(dots | own | {"name": panel.scale.name})
        if panel.medians:
            traces.append(_bars(panel.medians, scores) | own)
        title = panel.scale.name
        if panel.having < info.trials:
            title += f" (in {panel.having} of {info.trials})"
        layout[look.numbered("xaxis", place)] = look.value_axis(panel.scale, title) | {"anchor": y}
        shared: Layout = {"anchor": x} | ({} if place == 0 else {"matches": "y"})
        layout[look.numbered("yaxis", place)] = scores.layout() | shared
    return Drawing(traces, layout, PANEL_PX * -(-len(info.panels) // COLUMNS), full=True)


def _bars(medians: tuple[tuple[float, float], ...], scores: look.ScoreAxis) -> Trace:
    """A short line at each median."""
    heights = scores.places(median for _, median in medians)
    x: list[float | None] = []
    y: list[float | None] = []
    for (place, _), height in zip(medians, heights, strict=True):
        x += [place - BAR, place + BAR, None]
        y += [height, height, None]
    return {
        "type": "scatter",
        "mode": "lines",
        "x": x,
        "y": y,
        "line": {"color": look.INK, "width": 1.6},
        "hoverinfo": "skip",
    }


def parallel(search: Searched, info: ParallelInfo) -> Drawing:  # noqa: ARG001  # as the others
    """One line per trial across the axes; the page adds the brush."""
    count = len(info.axes)
    lines: list[Trace] = []
    for line in info.lines:
        marked = line.number in (BASELINE, info.best)
        colour = look.BASELINE if line.number == BASELINE else look.TUNED
        lines.append(
            {
                "type": "scatter",
                "mode": "lines+markers",
                "x": [*range(count)],
                "y": line.places,
                "customdata": [line.number] * count,
                "line": {"color": colour, "width": 3 if marked else 1.5},
                "marker": {"color": colour, "size": 5},
                "opacity": 1 if marked else line.weight,
            }
        )
    return Drawing(
        lines,
        {
            "annotations": [
                _tick(place, share, text)
                for place, axis in enumerate(info.axes)
                for share, text in axis.ticks
            ],
            "shapes": [
                {
                    "type": "line",
                    "x0": place,
                    "x1": place,
                    "y0": 0,
                    "y1": 1,
                    "line": {"color": look.MUTED, "width": 1},
                }
                for place in range(count)
            ],
            "xaxis": {
                "tickvals": [*range(count)],
                "ticktext": [axis.name for axis in info.axes],
                "tickangle": -30,
                "range": [-0.7, count - 0.5],
                "fixedrange": True,
                "ticks": "",
                "showgrid": False,
            },
            "yaxis": {"range": [-0.08, 1.08], "fixedrange": True, "visible": False},
            "dragmode": "select",
            "selectdirection": "any",
            "showlegend": False,
            "meta": {"axes": count},
        },
        PARALLEL_PX,
        width=AXIS_PX * count,
        full=True,
    )


def _tick(place: int, share: float, text: str) -> Layout:
    return {
        "x": place,
        "y": share,
        "text": text,
        "showarrow": False,
        "xanchor": "right",
        "xshift": -2,
        "font": {"size": 10, "color": look.MUTED},
        "bgcolor": look.PAPER,
        "opacity": 0.85,
    }


def contour(search: Searched, info: ContourInfo) -> Drawing:  # noqa: ARG001  # as the others
    """The score as a coloured surface, with one dot per trial."""
    points = info.points
    surface = {
        "type": "contour",
        "x": info.columns,
        "y": info.rows,
        "z": info.surface,
        "colorscale": look.AMOUNTS,
        "line": {"width": 0.5},
        "colorbar": {"tickformat": look.SHARE, "thickness": 12, "outlinewidth": 0},
        "hoverinfo": "skip",
    }
    dots = look.dots(points.across, points.up, points.numbers, info.best)
    dots["marker"] |= {"opacity": 1, "line": {"width": 1.5, "color": "white"}}
    layout = {"xaxis": look.value_axis(points.x), "yaxis": look.value_axis(points.y)}
    for axis in layout.values():
        axis.pop("range", None)  # so that the axes end where the surface ends
    return Drawing([surface, dots], layout)


def rank(search: Searched, info: RankInfo) -> Drawing:  # noqa: ARG001  # as the others
    """One panel per pair of hyperparameters; the colour is the rank of the score."""
    layout: Layout = {
        "meta": {"panels": len(info.panels), "height": RANK_PX, "shared": False},
        "showlegend": False,
        "coloraxis": {
            "colorscale": look.AMOUNTS,
            "cmin": 0,
            "cmax": 1,
            "colorbar": {
                "tickvals": [place / 4 for place in range(5)],
                "ticktext": [
                    f"{word} {percent(score)}"
                    for word, score in zip(RANK_WORDS, info.quantiles, strict=True)
                ],
                "thickness": 12,
                "outlinewidth": 0,
            },
        },
    }
    traces: list[Trace] = []
    for place, panel in enumerate(info.panels):
        x, y = look.numbered("x", place), look.numbered("y", place)
        points = panel.points
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "x": points.across,
                "y": points.up,
                "xaxis": x,
                "yaxis": y,
                "customdata": points.numbers,
                "marker": {
                    "color": panel.ranks,
                    "coloraxis": "coloraxis",
                    "size": 9,
                    "line": {"width": 0.8, "color": look.PAPER},
                },
            }
        )
        layout[look.numbered("xaxis", place)] = look.value_axis(points.x) | {"anchor": y}
        layout[look.numbered("yaxis", place)] = look.value_axis(points.y) | {"anchor": x}
    several = len(info.panels) > 1
    return Drawing(traces, layout, RANK_PX, width=WIDE_PX if several else 0, full=several)
