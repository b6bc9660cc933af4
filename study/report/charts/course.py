"""Charts of the course of a search: trials by number, by time, by epoch; what scores there were.

Optuna numbers trials without gaps and draws in plotly's look: both are changed here, in plain data.
"""

from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from study.report.charts import look
from study.report.charts.chart import Chart
from study.report.charts.search import CHART_PX, Search, capital, complete
from study.report.page.formats import duration, metric_name, percent, several

if TYPE_CHECKING:
    import pandas as pd

CURVES_PX = 260
TALLEST_PX = 3_000
"""Of the timeline."""
ROW = 0.8
"""Of a bar of the timeline, as a share of the distance to the next: plotly's default."""
EDF_POINTS = 100

READING_TIMELINE = (
    "A row is a trial. Bars that lie over one another in time were trained at once, by different "
    "workers. A bar is long for a slow network or for many epochs. At a time that no bar covers "
    "the search waited, was interrupted, or trained something that failed: failed trials have no "
    "bar."
)
READING_VALUES = (
    "A line is a trial, from its first epoch to its last. Where lines cross often, the score after "
    "a few epochs does not yet say which trial is going to be the better one, and to end trials "
    "early is a risk; where they keep their order, it costs little. A line that still rises at its "
    "end might have gained from more epochs."
)
READING_EDF = (
    "Over each score the line is as high as the share of the trials that score so much or less. It "
    "is steep where many trials have about the same score, and flat where none has. A line that "
    "stays low and rises late says that most of the trials are good, one that rises early that "
    "good ones are rare. Only random search draws its trials evenly from the space, so only its "
    "line is about the space; the other tuners try more where they expect good scores."
)


def history(search: Search) -> Chart | None:
    """Score by trial, with the best so far."""
    from optuna.visualization import plot_optimization_history

    scored, drawn = search.scored, search.drawn
    if scored.empty:
        return None
    found = look.plain(plot_optimization_history(search.study, target_name=search.score))
    dots, best, _ = found["data"]
    numbers, epochs = drawn.index.tolist(), scored["epochs"]
    sizes = (5 + 4 * drawn["epochs"] / max(epochs.max(), 1)).tolist()
    dots |= {
        "x": numbers,
        "customdata": numbers,
        "marker": look.marker(numbers, search.best, sizes),
        "showlegend": False,
    }
    best |= {
        **_best_so_far(search),
        "name": "best so far",
        "line": {"color": look.TUNED, "width": 2, "shape": "hv"},
        "hoverinfo": "skip",
    }
    failed, crossed = len(search.table) - len(scored), search.failed
    crosses = {
        "type": "scatter",
        "mode": "markers",
        "x": crossed,
        "y": [min(dots["y"])] * len(crossed),
        "customdata": crossed,
        "name": "failed",
        "marker": {"symbol": "x", "color": look.BAD, "size": 8},
    }
    tried = several(len(search.table), "trial")
    caption = f"{capital(search.score)} of {tried} in the order they were tried, and the best so "
    caption += "far (line); the baseline orange, the best blue. "
    caption += _best_sentence(scored["score"], search.best or 0)
    if failed:
        caption += f" {several(failed, 'trial')} failed (crosses)."
    if epochs.nunique() > 1:
        caption += (
            f" Trials had {epochs.min()} to {epochs.max()} epochs (larger dots: more), so a low "
            "score may only be a short training."
        )
    caption += search.sampled
    last = search.table.index[-1]
    traces = [best, dots, *([crosses] if crossed else [])]
    return Chart(
        key="history",
        title="History",
        caption=caption,
        alt=f"Dots: the score of each of {tried}; a line of steps: the best so far.",
        figure=look.finished(
            traces,
            {
                "xaxis": {"title": {"text": "trial"}, "range": [-0.6, last + 0.6]}
                | look.whole(last),
                "yaxis": look.score_axis(traces, search.score),
                "showlegend": True,
            },
            CHART_PX,
        ),
        full=True,
    )


def _best_so_far(search: Search) -> dict[str, Any]:
    """Of all trials; of a long search only where it rises, and at its end."""
    line = search.table["score"].cummax().ffill()
    if search.sampled:
        line = line[line.ne(line.shift()) | (line.index == line.index[-1])].dropna()
    return {"x": line.index.tolist(), "y": line.tolist()}


def _best_sentence(scores: "pd.Series", best: int) -> str:
    if best == 0:
        return f"The baseline is the best, with {percent(scores[0])}."
    said = f"Trial {best} is the best, with {percent(scores[best])}"
    return said + (f"; the baseline has {percent(scores[0])}." if 0 in scores else ".")


def timeline(search: Search) -> Chart | None:
    """When each trial was trained."""
    import pandas as pd
    from optuna.visualization import plot_timeline

    timed = search.scored.dropna(subset="finished")
    if len(timed) < 2:
        return None
    ended = timed["finished"].dt.tz_localize(None)
    began = (ended - pd.to_timedelta(timed["seconds"], unit="s")).dt.round("us")
    drawn = timed[timed.index.isin(search.numbers)]
    found = look.plain(plot_timeline(search.study))
    bars = next(trace for trace in found["data"] if trace["name"] == "COMPLETE")
    numbers = drawn.index.tolist()
    bars |= {
        "name": "trial",
        # Optuna writes local time; this is UTC, as in the records.
        "base": [moment.isoformat() for moment in began[drawn.index]],
        "x": (1000 * drawn["seconds"]).tolist(),
        "y": numbers,
        "customdata": numbers,
        "marker": {"color": look.colours(numbers, search.best)},
    }
    if search.sampled:  # a row for each of the trials would be finer than a pixel
        bars["width"] = ROW * (numbers[-1] - numbers[0]) / len(numbers)
    trained, passed = timed["seconds"].sum(), (ended.max() - began.min()).total_seconds()
    at_once = f", {trained / passed:.1f} at a time" if passed else ""
    return Chart(
        key="timeline",
        title="Timeline",
        caption=(
            f"{several(len(timed), 'trial')}, {duration(trained)} of training within "
            f"{duration(passed)}{at_once}. A bar ends when its trial did (UTC) and is as long as "
            f"its training, without pauses.{search.sampled}"
        ),
        alt=f"A bar from the beginning to the end of each of {several(len(timed), 'trial')}.",
        reading=READING_TIMELINE,
        figure=look.finished(
            [bars],
            {
                "xaxis": {"type": "date", "title": {"text": "time (UTC)"}},
                "yaxis": {"title": {"text": "trial"}, "tickformat": "d"},
                "showlegend": False,
            },
            max(CHART_PX, min(60 + 14 * len(drawn), TALLEST_PX)),
        ),
        more=True,
    )


def intermediate_values(search: Search) -> Chart | None:
    """Learning curves of all trials at once."""
    curves = {
        search.numbers[trial.number]: sorted(trial.intermediate_values.items())
        for trial in complete(search.study)
        if trial.intermediate_values
    }
    lengths = [*map(len, curves.values())]
    if max(lengths, default=0) < 2:
        return None
    lines = []
    for number, curve in curves.items():
        (colour,) = look.colours([number], search.best)
        marked = number in (0, search.best)
        lines.append(
            {
                "type": "scatter",
                "mode": "lines+markers",
                "name": f"trial {number}",
                "x": [epoch for epoch, _ in curve],
                "y": [value for _, value in curve],
                "customdata": [number] * len(curve),
                "line": {"color": colour, "width": 2.5 if marked else 1},
                "marker": {"color": colour, "size": 5},
                "opacity": 1 if marked else 0.5,
            }
        )
    return Chart(
        key="intermediate-values",
        title="Score after every epoch",
        caption=(
            f"{capital(search.score)} of {several(len(lengths), 'trial')} while they trained, "
            f"{min(lengths)} to {several(max(lengths), 'epoch')} each; the baseline orange, the "
            f"best blue.{search.sampled}"
        ),
        alt=f"A line a trial: {search.score} by epoch.",
        reading=READING_VALUES,
        figure=look.finished(
            lines,
            {
                "xaxis": {"title": {"text": "epoch"}} | look.whole(max(lengths)),
                "yaxis": look.score_axis(lines, search.score),
                "showlegend": False,
            },
            CHART_PX,
        ),
        more=True,
    )


def edf(search: Search) -> Chart | None:
    """Share of the trials below each score: the empirical distribution function."""
    scores = np.sort(search.scores)
    if len(scores) < 2:
        return None
    places = np.linspace(scores[0], scores[-1], EDF_POINTS)
    line = {
        "type": "scatter",
        "mode": "lines",
        "name": "search",
        "x": places.tolist(),
        "y": (np.searchsorted(scores, places, side="right") / len(scores)).tolist(),
        "line": {"color": look.TUNED, "width": 2, "shape": "hv"},
        "text": [percent(score) for score in places],
        "hovertemplate": "%{y:.0%} of the trials score %{text} or less<extra></extra>",
    }
    half, tenth = np.quantile(scores, [0.5, 0.9])
    return Chart(
        key="edf",
        title="Distribution of the scores (EDF)",
        caption=(
            f"Share of {several(len(scores), 'trial')} that score so much or less: half of them "
            f"reach {percent(float(half))}, the best tenth {percent(float(tenth))}.{search.fair}"
        ),
        alt="A rising line: share of the trials with at most the score below.",
        reading=READING_EDF,
        figure=look.finished(
            [line],
            {
                "xaxis": look.score_axis([line], search.score, "x"),
                "yaxis": {"title": {"text": "share of the trials"}, "tickformat": ".0%"},
                "showlegend": False,
            },
            CHART_PX,
        ),
        more=True,
    )


def learning_curves(search: Search) -> Chart | None:
    """Loss and objective by epoch, training and validation, of every trial: the page shows one."""
    traces: list[dict[str, Any]] = []
    curves = _curves(search)
    for number, (place, metric), (part, prefix) in product(
        sorted([*search.numbers, *search.failed]),
        enumerate(("loss", search.metric), start=1),
        (("training", ""), ("validation", "val_")),
    ):
        if (curve := curves.get((number, prefix + metric))) is None:
            continue
        epochs, values = curve
        colour = look.TUNED if prefix else look.MUTED
        traces.append(
            {
                "type": "scatter",
                "mode": "lines+markers",
                "name": part,
                "legendgroup": part,
                "showlegend": place == 1,
                "x": epochs,
                "y": values,
                "line": {"color": colour, "width": 2, "dash": "solid" if prefix else "dot"},
                "marker": {"color": colour, "size": 6},
                "text": [f"{value:.4g}" if place == 1 else percent(value) for value in values],
                "hovertemplate": f"{part}, epoch %{{x}}: %{{text}}<extra></extra>",
                "xaxis": f"x{place}",
                "yaxis": f"y{place}",
                "meta": number,
            }
        )
    if not traces:
        return None
    longest = max(trace["x"][-1] for trace in traces)
    axis = {"title": {"text": "epoch"}, "range": [0.5, longest + 0.5]} | look.whole(longest)
    return Chart(
        key="learning-curves",
        title="Learning curves of a trial",
        caption=(
            f"Loss and {metric_name(search.metric)} after each epoch, on training images (grey, "
            f"dotted) and validation images (blue)."
        ),
        alt="Two line plots by epoch, loss and score, on training and on validation images.",
        figure=look.finished(
            traces,
            {
                "xaxis": axis,
                "xaxis2": axis | {"anchor": "y2"},
                "yaxis": {"title": {"text": "loss"}},
                "yaxis2": {"title": {"text": metric_name(search.metric)}, "anchor": "x2"}
                | {"tickformat": look.SHARE},
                "meta": {"panels": 2, "height": CURVES_PX, "shared": False},
            },
            CURVES_PX,
        ),
    )


def _curves(search: Search) -> dict[tuple[int, str], tuple[list[int], list[float]]]:
    """Trial's number and metric -> epochs and values."""
    found: dict[tuple[int, str], tuple[list[int], list[float]]] = {}
    columns = (search.curves[name].tolist() for name in ("trial", "metric", "epoch", "value"))
    for number, metric, epoch, value in zip(*columns, strict=True):
        epochs, values = found.setdefault((number, metric), ([], []))
        epochs.append(epoch)
        values.append(value)
    return found
