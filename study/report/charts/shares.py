"""The chart of the hyperparameters' importances, and what is said of them."""

from collections.abc import Sequence
from typing import Any

from study.report.charts import look
from study.report.charts.chart import Chart
from study.report.charts.search import Search
from study.report.page.formats import listed
from study.trials.importances import Importance

MOST_NAMED = 4
"""So many hyperparameters of which nothing can be said are named; of more, their number is."""


def importance_bars(search: Search) -> Chart | None:
    """Shares of both methods, with their intervals."""
    found = search.importances
    if not found.ped_anova:
        return None
    shown = [one.name for one in found.ped_anova]
    common = {one.name for one in found.fanova}
    others = [name for name in shown if name not in common]
    caption = (
        f"Shares by two methods, with 95% intervals over resampled trials "
        f"({found.trials}); pale: too few trials to say, the interval is as wide as "
        "the share or reaches down to an equal part. "
        f"{_said('fANOVA', found.fanova)} {_said('PED-ANOVA', found.ped_anova)}"
    )
    if others:
        caption += f" fANOVA leaves out what not all trials have: {listed(others)}."
    if found.trials < len(search.scores):
        caption += (
            f" Both are computed from {found.trials:,} trials, drawn at random from the "
            f"{len(search.scores):,} with a score."
        )
    return Chart(
        key="importances",
        title="Importance of the hyperparameters",
        caption=caption + search.fair,
        alt="Two bars with an interval for each hyperparameter: its importance by fANOVA and by "
        "PED-ANOVA.",
        reading=_reading(found.good),
        figure=look.finished(
            [
                _bars("PED-ANOVA", found.ped_anova, look.GOOD),
                _bars("fANOVA", found.fanova, look.TUNED),
            ],
            {
                "barmode": "group",
                "bargap": 0.3,
                "xaxis": {"title": {"text": "share of the importance"}, "tickformat": ".0%"},
                "yaxis": {"autorange": "reversed", "ticks": "", "categoryarray": shown},
                "legend": {"traceorder": "reversed"},
            },
            70 + 34 * len(shown),
        ),
        full=True,
    )


def _reading(good: int) -> str:
    return (
        "fANOVA asks what the scores vary with: it fits a random forest to the trials, and a "
        "hyperparameter's share is how much of the forest's variance it explains, among bad "
        "networks as much as among good ones. PED-ANOVA asks what sets the best apart: how far "
        f"the values of the best {good} trials differ from those of all. So a value that ruins "
        "networks weighs most in fANOVA, and one that makes a good network the best in PED-ANOVA. "
        "Each method's shares add up to 100%, of what hyperparameters do one by one: what two do "
        "only together is in neither. A share does not say which value is the good one; the "
        "panels of the score against each hyperparameter show that."
    )


def _bars(method: str, found: Sequence[Importance], colour: str) -> dict[str, Any]:
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
            # The share itself may lie outside of what resamples give.
            "array": [max(one.high - one.share, 0) for one in found],
            "arrayminus": [max(one.share - one.low, 0) for one in found],
            "color": look.MUTED,
            "thickness": 1.2,
            "width": 3,
        },
        "text": [
            f"{_share(one)}{'' if one.settled else ', too few trials to say'}" for one in found
        ],
        "textposition": "none",
        "hovertemplate": f"{method}: %{{text}}<extra></extra>",
    }


def _share(one: Importance) -> str:
    return f"{one.name} {one.share:.0%} ({one.low:.0%} to {one.high:.0%})"


def _said(method: str, found: Sequence[Importance]) -> str:
    settled = [_share(one) for one in found if one.settled]
    open_names = [one.name for one in found if not one.settled]
    if not found:
        return f"{method}: nothing that varied is in all trials."
    if not settled:
        return f"{method}: too few trials to say, of any of them."
    if not open_names:
        return f"{method}: {listed(settled)}."
    of = listed(open_names) if len(open_names) <= MOST_NAMED else f"{len(open_names)} others"
    return f"{method}: {listed(settled)}; of {of}, too few trials to say."
