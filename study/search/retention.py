"""Which checkpoints of a search stay on disk."""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from study.records.base import Value
from study.records.trial import Trial
from study.training.checkpoint import checkpoint_path

if TYPE_CHECKING:
    from study.search.study_oracle import StudyOracle


class Retention:
    """Removes the checkpoints that are no longer needed.

    Needed are those of running trials, of the best trials, and of trials that may be promoted.
    """

    def __init__(self, keep: int, oracle: "StudyOracle", folder: Path) -> None:
        """Begin with a search without trials.

        Args:
            keep: How many of the best trials keep their weights; 0 or more.
            oracle: The oracle, which knows which trials may be promoted.
            folder: Keras Tuner's project folder.
        """
        self._keep, self._folder, self._oracle = keep, folder, oracle
        self._completed: dict[str, Trial] = {}
        """Trial id -> trial, for trials that still have a checkpoint."""
        self._failed: list[str] = []
        """Ids of the trials that may still have a checkpoint."""

    def note(self, record: Trial) -> None:
        """Note a trial whose result the oracle was told; removes nothing yet."""
        if record.status == "completed":
            self._completed[record.trial_id] = record
        else:
            self._failed.append(record.trial_id)

    def settle(self, running: Sequence[dict[str, Value]]) -> None:
        """Remove what is not needed while trials with the values `running` are in training."""
        while self._failed:
            self._remove(self._failed.pop())
        continued = {str(values.get("tuner/trial_id")) for values in running}
        self._remove_all_but(
            lambda one: one.trial_id in continued or self._oracle.may_go_up(one.trial_id)
        )

    def settle_all(self) -> None:
        """Remove what is not needed after the search.

        Trials that were started before an interruption and, for lack of time, not again are removed
        completely, because Keras Tuner would take them for running.
        """
        self._remove_all_but(lambda _: False)
        for trial in self._folder.glob("trial_*"):
            if trial.name.removeprefix("trial_") not in self._oracle.trials:
                shutil.rmtree(trial)

    def _remove_all_but(self, needed: Callable[[Trial], bool]) -> None:
        ranked = sorted(self._completed.values(), key=lambda one: (-(one.score or 0), one.number))
        for record in ranked[self._keep :]:
            if not needed(record):
                del self._completed[record.trial_id]
                self._remove(record.trial_id)

    def _remove(self, trial_id: str) -> None:
        checkpoint_path(self._folder, trial_id).unlink(missing_ok=True)
