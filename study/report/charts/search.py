"""What the charts of one problem share: its trials, also as Optuna studies, and what varied."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from study.report.charts.importances import Importances
from study.report.formats import metric_name, several

if TYPE_CHECKING:
    import optuna
    import pandas as pd

CHART_PX = 360
"""Height of a chart, in CSS pixels."""


@dataclass(frozen=True)
class Search:
    """One problem's trials, as the charts need them."""

    table: "pd.DataFrame"
    """All trials: see `study.trial_table`."""
    curves: "pd.DataFrame"
    """Their learning curves: see `trial_curves`."""
    metric: str
    best: int | None
    study: "optuna.Study"
    """All trials in the same order; those with a score are complete, if they ended early too."""
    equal: "optuna.Study"
    """The same with the scores that they had after as many epochs as all had."""
    epochs: int | None
    """That number of epochs; None if all trials had the same, and both studies agree."""
    names: tuple[str, ...]
    """Hyperparameters that varied, the most important first (PED-ANOVA), if that is known."""
    importances: Importances

    @property
    def scored(self) -> "pd.DataFrame":
        """The table's trials with a score."""
        return self.table[self.table["score"].notna()]

    @property
    def numbers(self) -> list[int]:
        """The trials' own numbers: Optuna's number -> the record's."""
        return self.table.index.tolist()

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
