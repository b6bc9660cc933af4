"""What all charts of one search share: its trials, and which of them are drawn."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from study.errors import one_line
from study.figures.search.scales import Scale, scale_of
from study.records.base import Value
from study.records.importance import Importances
from study.records.trial import Hyperparameter, SearchSpace, Trial
from study.trials import excerpt
from study.trials.importances import search_importances
from study.trials.ranking import best_trial, first_epochs
from study.wording import metric_name, several

BASELINE = 0
"""Number of the trial that is the baseline."""


class Words(NamedTuple):
    """The words of a chart, whether it is drawn by the page or as a picture."""

    title: str
    caption: str
    """Caption: what this search's chart shows, with its numbers."""
    alt: str
    """What the chart shows, for someone who cannot see it."""
    reading: str = ""
    """How to read a chart of this kind, if it is an uncommon one."""
    gestures: str = ""
    """What the chart in the page responds to besides pointing and clicking."""


@dataclass(frozen=True)
class Searched:
    """One problem's trials, as its charts need them."""

    trials: tuple[Trial, ...]
    """All trials, by number. A score is None if it is not a finite number or the trial failed."""
    shown: tuple[Trial, ...]
    """The trials that are drawn: see `study.trials.excerpt`."""
    space: SearchSpace
    """The search space; it has no hyperparameters if it is not recorded or does not fit."""
    tuner: str | None
    """The search algorithm, if known."""
    best: int | None
    """Number of the best trial."""
    epochs: int | None
    """Number of epochs that every scored trial was trained for at least; None if all had equally
    many."""
    equal: dict[int, float]
    """Number of each trial with a score -> its score after `epochs` epochs, in [0, 1]."""
    names: tuple[str, ...]
    """Hyperparameters that varied, the most important first (PED-ANOVA) if that is known."""
    importances: Importances
    notes: tuple[str, ...] = ()
    """Sentences on why there are no charts of the hyperparameters."""

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
        """Numbers of the drawn trials without a score."""
        return tuple(trial.number for trial in self.shown if trial.score is None)

    @property
    def score(self) -> str:
        """The label of an axis of scores."""
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
        """A sentence on which scores are compared, if trials had different numbers of epochs."""
        if self.epochs is None:
            return ""
        return f" Scores are compared after {several(self.epochs, 'epoch')}, which all trials had."

    def scale(self, name: str) -> Scale:
        """The axis of a hyperparameter that varied: it holds the values of all trials."""
        one = next(one for one in self.space.hyperparameters if one.name == name)
        return scale_of(one, [*self.values(self.scored, name).values()])

    def values(self, trials: Sequence[Trial], name: str) -> dict[int, Value]:
        """Number -> value of the hyperparameter, for the trials that have it."""
        return {
            trial.number: trial.hyperparameters[name]
            for trial in trials
            if name in trial.hyperparameters
        }


def searched(
    trials: Sequence[Trial],
    space: SearchSpace | None,
    tuner: str | None = None,
    importances: Importances | None = None,
) -> Searched:
    """What the charts share. No trial makes this raise.

    Args:
        trials: Configurations (see `study.trials.ranking`), at least one, in any order.
        space: The search space that they were drawn from, if it was recorded.
        tuner: The search algorithm.
        importances: Those found before; they are found anew, which takes seconds, if there are
            none or they are of other trials.
    """
    ordered = tuple(sorted(map(_finite, trials), key=lambda trial: trial.number))
    if space is None:
        known = SearchSpace(objective=_objective(ordered), hyperparameters=[])
        note = "The search space was not recorded, so there are no charts of the hyperparameters."
        return _searched(ordered, known, tuner, None, (note,))
    try:
        return _searched(ordered, space, tuner, importances, ())
    except ValueError as error:
        note = f"The trials do not fit the recorded search space: {one_line(error)}"
        known = space.model_copy(update={"hyperparameters": []})
        return _searched(ordered, known, tuner, None, (note,))


def _finite(trial: Trial) -> Trial:
    if trial.score is not None and (trial.status == "failed" or not math.isfinite(trial.score)):
        return trial.model_copy(update={"score": None})
    return trial


def _objective(trials: Sequence[Trial]) -> str:
    """What a search without a recorded space maximised, judging by its curves."""
    joint = any("val_joint" in trial.curves for trial in trials)
    return "joint" if joint else "accuracy"


def _searched(
    trials: tuple[Trial, ...],
    space: SearchSpace,
    tuner: str | None,
    importances: Importances | None,
    notes: tuple[str, ...],
) -> Searched:
    compared = [trial for trial in trials if trial.score is not None]
    for one in space.hyperparameters:
        _check(one, compared)
    budgets, epochs = {trial.epochs for trial in compared}, None
    if len(budgets) > 1:
        epochs = min(budgets)
        compared = [first_epochs(trial, epochs, space.objective) for trial in compared]
    varied = [one.name for one in space.hyperparameters if _varies(one.name, compared)]
    found = search_importances(compared, space, varied, importances)
    best = best_trial(trials)
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
    """Check that the trials' values belong to the space.

    Raises:
        ValueError: A value does not.
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


def capital(text: str) -> str:
    """The text with a capital first letter."""
    return text[:1].upper() + text[1:]
