"""What all charts of one search have in common: its trials, and which of them are drawn."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from study.errors import one_line
from study.figures.search.scales import Scale, scale_of
from study.records.base import Value
from study.records.trial import Hyperparameter, SearchSpace, Trial
from study.records.wording import metric_name, several
from study.trials import excerpt
from study.trials.ranking import best_trial, first_epochs

if TYPE_CHECKING:
    from study.trials.importances import Importances

BASELINE = 0
"""Number of the trial that is the baseline."""


class Words(NamedTuple):
    """What is said of a chart, whether it is drawn by the page or as a picture."""

    title: str
    caption: str
    """What to see in it, for this search, with its numbers."""
    alt: str
    """What it shows, for someone who cannot see it."""
    reading: str = ""
    """How to read a chart of its kind, if it is an uncommon one."""
    gestures: str = ""
    """What else than pointing and clicking the chart in the page answers to."""


@dataclass(frozen=True)
class Searched:
    """One problem's trials, as its charts need them."""

    trials: tuple[Trial, ...]
    """All, by number. A score that is not a finite number is None, as is a failed trial's."""
    shown: tuple[Trial, ...]
    """Those of them that are drawn: see `study.trials.excerpt`."""
    space: SearchSpace
    """Without hyperparameters if it was not recorded, or the trials do not fit it."""
    tuner: str | None
    """The search algorithm, if it is known."""
    best: int | None
    """Number of the best trial."""
    epochs: int | None
    """Number of epochs that all scored trials had; None if none of them had more than another."""
    equal: dict[int, float]
    """Number of each trial with a score -> its score after so many epochs, in [0, 1]."""
    names: tuple[str, ...]
    """Hyperparameters that varied, the most important first (PED-ANOVA), if that is known."""
    importances: "Importances"
    notes: tuple[str, ...] = ()
    """Why there are no charts of the hyperparameters, one sentence each."""

    @property
    def scored(self) -> tuple[Trial, ...]:
        """All trials with a score."""
        return tuple(trial for trial in self.trials if trial.score is not None)

    @property
    def drawn(self) -> tuple[Trial, ...]:
        """The trials with a score that are drawn."""
        return tuple(trial for trial in self.shown if trial.score is not None)

    @property
    def failed(self) -> tuple[int, ...]:
        """Numbers of the other trials that are drawn."""
        return tuple(trial.number for trial in self.shown if trial.score is None)

    @property
    def score(self) -> str:
        """What an axis of scores is called."""
        return f"validation {metric_name(self.space.objective)}"

    @property
    def sampled(self) -> str:
        """A sentence on which trials are drawn, if not all are."""
        if len(self.shown) == len(self.trials):
            return ""
        return (
            f" Only {len(self.drawn):,} of the {len(self.scored):,} trials with a score are drawn: "
            "see the note above the charts."
        )

    @property
    def fair(self) -> str:
        """A sentence on which scores are compared, where that needs one."""
        if self.epochs is None:
            return ""
        return f" Scores are those after {several(self.epochs, 'epoch')}, which all trials had."

    def scale(self, name: str) -> Scale:
        """The axis of a hyperparameter that varied: it holds the values of all trials."""
        one = next(one for one in self.space.hyperparameters if one.name == name)
        return scale_of(one, [*self.values(self.scored, name).values()])

    def values(self, trials: Sequence[Trial], name: str) -> dict[int, Value]:
        """Number -> value of the hyperparameter, of those of the trials that have it."""
        return {
            trial.number: trial.hyperparameters[name]
            for trial in trials
            if name in trial.hyperparameters
        }


def searched(
    trials: Sequence[Trial], space: SearchSpace | None, tuner: str | None = None
) -> Searched:
    """What the charts have in common. Nothing in the trials makes it raise.

    Args:
        trials: Configurations (see `study.trials.ranking`), one at least, in any order.
        space: What they were chosen from, if that was recorded.
        tuner: The search algorithm.
    """
    ordered = tuple(sorted(map(_finite, trials), key=lambda trial: trial.number))
    if space is None:
        known = SearchSpace(objective=_objective(ordered), hyperparameters=[])
        note = "The search space was not recorded, so there are no charts of the hyperparameters."
        return _searched(ordered, known, tuner, (note,))
    try:
        return _searched(ordered, space, tuner, ())
    except ValueError as error:
        note = f"The trials do not fit the recorded search space: {one_line(error)}"
        known = space.model_copy(update={"hyperparameters": []})
        return _searched(ordered, known, tuner, (note,))


def _finite(trial: Trial) -> Trial:
    if trial.score is not None and (trial.status == "failed" or not math.isfinite(trial.score)):
        return trial.model_copy(update={"score": None})
    return trial


def _objective(trials: Sequence[Trial]) -> str:
    """What a search that left no space behind maximised, by its curves."""
    joint = any("val_joint" in trial.curves for trial in trials)
    return "joint" if joint else "accuracy"


def _searched(
    trials: tuple[Trial, ...], space: SearchSpace, tuner: str | None, notes: tuple[str, ...]
) -> Searched:
    compared = [trial for trial in trials if trial.score is not None]
    for one in space.hyperparameters:
        _check(one, compared)
    budgets, epochs = {trial.epochs for trial in compared}, None
    if len(budgets) > 1:
        epochs = min(budgets)
        compared = [first_epochs(trial, epochs, space.objective) for trial in compared]
    varied = [one.name for one in space.hyperparameters if _varies(one.name, compared)]
    found, best = _importances(compared, space, varied), best_trial(trials)
    return Searched(
        trials=trials,
        shown=tuple(excerpt.shown(trials)),
        space=space,
        tuner=tuner,
        best=None if best is None else best.number,
        epochs=epochs,
        equal={trial.number: trial.score for trial in compared if trial.score is not None},
        names=tuple(one.name for one in found.ped_anova) or tuple(varied),
        importances=found,
        notes=notes,
    )


def _check(one: Hyperparameter, trials: Sequence[Trial]) -> None:
    """Whether the trials' values are of the space.

    Raises:
        ValueError: one is not.
    """
    for trial in trials:
        value = trial.hyperparameters.get(one.name)
        if value is not None and not _allows(one, value):
            raise ValueError(f"{one.name} = {value!r} in trial {trial.number}")


def _allows(one: Hyperparameter, value: Value) -> bool:
    if one.low is None or one.high is None:
        return value in one.values
    return isinstance(value, int | float) and one.low <= value <= one.high


def _varies(name: str, trials: Sequence[Trial]) -> bool:
    return len({trial.hyperparameters.get(name) for trial in trials} - {None}) > 1


def _importances(
    trials: Sequence[Trial], space: SearchSpace, varied: Sequence[str]
) -> "Importances":
    """By both methods, of at most so many trials, drawn at random."""
    from study.trials.importances import Importances, importances, quiet_optuna

    if not varied:
        return Importances()
    from study.trials.optuna_study import optuna_trials

    asked = excerpt.at_random(trials, excerpt.MOST_FOR_IMPORTANCES)
    with quiet_optuna():
        return importances(optuna_trials(asked, space), varied)


def capital(text: str) -> str:
    """The text with a large first letter."""
    return text[:1].upper() + text[1:]
