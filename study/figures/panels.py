"""Small plots of what came out of trials against one of their values, and dots for trials."""

import math
from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter
from scipy.stats import kruskal

from study.figures.style import PALETTE
from study.records import Value

BASELINE = 0
"""Number of the trial that is the baseline."""
MOST_CATEGORIES = 6
"""A numeric hyperparameter with more values than this gets a numeric axis, as do fractions none of
which occurs twice."""
LOG_FROM = 10.0
"""Ratio of a hyperparameter's largest to its smallest value from which its axis is logarithmic."""
OTHERS = "#A3A8B1"
"""Trials that are neither the baseline nor the best: a light `muted`."""
LONGEST_NAME = 22
LONGEST_LABEL = 11
WIDEST_LABELS = 24
"""Characters that fit below a panel side by side."""
GOLDEN = (math.sqrt(5) - 1) / 2

PanelKind = Literal["categories", "linear", "log", "symlog"]


class Panel(NamedTuple):
    """An outcome against one value, over the trials that have it."""

    name: str
    kind: PanelKind
    categories: tuple[str, ...]
    """Labels at x = 0, 1, 2, ... if the kind is "categories", else ()."""
    numbers: tuple[int, ...]
    x: tuple[float, ...]
    """Place of the category, or the value itself."""
    scores: tuple[float, ...]
    matters: float
    """Share of the scores' ranks that its groups explain, in [0, 1]; see `explained`."""


def make_panel(
    name: str, numbers: Sequence[int], values: Sequence[Value], scores: Sequence[float]
) -> Panel | None:
    """The panel of one value of these trials, None if it was constant."""
    kind = _kind(values)
    if kind == "categories":
        categories = sorted(set(values), key=_order)
        x = [float(categories.index(value)) for value in values]
        labels = tuple(_label(value) for value in categories)
    else:
        x = [float(value) for value in values]
        labels = ()
    if len(set(x)) < 2:
        return None
    return Panel(
        name=name,
        kind=kind,
        categories=labels,
        numbers=tuple(numbers),
        x=tuple(x),
        scores=tuple(scores),
        matters=explained(x, scores),
    )


def _kind(values: Sequence[Value]) -> PanelKind:
    numeric = all(
        isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        for value in values
    )
    different = len(set(values))
    drawn = any(isinstance(value, float) for value in values) and 1 < different == len(values)
    if not numeric or (different <= MOST_CATEGORIES and not drawn):
        return "categories"
    positive = [float(value) for value in values if float(value) > 0]
    if min(float(value) for value in values) < 0 or max(positive) <= LOG_FROM * min(positive):
        return "linear"
    return "log" if len(positive) == len(values) else "symlog"


def _order(value: Value) -> tuple[bool, float, str]:
    """Sort key: numbers by size, then words by the alphabet."""
    return (False, float(value), "") if isinstance(value, int | float) else (True, 0.0, value)


def _label(value: Value) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, int | float) else value


def explained(x: Sequence[float], scores: Sequence[float]) -> float:
    """How far groups of x tell scores apart: eta squared of the Kruskal-Wallis test, in [0, 1].

    Values of x are the groups, thirds of them if there are more than `MOST_CATEGORIES`. The
    measure looks at ranks only and allows for the number of groups (Tomczak and Tomczak 2014,
    "The need to report effect size estimates revisited", table 1). It sees one hyperparameter at
    a time: what two do together, and what else differed between trials, is not taken apart.
    """
    place, outcome = np.asarray(x, dtype=float), np.asarray(scores, dtype=float)
    if len(np.unique(place)) > MOST_CATEGORIES:
        place = np.searchsorted(np.quantile(place, [1 / 3, 2 / 3]), place)
    groups = [outcome[place == value] for value in np.unique(place)]
    if len(groups) < 2 or len(outcome) <= len(groups) or len(np.unique(outcome)) < 2:
        return 0.0
    surplus = float(kruskal(*groups).statistic) - len(groups) + 1
    return min(max(surplus / (len(outcome) - len(groups)), 0.0), 1.0)


def draw_panel(axes: Axes, panel: Panel, best: int | None, trials: int) -> None:
    """Dots of the trials, and ticks at the medians of categories.

    Args:
        axes: Its y axis is set up for the scores.
        panel: What to draw.
        best: Number of the best trial.
        trials: How many there are, with and without the value.
    """
    if panel.kind == "categories":
        _draw_categories(axes, panel)
    else:
        _set_numeric_axis(axes, panel)
    scatter_trials(axes, panel.numbers, places(panel), panel.scores, best=best, labels=True)
    axes.grid(True, axis="y")
    axes.set_title(_short(panel.name, LONGEST_NAME), fontsize=8.5)
    if len(panel.numbers) < trials:
        axes.set_xlabel(f"active in {len(panel.numbers)} of {trials}", fontsize=7.5)


def places(panel: Panel) -> tuple[float, ...]:
    """Where the trials' dots are on the x axis: those of a category beside each other."""
    if panel.kind != "categories":
        return panel.x
    # The golden ratio spreads any run of trial numbers evenly, the same way every time.
    return tuple(
        place + 0.5 * ((number * GOLDEN) % 1 - 0.5)
        for place, number in zip(panel.x, panel.numbers, strict=True)
    )


def _set_numeric_axis(axes: Axes, panel: Panel) -> None:
    smallest = min((value for value in panel.x if value > 0), default=1.0)
    if panel.kind == "linear":
        whole = all(value.is_integer() for value in panel.x)
        axes.xaxis.set_major_locator(MaxNLocator(4, integer=whole))
    elif panel.kind == "symlog":
        axes.set_xscale("symlog", linthresh=smallest, linscale=0.7)
    else:
        powers = math.floor(math.log10(max(panel.x))) - math.ceil(math.log10(smallest)) + 1
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 3) if powers < 2 else (1,)))
    if panel.kind != "linear":
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _short_number(value)))
    axes.xaxis.set_minor_formatter(NullFormatter())


def _short_number(value: float) -> str:
    """0.0003 -> "3e-4", 0.3 -> "0.3", 512 -> "512"."""
    return f"{value:.0e}".replace("e-0", "e-") if 0 < value < 0.01 else f"{value:g}"


def _draw_categories(axes: Axes, panel: Panel) -> None:
    slots = range(len(panel.categories))
    medians = [
        float(np.median([score for x, score in zip(panel.x, panel.scores, strict=True) if x == at]))
        for at in slots
    ]
    axes.hlines(
        medians,
        [at - 0.32 for at in slots],
        [at + 0.32 for at in slots],
        PALETTE["ink"],
        lw=1.4,
        zorder=4,
    )
    labels = [_short(label, LONGEST_LABEL) for label in panel.categories]
    axes.set_xticks(slots, labels)
    if max(map(len, labels)) * len(labels) > WIDEST_LABELS:
        axes.tick_params(axis="x", rotation=30)
        for label in axes.get_xticklabels():
            label.set(horizontalalignment="right", rotation_mode="anchor")
    axes.set_xlim(-0.6, len(panel.categories) - 0.4)


def scatter_trials(
    axes: Axes,
    numbers: Sequence[int],
    x: Sequence[float],
    scores: Sequence[float],
    sizes: Sequence[float] | None = None,
    *,
    best: int | None = None,
    labels: bool = False,
) -> None:
    """Dots: the baseline and the best trial in their colours, the others grey."""
    if best is None and scores:
        best = numbers[scores.index(max(scores))]
    sizes = sizes or [22.0] * len(numbers)
    kinds = {
        "other trials": [n not in (BASELINE, best) for n in numbers],
        "baseline (trial 0)": [n == BASELINE for n in numbers],
        f"best (trial {best})": [n == best and n != BASELINE for n in numbers],
    }
    colors = (OTHERS, PALETTE["baseline"], PALETTE["tuned"])
    for color, (label, chosen) in zip(colors, kinds.items(), strict=True):
        special = color != OTHERS
        picked = [i for i, yes in enumerate(chosen) if yes]
        if picked:
            axes.scatter(
                [x[i] for i in picked],
                [scores[i] for i in picked],
                s=[sizes[i] * (2.2 if special else 1) for i in picked],
                color=color,
                edgecolor="white",
                linewidth=0.6,
                zorder=5 if special else 3,
                label=label if labels else None,
            )


def dot_sizes(epochs: Sequence[int]) -> list[float]:
    """Areas of dots: in proportion to the epochs, bounded below so that each can be seen."""
    most = max([*epochs, 1])
    return [max(8.0, 30.0 * number / most) for number in epochs]


def _short(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
