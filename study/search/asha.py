"""ASHA as a Keras Tuner oracle: asynchronous successive halving.

Li et al., "A System for Massively Parallel Hyperparameter Tuning", MLSys 2020, Algorithm 2, with
the minimum early-stopping rate s = 0, and one difference: a configuration that was promoted early
and overtaken later still counts, so that never more than n / ETA of the n configurations on a rung
are promoted. The sizes of the rungs then do not depend on which worker is faster.

A trial is the stay of a configuration on one rung. After a promotion, a new trial continues with
the weights and optimizer of the trial below, as in Keras Tuner's Hyperband, and with the same
tuner/* values. From the beginning, its learning rate decays over the epochs of the highest rung, so
that it is the same training as without a stop.
"""

from bisect import bisect_left, insort
from dataclasses import dataclass, field
from typing import Any

from study.search.study_oracle import StudyOracle

ETA = 3
"""The paper's "reduction factor": at most one in ETA trials of a rung is promoted, and a rung has
about ETA times the epochs of the rung below."""


def rungs(max_epochs: int) -> list[int]:
    """Epoch at which each rung ends, lowest rung first; the last is `max_epochs` (1 or more)."""
    epochs = [max_epochs]
    while epochs[0] > 1:
        epochs.insert(0, max(1, round(epochs[0] / ETA)))
    return epochs


@dataclass
class _Rung:
    """The trials completed on a rung, as (-score, trial id), sorted with the best first."""

    ranked: list[tuple[float, str]] = field(default_factory=list)
    staying: list[tuple[float, str]] = field(default_factory=list)
    """The completed trials that have not been promoted."""

    def add(self, one: tuple[float, str]) -> None:
        insort(self.ranked, one)
        insort(self.staying, one)

    def stays(self, one: tuple[float, str]) -> bool:
        """Whether the trial was completed on this rung and has not been promoted."""
        place = bisect_left(self.staying, one)
        return self.staying[place : place + 1] == [one]

    def next_up(self) -> tuple[float, str] | None:
        """The best trial not yet promoted, if fewer than len(rung) // ETA have been promoted.

        Otherwise None. At least one of the best 1/ETA is then still unpromoted, so the best of the
        unpromoted trials is among them.
        """
        allowed = len(self.ranked) // ETA
        gone_up = len(self.ranked) - len(self.staying)
        return self.staying[0] if gone_up < allowed else None


class AshaOracle(StudyOracle):
    """Draws configurations at random and gives more epochs to the best of each rung.

    It stops when `configurations` were drawn and none can be promoted. No rung waits for a slow
    trial.
    """

    def __init__(self, configurations: int, max_epochs: int, **kwargs: Any) -> None:
        """`configurations` and `max_epochs` are 1 or more; see `StudyOracle`."""
        super().__init__(**kwargs)
        self.configurations = configurations
        self.epochs = rungs(max_epochs)
        self._rungs = [_Rung() for _ in self.epochs]
        self._drawn = 0

    def populate_space(self, trial_id: str) -> dict[str, Any]:  # noqa: ARG002  # Keras Tuner's
        """A promotion from the highest rung that has one, else a new configuration."""
        for number in reversed(range(len(self.epochs) - 1)):
            rung = self._rungs[number]
            if best := rung.next_up():
                rung.staying.remove(best)
                return {"status": "RUNNING", "values": self._raised(best[1], number + 1)}
        values = self._random_values() if self._drawn < self.configurations else None
        if values is not None:
            self._drawn += 1
            return {"status": "RUNNING", "values": values | self._stay(0, 0)}
        return {"status": "IDLE" if self.ongoing_trials else "STOPPED"}

    def end_trial(self, trial: Any) -> None:
        """Rank a completed trial on its rung; a failed trial is on no rung."""
        super().end_trial(trial)
        if trial.status == "COMPLETED":
            number, one = self._place(trial.trial_id)
            self._rungs[number].add(one)

    def may_go_up(self, trial_id: str) -> bool:
        """Whether a completed trial could still be promoted, depending on the others."""
        number, one = self._place(trial_id)
        rung = self._rungs[number]
        allowed = self.configurations // ETA ** (number + 1)  # when all have been drawn
        return (
            number + 1 < len(self.epochs)
            and rung.stays(one)
            and bisect_left(rung.ranked, one) < allowed
        )

    def _duplicate(self, values: dict[str, Any]) -> bool:
        """Whether the values were tried; Keras Tuner remembers them with their tuner/* values."""
        return bool(super()._duplicate(values | self._stay(0, 0)))

    def _place(self, trial_id: str) -> tuple[int, tuple[float, str]]:
        trial = self.trials[trial_id]
        return int(trial.hyperparameters.values["tuner/round"]), (-trial.score, trial_id)

    def _raised(self, parent: str, rung: int) -> dict[str, Any]:
        values = dict(self.trials[parent].hyperparameters.values)
        return values | self._stay(rung, self.epochs[rung - 1]) | {"tuner/trial_id": parent}

    def _stay(self, rung: int, first_epoch: int) -> dict[str, Any]:
        return {
            "tuner/epochs": self.epochs[rung],
            "tuner/initial_epoch": first_epoch,
            "tuner/bracket": 0,
            "tuner/round": rung,
        }
