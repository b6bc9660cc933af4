"""Points of a space that make no network that may be trained."""

from pathlib import Path

import keras
import keras_tuner
import pytest

from search_spaces._blocks import fixed
from study.problem.settings import Tuner
from study.records.recipe import Budget
from study.records.study import Signature
from study.search import study_oracle
from study.training.job import Job
from tests import tiny
from tests.search.searches import CHECKED, EVERY_TUNER, IN_ORDER, STUBBED, searched, tried

pytestmark = STUBBED


FEW_PARAMETERS = 700
"""Of the tiny problem's networks those with 16 and 32 units have more."""


@CHECKED
@EVERY_TUNER
def test_points_with_too_many_parameters_are_rejected_and_others_drawn(
    tmp_path: Path, tuner: Tuner, jobs: list[Job]
) -> None:
    engine = tiny.BackwardEngine()
    trials = searched(
        tmp_path, tuner, engine=engine, workers=2, max_trials=10, max_parameters=FEW_PARAMETERS
    )
    assert len(trials) == len(jobs) >= 10
    assert {trial.hyperparameters["units"] for trial in trials} <= {4, 8}
    rejected = [reason for trial in trials for reason in trial.rejected]
    assert rejected or tuner == "grid"  # which tries the other rates first
    for reason in rejected:
        assert reason.startswith("TooLarge: its network has more than 700 parameters")


@pytest.mark.slow
@CHECKED
@IN_ORDER
def test_what_is_rejected_follows_from_the_seed_and_is_the_same_after_an_interruption(
    tmp_path: Path, tuner: Tuner
) -> None:
    budget = {"max_trials": 8, "max_parameters": FEW_PARAMETERS}
    whole = searched(tmp_path / "whole", tuner, **budget)
    assert tried(searched(tmp_path / "again", tuner, **budget)) == tried(whole)
    rest = searched(tmp_path / "rest", tuner, finished=whole[:4], **budget)
    assert tried(rest) == tried(whole[4:])
    assert [one.rejected for one in rest] == [one.rejected for one in whole[4:]]


@CHECKED
def test_grid_search_goes_on_after_what_it_rejected(tmp_path: Path) -> None:
    def small(hp: keras_tuner.HyperParameters, signature: Signature, _: int) -> keras.Model:
        hp.Choice("units", [4, 32, 16, 8], default=4)
        hp.Boolean("other")
        return tiny.build(fixed({"units": hp.get("units")}), signature, Budget(1))

    problem = tiny.problem(build=small, baseline={"units": 4, "other": False})
    trials = searched(tmp_path, "grid", problem, max_trials=9, max_parameters=FEW_PARAMETERS)
    found = [(one.hyperparameters["units"], len(one.rejected)) for one in trials]
    assert found == [(4, 0), (4, 0), (8, 4), (8, 0)]


@CHECKED
def test_points_that_make_no_network_are_rejected(tmp_path: Path) -> None:
    def partial_space(hp: keras_tuner.HyperParameters, signature: Signature, _: int) -> keras.Model:
        if hp.Choice("units", [4, 8, 16, 32], default=4) > 8:
            raise ValueError("no such network")
        return tiny.build(keras_tuner.HyperParameters(), signature, Budget(1))

    problem = tiny.problem(build=partial_space, baseline={"units": 4})
    trials = searched(tmp_path, problem=problem, max_trials=2)
    assert [one.hyperparameters["units"] for one in trials] == [4, 8]
    assert set(trials[1].rejected) <= {"ValueError: no such network"}


@CHECKED
def test_the_baseline_is_trained_whatever_its_size(tmp_path: Path) -> None:
    (only,) = searched(tmp_path, max_trials=1, max_parameters=1)
    assert only.rejected == []


@CHECKED
def test_a_space_without_another_network_ends_the_search_and_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(study_oracle, "MOST_REJECTED", 5)
    assert len(searched(tmp_path, max_trials=4, max_parameters=1)) == 1
    assert "5 points of the search space in a row do not give a network" in caplog.text
    assert "(max_parameters)" in caplog.text
