"""Which hyperparameters mattered, by two methods, and how far the trials suffice to tell."""

import hashlib
import json
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from study.records.importance import Importance, Importances
from study.records.trial import SearchSpace, Trial
from study.trials import excerpt
from study.trials.fanova import encode, fanova
from study.trials.optuna_study import optuna_trials
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


def search_importances(
    trials: Sequence[Trial],
    space: SearchSpace,
    varied: Sequence[str],
    known: Importances | None = None,
) -> Importances:
    """Importances by both methods, of at most so many trials, drawn at random.

    Args:
        trials: Those of a search that have a score.
        space: What they were chosen from.
        varied: Hyperparameters with at least two values among them.
        known: What was found before: it is taken if the very same was asked.

    Raises:
        ValueError: a trial does not fit the space.
    """
    asked = _fingerprint(trials, space)
    if known is not None and known.asked == asked and _are_of(known, varied):
        return known
    if not varied:
        return Importances(asked=asked)
    some = excerpt.at_random(trials, excerpt.MOST_FOR_IMPORTANCES)
    with quiet_optuna():
        found = importances(optuna_trials(some, space), varied)
    return found.model_copy(update={"asked": asked})


def _fingerprint(trials: Sequence[Trial], space: SearchSpace) -> str:
    """SHA-256 of all that importances follow from."""
    tried = [(trial.number, trial.score, trial.hyperparameters) for trial in trials]
    text = json.dumps([space.model_dump(), tried], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _are_of(known: Importances, varied: Sequence[str]) -> bool:
    """Whether a record, which may come from anywhere, names these hyperparameters and no others."""
    fanova, ped_anova = ([one.name for one in of] for of in (known.fanova, known.ped_anova))
    return {*fanova} <= {*varied} and sorted(ped_anova) in ([], sorted(varied))


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
        found.append(
            Importance(
                name=name, share=share, low=float(low), high=float(high), equal=1 / len(shares)
            )
        )
    return tuple(sorted(found, key=lambda one: (-one.share, one.name)))
