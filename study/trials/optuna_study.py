"""Trials as an Optuna study, for its charts, its importances and its dashboard."""

import warnings
from collections.abc import Container, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from study.records.trial import Hyperparameter, SearchSpace, Trial
from study.trials.ranking import ended_early

if TYPE_CHECKING:
    import optuna

UNKNOWN = "1970-01-01T00:00:00+00:00"
"""End of a trial without a recorded end, which has failed."""


def optuna_study(
    trials: Sequence[Trial],
    space: SearchSpace,
    name: str,
    storage: "optuna.storages.BaseStorage | None" = None,
) -> "optuna.Study":
    """An Optuna study that maximises the objective, with all trials in it.

    Trials that ended early are pruned ones, so that scores after fewer epochs are not compared
    with those after more. Hyperparameters that the space does not know are left out.

    Args:
        trials: Configurations (see `study.trials.ranking`), in any order.
        storage: Optuna's storage for the study; in memory if None.
    """
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    made = optuna.create_study(study_name=name, storage=storage, direction="maximize")
    made.set_user_attr("objective", f"val_{space.objective}")
    made.add_trials(optuna_trials(trials, space, ended_early(trials)))
    return made


def optuna_trials(
    trials: Sequence[Trial], space: SearchSpace, early: Container[int] = ()
) -> "list[optuna.trial.FrozenTrial]":
    """The trials of an Optuna study, by number.

    Args:
        early: Numbers of the trials that ended early; all others with a score are complete.
    """
    return [
        _trial(trial, space, trial.number in early)
        for trial in sorted(trials, key=lambda one: one.number)
    ]


def _trial(trial: Trial, space: SearchSpace, early: bool) -> "optuna.trial.FrozenTrial":
    import optuna

    known = {one.name: one for one in space.hyperparameters if one.name in trial.hyperparameters}
    ended = datetime.fromisoformat(trial.finished or UNKNOWN)
    state = optuna.trial.TrialState
    made = optuna.trial.create_trial(
        state=state.FAIL if trial.score is None else state.PRUNED if early else state.COMPLETE,
        value=trial.score,
        params={name: trial.hyperparameters[name] for name in known},
        distributions={name: _distribution(one) for name, one in known.items()},
        intermediate_values=_intermediate(trial, space.objective),
        user_attrs=_attributes(trial),
    )
    # Optuna keeps local time without a zone, and numbers trials itself, starting at 0.
    made.datetime_complete = ended.astimezone().replace(tzinfo=None)
    made.datetime_start = made.datetime_complete - timedelta(seconds=trial.seconds)
    return made


def _distribution(one: Hyperparameter) -> "optuna.distributions.BaseDistribution":
    from optuna.distributions import (
        CategoricalDistribution,
        FloatDistribution,
        IntDistribution,
    )

    if one.low is None or one.high is None:
        return CategoricalDistribution(one.values)
    if one.kind == "int":
        return IntDistribution(int(one.low), int(one.high), one.log, int(one.step or 1))
    with warnings.catch_warnings():
        # A range that is not a multiple of the step ends at the last step.
        warnings.filterwarnings("ignore", "The distribution is specified by", UserWarning)
        return FloatDistribution(one.low, one.high, one.log, one.step)


def _intermediate(trial: Trial, objective: str) -> dict[int, float]:
    """Epoch -> validation objective after it."""
    values = trial.curves.get(f"val_{objective}", [])
    return dict(enumerate(values, start=trial.epochs - len(values) + 1))


def _attributes(trial: Trial) -> dict[str, Any]:
    """What else is known about a trial."""
    names = (
        "number",
        "epochs",
        "best_epoch",
        "parameters",
        "latency",
        "seconds",
        "seed",
        "error",
    )
    known = trial.model_dump(include=set(names), exclude_none=True)
    return {name: known[name] for name in names if name in known}
