"""Oracles are Keras Tuner's, but write their state less often."""

from pathlib import Path
from typing import Any

import keras_tuner
import pytest

from study.problem.settings import SearchSettings, Tuner
from study.search import study_oracle
from study.search.oracles import make_oracle
from tests import tiny


class Clock:
    """A time that passes when told."""

    now = 0.0

    def monotonic(self) -> float:
        return self.now


def test_saving_takes_a_twentieth_of_the_time_at_most(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, saved = Clock(), []

    def slow_save(oracle: keras_tuner.Oracle) -> None:  # noqa: ARG001
        saved.append(clock.now)
        clock.now += 1.0

    monkeypatch.setattr(study_oracle, "time", clock)
    monkeypatch.setattr(keras_tuner.Oracle, "save", slow_save)
    oracle = make_oracle(tiny.problem(), tiny.SIGNATURE, SearchSettings(), 1, tmp_path / "search")
    oracle.begin_writing()
    while clock.now < 100:
        oracle.save()
        clock.now += 0.5
    assert saved == [0, 20, 40, 60, 80]
    oracle.save_now()
    assert len(saved) == 6


def test_grid_search_proposes_the_same_to_workers_that_are_not_done(tmp_path: Path) -> None:
    def proposed(folder: Path, told: bool) -> list[dict[str, object]]:
        settings = SearchSettings(tuner="grid", max_trials=6)
        oracle = make_oracle(tiny.problem(), tiny.SIGNATURE, settings, 1, folder / "search")
        trials = []
        for number in range(6):
            trial = oracle.create_trial(f"worker{number}")
            assert trial.status == "RUNNING"
            trials.append(trial)
            if told:
                oracle.update_trial(trial.trial_id, {"val_accuracy": 0.5})
                trial.status = "COMPLETED"
                oracle.end_trial(trial)
        return [trial.hyperparameters.values for trial in trials]

    assert proposed(tmp_path / "all", told=False) == proposed(tmp_path / "each", told=True)


def told(oracle: keras_tuner.Oracle, score: float, trial: Any = None) -> Any:
    """A trial, or the next one, that was completed with that score."""
    trial = trial or oracle.create_trial(f"worker{len(oracle.trials)}")
    assert trial.status == "RUNNING"
    oracle.update_trial(trial.trial_id, {"val_accuracy": score})
    trial.status = "COMPLETED"
    oracle.end_trial(trial)
    return trial


def test_who_may_go_up_in_hyperband_is_below_the_top_and_has_not_gone_up(tmp_path: Path) -> None:
    """The first bracket of 3 epochs has 3 trials of 1 epoch, and then 1 of 3 epochs."""
    settings = SearchSettings(tuner="hyperband", max_trials=12, max_epochs=3)
    oracle = make_oracle(tiny.problem(), tiny.SIGNATURE, settings, 1, tmp_path / "search")
    below = [told(oracle, score).trial_id for score in (0.1, 0.3, 0.2)]
    assert [oracle.may_go_up(one) for one in below] == [True, True, True]
    top = oracle.create_trial("worker3")
    assert top.hyperparameters.values["tuner/trial_id"] == below[1]
    assert [oracle.may_go_up(one) for one in below] == [True, False, True]
    told(oracle, 0.4, top)
    assert not oracle.may_go_up(top.trial_id)
    told(oracle, 0.5)  # of the next bracket: the first is forgotten
    assert not any(oracle.may_go_up(one) for one in below)


@pytest.mark.parametrize("tuner", ["random", "grid", "bayesian"])
def test_without_rungs_nobody_goes_up(tmp_path: Path, tuner: Tuner) -> None:
    oracle = make_oracle(
        tiny.problem(), tiny.SIGNATURE, SearchSettings(tuner=tuner), 1, tmp_path / "search"
    )
    assert not oracle.may_go_up(told(oracle, 0.5).trial_id)
