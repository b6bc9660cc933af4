"""The oracles: who decides what to try. Keras Tuner's own, and ASHA."""

import logging
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from study.machine.files import naming
from study.problem.network_size import why_unfit
from study.problem.problem import Problem
from study.problem.settings import SearchSettings
from study.problem.space import declared
from study.records.base import Signature, Value

if TYPE_CHECKING:
    import keras_tuner

log = logging.getLogger(__name__)

MOST_REJECTED = 200
"""Points in a row that may be unfit before no further trial is proposed."""

TUNER_ID = "tuner0"
"""Keras Tuner's name of a lone tuner: names the file by which it recognises its project."""


def make_oracle(
    problem: Problem, signature: Signature, settings: SearchSettings, seed: int, folder: Path
) -> "keras_tuner.Oracle":
    """An oracle over the problem's whole space, whose first trial is the baseline.

    It writes nothing before `begin_writing`.

    Args:
        folder: Keras Tuner's project folder, there or not.
    """
    import keras_tuner

    from study.search.asha import AshaOracle

    shared = {
        "objective": keras_tuner.Objective(f"val_{problem.objective}", "max"),
        "hyperparameters": declared(problem, signature),
        "seed": seed,
        # Keras Tuner raises on the third failed trial in a row, with its lock held; we count.
        "max_consecutive_failed_trials": 10**9,
    }
    if settings.tuner == "asha":
        oracle = AshaOracle(settings.max_trials, settings.max_epochs, **shared)
    elif settings.tuner == "hyperband":
        # It would stop after one pass over its brackets: two trials, if max_epochs is 2.
        oracle = keras_tuner.oracles.HyperbandOracle(
            max_epochs=settings.max_epochs, hyperband_iterations=None, **shared
        )
        oracle.max_trials = settings.max_trials
    elif settings.tuner == "bayesian":
        # It would begin with three random trials a hyperparameter: more than most budgets have.
        oracle = keras_tuner.oracles.BayesianOptimizationOracle(
            max_trials=settings.max_trials,
            num_initial_points=max(2, settings.max_trials // 3),
            **shared,
        )
    else:
        kinds = {
            "random": keras_tuner.oracles.RandomSearchOracle,
            "grid": keras_tuner.oracles.GridSearchOracle,
        }
        oracle = kinds[settings.tuner](max_trials=settings.max_trials, **shared)
    oracle.verbose = 0
    _reject(oracle, partial(why_unfit, problem, signature, most=settings.max_parameters))
    _begin_with(oracle, problem.baseline)
    if settings.tuner == "grid":
        _go_on_unheard(oracle)
    oracle.save, oracle._save_trial = _write_nothing, _write_nothing
    oracle._set_project_dir(str(folder.parent), folder.name)  # what `keras_tuner.Tuner` does
    return oracle


def _write_nothing(*_: object) -> None:
    """In place of what writes."""


def begin_writing(oracle: "keras_tuner.Oracle") -> None:
    """Write the trials there are into the project folder, made if need be, and from now on all.

    Raises:
        CannotWrite: the disk is full; so does whatever has the oracle write, later.
    """

    def save_trial(trial: Any) -> None:
        with naming(Path(oracle._project_dir) / f"trial_{trial.trial_id}" / "trial.json"):
            type(oracle)._save_trial(oracle, trial)

    oracle._save_trial = save_trial
    _save_seldom(oracle)
    recognised = Path(oracle._project_dir) / f"{TUNER_ID}.json"
    with naming(recognised):
        recognised.write_text("{}")
    for trial in oracle.trials.values():
        oracle._save_trial(trial)


def _reject(
    oracle: "keras_tuner.Oracle", why_unfit: Callable[[dict[str, Value]], str | None]
) -> None:
    """Have the oracle propose another point for each that is unfit, and note why in `rejected`.

    What is proposed still follows from the seed and the results alone. Grid search takes the next
    combination, the others draw one at random.
    """
    import keras_tuner

    oracle.rejected = []
    known: dict[tuple[tuple[str, Value], ...], str | None] = {}

    def fits(values: dict[str, Value]) -> bool:
        key = tuple(sorted(values.items()))
        if key not in known:
            known[key] = why_unfit(values)
            if known[key]:
                oracle.rejected.append(known[key])
        return known[key] is None

    def first_fitting(
        next_after: Callable[[dict[str, Value] | None], dict[str, Value] | None],
    ) -> dict[str, Value] | None:
        values = None
        for _ in range(MOST_REJECTED):
            values = next_after(values)
            if values is None or fits(values):
                return values
        log.warning(
            "no further trial: %s points of the search space in a row make no network that may be "
            "trained, the last because of %s",
            MOST_REJECTED,
            oracle.rejected[-1] if oracle.rejected else "what was said before",
        )
        return None

    draw, populate = oracle._random_values, oracle.populate_space
    oracle._random_values = lambda: first_fitting(lambda _: draw())

    def populate_fitting(trial_id: str) -> dict[str, Any]:
        proposal: dict[str, Any] = populate(trial_id)
        values = proposal["values"]
        if values is None or not oracle.trials or fits(values):  # the first is the baseline
            return proposal
        return oracle._random_populate_space()

    if isinstance(oracle, keras_tuner.oracles.BayesianOptimizationOracle):
        oracle.populate_space = populate_fitting
    elif isinstance(oracle, keras_tuner.oracles.GridSearchOracle):
        step = oracle._get_next_combination
        oracle._get_next_combination = lambda values: first_fitting(
            lambda last: step(values if last is None else last)
        )


def _begin_with(oracle: "keras_tuner.Oracle", baseline: dict[str, Value]) -> None:
    """Have the oracle propose the baseline where it would draw its first random point.

    Grid search begins with every default, and the defaults are the baseline.
    """
    draw = oracle._random_values

    def first_baseline() -> dict[str, Value] | None:
        return draw() if oracle.trials else dict(baseline)

    oracle._random_values = first_baseline


def _go_on_unheard(oracle: "keras_tuner.Oracle") -> None:
    """Have grid search propose the next combination while the last one is still trained.

    Keras Tuner waits for each, as a trial might tell of new hyperparameters; ours are all declared.
    """
    populate = oracle.populate_space

    def populate_and_go_on(trial_id: str) -> dict[str, Any]:
        proposal: dict[str, Any] = populate(trial_id)
        if proposal["values"] is not None and trial_id not in oracle._populate_next:
            oracle._populate_next.append(trial_id)
        return proposal

    oracle.populate_space = populate_and_go_on


def _save_seldom(oracle: "keras_tuner.Oracle") -> None:
    """Let saving the oracle take a twentieth of the time at most.

    Keras Tuner writes all it knows of all trials at the beginning and end of each: with thousands
    of trials, a tenth of a second each time. `save` below writes in any case.
    """
    due = 0.0

    def save_if_due() -> None:
        nonlocal due
        began = time.monotonic()
        if began >= due:
            save(oracle)
            ended = time.monotonic()
            due = ended + 19 * (ended - began)

    oracle.save = save_if_due


def save(oracle: "keras_tuner.Oracle") -> None:
    """Write oracle.json, for plain Keras Tuner to read.

    Raises:
        CannotWrite: the disk is full.
    """
    with naming(Path(oracle._project_dir) / "oracle.json"):
        type(oracle).save(oracle)


def split_values(values: dict[str, Value]) -> tuple[dict[str, Value], dict[str, Value]]:
    """(hyperparameters, Keras Tuner's own tuner/* values)."""
    own = {name: value for name, value in values.items() if name.startswith("tuner/")}
    return {name: value for name, value in values.items() if name not in own}, own
