"""The search: what is tried, in which order, what happens to failures, what is left on disk."""

import os
import zlib
from collections.abc import Callable, Sequence
from functools import partial
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any, get_args

import keras
import keras_tuner
import pytest
import scipy.optimize

from search_spaces._blocks import fixed
from study.data.dataset import DataOptions
from study.errors import CannotWrite, Failed, StudyFailed, WorkerDied
from study.problem.problem import Problem, load_problem
from study.problem.settings import TUNERS, SearchSettings, Tuner
from study.records.study import Signature
from study.records.trial import Trial
from study.search import oracles, search, study_oracle
from study.search.oracles import split_values
from study.training.checkpoint import checkpoint_path
from study.training.job import Job, Trained
from study.trials.ranking import best_trial
from tests import tiny
from tests.command import contents
from tests.factories import signature

EVERY_TUNER = pytest.mark.parametrize("tuner", TUNERS)
IN_ORDER = pytest.mark.parametrize("tuner", [tuner for tuner in TUNERS if tuner != "asha"])
Engine = tiny.InstantEngine | tiny.BackwardEngine


def outcome(job: Job) -> Trained:
    """What training would come to: a score that depends on the hyperparameters alone."""
    score = zlib.crc32(repr(sorted(job.values.items())).encode()) % 1000 / 1000
    rising = [score * epoch / job.epochs for epoch in range(job.first_epoch + 1, job.epochs + 1)]
    curves = {"loss": [1.0] * len(rising), "accuracy": rising}
    curves |= {f"val_{name}": list(curve) for name, curve in curves.items()}
    return Trained(
        curves=curves | {"val_joint": rising},
        best_epoch=job.epochs,
        score=score,
        parameters=1000,
        hyperparameters=job.values,
        seconds=1.5,
        latency=1e-3,
        finished="2026-11-22T08:27:42+00:00",
    )


@pytest.fixture
def jobs(monkeypatch: pytest.MonkeyPatch) -> list[Job]:
    """The jobs that came to the workers, which do not train."""
    seen: list[Job] = []

    def run(job: Job) -> Trained:
        seen.append(job)
        return outcome(job)

    monkeypatch.setattr(search, "_run", run)
    return seen


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bayesian search looks for the best next point from fifty sides: a step from each will do."""
    minimize = partial(scipy.optimize.minimize, options={"maxiter": 1})
    monkeypatch.setattr(scipy.optimize, "minimize", minimize)


@pytest.fixture(autouse=True)
def _unchecked(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Points are not built to see whether they fit, but where that is what is tested."""
    if "checked" not in request.fixturenames:
        monkeypatch.setattr(oracles, "why_unfit", lambda *_, **__: None)


@pytest.fixture
def checked() -> None:
    """Points of the space are built before they are proposed."""


CHECKED = pytest.mark.usefixtures("checked")


def fail_on(
    monkeypatch: pytest.MonkeyPatch, fails: Callable[[int], bool], words: str = "ValueError: no"
) -> None:
    """Have the trials of those numbers fail."""
    numbers = count()
    monkeypatch.setattr(
        search, "_run", lambda job: Failed(words) if fails(next(numbers)) else outcome(job)
    )


def searched(
    folder: Path,
    tuner: Tuner = "random",
    problem: Problem | None = None,
    engine: Engine | None = None,
    seed: int = 1,
    trials: list[Trial] | None = None,
    workers: int = 1,
    finished: Sequence[Trial] = (),
    on_begin: Callable[[], None] = lambda: None,
    on_proposal: Callable[..., object] = lambda *_: None,
    **settings: Any,
) -> list[Trial]:
    """The trials of a search in that folder."""
    found = [] if trials is None else trials
    problem = problem or tiny.problem()
    search.search(
        problem,
        tiny.SIGNATURE if problem.name == "tiny" else signature(problem.name),
        SearchSettings(tuner=tuner, **({"max_trials": 4, "max_epochs": 3} | settings)),
        DataOptions(),
        seed,
        workers,
        "float32",
        folder / "search",
        engine or tiny.InstantEngine(),
        finished,
        on_begin=on_begin,
        on_proposal=on_proposal,
        on_trial=found.append,
    )
    return found


def tried(trials: list[Trial]) -> list[tuple[Any, ...]]:
    """What tells one search from another."""
    return [
        (trial.number, trial.trial_id, trial.hyperparameters, trial.tuner, trial.score)
        for trial in trials
    ]


pytestmark = pytest.mark.usefixtures("jobs")


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
    def small(hp: keras_tuner.HyperParameters, signature: Signature, steps: int) -> keras.Model:
        hp.Choice("units", [4, 8], default=8)
        hp.Boolean("deep")
        return tiny.build(keras_tuner.HyperParameters(), signature, steps)

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


# Points that make no network that may be trained


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
        return tiny.build(fixed({"units": hp.get("units")}), signature, 1)

    problem = tiny.problem(build=small, baseline={"units": 4, "other": False})
    trials = searched(tmp_path, "grid", problem, max_trials=9, max_parameters=FEW_PARAMETERS)
    found = [(one.hyperparameters["units"], len(one.rejected)) for one in trials]
    assert found == [(4, 0), (4, 0), (8, 4), (8, 0)]


@CHECKED
def test_points_that_make_no_network_are_rejected(tmp_path: Path) -> None:
    def partial_space(hp: keras_tuner.HyperParameters, signature: Signature, _: int) -> keras.Model:
        if hp.Choice("units", [4, 8, 16, 32], default=4) > 8:
            raise ValueError("no such network")
        return tiny.build(keras_tuner.HyperParameters(), signature, 1)

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
    assert "5 points of the search space in a row make no network" in caplog.text
    assert "(max_parameters)" in caplog.text


# Failures


@EVERY_TUNER
def test_a_failed_trial_is_recorded_and_the_search_goes_on(
    tmp_path: Path, tuner: Tuner, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_on(monkeypatch, lambda number: number in (1, 3))
    trials = searched(tmp_path, tuner)
    assert len(trials) == 4
    failed = [trial for trial in trials if trial.status == "failed"]
    assert [trial.number for trial in failed] == [1, 3]
    for trial in failed:
        assert trial.error == "ValueError: no"
        assert trial.hyperparameters
        assert (trial.score, trial.best_epoch, trial.parameters, trial.curves) == (
            None, None, None, {}
        )  # fmt: skip


def test_what_goes_wrong_on_a_worker_becomes_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()

    def broken(*_: object) -> None:
        raise ValueError("Computed output size\n  would be\tnegative")

    monkeypatch.setattr(search, "run_trial", broken)
    assert search._run(None) == Failed("ValueError: Computed output size would be negative")


def test_a_dead_worker_fails_the_trial_and_not_the_search(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = count()

    def die(job: Job) -> Trained:
        if next(numbers) == 1:
            raise WorkerDied("tiny-search-1: the worker process died 3 times")
        return outcome(job)

    monkeypatch.setattr(search, "_run", die)
    trials = searched(tmp_path, engine=tiny.BackwardEngine(), max_trials=3)
    assert [trial.status for trial in trials] == ["completed", "failed", "completed"]
    assert trials[1].error is not None
    assert "tiny-search-1: the worker process died" in trials[1].error


def test_a_full_disk_stops_the_search_and_condemns_no_trial(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(job: Job, _: object) -> Trained:
        if job.seed == 2:
            raise CannotWrite("no space")
        return outcome(job)

    monkeypatch.undo()
    monkeypatch.setattr(search, "run_trial", full)
    trials: list[Trial] = []
    with pytest.raises(CannotWrite, match="no space"):
        searched(tmp_path, trials=trials)
    assert [trial.status for trial in trials] == ["completed"]


@pytest.mark.usefixtures("jobs")
@pytest.mark.parametrize("file", ["tuner0.json", "trial_0/trial.json", "oracle.json"])
def test_a_disk_that_is_full_for_keras_tuner_is_said_with_its_file(
    tmp_path: Path, file: str
) -> None:
    path = tmp_path / "search" / file
    path.parent.mkdir(parents=True)
    path.symlink_to("/dev/full")
    with pytest.raises(CannotWrite, match=rf"the disk is full: {path} cannot be written; free"):
        searched(tmp_path)


@pytest.mark.usefixtures("jobs")
def test_what_keras_tuner_writes_may_be_private(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        searched(tmp_path)
    finally:
        os.umask(before)
    written = list((tmp_path / "search").rglob("*"))
    assert tmp_path / "search/trial_0/trial.json" in written
    assert {path.stat().st_mode & 0o077 for path in written} == {0}


@pytest.mark.usefixtures("jobs")
def test_trials_that_were_not_begun_again_after_an_interruption_leave_nothing(
    tmp_path: Path,
) -> None:
    """Time was up; they were going on when the process was killed."""
    left = checkpoint_path(tmp_path / "search", "7")
    left.parent.mkdir(parents=True)
    left.touch()
    trials = searched(tmp_path)
    kept = {path.name for path in (tmp_path / "search").glob("trial_*")}
    assert kept == {f"trial_{trial.trial_id}" for trial in trials}


@EVERY_TUNER
def test_failures_in_a_row_stop_the_search(
    tmp_path: Path, tuner: Tuner, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_on(monkeypatch, lambda number: number > 0, words="MemoryError: none left")
    trials: list[Trial] = []
    with pytest.raises(
        StudyFailed, match="tiny: 5 trials failed in a row, the last with: MemoryError: none left"
    ):
        searched(tmp_path, tuner, max_trials=20, trials=trials)
    assert [trial.status for trial in trials] == ["completed"] + ["failed"] * 5


def test_failures_with_successes_between_do_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_on(monkeypatch, lambda number: number % 5 != 4)
    trials = searched(tmp_path, max_trials=15)
    assert sum(trial.status == "failed" for trial in trials) == 12


def test_a_search_without_success_is_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_on(monkeypatch, lambda _: True)
    trials: list[Trial] = []
    with pytest.raises(StudyFailed, match=r"no trial of the search succeeded; see trials\.jsonl"):
        searched(tmp_path, max_trials=3, trials=trials)
    assert len(trials) == 3


# Time


def ticking(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Have every look at the clock take so long."""
    monkeypatch.setattr(search, "time", SimpleNamespace(monotonic=count(step=seconds).__next__))


def test_no_trial_starts_after_the_time_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, jobs: list[Job]
) -> None:
    ticking(monkeypatch, 20)
    trials = searched(tmp_path, max_trials=50, time_limit="90s")
    assert 1 <= len(trials) == len(jobs) <= 4
    assert {trial.status for trial in trials} == {"completed"}


def test_with_a_time_limit_none_waits_in_line(tmp_path: Path) -> None:
    """A trial that starts when a worker is free starts in time."""
    engine = tiny.BackwardEngine()
    submitted: list[int] = []
    searched(
        tmp_path,
        engine=engine,
        workers=2,
        on_proposal=lambda *_: submitted.append(len(engine.waiting)),
        max_trials=6,
        time_limit="1h",
    )
    assert max(submitted) == 2


def test_without_a_time_limit_the_workers_have_the_next_trial_at_hand(tmp_path: Path) -> None:
    engine = tiny.BackwardEngine()
    submitted: list[int] = []
    searched(
        tmp_path,
        engine=engine,
        workers=2,
        on_proposal=lambda *_: submitted.append(len(engine.waiting)),
        max_trials=6,
    )
    assert max(submitted) == 4


@pytest.mark.parametrize(("tuner", "before_it"), [("random", 6), ("bayesian", 4)])
@pytest.mark.parametrize("time_limit", [None, "1h"])
def test_random_search_goes_on_while_the_oldest_trial_is_a_straggler(
    tmp_path: Path, tuner: Tuner, before_it: int, time_limit: str | None
) -> None:
    """What it proposes does not depend on results; others wait, for the same search every time."""
    proposed: list[int] = []
    before: list[int] = []

    class Told(list[Trial]):
        def append(self, _: Trial) -> None:
            before.append(len(proposed))

    searched(
        tmp_path,
        tuner,
        engine=tiny.BackwardEngine(),
        trials=Told(),
        workers=2,
        on_proposal=lambda number, *_: proposed.append(number),
        max_trials=6,
        time_limit=time_limit,
    )
    in_line = 2 if time_limit and tuner != "random" else before_it
    assert before[0] == in_line


# The project folder


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
        hypermodel=lambda hp: tiny.build(hp, tiny.SIGNATURE, 1),
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


# Interruption


class Interruption(BaseException):
    """Stands in for a process that ends."""


def interrupted(folder: Path, after: int, tuner: Tuner, **settings: Any) -> list[Trial]:
    """The trials that a search had finished when it ended after so many."""
    finished: list[Trial] = []

    class Ending(list[Trial]):
        def append(self, trial: Trial) -> None:
            finished.append(trial)
            if len(finished) == after:
                raise Interruption

    with pytest.raises(Interruption):
        searched(folder, tuner, trials=Ending(), **settings)
    return finished


@pytest.mark.slow
@EVERY_TUNER
@pytest.mark.parametrize("workers", [1, 2])
def test_an_interrupted_search_goes_on_as_the_uninterrupted_one(
    tmp_path: Path, tuner: Tuner, workers: int, jobs: list[Job]
) -> None:
    budget: dict[str, Any] = {"max_trials": 7, "workers": workers}
    whole = searched(tmp_path / "whole", tuner, **budget)
    for after in (1, len(whole) // 2, len(whole) - 1):
        folder = tmp_path / f"after-{after}"
        finished = interrupted(folder, after, tuner, **budget)
        jobs.clear()
        rest = searched(folder, tuner, finished=finished, **budget)
        assert tried([*finished, *rest]) == tried(whole)
        numbers = [int(job.seed) - 1 for job in jobs]  # of the trials that were trained
        assert not set(numbers) & {trial.number for trial in finished}
        assert len(numbers) == len(set(numbers))


@EVERY_TUNER
def test_a_finished_search_is_not_done_again(tmp_path: Path, tuner: Tuner, jobs: list[Job]) -> None:
    finished = searched(tmp_path, tuner)
    jobs.clear()
    assert searched(tmp_path, tuner, finished=finished) == []
    assert jobs == []


def test_failed_trials_are_not_tried_again_and_still_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_on(monkeypatch, lambda number: number > 0, words="MemoryError: none left")
    finished = interrupted(tmp_path, 4, "random", max_trials=20)
    assert [trial.status for trial in finished[1:]] == ["failed"] * 3
    rest: list[Trial] = []
    fail_on(monkeypatch, lambda _: True)
    with pytest.raises(StudyFailed, match="5 trials failed in a row"):
        searched(tmp_path, max_trials=20, finished=finished, trials=rest)
    assert len(rest) == 2


def test_a_search_that_stopped_for_failures_can_go_on_when_that_is_put_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_on(monkeypatch, lambda number: number > 0)
    finished: list[Trial] = []
    with pytest.raises(StudyFailed, match="5 trials failed in a row"):
        searched(tmp_path, max_trials=8, trials=finished)
    more: list[Trial] = []
    fail_on(monkeypatch, lambda _: True)
    with pytest.raises(StudyFailed, match="6 trials failed in a row"):
        searched(tmp_path, max_trials=8, finished=finished, trials=more)
    fail_on(monkeypatch, lambda _: False)
    rest = searched(tmp_path, max_trials=8, finished=finished + more)
    assert [trial.status for trial in rest] == ["completed"]


def test_plain_keras_tuner_reloads_a_search_that_went_on(tmp_path: Path) -> None:
    finished = interrupted(tmp_path, 2, "random")
    (tmp_path / "search" / "oracle.json").write_text('{"trials": ')  # it was being written
    rest = searched(tmp_path, finished=finished)
    theirs = reloaded(tmp_path, "random").oracle.trials
    assert set(theirs) == {trial.trial_id for trial in [*finished, *rest]}


@pytest.mark.parametrize(
    "change",
    [
        {"hyperparameters": {"units": 4, "deep": False, "rate": 0.5}},
        {"number": 9},
        {"tuner": {"tuner/epochs": 1}},
    ],
)
@pytest.mark.parametrize("tuner", ["random", "hyperband"])
def test_records_of_another_search_are_refused_and_everything_stays_as_it_was(
    tmp_path: Path, tuner: Tuner, change: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last record is wrong: those before it have been told to the oracle by then."""
    leave_checkpoints(monkeypatch)
    begun: list[bool] = []
    finished = interrupted(tmp_path, 3, tuner, workers=2)
    finished[-1] = finished[-1].model_copy(update=change)
    before = contents(tmp_path)
    monkeypatch.setattr(search, "_run", lambda _: pytest.fail("trained"))
    with pytest.raises(StudyFailed, match="is not what this search proposes"):
        searched(
            tmp_path,
            tuner,
            finished=finished,
            workers=2,
            keep=0,
            on_begin=lambda: begun.append(True),
        )
    assert contents(tmp_path) == before
    assert not begun


def test_records_that_are_more_than_the_search_proposes_are_refused(tmp_path: Path) -> None:
    finished = searched(tmp_path, max_trials=4)
    before = contents(tmp_path)
    with pytest.raises(StudyFailed, match=r"trial 3 in trials\.jsonl is not what this search"):
        searched(tmp_path, max_trials=3, finished=finished)
    assert contents(tmp_path) == before


def test_time_before_an_interruption_counts(tmp_path: Path, jobs: list[Job]) -> None:
    """Trials take 1.5 seconds each; two workers were busy with four."""
    finished = searched(tmp_path, max_trials=4, time_limit="1h", workers=2)
    jobs.clear()
    budget: dict[str, Any] = {"max_trials": 50, "workers": 2, "finished": finished}
    assert searched(tmp_path, time_limit="3s", **budget) == []
    assert searched(tmp_path, time_limit="1h", **budget) != []


# Checkpoints


def leave_checkpoints(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have trials leave an empty checkpoint, and need that of the trial they continue."""

    def run(job: Job) -> Trained:
        assert job.load_from is None or job.load_from.exists()
        assert job.checkpoint
        job.checkpoint.parent.mkdir(parents=True, exist_ok=True)
        job.checkpoint.touch()
        return outcome(job)

    monkeypatch.setattr(search, "_run", run)


def kept(folder: Path) -> set[str]:
    found = (folder / "search").glob("trial_*/checkpoint.weights.h5")
    return {path.parent.name.removeprefix("trial_") for path in found}


class Watching(list[Trial]):
    """Trials as they are told; counts the checkpoints there are each time."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder
        self.kept: list[int] = []

    def append(self, trial: Trial) -> None:
        super().append(trial)
        self.kept.append(len(kept(self.folder)))


@EVERY_TUNER
@pytest.mark.parametrize("keep", [0, 2])
def test_only_the_best_trials_keep_their_weights(
    tmp_path: Path, tuner: Tuner, keep: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave_checkpoints(monkeypatch)
    budget: dict[str, Any] = {"max_trials": 12, "max_epochs": 9, "keep": keep, "workers": 2}
    trials = searched(tmp_path, tuner, engine=tiny.BackwardEngine(), **budget)
    ranked = sorted(trials, key=lambda trial: (-(trial.score or 0), trial.number))
    assert kept(tmp_path) == {trial.trial_id for trial in ranked[:keep]}


def test_weights_go_as_soon_as_they_are_not_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave_checkpoints(monkeypatch)
    told = Watching(tmp_path)
    searched(tmp_path, max_trials=12, keep=2, trials=told)
    assert max(told.kept) == 3  # the best two, and the one that was told last


def test_hyperband_keeps_weights_of_unfinished_brackets_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bracket of 3 epochs has 3 trials below and 1 above, or 2 trials and no other rung."""
    leave_checkpoints(monkeypatch)
    told = Watching(tmp_path)
    searched(tmp_path, "hyperband", max_trials=24, max_epochs=3, keep=0, trials=told)
    assert len(told.kept) == 24
    assert max(told.kept) <= 4


def test_a_failed_trial_keeps_no_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    leave_checkpoints(monkeypatch)
    run = search._run

    def fail_later(job: Job) -> Trained | Failed:
        return Failed("ValueError: no") if job.seed == 2 and run(job) else run(job)

    monkeypatch.setattr(search, "_run", fail_later)
    searched(tmp_path, max_trials=3, keep=9)
    assert kept(tmp_path) == {"0", "2"}
