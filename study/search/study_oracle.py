"""Keras Tuner's oracles as a study needs them: the baseline first, and few files written."""

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
"""Points in a row that may be unfit before no further trial is proposed."""

TUNER_ID = "tuner0"
"""Keras Tuner's name of a lone tuner: names the file by which it recognises its project."""


class StudyOracle(keras_tuner.Oracle):
    """What every oracle of a study does otherwise than in Keras Tuner.

    To be named before one of Keras Tuner's classes, if the oracle is one of those.
    """

    def __init__(
        self,
        *,
        baseline: dict[str, Value],
        folder: Path,
        why_unfit: Callable[[dict[str, Value]], str | None],
        **kwargs: Any,
    ) -> None:
        """Nothing is written before `begin_writing`.

        Args:
            baseline: Values of the first trial.
            folder: Keras Tuner's project folder, there or not.
            why_unfit: Says why a point of the space is not to be trained; None: it is fit.
            kwargs: See `keras_tuner.Oracle`.
        """
        # Keras Tuner raises on the third failed trial in a row, with its lock held; we count.
        super().__init__(max_consecutive_failed_trials=10**9, **kwargs)
        self.verbose = 0
        self._baseline = dict(baseline)
        self.rejected: list[str] = []
        """Why points were not proposed, since whoever asks for trials has emptied it."""
        self._why_unfit = why_unfit
        self._known: dict[tuple[tuple[str, Value], ...], str | None] = {}
        """Why each point that was looked at is unfit; None: it is fit."""
        self._writes = False
        self._save_due = 0.0
        """When the oracle may be saved again, by `time.monotonic`."""
        self._set_project_dir(str(folder.parent), folder.name)  # what `keras_tuner.Tuner` does

    def begin_writing(self) -> None:
        """Write the trials there are into the project folder, made if need be, and from now on all.

        Raises:
            CannotWrite: the disk is full; so does whatever has the oracle write, later.
        """
        self._writes = True
        recognised = Path(self._project_dir) / f"{TUNER_ID}.json"
        with naming(recognised):
            recognised.write_text("{}")
        for trial in self.trials.values():
            self._save_trial(trial)

    def save(self) -> None:
        """Write oracle.json, unless that would take more than a twentieth of the time.

        Keras Tuner writes all it knows of all trials at the beginning and end of each: with
        thousands of trials, a tenth of a second each time.
        """
        began = time.monotonic()
        if self._writes and began >= self._save_due:
            self.save_now()
            ended = time.monotonic()
            self._save_due = ended + 19 * (ended - began)

    def save_now(self) -> None:
        """Write oracle.json, for plain Keras Tuner to read.

        Raises:
            CannotWrite: the disk is full.
        """
        with naming(Path(self._project_dir) / "oracle.json"):
            super().save()

    def may_go_up(self, trial_id: str) -> bool:  # noqa: ARG002  # for those that have rungs
        """Whether a trial may still be continued on a higher rung; here are no rungs."""
        return False

    def _save_trial(self, trial: Any) -> None:
        if self._writes:
            with naming(Path(self._project_dir) / f"trial_{trial.trial_id}" / "trial.json"):
                super()._save_trial(trial)

    def _random_values(self) -> dict[str, Value] | None:
        """The baseline where the oracle would draw its first random point; then points that fit.

        Grid search draws none: it begins with every default, and the defaults are the baseline.
        """
        if not self.trials:
            return dict(self._baseline)
        draw = super()._random_values
        return self._first_fit(lambda _: draw())

    def _is_fit(self, values: dict[str, Value]) -> bool:
        """Whether the point may be trained; if not, `rejected` says why, once per point."""
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

        What is proposed still follows from the seed and the results alone.
        """
        values = None
        for _ in range(MOST_REJECTED):
            values = next_after(values)
            if values is None or self._is_fit(values):
                return values
        log.warning(
            "no further trial: %s points of the search space in a row make no network that may be "
            "trained, the last because of %s",
            MOST_REJECTED,
            self.rejected[-1] if self.rejected else "what was said before",
        )
        return None


class RandomOracle(StudyOracle, oracles.RandomSearchOracle):
    """Random search."""


class BayesianOracle(StudyOracle, oracles.BayesianOptimizationOracle):
    """Bayesian optimization; in place of a point that is unfit, one that is drawn at random."""

    def populate_space(self, trial_id: str) -> dict[str, Any]:
        """The point to try next, which is the baseline if it is the first."""
        proposal: dict[str, Any] = super().populate_space(trial_id)
        values = proposal["values"]
        if values is None or not self.trials or self._is_fit(values):
            return proposal
        drawn: dict[str, Any] = self._random_populate_space()
        return drawn


class GridOracle(StudyOracle, oracles.GridSearchOracle):
    """Grid search that goes on while the last combination is still trained.

    Keras Tuner waits for each, as a trial might tell of new hyperparameters; ours are all declared.
    """

    def populate_space(self, trial_id: str) -> dict[str, Any]:
        """The next combination, after which the one after that may be asked for at once."""
        proposal: dict[str, Any] = super().populate_space(trial_id)
        if proposal["values"] is not None and trial_id not in self._populate_next:
            self._populate_next.append(trial_id)
        return proposal

    def _get_next_combination(self, values: dict[str, Value]) -> dict[str, Value] | None:
        """The next combination that fits."""
        step = super()._get_next_combination
        return self._first_fit(lambda last: step(values if last is None else last))


class HyperbandOracle(StudyOracle, oracles.HyperbandOracle):
    """Hyperband that begins its brackets anew until it has proposed its trials.

    Keras Tuner's would stop after one pass over its brackets: two trials, if there are two epochs.
    """

    def __init__(self, max_trials: int, max_epochs: int, **kwargs: Any) -> None:
        """`max_trials` and `max_epochs` are 1 or more; see `StudyOracle`."""
        super().__init__(max_epochs=max_epochs, hyperband_iterations=None, **kwargs)
        self.max_trials = max_trials

    def may_go_up(self, trial_id: str) -> bool:
        """Whether the trial is in an unfinished bracket, below its top, and has not gone up.

        Finished brackets Keras Tuner forgets when it is next asked.
        """
        for bracket in self._brackets:
            for below, above in pairwise(bracket["rounds"]):
                if trial_id in {one["id"] for one in below} - {one["past_id"] for one in above}:
                    return True
        return False
