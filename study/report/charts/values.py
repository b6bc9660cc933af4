"""Charts of the score over the hyperparameters: Optuna's, in the study's look."""

from collections.abc import Sequence
from itertools import combinations, product
from typing import TYPE_CHECKING, Any

import numpy as np

from study.report.charts import look
from study.report.charts.chart import Chart
from study.report.charts.search import CHART_PX, Search, capital, complete, scores_of
from study.report.page.formats import DASH, listed, percent, several, value

if TYPE_CHECKING:
    import optuna

MOST_AXES = 12
"""Hyperparameters in the parallel coordinates and slices: the most important ones."""
FEWEST_CONTOUR = 4
"""Trials from which a surface is drawn through them."""
CLOSEST_TICKS = 0.04
"""Smallest distance of two labels of a parallel axis, as a share of it."""
MIDDLE = 0.5
"""Of an axis: where all trials lie if they have one value."""
WORDS = {"True": "yes", "False": "no", "None": DASH}
"""How the report writes what Python calls so. "None" is Optuna's for no value."""
READING_PARALLEL = (
    "An axis is a hyperparameter, the first one the score; a trial is a line that crosses each at "
    "its own value, or at the dash where it does not have the hyperparameter. Where the dark lines "
    "come together, the good trials agree on a value; where they are spread over the whole axis, "
    "it decides little by itself. The axes are in the order of the alphabet, so that it means "
    "nothing which of them are neighbours."
)
READING_SLICES = (
    "Every panel shows the same trials, placed by another hyperparameter. The others vary too, so "
    "that dots of one value are at different heights. Look at the upper edge of the dots: where it "
    "is highest lie the values with which the best networks were found, and where it is level the "
    "hyperparameter decides little by itself. Where there are few dots, little was tried: a low "
    "edge there may be chance."
)
READING_CONTOUR = (
    "Bright is a high score, dark a low one, as the scale beside says. If the colour changes along "
    "one axis only, the other hyperparameter matters little; if a bright band runs aslant, with "
    "darker colours on both sides, the best value of one depends on the other. A bright part at "
    "the edge says that the space may end too early. Where there are no dots near, nothing was "
    "tried, and the colour means little."
)
READING_RANK = (
    "A dot is a trial; its colour is its place among all trials, from the worst (dark) to the best "
    "(bright), not its score: a few very bad trials do not hide the differences between the good "
    "ones. Where bright dots keep to themselves, the two values go well together; where bright and "
    "dark are mixed, the two decide little. Of several panels, those on the diagonal have one "
    "hyperparameter on both axes, and those across it show the same pair turned over."
)
PANEL_PX, TALL_PX, AXIS_PX = 210, 620, 64
"""Height of a slice; of, and least width of, all panels of ranks; least width a parallel axis."""


def parallel_coordinates(search: Search) -> Chart | None:
    """A line a trial across the hyperparameters; the page adds the brush."""
    from optuna.visualization import plot_parallel_coordinate

    trials = complete(search.equal)
    own = [search.numbers[trial.number] for trial in trials]
    scores = dict(zip(own, scores_of(trials), strict=True))
    names = sorted(search.names[:MOST_AXES])  # Optuna's order
    if len(scores) < 2 or not names:
        return None
    # Optuna sorts the lines: those of the trials' numbers, instead of scores, say which is which.
    drawn = plot_parallel_coordinate(
        search.equal, params=names, target=lambda trial: float(trial.number), target_name="score"
    )
    found = look.plain(drawn)
    *lines, _ = found["data"]  # the last one is the colour bar
    low, high = min(scores.values()), max(scores.values())
    worst_first = sorted(scores, key=lambda number: scores[number])
    places = {number: place for place, number in enumerate(worst_first)}
    for line in lines:
        number = own[round((len(own) - 1) * line["y"][0])]
        height = (scores[number] - low) / (high - low) if low < high else MIDDLE
        rank = places[number] / (len(lines) - 1)
        marked = number in (0, search.best)
        colour = look.BASELINE if number == 0 else look.TUNED
        line |= {
            "mode": "lines+markers",
            "y": [height, *line["y"][1:]],
            "customdata": [number] * len(line["x"]),
            "hovertemplate": None,
            "line": {"color": colour, "width": 3 if marked else 1.5},
            "marker": {"color": colour, "size": 5},
            # Squared, because the few best are what one looks for.
            "opacity": 1 if marked else 0.15 + 0.75 * rank**2,
        }
    for axis in found["layout"]["shapes"]:
        axis["line"]["color"] = look.MUTED
    shown = several(len(names), "hyperparameter")
    if len(names) < len(search.names):
        shown = f"the first {len(names)} of {len(search.names)} hyperparameters by PED-ANOVA"
    return Chart(
        key="parallel-coordinates",
        title="Parallel coordinates",
        caption=(
            f"{several(len(lines), 'trial')}, a line each, across {shown}: the darker, the better; "
            "the baseline orange. Drag along an axis to keep the trials that pass there, along "
            f"others to keep fewer; double-click to keep all.{search.fair}{search.sampled}"
        ),
        alt=f"A line a trial, across axes for the score and {listed(names)}.",
        reading=READING_PARALLEL,
        figure=look.finished(
            sorted(lines, key=lambda line: places[line["customdata"][0]]),
            {
                "annotations": _axis_ticks(search, found["layout"]["annotations"], names),
                "shapes": found["layout"]["shapes"],
                "xaxis": found["layout"]["xaxis"]
                | {"range": [-0.7, len(names) + 0.5], "fixedrange": True, "ticks": ""},
                "yaxis": found["layout"]["yaxis"],
                "dragmode": "select",
                "selectdirection": "any",
                "showlegend": False,
                "meta": {"axes": len(names) + 1},
            },
            420,
        ),
        width=AXIS_PX * (len(names) + 1),
        full=True,
    )


def _axis_ticks(
    search: Search, notes: Sequence[dict[str, Any]], names: Sequence[str]
) -> list[dict[str, Any]]:
    """Optuna's tick labels in the study's words, without those that lie on one another."""
    from optuna.distributions import IntDistribution

    trials = complete(search.equal)
    low, high = min(scores_of(trials)), max(scores_of(trials))
    kinds = {name: kind for trial in trials for name, kind in trial.distributions.items()}
    ticks: list[dict[str, Any]] = []
    for note in sorted(notes, key=lambda note: (note["x"], note["y"])):
        place, text = note["x"], WORDS.get(note["text"], note["text"])
        if place == 0:
            if low == high and note["y"] != MIDDLE:
                continue
            text = percent(low + note["y"] * (high - low))
        elif isinstance(kinds[names[place - 1]], IntDistribution) and "." in text:
            continue  # between two whole numbers
        if ticks and ticks[-1]["x"] == place and note["y"] - ticks[-1]["y"] < CLOSEST_TICKS:
            continue
        font = {"size": 10, "color": look.MUTED}
        ticks.append(note | {"text": text, "font": font, "bgcolor": look.PAPER, "opacity": 0.85})
    return ticks


def slices(search: Search) -> Chart | None:
    """Score against each hyperparameter."""
    from optuna.distributions import CategoricalDistribution
    from optuna.visualization import plot_slice

    trials = complete(search.equal)
    names = sorted(search.names[:MOST_AXES])  # Optuna's order
    if len(trials) < 2 or not names:
        return None
    found = look.plain(plot_slice(search.equal, params=names, target_name=search.score))
    kinds = {name: kind for trial in trials for name, kind in trial.distributions.items()}
    for place, (name, trace) in enumerate(zip(names, found["data"], strict=True), start=1):
        numbers = [search.numbers[number] for number in trace["marker"]["color"]]
        axis, kind = found["layout"]["xaxis" if place == 1 else f"xaxis{place}"], kinds[name]
        if isinstance(kind, CategoricalDistribution):
            words = {repr(choice): value(choice) for choice in kind.choices}
            axis["categoryarray"] = list(words.values())
            trace["x"] = [words[choice] for choice in trace["x"]]
        elif axis.get("type") == "log":
            axis |= look.log_ticks(min(trace["x"]), max(trace["x"]))
        trace |= look.dots(trace["x"], trace["y"], numbers, search.best) | {"name": name}
    scores = look.score_axis(found["data"])
    for name, axis in found["layout"].items():
        if name.startswith("yaxis"):
            axis |= {"title": None} | scores
    most = "" if len(names) == len(search.names) else f" of {len(search.names)}"
    return Chart(
        key="slice",
        title="Score against each hyperparameter",
        caption=(
            f"{capital(search.score)} of {several(len(trials), 'trial')} against "
            f"{len(names)}{most} hyperparameters that varied; the baseline orange, the best blue. "
            f"Trials without the hyperparameter are not in its panel.{search.fair}{search.sampled}"
        ),
        alt=f"Small scatter plots of the score against {listed(names)}.",
        reading=READING_SLICES,
        figure=look.finished(
            found["data"],
            found["layout"] | {"meta": {"panels": len(names), "height": PANEL_PX, "shared": True}},
            PANEL_PX * -(-len(names) // 4),
        ),
        full=True,
    )


def contour(search: Search) -> Chart | None:
    """Score over two hyperparameters, as a surface through the trials."""
    from optuna.visualization import plot_contour

    trials = complete(search.equal)
    pair = next(filter(lambda pair: _spread(trials, pair), combinations(search.names, 2)), None)
    if pair is None:
        return None
    found = look.plain(plot_contour(search.equal, params=list(pair), target_name="score"))
    surface, dots, _ = found["data"]
    numbers = [search.numbers[trial.number] for trial in _with(trials, pair)]
    surface |= {
        "colorscale": look.AMOUNTS,
        "reversescale": False,
        "line": {"width": 0.5},
        "colorbar": {"tickformat": look.SHARE, "thickness": 12, "outlinewidth": 0},
        "hoverinfo": "skip",
    }
    dots |= look.dots(dots["x"], dots["y"], numbers, search.best)
    dots["marker"] |= {"opacity": 1, "line": {"width": 1.5, "color": "white"}}
    _write_axes(found)
    first, second = sorted(pair)
    return Chart(
        key="contour",
        title="Contour",
        caption=(
            f"The score between {first} and {second}, {_why(search)}, drawn through "
            f"{several(len(numbers), 'trial')} (dots). Between the dots it is a guess; the other "
            f"hyperparameters varied as well.{search.fair}{search.sampled}"
        ),
        alt=f"Coloured surface of the score by {first} and {second}, with a dot a trial.",
        reading=READING_CONTOUR,
        figure=look.finished([surface, dots], found["layout"], CHART_PX),
        more=True,
    )


def _write_axes(found: dict[str, Any]) -> None:
    """Of a chart over hyperparameters: yes and no, and ticks that are written in full."""
    for trace in found["data"]:
        for side in ("x", "y"):
            trace[side] = [WORDS.get(place, place) for place in trace.get(side) or ()]
    for axis in found["layout"].values():
        if isinstance(axis, dict) and axis.get("type") == "log":
            axis |= look.log_ticks(*(10**end for end in axis["range"]))


def _with(
    trials: Sequence["optuna.trial.FrozenTrial"], names: Sequence[str]
) -> list["optuna.trial.FrozenTrial"]:
    """Trials that have all of these hyperparameters."""
    return [trial for trial in trials if all(name in trial.params for name in names)]


def _spread(trials: Sequence["optuna.trial.FrozenTrial"], pair: Sequence[str]) -> bool:
    """Whether enough trials have both, with different values of both."""
    both = _with(trials, pair)
    differ = all(len({trial.params[name] for trial in both}) > 1 for name in pair)
    return len(both) >= FEWEST_CONTOUR and differ


def _why(search: Search) -> str:
    if search.importances.ped_anova:
        return "the first by PED-ANOVA"
    return "the first that varied"


def rank(search: Search) -> Chart | None:
    """Trials over pairs of hyperparameters, coloured by their rank."""
    from optuna.visualization import plot_rank

    trials = complete(search.equal)
    names = list(search.names[:3])
    if len(trials) < 2 or len(names) < 2:
        return None
    found = look.plain(plot_rank(search.equal, params=names, target_name="score"))
    *panels, scale = found["data"]
    pairs = [tuple(names)] if len(names) == 2 else list(product(names, names))
    scores = search.scores
    # From 0, the worst, to 1, the best; equals share their mean rank.
    ranks = [
        ((scores < score).sum() + ((scores == score).sum() - 1) / 2) / (len(scores) - 1)
        for score in scores_of(trials)
    ]
    of_trial = {trial.number: float(place) for trial, place in zip(trials, ranks, strict=True)}
    for panel, pair in zip(panels, pairs, strict=True):
        inside = [trial.number for trial in _with(trials, pair)]
        panel |= {
            "customdata": [search.numbers[number] for number in inside],
            "hovertext": None,
            "hovertemplate": None,
            "marker": {
                "color": [of_trial[number] for number in inside],
                "colorscale": look.AMOUNTS,
                "cmin": 0,
                "cmax": 1,
                "size": 9,
                "line": {"width": 0.8, "color": look.PAPER},
            },
        }
    _write_axes(found)
    words = ("worst", "quarter", "half", "quarter", "best")
    quantiles = np.quantile(scores, [0, 0.25, 0.5, 0.75, 1])
    scale["x"] = scale["y"] = [None]
    scale["marker"] |= {"colorscale": look.AMOUNTS}
    scale["marker"]["colorbar"] |= {
        "outlinewidth": 0,
        "ticktext": [f"{w} {percent(float(q))}" for w, q in zip(words, quantiles, strict=True)],
    }
    return Chart(
        key="rank",
        title="Rank",
        caption=(
            f"{several(len(trials), 'trial')} over pairs of {listed(names)}, {_why(search)}; the "
            f"colour is the rank, from the worst to the best.{search.fair}{search.sampled}"
        ),
        alt=f"Scatter plots of pairs of {listed(names)}, coloured by the rank of the score.",
        reading=READING_RANK,
        figure=look.finished(
            found["data"], found["layout"], CHART_PX if len(names) == 2 else TALL_PX
        ),
        more=True,
        width=0 if len(names) == 2 else TALL_PX,
        full=len(names) > 2,
    )
