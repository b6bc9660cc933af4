"""Dots for trials, and small plots of what came out of trials against one of their values."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullFormatter
from numpy.typing import ArrayLike

from study.figures.palette import PALETTE
from study.figures.search.by_value import ValuePanel
from study.figures.search.scales import Scale, short_number
from study.figures.search.searched import BASELINE

OTHERS = "#A3A8B1"
"""Colour of the trials that are neither the baseline nor the best: a light `muted`."""
LONGEST_NAME = 22
LONGEST_LABEL = 11
WIDEST_LABELS = 24
"""Number of characters that fit side by side below a panel."""
DOT_AREA = 22.0
"""Area of a trial's dot, in square points."""
LARGER = 2.2
"""How much larger the dots of the baseline and the best trial are."""


def scatter_trials(
    axes: Axes,
    numbers: Sequence[int],
    x: ArrayLike,
    y: ArrayLike,
    best: int | None,
    areas: float | Sequence[float] = DOT_AREA,
) -> None:
    """Dots, one per trial: the baseline and the best in their colours, larger, and on top.

    Args:
        axes: Where the dots are drawn.
        numbers: (n,) of the trials.
        x: (n,) places.
        y: (n,) places.
        best: Number of the best trial.
        areas: (n,) of the dots, or one for all, in square points.
    """
    number = np.asarray(numbers, dtype=int)
    across, up = np.asarray(x), np.asarray(y)
    sizes = np.broadcast_to(areas, number.shape)
    for name, color in role_colors(best).items():
        chosen = np.array([role(one, best) == name for one in numbers], dtype=bool)
        if not chosen.any():
            continue
        special = color != OTHERS
        axes.scatter(
            across[chosen],
            up[chosen],
            s=sizes[chosen] * (LARGER if special else 1),
            color=color,
            edgecolor="white",
            linewidth=0.6,
            zorder=5 if special else 3,
            label=name,
        )


def role_colors(best: int | None) -> dict[str, str]:
    """Label in a legend -> colour, for the baseline, the best trial and all others."""
    return {
        "other trials": OTHERS,
        f"baseline (trial {BASELINE})": PALETTE["baseline"],
        f"best (trial {best})": PALETTE["tuned"],
    }


def role(number: int, best: int | None) -> str:
    """The trial's label in a legend, a key of `role_colors`."""
    other, baseline, best_one = role_colors(best)
    if number == BASELINE:
        return baseline
    return best_one if number == best else other


def draw_panel(axes: Axes, panel: ValuePanel, best: int | None, trials: int) -> None:
    """Dots of the trials, and bars at the medians of categories.

    Args:
        axes: Axes whose y axis is already set up for the scores.
        panel: What to draw.
        best: Number of the best trial.
        trials: Number of trials, with and without the value.
    """
    set_value_axis(axes, panel.scale)
    if panel.medians:
        slots, medians = np.array(panel.medians).T
        axes.hlines(medians, slots - 0.32, slots + 0.32, PALETTE["ink"], lw=1.4, zorder=4)
    scatter_trials(axes, panel.numbers, panel.places, panel.scores, best)
    axes.grid(True, axis="y")
    axes.set_title(_short(panel.scale.name, LONGEST_NAME), fontsize=8.5)
    if panel.having < trials:
        axes.set_xlabel(f"active in {panel.having} of {trials}", fontsize=7.5)


def set_value_axis(axes: Axes, scale: Scale, side: str = "x") -> None:
    """Set up an axis of the plot for the values of a hyperparameter."""
    axis = axes.xaxis if side == "x" else axes.yaxis
    if scale.kind == "categories":
        places, labels = zip(*scale.ticks(), strict=True)
        short = [_short(label, LONGEST_LABEL) for label in labels]
        (axes.set_xticks if side == "x" else axes.set_yticks)(places, short)
        (axes.set_xlim if side == "x" else axes.set_ylim)(-0.6, len(labels) - 0.4)
        if side == "x" and max(map(len, short)) * len(short) > WIDEST_LABELS:
            axes.tick_params(axis="x", rotation=30)
            for label in axes.get_xticklabels():
                label.set(horizontalalignment="right", rotation_mode="anchor")
        return
    if scale.kind == "log":
        (axes.set_xscale if side == "x" else axes.set_yscale)("log")
        axis.set_major_locator(FixedLocator([place for place, _ in scale.ticks()]))
    else:
        axis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10], integer=scale.whole))
    axis.set_major_formatter(FuncFormatter(lambda value, _: short_number(value)))
    axis.set_minor_formatter(NullFormatter())


def _short(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
