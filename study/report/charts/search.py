"""What the charts of one problem share: its trials, also as Optuna studies, and what varied."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from study.report.page.formats import metric_name, several
from study.trials.importances import Importances

if TYPE_CHECKING:
    import numpy as np
    import optuna
    import pandas as pd

CHART_PX = 360
"""Height of a chart, in CSS pixels."""


@dataclass(frozen=True)
class Search:
    """One problem's trials, as the charts need them."""

    table: "pd.DataFrame"
    """All trials: see `study.trials.frames`."""
    numbers: list[int]
    """Of the trials with a score that are drawn (see `study.trials.excerpt`): Optuna's number ->
    the
    record's."""
    failed: list[int]
    """Of the other trials that are drawn."""
    curves: "pd.DataFrame"
    """Learning curves of all that are drawn: see `trial_curves`."""
    metric: str
    best: int | None
    study: "optuna.Study"
    """The trials with a score that are drawn; they are complete, if they ended early too."""
    equal: "optuna.Study"
    """The same with the scores that they had after as many epochs as all had."""
    epochs: int | None
    """That number of epochs; None if all trials had the same, and both studies agree."""
    scores: "np.ndarray"
    """After so many epochs, of all trials with a score."""
    names: tuple[str, ...]
    """Hyperparameters that varied, the most important first (PED-ANOVA), if that is known."""
    importances: Importances

    @property
    def scored(self) -> "pd.DataFrame":
        """The table's trials with a score."""
        return self.table[self.table["score"].notna()]

    @property
    def drawn(self) -> "pd.DataFrame":
        """Those of them that are drawn."""
        return self.scored[self.scored.index.isin(self.numbers)]

    @property
    def sampled(self) -> str:
        """A sentence on which trials are drawn, if not all are."""
        if len(self.numbers) + len(self.failed) == len(self.table):
            return ""
        return (
            f" Drawn are {len(self.drawn):,} of the {len(self.scored):,} trials with a score: see "
            "the note above the charts."
        )

    @property
    def score(self) -> str:
        """What an axis of scores is called."""
        return f"validation {metric_name(self.metric)}"

    @property
    def fair(self) -> str:
        """A sentence on which scores are compared, where that needs one."""
        if self.epochs is None:
            return ""
        return f" Scores are those after {several(self.epochs, 'epoch')}, which all trials had."


def complete(study: "optuna.Study") -> list["optuna.trial.FrozenTrial"]:
    """The study's trials with a score."""
    from optuna.trial import TrialState

    return study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))


def scores_of(trials: Sequence["optuna.trial.FrozenTrial"]) -> list[float]:
    """The scores of complete trials."""
    return [trial.value for trial in trials if trial.value is not None]


def capital(text: str) -> str:
    """The text with a large first letter."""
    return text[:1].upper() + text[1:]
