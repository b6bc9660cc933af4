"""PED-ANOVA: how far the best trials' values of each hyperparameter differ from all trials' values.

The numbers are those of Optuna's `PedAnovaImportanceEvaluator`, which looks up each value in its
trial again for every resample. Here all values are put on Optuna's grid once.
"""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import optuna

MOST_CELLS = 50
"""Largest number of cells of a range: Optuna's number."""
FEWEST_TRIALS = 2
"""If fewer trials have a hyperparameter, it counts as unimportant: Optuna's number."""
LEAST_DENSITY = 1e-12
"""Added to every density, so that none is 0."""
LEAST_WIDTH = 0.5 / 1.64
"""Standard deviation of a kernel, in cells: 90% of the kernel lie within its cell."""


class Gridded(NamedTuple):
    """A hyperparameter's values, each as the number of its cell on a grid."""

    cells: np.ndarray
    """(trials,) int; -1 if a trial does not have the hyperparameter."""
    size: int
    """Number of cells of the grid."""
    ordered: bool
    """Whether neighbouring cells are similar, as in a range but not in a choice."""

    def of(self, chosen: np.ndarray) -> "Gridded":
        """The values of these trials only, given by their indices; some may come several times."""
        return self._replace(cells=self.cells[chosen])


def gridded(
    trials: Sequence["optuna.trial.FrozenTrial"],
    name: str,
    kind: "optuna.distributions.BaseDistribution",
) -> Gridded:
    """The trials' values of the hyperparameter, which at least one trial has."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    there = np.array([name in trial.params for trial in trials])
    values = np.array(
        [kind.to_internal_repr(trial.params[name]) for trial in trials if name in trial.params]
    )
    cells = np.full(len(trials), -1)
    if isinstance(kind, CategoricalDistribution):
        cells[there] = values.astype(int)
        return Gridded(cells, len(kind.choices), ordered=False)
    assert isinstance(kind, FloatDistribution | IntDistribution)
    low, high, count = float(kind.low), float(kind.high), MOST_CELLS
    if kind.log:
        if isinstance(kind, IntDistribution):
            count = min(math.ceil(math.log2(high - low + 1)) + 1, MOST_CELLS)
        low, high, values = math.log(low), math.log(high), np.log(values)
    elif kind.step is not None:
        count = min(round((high - low) / kind.step) + 1, MOST_CELLS)
    width = (high - low) / (count - 1)
    # A value midway between two cells is in the lower one.
    cells[there] = np.ceil((values - low) / width - 0.5).astype(int).clip(0, count - 1)
    return Gridded(cells, count, ordered=True)


def ped_anova(
    grids: Mapping[str, Gridded], scores: np.ndarray, quantile: float
) -> dict[str, float]:
    """Pearson's divergence of the best trials' values from all trials' values, not normalised.

    Args:
        grids: Hyperparameter -> its values.
        scores: (trials,) finite.
        quantile: Share of the trials that count as the best, in (0, 1); trials as good as the last
            of them count too.
    """
    place = math.ceil(quantile * len(scores)) - 1
    best = -scores <= np.partition(-scores, place)[place]
    return {name: _divergence(grid, best) for name, grid in grids.items()}


def _divergence(grid: Gridded, best: np.ndarray) -> float:
    there = grid.cells >= 0
    good, known = (best & there).sum(), there.sum()
    if known < FEWEST_TRIALS or not good:
        return 0.0
    of_best, of_all = (
        _density(np.bincount(grid.cells[some], minlength=grid.size), grid.ordered)
        for some in (best & there, there)
    )
    return float(good**2 / (known * len(best)) * (of_all @ (of_best / of_all - 1) ** 2))


def _density(counts: np.ndarray, ordered: bool) -> np.ndarray:
    """Parzen estimate on the grid: a kernel per trial, and one over the whole grid."""
    kernels = _normal(counts) if ordered else _pointed(counts)
    return kernels / (counts.sum() + 1) + LEAST_DENSITY


def _pointed(counts: np.ndarray) -> np.ndarray:
    """Sum of a choice's kernels: each lies mostly on the trial's value, the rest equally on all."""
    rest = 1 / (np.count_nonzero(counts) + 1)
    trials = (counts + counts.sum() * rest) / (1 + len(counts) * rest)
    kernels: np.ndarray = trials + 1 / len(counts)
    return kernels


def _normal(counts: np.ndarray) -> np.ndarray:
    """Sum of a range's kernels: normal distributions whose width follows Scott's rule."""
    cells = np.flatnonzero(counts)
    weights = counts[cells]
    trials, below = weights.sum(), weights.cumsum()
    mean = cells @ weights / trials
    deviation = np.sqrt((cells - mean) ** 2 @ weights / max(1, trials - 1))
    first = np.searchsorted(below, trials // 4, side="left")
    third = np.searchsorted(below, trials * 3 // 4, side="right")
    quartiles = cells[min(third, len(cells) - 1)] - cells[first]
    width = max(1.059 * min(quartiles / 1.34, deviation) * trials**-0.2, LEAST_WIDTH)
    count = len(counts)
    middles, widths = [*cells, (count - 1) / 2], [width] * len(cells) + [count]
    kernels: np.ndarray = [*weights, 1] @ _mass(np.array(middles), np.array(widths), count)
    return kernels


def _mass(middles: np.ndarray, widths: np.ndarray, count: int) -> np.ndarray:
    """(kernels, cells): the share of each normal kernel, cut off at the grid, in each cell."""
    from scipy.special import ndtr

    edges = np.arange(count + 1) - 0.5
    below = ndtr((edges - middles[:, None]) / widths[:, None])
    mass: np.ndarray = np.diff(below, axis=1) / (below[:, -1:] - below[:, :1])
    return mass
