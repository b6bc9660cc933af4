"""How much of the order of trials' outcomes is explained by a trait of the trials.

One effect size for groups and for numbers: the share of the ranks' variance beyond what chance
explains on average ("epsilon squared": Kelley 1935, "An unbiased correlation ratio measure"). For
groups it is eta squared of the Kruskal-Wallis test as in Tomczak and Tomczak 2014, "The need to
report effect size estimates revisited", table 1; for numbers it is the square of Spearman's
correlation, corrected in the same way.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.stats import kruskal, permutation_test, spearmanrho

PERMUTATIONS = 9_999


@dataclass(frozen=True)
class Trait:
    """A property of trials, with one value per trial."""

    values: np.ndarray
    """(n,) values of any kind that can be compared."""
    kind: Literal["groups", "order"]
    """Whether trials with equal values form a group; else values are numbers whose order counts."""

    @property
    def varies(self) -> bool:
        """Whether there are at least two different values."""
        return len(np.unique(self.values)) > 1

    @property
    def freedom(self) -> int:
        """Degrees of freedom that the trait uses up."""
        return len(np.unique(self.values)) - 1 if self.kind == "groups" else 1

    def share(self, outcome: np.ndarray) -> np.ndarray:
        """The share of the variance of the outcome's ranks that the trait explains.

        Args:
            outcome: (..., n), not all equal; the trait varies.

        Returns:
            (...) in [0, 1]
        """
        if self.kind == "order":
            return np.asarray(spearmanrho(outcome, self.values, axis=-1).statistic) ** 2
        groups = [outcome[..., self.values == one] for one in np.unique(self.values)]
        return np.asarray(kruskal(*groups, axis=-1).statistic) / (outcome.shape[-1] - 1)


def explained(outcome: Sequence[float] | np.ndarray, trait: Trait) -> float:
    """The share of the outcome's order that the trait explains beyond chance, in [0, 1].

    For example, outcomes 1 to 6 of groups a, a, a, b, b, b: 13.5 of the ranks' variance of 17.5
    lies between the groups; by chance it is one degree of freedom in five. So the groups explain
    (13.5 / 17.5 - 1 / 5) / (1 - 1 / 5) = 0.71.
    """
    ranked = np.asarray(outcome, dtype=float)
    if not _can_explain(ranked, trait):
        return 0.0
    by_chance = trait.freedom / (len(ranked) - 1)
    return float(np.clip((trait.share(ranked) - by_chance) / (1 - by_chance), 0, 1))


def p_value(outcome: Sequence[float] | np.ndarray, trait: Trait, rng: np.random.Generator) -> float:
    """How often chance explains as much, by permutation; 1 if nothing can be explained."""
    ranked = np.asarray(outcome, dtype=float)
    if not _can_explain(ranked, trait):
        return 1.0

    def share(permuted: np.ndarray, axis: int) -> np.ndarray:  # noqa: ARG001  # scipy's: -1
        return trait.share(permuted).round(12)  # or equal shares of two permutations would differ

    tested = permutation_test(
        (ranked,),
        share,
        permutation_type="pairings",
        alternative="greater",
        n_resamples=PERMUTATIONS,
        vectorized=True,
        rng=rng,
    )
    return float(tested.pvalue)


def _can_explain(outcome: np.ndarray, trait: Trait) -> bool:
    differs = len(np.unique(outcome)) > 1
    return trait.varies and differs and trait.freedom < len(outcome) - 1
