"""The search: what is tried, in which order, and what is recorded."""

from pathlib import Path

import keras
import keras_tuner
import pytest

from study.data.dataset import DataOptions
from study.problem.problem import load_problem
from study.problem.settings import SearchSettings, Tuner
from study.records.recipe import Budget
from study.records.study import Signature
from study.search import search
from study.search.oracles import split_values
from study.training.job import Job
from tests import tiny
from tests.search.searches import EVERY_TUNER, IN_ORDER, STUBBED, outcome, searched, tried

pytestmark = STUBBED


# What is tried


@EVERY_TUNER
@pytest.mark.parametrize("name", ["line", "multihead"])
def test_the_first_trial_is_the_baseline(tmp_path: Path, tuner: Tuner, name: str) -> None:
    problem = load_problem(name)
    first, second = searched(tmp_path, tuner, problem, max_trials=2)
    assert first.hyperparameters == problem.baseline
    assert (first.number, first.status) == (0, "completed")
    assert second.hyperparameters != problem.baseline


@pytest.mark.parametrize("tuner", ["random", "bayesian", "hyperband"])  # grid: the defaults
def test_the_first_trial_is_the_baseline_even_if_it_is_not_the_default(
    tmp_path: Path, tuner: Tuner
) -> None:
    baseline = {"units": 32, "deep": True, "more_units": 16, "rate": 1e-2}
    first, *_ = searched(tmp_path, tuner, tiny.problem(baseline=baseline), max_trials=2)
    assert first.hyperparameters == baseline


@EVERY_TUNER
def test_a_search_of_the_core_leaves_the_others_as_the_baseline_has_them(
    tmp_path: Path, tuner: Tuner
) -> None:
    problem = tiny.problem(core=("rate",))
    trials = searched(tmp_path, tuner, problem, breadth="core", max_trials=6, max_epochs=1)
    assert {trial.hyperparameters["units"] for trial in trials} == {tiny.BASELINE["units"]}
    assert {trial.hyperparameters["deep"] for trial in trials} == {False}
    assert len({trial.hyperparameters["rate"] for trial in trials}) > 1


@EVERY_TUNER
def test_the_same_seed_gives_the_same_trials(tmp_path: Path, tuner: Tuner) -> None:
    assert tried(searched(tmp_path / "one", tuner)) == tried(searched(tmp_path / "two", tuner))


@pytest.mark.parametrize("tuner", ["random", "bayesian", "hyperband"])
def test_another_seed_gives_other_trials(tmp_path: Path, tuner: Tuner) -> None:
    one = searched(tmp_path / "one", tuner)
    other = searched(tmp_path / "two", tuner, seed=2)
    assert one[0].hyperparameters == other[0].hyperparameters  # the baseline
    assert tried(one)[1:] != tried(other)[1:]


@IN_ORDER
def test_trials_do_not_depend_on_which_worker_is_faster(tmp_path: Path, tuner: Tuner) -> None:
    forward = searched(tmp_path / "one", tuner, workers=2, max_trials=7)
    engine = tiny.BackwardEngine()
    backward = searched(tmp_path / "two", tuner, engine=engine, workers=2, max_trials=7)
    assert tried(forward) == tried(backward)
    assert [trial.number for trial in backward] == list(range(7))


@IN_ORDER
def test_no_more_trials_than_allowed(tmp_path: Path, tuner: Tuner, jobs: list[Job]) -> None:
    trials = searched(tmp_path, tuner, engine=tiny.BackwardEngine(), workers=3, max_trials=7)
    assert len(trials) == len(jobs) == 7


def test_hyperband_goes_on_after_its_first_pass(tmp_path: Path) -> None:
    """One pass at two epochs is two trials."""
    assert len(searched(tmp_path, "hyperband", max_trials=7, max_epochs=2)) == 7


def test_bayesian_search_is_not_all_random(tmp_path: Path) -> None:
    """After a third of the trials, two at least, it looks at their results."""
    problem = load_problem("multihead")
    random = searched(tmp_path / "one", "random", problem, max_trials=4)
    bayesian = searched(tmp_path / "two", "bayesian", problem, max_trials=4)
    same = [ours == theirs for ours, theirs in zip(tried(random), tried(bayesian), strict=True)]
    assert same[:2] == [True, True]
    assert not any(same[2:])


def test_the_whole_of_a_small_space_ends_the_search(tmp_path: Path) -> None:
    def small(hp: keras_tuner.HyperParameters, signature: Signature, budget: Budget) -> keras.Model:
        hp.Choice("units", [4, 8], default=8)
        hp.Boolean("deep")
        return tiny.build(keras_tuner.HyperParameters(), signature, budget)

    baseline = {"units": 8, "deep": False}
    problem = tiny.problem(build=small, baseline=baseline)
    trials = searched(tmp_path, "grid", problem, max_trials=50)
    assert len(trials) == 4
    trials = searched(tmp_path / "random", "random", problem, max_trials=50)
    assert len({str(trial.hyperparameters) for trial in trials}) == len(trials) <= 4


@pytest.mark.usefixtures("workplace")
def test_hyperband_continues_the_best_of_a_round(jobs: list[Job]) -> None:
    trials = searched(Path("results"), "hyperband", max_trials=20, max_epochs=9)
    first_round = [trial for trial in trials if trial.tuner["tuner/round"] == 0]
    continued = {trial.number: trial for trial in trials if "tuner/trial_id" in trial.tuner}
    assert continued
    by_id = {trial.trial_id: trial for trial in trials}
    for number, trial in continued.items():
        parent = by_id[str(trial.tuner["tuner/trial_id"])]
        job, parents = jobs[number], jobs[parent.number]
        assert trial.hyperparameters == parent.hyperparameters
        assert job.first_epoch == parents.epochs == parent.epochs
        assert job.epochs == trial.epochs > job.first_epoch
        assert job.load_from == parents.checkpoint
        assert job.load_from is not None
        assert job.load_from.is_absolute()  # a worker may have another current folder
        assert len(trial.curves["val_accuracy"]) == job.epochs - job.first_epoch
    assert first_round[0].tuner["tuner/epochs"] == jobs[0].epochs == 1


@pytest.mark.parametrize("tuner", ["hyperband", "asha"])
def test_on_every_rung_the_learning_rate_decays_over_the_highest(
    tmp_path: Path, tuner: Tuner, jobs: list[Job]
) -> None:
    searched(tmp_path, tuner, max_trials=20, max_epochs=9)
    assert len({job.epochs for job in jobs}) > 1
    assert {job.decay_epochs for job in jobs} == {9}


@pytest.mark.parametrize("tuner", ["random", "grid", "bayesian"])
def test_only_hyperband_and_asha_continue_trials(
    tmp_path: Path, tuner: Tuner, jobs: list[Job]
) -> None:
    searched(tmp_path, tuner, max_trials=2)
    assert [(job.load_from, job.first_epoch) for job in jobs] == [(None, 0)] * 2


def test_a_job_has_the_budget_of_the_search_and_a_seed_of_its_own(
    tmp_path: Path, jobs: list[Job]
) -> None:
    trials = searched(tmp_path, seed=7, max_epochs=5, batch_size=32, max_images=100)
    assert {(job.epochs, job.batch_size, job.max_images) for job in jobs} == {(5, 32, 100)}
    assert {job.decay_epochs for job in jobs} == {5}
    assert {job.data_seed for job in jobs} == {7}
    assert [trial.seed for trial in trials] == [job.seed for job in jobs]
    assert len({job.seed for job in jobs}) == len(jobs)
    assert min(job.seed for job in jobs) >= 1


def test_every_proposal_is_told_with_its_key_and_epochs(tmp_path: Path) -> None:
    told: list[tuple[int, str, int]] = []
    engine = tiny.InstantEngine()
    workers = 1
    search.search(
        tiny.problem(),
        tiny.SIGNATURE,
        SearchSettings(max_trials=3, max_epochs=4),
        DataOptions(),
        1,
        workers,
        "float32",
        tmp_path / "search",
        engine,
        [],
        on_begin=lambda: None,
        on_proposal=lambda *news: told.append(news),
        on_trial=lambda _: None,
    )
    assert told == [(n, search.job_key("tiny", n), 4) for n in range(3)]
    assert engine.keys == [key for _, key, _ in told]


# What is recorded


def test_a_trial_keeps_what_training_came_to(tmp_path: Path, jobs: list[Job]) -> None:
    trial = searched(tmp_path, max_trials=1)[0]
    trained = outcome(jobs[0])
    assert trial.status == "completed"
    assert trial.error is None
    assert trial.curves == trained.curves
    assert (trial.score, trial.best_epoch, trial.epochs) == (trained.score, 3, 3)
    assert (trial.parameters, trial.seconds) == (1000, 1.5)


def test_keras_tuner_s_own_values_are_kept_apart(tmp_path: Path) -> None:
    for trial in searched(tmp_path, "hyperband"):
        assert set(trial.hyperparameters) <= {"units", "deep", "more_units", "rate"}
        assert {"tuner/epochs", "tuner/bracket", "tuner/round"} <= set(trial.tuner)


def test_values_are_split_by_their_prefix() -> None:
    values = {"units": 8, "tuner/epochs": 3, "tuner": "no", "tuner/trial_id": "0001"}
    assert split_values(values) == (
        {"units": 8, "tuner": "no"},
        {"tuner/epochs": 3, "tuner/trial_id": "0001"},
    )


def test_values_that_do_not_apply_are_not_in_the_record(tmp_path: Path) -> None:
    trials = searched(tmp_path, max_trials=20)
    assert {trial.hyperparameters["deep"] for trial in trials} == {True, False}
    for trial in trials:
        assert ("more_units" in trial.hyperparameters) == trial.hyperparameters["deep"]
