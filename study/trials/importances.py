"""Which hyperparameters mattered, by two methods, and how far the trials suffice to tell."""

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from study.trials.fanova import encode, fanova
from study.trials.ped_anova import gridded, ped_anova

if TYPE_CHECKING:
    import optuna

FEWEST_TRIALS = 5
"""Smallest number of scored trials from which importances are computed."""
RESAMPLES = 60
"""Number of resamples; with fewer, the ends of an interval would be the extremes drawn."""
TREES = 64
"""Number of trees in fANOVA's forest: Optuna's default."""
RESAMPLED_TREES = 6
"""Number of trees for a resample. Smaller forests are quick, and if anything widen the interval."""
GOOD_TRIALS = 5
"""PED-ANOVA asks what sets the best trials apart: a tenth of all, but at least this many (Optuna's
advice), and at most half."""


class Importance(NamedTuple):
    """How much a hyperparameter mattered: shares of 1 among all that a method looked at."""

    name: str
    share: float
    low: float
    """2.5% quantile over resamples of the trials."""
    high: float
    """97.5% quantile."""
    equal: float
    """The share that each would have if all mattered equally; noise gives shares near it."""

    @property
    def settled(self) -> bool:
        """Whether there are enough trials: the interval contains the share, lies above an equal
        share and is narrower than the share."""
        narrow = self.high - self.low < self.share
        return self.equal < self.low <= self.share <= self.high and narrow


class Importances(NamedTuple):
    """Both methods' shares, the most important first; () if there is nothing to compute."""

    fanova: tuple[Importance, ...] = ()
    """Functional ANOVA of a random forest (Hutter et al. 2014, "An Efficient Approach for
    Assessing Hyperparameter Importance"): share of the scores' variance. Hyperparameters that
    some trials lack are left out."""
    ped_anova: tuple[Importance, ...] = ()
    """PED-ANOVA (Watanabe et al. 2023): how far the best trials' values differ from all
    trials' values."""
    good: int = 0
    """How many trials PED-ANOVA takes as the best."""
    trials: int = 0
    """Number of trials that both methods are computed from."""


@contextmanager
def quiet_optuna() -> Iterator[None]:
    """Silence Optuna's warnings about few trials, which the report gives instead."""
    import optuna

    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        optuna.logging.set_verbosity(before)


def importances(
    trials: Sequence["optuna.trial.FrozenTrial"], varied: Sequence[str], seed: int = 0
) -> Importances:
    """Importances of the hyperparameters, with 95% bootstrap intervals over the trials.

    Args:
        trials: Trials with scores, of which more is better.
        varied: Hyperparameters with at least two different values.
        seed: Seed of the resamples and the forests.
    """
    if len(trials) < FEWEST_TRIALS or len({trial.value for trial in trials}) < 2 or not varied:
        return Importances()
    kinds = {name: kind for trial in trials for name, kind in trial.distributions.items()}
    everywhere = [name for name in sorted(varied) if all(name in one.params for one in trials)]
    quantile = min(0.5, max(0.1, GOOD_TRIALS / len(trials)))
    draws = np.random.default_rng(seed).integers(len(trials), size=(RESAMPLES, len(trials)))
    encoded = encode(trials, {name: kinds[name] for name in everywhere}) if everywhere else None
    grids = {name: gridded(trials, name, kinds[name]) for name in varied if name in kinds}
    scores = np.array([trial.value for trial in trials])

    def by_fanova(chosen: np.ndarray, trees: int, seed: int) -> dict[str, float]:
        if encoded is None:
            return {}
        part = encoded._replace(x=encoded.x[chosen])
        return _normalised(fanova(part, scores[chosen], trees, seed))

    def by_ped_anova(chosen: np.ndarray) -> dict[str, float]:
        part = {name: grid.of(chosen) for name, grid in grids.items()}
        # A sample of the trials may lack a conditional hyperparameter.
        return dict.fromkeys(varied, 0.0) | _normalised(ped_anova(part, scores[chosen], quantile))

    return Importances(
        fanova=_ranked(
            by_fanova(np.arange(len(trials)), TREES, seed),
            [by_fanova(draw, RESAMPLED_TREES, seed + number) for number, draw in enumerate(draws)],
        ),
        ped_anova=_ranked(
            by_ped_anova(np.arange(len(trials))), [by_ped_anova(draw) for draw in draws]
        ),
        good=int(np.ceil(quantile * len(trials))),
        trials=len(trials),
    )


def _normalised(shares: dict[str, float]) -> dict[str, float]:
    """Shares that add up to 1; equal ones if there is nothing to share."""
    whole = sum(shares.values())
    return {name: share / whole if whole else 1 / len(shares) for name, share in shares.items()}


def _ranked(
    shares: dict[str, float], resampled: Sequence[dict[str, float]]
) -> tuple[Importance, ...]:
    found = []
    for name, share in shares.items():
        low, high = np.quantile([one.get(name, 0.0) for one in resampled], [0.025, 0.975])
        found.append(Importance(name, share, float(low), float(high), 1 / len(shares)))
    return tuple(sorted(found, key=lambda one: (-one.share, one.name)))
