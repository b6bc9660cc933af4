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
    """One problem of a run. Only the name is needed: a half-finished run has no more yet."""

    name: str
    description: str = ""
    tuner: str | None = None
    """The search algorithm: "random", "grid", "bayesian", "hyperband" or "asha"."""
    space: SearchSpace | None = None
    """What the search could choose from."""
    signature: Signature | None = None
    """The classes that its networks tell apart; None in runs of older versions."""
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
    """Notes for the reader, one line each, such as that a record could not be read."""


@dataclass(frozen=True)
class ReportInput:
    """One run. Problems named in its record but absent from `problems` are reported as missing."""

    study: StudyRecord
    problems: tuple[ProblemInput, ...] = ()
    notes: tuple[str, ...] = ()
    live_at: str | None = None
    """When the report was last refreshed, ISO 8601 in UTC; None unless the run is still going."""
