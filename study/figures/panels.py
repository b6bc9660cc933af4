"""Small plots of what came out of trials against one of their values, and dots for trials."""

import math
from collections.abc import Collection
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter
from numpy.typing import ArrayLike
from pandas.api.types import is_bool_dtype, is_float_dtype, is_numeric_dtype

from study import rank_effect
from study.figures.palette import PALETTE
from study.rank_effect import Trait
from study.records.base import Value

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
    points: pd.DataFrame
    """One row per trial, by its number: x, the value or the place of its category, and score."""
    matters: float
    """Share of the scores' ranks that its groups explain, in [0, 1]; see `explained`."""


def make_panel(values: pd.Series, scores: pd.Series) -> Panel | None:
    """The panel of one value of the trials, None if it was constant.

    Args:
        values: By trial; missing where a trial has none.
        scores: By trial, of the same trials.
    """
    values = values.dropna()
    kind = _kind(values)
    categories = sorted(values.unique().tolist(), key=_order) if kind == "categories" else []
    x = (values.map(categories.index) if categories else values).astype(float)
    if x.nunique() < 2:
        return None
    points = pd.DataFrame({"x": x, "score": scores[x.index]})
    labels = tuple(map(_label, categories))
    return Panel(str(values.name), kind, labels, points, explained(x, points["score"]))


def _kind(values: pd.Series) -> PanelKind:
    numeric = is_numeric_dtype(values) and not is_bool_dtype(values) and np.isfinite(values).all()
    drawn = is_float_dtype(values) and 1 < values.nunique() == len(values)
    if not numeric or (values.nunique() <= MOST_CATEGORIES and not drawn):
        return "categories"
    positive = values[values > 0]
    if values.min() < 0 or positive.max() <= LOG_FROM * positive.min():
        return "linear"
    return "log" if len(positive) == len(values) else "symlog"


def _order(value: Value) -> tuple[bool, float, str]:
    """Sort key: numbers by size, then words by the alphabet."""
    return (False, float(value), "") if isinstance(value, int | float) else (True, 0.0, value)


def _label(value: Value) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, int | float) else value


def explained(x: ArrayLike, scores: ArrayLike) -> float:
    """How far groups of x tell scores apart, in [0, 1]: see `study.rank_effect`.

    Values of x are the groups, thirds of them if there are more than `MOST_CATEGORIES`. It sees one
    hyperparameter at a time: what two do together, and what else differed between trials, is not
    taken apart.
    """
    place = np.asarray(x, dtype=float)
    if len(np.unique(place)) > MOST_CATEGORIES:
        place = np.searchsorted(np.quantile(place, [1 / 3, 2 / 3]), place)
    return rank_effect.explained(np.asarray(scores, dtype=float), Trait(place, "groups"))


def draw_panel(
    axes: Axes,
    panel: Panel,
    best: int | None,
    trials: int,
    numbers: Collection[int] | None = None,
) -> None:
    """Dots of the trials, and ticks at the medians of categories.

    Args:
        axes: Its y axis is set up for the scores.
        panel: What to draw.
        best: Number of the best trial.
        trials: How many there are, with and without the value.
        numbers: Of those that get a dot; None: all.
    """
    if panel.kind == "categories":
        _draw_categories(axes, panel)
    else:
        _set_numeric_axis(axes, panel)
    x, scores = places(panel), panel.points["score"]
    if numbers is not None:
        x, scores = (values[values.index.isin(numbers)] for values in (x, scores))
    scatter_trials(axes, x, scores, best)
    axes.grid(True, axis="y")
    axes.set_title(_short(panel.name, LONGEST_NAME), fontsize=8.5)
    if len(panel.points) < trials:
        axes.set_xlabel(f"active in {len(panel.points)} of {trials}", fontsize=7.5)


def places(panel: Panel) -> pd.Series:
    """Where the trials' dots are on the x axis: those of a category beside each other."""
    x = panel.points["x"]
    # The golden ratio spreads any run of trial numbers evenly, the same way every time, which
    # seaborn's stripplot does not: it draws from NumPy's global generator.
    return x + 0.5 * ((x.index * GOLDEN) % 1 - 0.5) if panel.kind == "categories" else x


def _set_numeric_axis(axes: Axes, panel: Panel) -> None:
    x = panel.points["x"]
    smallest = x[x > 0].min()
    if panel.kind == "linear":
        whole = bool((x % 1 == 0).all())
        axes.xaxis.set_major_locator(MaxNLocator(4, integer=whole))
    elif panel.kind == "symlog":
        axes.set_xscale("symlog", linthresh=smallest, linscale=0.7)
    else:
        powers = math.floor(math.log10(x.max())) - math.ceil(math.log10(smallest)) + 1
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 3) if powers < 2 else (1,)))
    if panel.kind != "linear":
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _short_number(value)))
    axes.xaxis.set_minor_formatter(NullFormatter())


def _short_number(value: float) -> str:
    """0.0003 -> "3e-4", 0.3 -> "0.3", 512 -> "512"."""
    return f"{value:.0e}".replace("e-0", "e-") if 0 < value < 0.01 else f"{value:g}"


def _draw_categories(axes: Axes, panel: Panel) -> None:
    medians = panel.points.groupby("x")["score"].median()
    slots = medians.index
    axes.hlines(medians, slots - 0.32, slots + 0.32, PALETTE["ink"], lw=1.4, zorder=4)
    labels = [_short(label, LONGEST_LABEL) for label in panel.categories]
    axes.set_xticks(slots, labels)
    if max(map(len, labels)) * len(labels) > WIDEST_LABELS:
        axes.tick_params(axis="x", rotation=30)
        for label in axes.get_xticklabels():
            label.set(horizontalalignment="right", rotation_mode="anchor")
    axes.set_xlim(-0.6, len(panel.categories) - 0.4)


def scatter_trials(
    axes: Axes, x: pd.Series, y: pd.Series, best: int | None, areas: pd.Series | float = 22.0
) -> None:
    """Dots, one per trial, by its number: the baseline and the best in their colours and larger."""
    dots = pd.DataFrame({"x": x, "y": y, "area": areas, "role": roles(x.index, best)})
    for role, chosen in dots.groupby("role"):
        color = role_colors(best)[str(role)]
        axes.scatter(
            chosen["x"],
            chosen["y"],
            s=chosen["area"] * (1 if color == OTHERS else 2.2),
            color=color,
            edgecolor="white",
            linewidth=0.6,
            zorder=3 if color == OTHERS else 5,
            label=str(role),
        )


def role_colors(best: int | None) -> dict[str, str]:
    """What a trial is, in words for a legend -> colour: another one, the baseline, the best."""
    return {
        "other trials": OTHERS,
        "baseline (trial 0)": PALETTE["baseline"],
        f"best (trial {best})": PALETTE["tuned"],
    }


def roles(numbers: pd.Index | pd.Series, best: int | None) -> "pd.Categorical[str]":
    """What each trial is, in the words of `role_colors`."""
    is_baseline = np.asarray(numbers == BASELINE)
    codes = np.where(is_baseline, 1, 2 * np.asarray(numbers == best))
    return pd.Categorical.from_codes(codes, pd.Index([*role_colors(best)]))


def dot_areas(epochs: pd.Series) -> pd.Series:
    """Areas of dots: in proportion to the epochs, bounded below so that each can be seen."""
    return (30.0 * epochs / epochs.clip(lower=1).max()).clip(lower=8.0)


def _short(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
