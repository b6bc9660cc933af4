"""Charts of the score against what it costs, with the Pareto front."""

from collections.abc import Callable
from dataclasses import dataclass

from study.report.charts import look
from study.report.charts.chart import Chart
from study.report.charts.search import CHART_PX, Search
from study.report.page.formats import duration, percent, several

READING = (
    "Further up is better, further left costs less. A trial is on the front if no other is both as "
    "good and as cheap: whoever wants a better one than it has to pay more. For each of the "
    "others there is one on the front that is at least as good and costs no more. The steps show "
    "the best score to be had for at most so much: where they are flat, paying more gains little. "
    "Differences between trials are in part chance, so that a neighbour just below the front may "
    "be as good."
)


@dataclass(frozen=True)
class Cost:
    """What a trial says of itself of which less is better."""

    attribute: str
    name: str
    unit: str
    """Behind the name on the axis, with a space before it."""
    cheap: str
    written: Callable[[float], str]


PARAMETERS = Cost(
    "parameters", "parameters", "", "small", lambda number: several(int(number), "parameter")
)
LATENCY = Cost(
    "latency",
    "time to predict an image",
    " (s)",
    "quick to predict",
    lambda seconds: f"{1000 * seconds:.2g} ms",
)
SECONDS = Cost("seconds", "training time", " (s)", "quick to train", duration)


def accuracy_by_parameters(search: Search) -> Chart | None:
    """The Pareto front of score and size."""
    return _pareto_front(search, PARAMETERS)


def accuracy_by_latency(search: Search) -> Chart | None:
    """The Pareto front of score and the time a prediction takes."""
    return _pareto_front(search, LATENCY)


def accuracy_by_seconds(search: Search) -> Chart | None:
    """The Pareto front of score and training time."""
    return _pareto_front(search, SECONDS)


def _pareto_front(search: Search, cost: Cost) -> Chart | None:
    """Score against what an attribute of the trials says; which trials no other beats in both."""
    import optuna
    from optuna.visualization import plot_pareto_front

    priced = search.drawn.dropna(subset=cost.attribute)
    if len(priced) < 2:
        return None
    both = optuna.create_study(directions=["minimize", "maximize"])
    both.add_trials(
        [
            optuna.trial.create_trial(values=values)
            for values in priced[[cost.attribute, "score"]].values.tolist()
        ]
    )
    axis = cost.name + cost.unit
    beaten, front = look.plain(plot_pareto_front(both, target_names=[axis, search.score]))["data"]
    for trace in (beaten, front):
        points = sorted(zip(trace["x"], trace["y"], trace["marker"]["color"], strict=True))
        numbers = [int(priced.index[place]) for _, _, place in points]
        trace |= {
            "x": [x for x, _, _ in points],
            "y": [y for _, y, _ in points],
            "customdata": numbers,
            "text": None,
            "hovertemplate": None,
            "marker": look.marker(numbers, search.best),
            "showlegend": bool(points),
        }
    beaten |= look.dots(beaten["x"], beaten["y"], beaten["customdata"], search.best)
    beaten["name"] = "beaten in both"
    front |= {
        "name": "on the front",
        "mode": "lines+markers",
        "line": {"color": look.GOOD, "shape": "hv", "width": 1.5},
    }
    front["marker"]["line"] = {"width": 2, "color": look.GOOD}
    ends = [
        f"trial {front['customdata'][i]} ({cost.written(front['x'][i])}, {percent(front['y'][i])})"
        for i in (0, -1)
    ]
    all_priced = search.scored[cost.attribute].count()  # the front of all is drawn
    caption = f"Of {several(all_priced, 'trial')} no other is as {cost.cheap} and as good as "
    if len(front["x"]) == 1:
        caption += f"{ends[0]}."
    else:
        caption += f"the {len(front['x'])} on the front: from {ends[0]} to {ends[1]}."
    costs = [*front["x"], *beaten["x"]]
    scale = {"type": "log"} | look.log_ticks(min(costs), max(costs), "~s") if min(costs) else {}
    return Chart(
        key=f"accuracy-by-{cost.attribute}",
        title=f"Accuracy against {cost.name}",
        caption=caption + search.sampled,
        alt=f"Scatter plot of {search.score} against {axis}, with a line through the front.",
        reading=READING,
        figure=look.finished(
            [beaten, front],
            {
                "xaxis": {"title": {"text": axis}} | scale,
                "yaxis": look.score_axis([beaten, front], search.score),
            },
            CHART_PX,
        ),
        more=cost is SECONDS,
    )
