"""Which oracle decides what to try: Keras Tuner's own, or ASHA."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from study.problem.network_size import Limits, why_unfit
from study.problem.problem import Problem
from study.problem.settings import SearchSettings
from study.problem.space import searched
from study.records.base import Value
from study.records.study import Signature

if TYPE_CHECKING:
    from study.search.study_oracle import StudyOracle


def make_oracle(
    problem: Problem, signature: Signature, settings: SearchSettings, seed: int, folder: Path
) -> "StudyOracle":
    """An oracle over the problem's whole space, whose first trial is the baseline.

    It writes nothing before `begin_writing`.

    Args:
        problem: The problem whose networks are searched.
        signature: The problem's images and classes.
        settings: Settings with the tuner and the numbers of trials and epochs.
        seed: Seed of everything that is drawn.
        folder: Keras Tuner's project folder, which need not exist.
    """
    import keras_tuner

    from study.search import study_oracle
    from study.search.asha import AshaOracle

    limits = Limits(settings.max_parameters, settings.max_operations)
    shared: dict[str, Any] = {
        "baseline": problem.baseline,
        "folder": folder,
        "why_unfit": partial(why_unfit, problem, signature, most=limits),
        "objective": keras_tuner.Objective(f"val_{problem.objective}", "max"),
        "hyperparameters": searched(problem, signature, settings.breadth),
        "seed": seed,
    }
    trials = settings.max_trials
    match settings.tuner:
        case "asha":
            return AshaOracle(trials, settings.max_epochs, **shared)
        case "hyperband":
            return study_oracle.HyperbandOracle(trials, settings.max_epochs, **shared)
        case "bayesian":
            # Keras Tuner would begin with three random trials per hyperparameter, more than most
            # budgets have.
            random_trials = max(2, trials // 3)
            return study_oracle.BayesianOracle(
                max_trials=trials, num_initial_points=random_trials, **shared
            )
        case "grid":
            return study_oracle.GridOracle(max_trials=trials, **shared)
        case "random":
            return study_oracle.RandomOracle(max_trials=trials, **shared)


def split_values(values: dict[str, Value]) -> tuple[dict[str, Value], dict[str, Value]]:
    """(hyperparameters, Keras Tuner's own tuner/* values)."""
    own = {name: value for name, value in values.items() if name.startswith("tuner/")}
    return {name: value for name, value in values.items() if name not in own}, own
