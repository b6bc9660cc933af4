"""Trials as an Optuna study, for what is held against Optuna's own results."""

from collections.abc import Sequence

import optuna


def study_of(trials: Sequence[optuna.trial.FrozenTrial]) -> optuna.Study:
    """A study in memory that maximises, with copies of these trials in it."""
    made = optuna.create_study(study_name="search", direction="maximize")  # or a random name
    made.add_trials(trials)
    return made
