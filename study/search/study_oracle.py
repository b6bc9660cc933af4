"""Keras Tuner's oracles, adapted: the baseline comes first, and few files are written."""

import logging
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import keras_tuner
from keras_tuner import oracles

from study.machine.files import naming
from study.records.base import Value

log = logging.getLogger(__name__)

MOST_REJECTED = 200
"""Number of unfit points in a row after which no further trial is proposed."""

TUNER_ID = "tuner0"
"""Keras Tuner's name for a single tuner, in the name of the file that marks its project."""


class StudyOracle(keras_tuner.Oracle):
    """What every oracle of a study does differently from Keras Tuner.

    As a base class, it comes before Keras Tuner's class if there is one.
    """

    def __init__(
        self,
        *,
        baseline: dict[str, Value],
        folder: Path,
        why_unfit: Callable[[dict[str, Value]], str | None],
        **kwargs: Any,
    ) -> None:
        """Set the oracle up; nothing is written before `begin_writing`.

        Args:
            baseline: Values of the first trial.
            folder: Keras Tuner's project folder, which need not exist.
            why_unfit: Says why a point of the space must not be trained; None: it is fit.
            kwargs: Arguments of `keras_tuner.Oracle`.
        """
        # Keras Tuner raises on the third failed trial in a row, with its lock held; we count.
        super().__init__(max_consecutive_failed_trials=10**9, **kwargs)
        self.verbose = 0
        self._baseline = dict(baseline)
        self.rejected: list[str] = []
        """Why points were not proposed; the trial queue takes the reasons out."""
        self._why_unfit = why_unfit
        self._known: dict[tuple[tuple[str, Value], ...], str | None] = {}
        """Point -> why it is unfit, or None if it is fit, for all points checked so far."""
        self._writes = False
        self._save_due = 0.0
        """Time of `time.monotonic` from which the oracle may be saved again."""
        self._set_project_dir(str(folder.parent), folder.name)  # `keras_tuner.Tuner` does this

    def begin_writing(self) -> None:
        """Write all trials into the project folder, now and from now on; make it if necessary.

        Raises:
            CannotWrite: The disk is full; later writes raise it too.
        """
        self._writes = True
        recognised = Path(self._project_dir) / f"{TUNER_ID}.json"
        with naming(recognised):
            recognised.write_text("{}")
        for trial in self.trials.values():
            self._save_trial(trial)

    def save(self) -> None:
        """Write oracle.json, unless that would take more than a twentieth of the time.

        Keras Tuner writes everything about all trials at the beginning and end of each trial; with
        thousands of trials that takes a tenth of a second each time.
        """
        began = time.monotonic()
        if self._writes and began >= self._save_due:
            self.save_now()
            ended = time.monotonic()
            self._save_due = ended + 19 * (ended - began)

    def save_now(self) -> None:
        """Write oracle.json, for plain Keras Tuner to read.

        Raises:
            CannotWrite: The disk is full.
        """
        with naming(Path(self._project_dir) / "oracle.json"):
            super().save()

    def may_go_up(self, trial_id: str) -> bool:  # noqa: ARG002  # for those that have rungs
        """Whether a trial may still be promoted to a higher rung; this oracle has no rungs."""
        return False

    def _save_trial(self, trial: Any) -> None:
        if self._writes:
            with naming(Path(self._project_dir) / f"trial_{trial.trial_id}" / "trial.json"):
                super()._save_trial(trial)

    def _random_values(self) -> dict[str, Value] | None:
        """The baseline in place of the oracle's first random point; then points that fit.

        Grid search draws no points: it begins with all defaults, which are the baseline.
        """
        if not self.trials:
            return dict(self._baseline)
        draw = super()._random_values
        return self._first_fit(lambda _: draw())

    def _is_fit(self, values: dict[str, Value]) -> bool:
        """Whether the point may be trained; if not, the reason is added to `rejected` once."""
        key = tuple(sorted(values.items()))
        if key not in self._known:
            self._known[key] = self._why_unfit(values)
            if why := self._known[key]:
                self.rejected.append(why)
        return self._known[key] is None

    def _first_fit(
        self, next_after: Callable[[dict[str, Value] | None], dict[str, Value] | None]
    ) -> dict[str, Value] | None:
        """The first point that fits; None if there are no more, or MOST_REJECTED in a row do not.

        The proposals still depend only on the seed and the results.
        """
        values = None
        for _ in range(MOST_REJECTED):
            values = next_after(values)
            if values is None or self._is_fit(values):
                return values
        log.warning(
            "no further trials: %s points of the search space in a row do not give a network that "
            "may be trained, the last because of %s",
            MOST_REJECTED,
            self.rejected[-1] if self.rejected else "a reason given before",
        )
        return None


class RandomOracle(StudyOracle, oracles.RandomSearchOracle):
    """Random search."""


class BayesianOracle(StudyOracle, oracles.BayesianOptimizationOracle):
    """Bayesian optimization, which replaces an unfit point by one that is drawn at random."""

    def populate_space(self, trial_id: str) -> dict[str, Any]:
        """The point to try next; the first is the baseline."""
        proposal: dict[str, Any] = super().populate_space(trial_id)
        values = proposal["values"]
        if values is None or not self.trials or self._is_fit(values):
            return proposal
        drawn: dict[str, Any] = self._random_populate_space()
        return drawn


class GridOracle(StudyOracle, oracles.GridSearchOracle):
    """Grid search that continues while the last combination is still in training.

    Keras Tuner waits for each trial, because it might declare new hyperparameters; the study's are
    all declared in advance.
    """

    def populate_space(self, trial_id: str) -> dict[str, Any]:
        """The next combination; the one after it may be asked for at once."""
        proposal: dict[str, Any] = super().populate_space(trial_id)
        if proposal["values"] is not None and trial_id not in self._populate_next:
            self._populate_next.append(trial_id)
        return proposal

    def _get_next_combination(self, values: dict[str, Value]) -> dict[str, Value] | None:
        """The next combination that fits."""
        step = super()._get_next_combination
        return self._first_fit(lambda last: step(values if last is None else last))


class HyperbandOracle(StudyOracle, oracles.HyperbandOracle):
    """Hyperband that repeats its brackets until it has proposed its trials.

    Keras Tuner's would stop after one pass over its brackets, after two trials with two epochs.
    """

    def __init__(self, max_trials: int, max_epochs: int, **kwargs: Any) -> None:
        """`max_trials` and `max_epochs` are 1 or more; see `StudyOracle`."""
        super().__init__(max_epochs=max_epochs, hyperband_iterations=None, **kwargs)
        self.max_trials = max_trials

    def may_go_up(self, trial_id: str) -> bool:
        """Whether the trial is below the top of an unfinished bracket and has not been promoted.

        Keras Tuner forgets finished brackets when it is next asked.
        """
        for bracket in self._brackets:
            for below, above in pairwise(bracket["rounds"]):
                if trial_id in {one["id"] for one in below} - {one["past_id"] for one in above}:
                    return True
        return False
