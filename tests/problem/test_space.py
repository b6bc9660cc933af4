import json
from collections.abc import Callable

import keras
import keras_tuner
import pytest

from search_spaces._cnn import CORE
from study.errors import WrongName
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
    example = ROOT / "results/example"
    settings = json.loads((example / "study.json").read_text())["settings"]["search"]
    recorded = (example / name / "space.json").read_text()
    found = search_space(load_problem(name), signature(name), settings["breadth"])
    assert found == SearchSpace.model_validate_json(recorded)


def test_of_a_core_the_others_keep_the_baseline_s_values_where_they_apply() -> None:
    problem = tiny.problem(core=("rate", "deep"), baseline=tiny.BASELINE | {"units": 16})
    core = {one.name: one for one in search_space(problem, tiny.SIGNATURE, "core").hyperparameters}
    whole = {one.name: one for one in search_space(problem, tiny.SIGNATURE).hyperparameters}
    assert list(core) == list(whole)
    assert {name for name in core if core[name] == whole[name]} == {"rate", "deep"}
    assert core["units"].values == [16]
    assert core["more_units"].values == [4]  # not in the baseline: its default
    assert core["more_units"].conditions == whole["more_units"].conditions == {"deep": [True]}


def test_a_space_that_names_no_core_is_searched_as_a_whole() -> None:
    core = search_space(tiny.problem(), tiny.SIGNATURE, "core")
    assert core == search_space(tiny.problem(), tiny.SIGNATURE, "whole")


def test_a_core_that_names_what_is_not_declared_is_refused() -> None:
    with pytest.raises(WrongName, match=r"expected CORE to name .* got widths"):
        search_space(tiny.problem(core=("rate", "widths")), tiny.SIGNATURE, "core")


@pytest.mark.parametrize("name", problem_names())
def test_the_core_of_a_problem_is_in_its_space(name: str) -> None:
    found = search_space(load_problem(name), signature(name), "core").hyperparameters
    assert {one.name for one in found if one.low is not None or len(one.values) > 1} == set(CORE)


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
