"""Axes of scores (accuracies, F1), the same in every figure."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SOFT_END = 5e-4
"""Added to the error before its logarithm, so that a score of 100% has a finite place."""
WIDE = 5.0
"""If the largest error is this many times the smallest, the axis is logarithmic in the error."""
TICKS = (0, 0.2, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 1)
CLOSEST_TICKS = 0.07
"""Smallest distance of two tick labels, as a share of the axis."""
MARGIN = 0.08
"""Room beyond the lowest and the highest score, as a share of their distance."""
NARROWEST = 0.004
"""Smallest width of a linear axis: it keeps equal scores from looking far apart."""


def set_score_axis(
    axes: "Axes", scores: Iterable[float], direction: Literal["x", "y"] = "y"
) -> None:
    """Set up an axis of the plot for these scores, all finite and in [0, 1].

    If the largest error is `WIDE` times the smallest or more, as with scores of 90% and 99%, a
    linear axis would squeeze the good scores together. The axis is then logarithmic in the error
    (1 - score), with its ticks in scores.
    """
    from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

    values = np.fromiter(scores, dtype=float)
    low, high = (float(values.min()), float(values.max())) if len(values) else (0.0, 1.0)
    wide = is_wide(low, high)
    limits = _wide_limits(low, high) if wide else _narrow_limits(low, high)
    set_limits = axes.set_ylim if direction == "y" else axes.set_xlim
    axis = axes.yaxis if direction == "y" else axes.xaxis
    if wide:
        set_scale = axes.set_yscale if direction == "y" else axes.set_xscale
        set_scale("function", functions=(_forward, _inverse))
        axis.set_major_locator(FixedLocator(wide_ticks(*limits)))
        axis.set_minor_locator(NullLocator())
    else:
        axis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    set_limits(*limits)
    axis.set_major_formatter(FuncFormatter(lambda score, _: f"{100 * score:.6g}%"))
    axes.grid(True, axis=direction)


def is_wide(low: float, high: float) -> bool:
    """Whether scores from `low` to `high` need an axis that is logarithmic in the error."""
    return _error(low) / _error(high) >= WIDE


def _error(score: float) -> float:
    return 1 + SOFT_END - score


def _forward(score: np.ndarray) -> np.ndarray:
    # The bound keeps limits that matplotlib tries out beyond 100% finite.
    return -np.log10(np.maximum(1 + SOFT_END - np.asarray(score, dtype=float), 1e-9))


def _inverse(place: np.ndarray) -> np.ndarray:
    return np.asarray(1 + SOFT_END - 10.0 ** -np.asarray(place, dtype=float))


def _wide_limits(low: float, high: float) -> tuple[float, float]:
    first, last = _forward(np.array([low, high]))
    margin = MARGIN * (last - first)
    bottom, top = _inverse(np.array([first - margin, last + margin]))
    return float(bottom), float(top)


def _narrow_limits(low: float, high: float) -> tuple[float, float]:
    middle, half = (low + high) / 2, max(high - low, NARROWEST) * (0.5 + MARGIN)
    return middle - half, middle + half


def wide_ticks(low: float, high: float) -> list[float]:
    """Scores to mark on an axis from `low` to `high` that is logarithmic in the error."""
    first, last = _forward(np.array([low, high]))
    ticks: list[float] = []
    for tick in (tick for tick in reversed(TICKS) if low <= tick <= high):
        place = _forward(np.array([tick, *ticks[-1:]]))
        if not ticks or place[1] - place[0] >= CLOSEST_TICKS * (last - first):
            ticks.append(float(tick))
    return ticks[::-1]
