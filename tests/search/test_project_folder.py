"""What a search leaves is Keras Tuner's own project."""

from pathlib import Path
from typing import get_args

import keras_tuner
import pytest

from study.problem.settings import Tuner
from study.records.recipe import Budget
from study.search.oracles import split_values
from study.trials.ranking import best_trial
from tests import tiny
from tests.search.searches import EVERY_TUNER, STUBBED, fail_on, interrupted, searched

pytestmark = STUBBED


KINDS = {
    "random": keras_tuner.RandomSearch,
    "grid": keras_tuner.GridSearch,
    "bayesian": keras_tuner.BayesianOptimization,
    "hyperband": keras_tuner.Hyperband,
    "asha": keras_tuner.RandomSearch,  # any tuner reads what its oracle shares with all
}


def reloaded(folder: Path, tuner: Tuner) -> keras_tuner.Tuner:
    """The search as plain Keras Tuner opens it."""
    budget = {"max_epochs": 3} if tuner == "hyperband" else {"max_trials": 6}
    return KINDS[tuner](
        hypermodel=lambda hp: tiny.build(hp, tiny.SIGNATURE, Budget(1)),
        objective=keras_tuner.Objective("val_accuracy", "max"),
        directory=str(folder),
        project_name="search",
        overwrite=False,
        **budget,
    )


@EVERY_TUNER
def test_plain_keras_tuner_reloads_the_search(
    tmp_path: Path, tuner: Tuner, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_on(monkeypatch, lambda number: number == 2)
    trials = searched(tmp_path, tuner)
    theirs = reloaded(tmp_path, tuner)
    best = best_trial(trials)
    values = theirs.get_best_hyperparameters()[0].values
    assert split_values(values)[0] == best.hyperparameters
    statuses = {trial_id: trial.status for trial_id, trial in theirs.oracle.trials.items()}
    assert statuses == {trial.trial_id: trial.status.upper() for trial in trials}
    assert theirs.oracle.get_best_trials()[0].score == pytest.approx(best.score)
    assert theirs.oracle.trials[best.trial_id].best_step == best.best_epoch


def test_plain_keras_tuner_reads_every_curve_and_which_way_is_better(tmp_path: Path) -> None:
    best = best_trial(searched(tmp_path))
    metrics = reloaded(tmp_path, "random").oracle.trials[best.trial_id].metrics
    curves = {name: [one.value[0] for one in metrics.get_history(name)] for name in metrics.metrics}
    assert curves == best.curves
    assert {name: metrics.get_direction(name) for name in curves} == {
        "loss": "min",
        "accuracy": "max",
        "val_loss": "min",
        "val_accuracy": "max",
        "val_joint": "max",
    }


def test_plain_keras_tuner_counts_the_epochs_of_a_continued_trial(tmp_path: Path) -> None:
    trials = searched(tmp_path, "hyperband")
    theirs = reloaded(tmp_path, "hyperband").oracle.trials
    assert [trial.epochs for trial in trials] == [1, 1, 1, 3]
    assert [theirs[trial.trial_id].best_step for trial in trials] == [1, 1, 1, 3]


def test_plain_keras_tuner_knows_why_a_trial_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_on(monkeypatch, lambda number: number == 1)
    failed = searched(tmp_path)[1]
    assert reloaded(tmp_path, "random").oracle.trials[failed.trial_id].message == "ValueError: no"


def test_keras_tuner_says_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    searched(tmp_path, "bayesian")
    assert capfd.readouterr() == ("", "")


def test_every_tuner_is_tested() -> None:
    assert set(KINDS) == set(get_args(Tuner))


def test_plain_keras_tuner_reloads_a_search_that_went_on(tmp_path: Path) -> None:
    finished = interrupted(tmp_path, 2, "random")
    (tmp_path / "search" / "oracle.json").write_text('{"trials": ')  # it was being written
    rest = searched(tmp_path, finished=finished)
    theirs = reloaded(tmp_path, "random").oracle.trials
    assert set(theirs) == {trial.trial_id for trial in [*finished, *rest]}
