"""Oracles are Keras Tuner's, but write their state less often."""

from pathlib import Path

import keras_tuner
import pytest

from study.problem.settings import SearchSettings
from study.search import oracles
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

    monkeypatch.setattr(oracles, "time", clock)
    monkeypatch.setattr(keras_tuner.Oracle, "save", slow_save)
    oracle = oracles.make_oracle(
        tiny.problem(), tiny.SIGNATURE, SearchSettings(), 1, tmp_path / "search"
    )
    oracles.begin_writing(oracle)
    while clock.now < 100:
        oracle.save()
        clock.now += 0.5
    assert saved == [0, 20, 40, 60, 80]
    oracles.save(oracle)
    assert len(saved) == 6


def test_grid_search_proposes_the_same_to_workers_that_are_not_done(tmp_path: Path) -> None:
    def proposed(folder: Path, told: bool) -> list[dict[str, object]]:
        settings = SearchSettings(tuner="grid", max_trials=6)
        oracle = oracles.make_oracle(tiny.problem(), tiny.SIGNATURE, settings, 1, folder / "search")
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
