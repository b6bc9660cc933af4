from datetime import UTC, datetime

import optuna
import pytest

from study.problem.problem import load_problem, problem_names
from study.problem.space import search_space
from study.records.trial import Hyperparameter, SearchSpace
from study.trials.optuna_study import optuna_study
from tests.factories import signature, trial

SPACE = SearchSpace(
    objective="accuracy",
    hyperparameters=[
        Hyperparameter(name="kernel", kind="choice", values=[3, 5]),
        Hyperparameter(name="norm", kind="choice", values=[True, False]),
        Hyperparameter(name="depth", kind="int", low=1, high=4, step=1),
        Hyperparameter(name="dropout", kind="float", low=0, high=0.5, step=0.1),
        Hyperparameter(name="rate", kind="float", low=1e-4, high=0.1, log=True),
    ],
)
VALUES = {"kernel": 5, "norm": False, "depth": 4, "dropout": 0.30000000000000004, "rate": 0.02}
ENDED = "2026-11-22T08:27:42+00:00"


def test_a_trial_keeps_values_score_curve_and_time() -> None:
    one = trial(3, 0.9, hyperparameters=VALUES, finished=ENDED, seconds=12.0, epochs=5)
    (found,) = optuna_study([one], SPACE, "demo").trials
    assert found.params == VALUES
    assert found.value == 0.9
    assert found.intermediate_values == {4: 0.8, 5: 0.9}
    assert found.datetime_complete
    assert found.datetime_complete.astimezone(UTC) == datetime.fromisoformat(ENDED)
    assert found.duration
    assert found.duration.total_seconds() == 12.0
    assert found.user_attrs == {
        "number": 3,
        "epochs": 5,
        "best_epoch": 2,
        "parameters": 1000,
        "latency": 1e-3,
        "seconds": 12.0,
        "seed": 4,
    }


def test_failed_and_ended_early_are_told_apart() -> None:
    trials = [trial(2, 0.8, epochs=2), trial(0, 0.7, epochs=6), trial(1, None)]
    study = optuna_study(trials, SPACE, "demo")
    state = optuna.trial.TrialState
    assert [one.state for one in study.trials] == [state.COMPLETE, state.FAIL, state.PRUNED]
    assert study.trials[1].user_attrs["error"] == "ValueError: no such layer"
    assert study.best_value == 0.7


def test_what_the_space_does_not_know_is_left_out() -> None:
    one = trial(0, 0.9, hyperparameters={"kernel": 3, "unheard": 7})
    assert optuna_study([one], SPACE, "demo").trials[0].params == {"kernel": 3}


def test_no_trials_make_an_empty_study() -> None:
    assert optuna_study([], SPACE, "demo").trials == []


@pytest.mark.parametrize("name", problem_names())
def test_every_problem_has_distributions_that_hold_its_baseline(name: str) -> None:
    problem = load_problem(name)
    one = trial(0, 0.9, hyperparameters=problem.baseline)
    study = optuna_study([one], search_space(problem, signature(name)), name)
    found = study.trials[0]
    assert found.params == problem.baseline
    for parameter, distribution in found.distributions.items():
        assert distribution._contains(distribution.to_internal_repr(found.params[parameter]))
