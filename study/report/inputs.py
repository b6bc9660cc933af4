"""What the report is made of: a run's records and pictures, as far as there are any."""

from dataclasses import dataclass

from study.records.evaluation import Evaluation
from study.records.finding import Sanity
from study.records.importance import Importances
from study.records.picture import Picture
from study.records.study import Signature, StudyRecord
from study.records.trial import SearchSpace, Trial


@dataclass(frozen=True)
class PictureFile:
    """A figure's description and its PNG file's content."""

    picture: Picture
    png: bytes


@dataclass(frozen=True)
class ProblemInput:
    """One problem of a run. A half-finished run has less of it; nothing but the name is needed."""

    name: str
    description: str = ""
    tuner: str | None = None
    """The search algorithm: "random", "grid", "bayesian", "hyperband" or "asha"."""
    space: SearchSpace | None = None
    """What the search could choose from."""
    signature: Signature | None = None
    """What its networks tell apart; None in runs of older versions."""
    trials: tuple[Trial, ...] = ()
    evaluation: Evaluation | None = None
    pictures: tuple[PictureFile, ...] = ()
    outdated: bool = False
    """Whether pictures, if there are any, are of an earlier state, such as of the evaluation before
    the one that is here."""
    sanity: Sanity | None = None
    """Whether the heatmaps react to what the networks learned."""
    importances: Importances | None = None
    """As they were found when figures were drawn."""
    notes: tuple[str, ...] = ()
    """What the reader should know, such as a record that could not be read; one line each."""


@dataclass(frozen=True)
class ReportInput:
    """One run. Problems that its record names but `problems` lacks are reported missing."""

    study: StudyRecord
    problems: tuple[ProblemInput, ...] = ()
    notes: tuple[str, ...] = ()
    live_at: str | None = None
    """Of a run that still goes on, whose report is refreshed: when it was, ISO 8601 in UTC."""
