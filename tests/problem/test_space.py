from collections.abc import Callable

import keras
import keras_tuner
import pytest

from study.problem.problem import load_problem, problem_names
from study.problem.space import search_space
from study.records.recipe import Budget
from study.records.study import Signature
from study.records.trial import Hyperparameter, SearchSpace
from tests import tiny
from tests.command import ROOT
from tests.factories import signature

Declare = Callable[[keras_tuner.HyperParameters], object]


def declared(declare: Declare) -> list[Hyperparameter]:
    def build(hp: keras_tuner.HyperParameters, signature: Signature, budget: Budget) -> keras.Model:
        declare(hp)
        return tiny.build(keras_tuner.HyperParameters(), signature, budget)

    return search_space(tiny.problem(build=build), tiny.SIGNATURE).hyperparameters


@pytest.mark.parametrize(
    ("declare", "expected"),
    [
        (
            lambda hp: hp.Choice("kernel", [5, 3]),
            Hyperparameter(name="kernel", kind="choice", values=[5, 3]),
        ),
        (
            lambda hp: hp.Boolean("norm"),
            Hyperparameter(name="norm", kind="choice", values=[True, False]),
        ),
        (
            lambda hp: hp.Fixed("way", "up"),
            Hyperparameter(name="way", kind="choice", values=["up"]),
        ),
        (
            lambda hp: hp.Int("depth", 1, 4),
            Hyperparameter(name="depth", kind="int", low=1, high=4, step=1),
        ),
        (
            lambda hp: hp.Int("units", 8, 64, step=2, sampling="log"),
            Hyperparameter(name="units", kind="int", low=8, high=64, log=True),
        ),
        (
            lambda hp: hp.Float("dropout", 0, 0.5, step=0.1),
            Hyperparameter(name="dropout", kind="float", low=0, high=0.5, step=0.1),
        ),
        (
            lambda hp: hp.Float("rate", 1e-4, 0.1, sampling="log"),
            Hyperparameter(name="rate", kind="float", low=1e-4, high=0.1, log=True),
        ),
    ],
)
def test_a_hyperparameter_is_told_by_its_range(declare: Declare, expected: Hyperparameter) -> None:
    assert declared(declare) == [expected]


def test_conditions_are_told_all_of_them() -> None:
    def declare(hp: keras_tuner.HyperParameters) -> None:
        hp.Choice("depth", [1, 2, 3])
        with hp.conditional_scope("depth", [2, 3]):
            hp.Choice("summary", ["flatten", "average"])
            with hp.conditional_scope("summary", ["flatten"]):
                hp.Choice("units", [64, 128])

    depth, summary, units = declared(declare)
    assert depth.conditions == {}
    assert summary.conditions == {"depth": [2, 3]}
    assert units.conditions == {"depth": [2, 3], "summary": ["flatten"]}


@pytest.mark.parametrize("name", problem_names())
def test_the_space_is_the_one_that_the_example_was_searched_in(name: str) -> None:
    """Or a run that was begun in it could not go on."""
    recorded = (ROOT / f"results/example/{name}/space.json").read_text()
    found = search_space(load_problem(name), signature(name))
    assert found == SearchSpace.model_validate_json(recorded)


@pytest.mark.parametrize("name", problem_names())
def test_the_baseline_lies_in_its_space(name: str) -> None:
    problem = load_problem(name)
    space = search_space(problem, signature(name))
    assert space.objective == problem.objective
    known = {one.name: one for one in space.hyperparameters}
    for name, value in problem.baseline.items():
        one = known[name]
        if one.low is not None and one.high is not None:
            assert one.low <= float(value) <= one.high
        else:
            assert value in one.values
