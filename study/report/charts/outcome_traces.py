"""The charts of what a search found and at what cost, as plotly draws them."""

from collections.abc import Sequence

from study.figures.search.outcome import CostInfo, DistributionInfo, importance_in_words
from study.figures.search.scales import log_ticks
from study.figures.search.searched import Searched
from study.records.importance import Importance, Importances
from study.report.charts import look
from study.report.charts.look import Drawing, Layout, Trace
from study.trials.checks import ExpectedBest
from study.wording import percent, percent_range


def distribution(search: Searched, info: DistributionInfo) -> Drawing:
    """The share of trials with at most each score."""
    scores = look.score_axis(info.scores)
    line = {
        "type": "scatter",
        "mode": "lines",
        "x": scores.places(info.scores),
        "y": info.shares,
        "line": {"color": look.TUNED, "width": 2, "shape": "hv"},
        "text": [*map(percent, info.scores)],
        "hovertemplate": "%{y:.0%} of the trials score %{text} or less<extra></extra>",
    }
    return Drawing(
        [line],
        {
            "xaxis": scores.layout(search.score),
            "yaxis": {
                "title": {"text": "share of the trials"},
                "tickformat": ".0%",
                "rangemode": "tozero",
            },
            "showlegend": False,
        },
    )


def cost(search: Searched, info: CostInfo) -> Drawing:
    """Score against cost, with steps through the front."""
    scores = look.score_axis(info.scores)
    up, on_front = scores.places(info.scores), {*info.front}
    behind, front = (
        look.dots(
            [info.costs[i] for i in places],
            [up[i] for i in places],
            [info.numbers[i] for i in places],
            search.best,
        )
        for places in ([i for i in range(len(up)) if i not in on_front], info.front)
    )
    front["marker"]["line"] = {"width": 2, "color": look.GOOD}
    steps = {
        "type": "scatter",
        "mode": "lines",
        "x": [info.costs[i] for i in info.front],
        "y": [up[i] for i in info.front],
        "line": {"color": look.GOOD, "shape": "hv", "width": 1.5},
        "hoverinfo": "skip",
        "showlegend": False,
    }
    behind |= {"name": "beaten in both", "showlegend": bool(behind["x"])}
    front |= {"name": "on the front", "showlegend": True}
    return Drawing(
        [steps, behind, front],
        {
            "xaxis": {"title": {"text": info.cost.name + info.cost.unit}} | _scale(info.costs),
            "yaxis": scores.layout(search.score),
        },
    )


def _scale(costs: Sequence[float]) -> Layout:
    """A logarithmic axis, unless a trial costs nothing."""
    if costs[0] <= 0:
        return {}
    ticks = log_ticks(costs[0], costs[-1])
    return {"type": "log", "tickvals": ticks, "tickformat": ".3~s"}


def importances(search: Searched, info: Importances) -> Drawing:  # noqa: ARG001  # as the others
    """Two bars with intervals per hyperparameter; pale where trials are too few to tell."""
    names = [one.name for one in info.ped_anova]
    return Drawing(
        [
            _bars("PED-ANOVA", info.ped_anova, look.GOOD),
            _bars("fANOVA", info.fanova, look.TUNED),
        ],
        {
            "barmode": "group",
            "bargap": 0.3,
            "xaxis": {"title": {"text": "share of the importance"}, "tickformat": ".0%"},
            "yaxis": {"autorange": "reversed", "ticks": "", "categoryarray": names},
        },
        70 + 34 * len(names),
        full=True,
    )


def _bars(method: str, found: Sequence[Importance], colour: str) -> Trace:
    return {
        "type": "bar",
        "name": method,
        "orientation": "h",
        "x": [one.share for one in found],
        "y": [one.name for one in found],
        "marker": {"color": colour, "opacity": [1 if one.settled else 0.35 for one in found]},
        "error_x": {
            "type": "data",
            "symmetric": False,
            # The share itself may lie outside the interval of the resamples.
            "array": [max(one.high - one.share, 0) for one in found],
            "arrayminus": [max(one.share - one.low, 0) for one in found],
            "color": look.MUTED,
            "thickness": 1.2,
            "width": 3,
        },
        "text": [
            importance_in_words(one) + ("" if one.settled else ", too few trials to tell")
            for one in found
        ],
        "textposition": "none",
        "hovertemplate": f"{method}: %{{text}}<extra></extra>",
    }


def more_trials(search: Searched, info: ExpectedBest) -> Drawing:
    """The expected best score against the number of trials, with its interval."""
    scores = look.score_axis([*info.low, *info.high])
    edge: Trace = {
        "type": "scatter",
        "mode": "lines",
        "x": info.trials,
        "line": {"width": 0},
        "hoverinfo": "skip",
    }
    line = {
        "type": "scatter",
        "mode": "lines+markers",
        "x": info.trials,
        "y": scores.places(info.mean),
        "line": {"color": look.TUNED, "width": 2},
        "marker": {"color": look.TUNED, "size": 5},
        "text": [
            f"{percent(mean)} ({percent_range((low, high))})"
            for mean, low, high in zip(info.mean, info.low, info.high, strict=True)
        ],
        "hovertemplate": "best of %{x} trials: %{text}<extra></extra>",
    }
    return Drawing(
        [
            edge | {"y": scores.places(info.low)},
            edge | {"y": scores.places(info.high), "fill": "tonexty", "fillcolor": look.BAND},
            line,
        ],
        {
            "xaxis": {"title": {"text": "trials"}} | look.whole(info.trials[-1]),
            "yaxis": scores.layout(f"best {search.score}"),
            "showlegend": False,
        },
    )
