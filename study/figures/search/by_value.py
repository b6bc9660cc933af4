"""The score over each hyperparameter, and all of them side by side."""

from collections.abc import Mapping
from statistics import median
from typing import NamedTuple

from study.figures.search.scales import Scale, spread
from study.figures.search.searched import Searched, Words, capital
from study.records.base import Value
from study.records.trial import Trial
from study.wording import DASH, listed, percent, several

MOST_PANELS = 24
"""Number of hyperparameters that get a panel of their own: the most important ones."""
MOST_AXES = 12
"""Number of hyperparameters in the parallel coordinates: the most important ones."""
CLOSEST_TICKS = 0.04
"""Smallest distance of two labels on a parallel axis, as a share of the axis."""
ABSENT = 0.12
"""Share of a parallel axis below its lowest value, if some trials do not have the hyperparameter:
their lines cross it at its lower end."""
FAINTEST, DARKER = 0.15, 0.75
"""Weight of the worst trial's line, and how much more the best trial's line has."""
CROWD = 8
"""Lines drawn over one another add up to a dark surface: with more lines than this, those of bad
trials become proportionally fainter."""
DARK_LINES = 15
"""About this many lines of a crowd are dark."""

READING_PARALLEL = (
    "Each axis is a hyperparameter, except the first, which is the score. Each trial is a line "
    "that crosses every axis at the trial's value, or at the dash if the trial does not have the "
    "hyperparameter. Where the dark lines come together, the good trials agree on a value; where "
    "they are spread over the whole axis, the hyperparameter matters little by itself. The axes "
    "are in alphabetical order, so it means nothing which axes are neighbours."
)
READING_PANELS = (
    "Every panel shows the same trials, placed by a different hyperparameter. The other "
    "hyperparameters vary too, so dots with the same value lie at different heights. Look at the "
    "upper edge of the dots: where it is highest are the values with which the best networks were "
    "found; where it is level, the hyperparameter matters little by itself. Where there are few "
    "dots, few values were tried, and a low edge may be due to chance. Dots of one category lie "
    "side by side only so that all of them can be seen."
)


class ValuePanel(NamedTuple):
    """The score against one hyperparameter."""

    scale: Scale
    numbers: tuple[int, ...]
    """Drawn trials that have the hyperparameter, by number; `places` and `scores` are theirs."""
    places: tuple[float, ...]
    """Places on the axis; those of one category lie beside each other."""
    scores: tuple[float, ...]
    """In [0, 1]."""
    medians: tuple[tuple[float, float], ...]
    """(place, median score) of each category, over all trials; none of a number."""
    having: int
    """How many of all trials with a score have the hyperparameter."""


class PanelsInfo(NamedTuple):
    """One panel per hyperparameter that varied, the most important first."""

    panels: tuple[ValuePanel, ...]
    varied: int
    """How many hyperparameters varied, including those without a panel."""
    trials: int
    """Number of trials with a score."""
    best: int | None


def panels_info(search: Searched) -> PanelsInfo | None:
    """None if fewer than two trials have a score, or no hyperparameter varied."""
    if len(search.equal) < 2 or not search.names:
        return None
    return PanelsInfo(
        panels=tuple(_panel(search, name) for name in search.names[:MOST_PANELS]),
        varied=len(search.names),
        trials=len(search.equal),
        best=search.best,
    )


def _panel(search: Searched, name: str) -> ValuePanel:
    having = search.values(search.scored, name)
    scale = search.scale(name)
    drawn = search.values(search.drawn, name)
    return value_panel(scale, having, search.equal)._replace(
        numbers=tuple(drawn),
        places=spread(scale, drawn, map(scale.place, drawn.values())),
        scores=tuple(search.equal[number] for number in drawn),
    )


def value_panel(
    scale: Scale, values: Mapping[int, Value], scores: Mapping[int, float]
) -> ValuePanel:
    """The panel of these trials, all of which are drawn: number -> value and number -> score."""
    return ValuePanel(
        scale=scale,
        numbers=tuple(values),
        places=spread(scale, values, map(scale.place, values.values())),
        scores=tuple(scores[number] for number in values),
        medians=_medians(scale, values, scores) if scale.kind == "categories" else (),
        having=len(values),
    )


def _medians(
    scale: Scale, values: Mapping[int, Value], scores: Mapping[int, float]
) -> tuple[tuple[float, float], ...]:
    groups: dict[float, list[float]] = {}
    for number, value in values.items():
        groups.setdefault(scale.place(value), []).append(scores[number])
    return tuple((place, median(group)) for place, group in sorted(groups.items()))


def panels_words(search: Searched, info: PanelsInfo) -> Words:
    """Says which trials and hyperparameters are shown, and in which order."""
    names = [panel.scale.name for panel in info.panels]
    if len(names) < info.varied:
        shown = f"the first {len(names)} of {info.varied} hyperparameters that varied"
    else:
        shown = f"each of {several(info.varied, 'hyperparameter')} that varied"
    order = ", the most important first (PED-ANOVA)" if search.importances.ped_anova else ""
    return Words(
        "Score against each hyperparameter",
        f"{capital(search.score)} of {several(info.trials, 'trial')} against {shown}{order}. The "
        "baseline is orange, the best trial blue; bars are medians. Trials that do not have a "
        f"hyperparameter are missing from its panel.{search.fair}{search.sampled}",
        f"Small scatter plots of the score against {listed(names)}.",
        READING_PANELS,
    )


class ParallelAxis(NamedTuple):
    """The axis of the score or of a hyperparameter."""

    name: str
    ticks: tuple[tuple[float, str], ...]
    """(share of the axis, label) of each tick."""


class ParallelLine(NamedTuple):
    """The line of one trial."""

    number: int
    weight: float
    """How dark the line is drawn, in (0, 1): the better the trial, the darker."""
    places: tuple[float, ...]
    """Share of each axis at which the line crosses it, in [0, 1]."""


class ParallelInfo(NamedTuple):
    """One line per trial across axes of the score and the hyperparameters."""

    axes: tuple[ParallelAxis, ...]
    """The score's, then the hyperparameters' in alphabetical order."""
    lines: tuple[ParallelLine, ...]
    """The worst trial first, so that the best is drawn over it."""
    varied: int
    """How many hyperparameters varied, including those without an axis."""
    best: int | None


def parallel_info(search: Searched) -> ParallelInfo | None:
    """None if fewer than two trials are drawn, or no hyperparameter varied."""
    drawn, names = search.drawn, sorted(search.names[:MOST_AXES])
    if len(drawn) < 2 or not names:
        return None
    equal = {trial.number: search.equal[trial.number] for trial in drawn}
    low, high = min(equal.values()), max(equal.values())
    scores = Scale("score", "linear", low, high)
    axes, columns = [_score_axis(scores)], [{n: scores.share(s) for n, s in equal.items()}]
    for name in names:
        axis, places = _axis(search, drawn, name)
        axes.append(axis)
        columns.append(places)
    worst_first = sorted(equal, key=lambda number: equal[number])
    lines = [
        ParallelLine(number, _weight(rank, len(drawn)), tuple(column[number] for column in columns))
        for rank, number in enumerate(worst_first)
    ]
    return ParallelInfo(tuple(axes), tuple(lines), len(search.names), search.best)


def _weight(rank: int, count: int) -> float:
    """Weight of the line of that rank, 0 being the worst: the few best trials stand out."""
    share = rank / (count - 1)
    return min(FAINTEST, CROWD / count) + DARKER * float(share ** max(2, count / DARK_LINES))


def _score_axis(scale: Scale) -> ParallelAxis:
    if scale.low == scale.high:
        return ParallelAxis(scale.name, ((0.5, percent(scale.low)),))
    shares = [place / 5 for place in range(6)]
    width = scale.high - scale.low
    return ParallelAxis(
        scale.name, tuple((share, percent(scale.low + share * width)) for share in shares)
    )


def _axis(
    search: Searched, drawn: tuple[Trial, ...], name: str
) -> tuple[ParallelAxis, dict[int, float]]:
    """The hyperparameter's axis, and where each trial crosses it."""
    having, scale = search.values(drawn, name), search.scale(name)
    bottom = ABSENT if len(having) < len(drawn) else 0.0
    places = {
        trial.number: bottom + (1 - bottom) * scale.share(having[trial.number])
        if trial.number in having
        else 0.0
        for trial in drawn
    }
    ticks = [(0.0, DASH)] if bottom else []
    for place, text in scale.ticks():
        share = bottom + (1 - bottom) * scale.share_of_place(place)
        if not ticks or share - ticks[-1][0] >= CLOSEST_TICKS:
            ticks.append((share, text))
    return ParallelAxis(name, tuple(ticks)), places


def parallel_words(search: Searched, info: ParallelInfo) -> Words:
    """Says which trials and axes are shown."""
    names = [axis.name for axis in info.axes[1:]]
    shown = several(len(names), "hyperparameter")
    if len(names) < info.varied:
        shown = f"the first {len(names)} of {info.varied} hyperparameters by PED-ANOVA"
    return Words(
        "Parallel coordinates",
        f"One line per trial ({len(info.lines)}) across {shown}: the darker the line, the better "
        f"the trial. The baseline is orange.{search.fair}{search.sampled}",
        f"One line per trial, across axes for the score and {listed(names)}.",
        READING_PARALLEL,
        "Drag along an axis to keep only the trials that pass there, and along further axes to "
        "keep fewer; double-click to keep all.",
    )
