"""What a run records about itself: what was run, where, and how far it has come."""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from study.records.base import ProblemName, Record, Seconds
from study.records.recipe import Change


class Ground(Record):
    """The ground of a problem's training images; see `study.data.ground`."""

    colour: list[Annotated[int, Field(ge=0, le=255)]]
    """One level per channel."""
    share: Annotated[float, Field(ge=0, le=1)]
    """Share of the training images whose border has this colour."""


class Signature(Record):
    """signature.json: the images a problem's networks take, and the classes they tell apart."""

    image_shape: tuple[int, int, int]
    """(height, width, channels)."""
    heads: dict[str, list[str]]
    """Head -> names of its classes, in class order."""
    images: dict[str, int]
    """Part ("train", "validation", "test") -> its number of images."""
    ground: Ground | None = None
    changes: tuple[Change, ...] = ()
    """What may be done to an image without changing what it shows; older runs knew of none."""
    baseline: str = ""
    """What the baseline is for images of this size, such as "the prescribed network"; "" if the
    problem does not say."""


DtypePolicy = Literal["float32", "mixed_bfloat16"]
"""Keras's name for the arithmetic of a network."""

Dtype = Literal["auto", "float32", "mixed_bfloat16"]
"""Requested arithmetic of trials; auto depends on processors: see `study.training.precision`."""

StageName = Literal["search", "evaluate", "explain", "figures", "report"]

Step = tuple[ProblemName | None, StageName]
"""A stage of a problem; the report belongs to the whole run and so to no problem."""


def plan_of_today(plan: Sequence[StageName]) -> list[StageName]:
    """The plan with the steps that older versions did within others, or did not plan.

    Older versions explained networks while they drew the figures, and did not plan the report.
    """
    if "figures" not in plan:
        return list(plan)
    others = [step for step in plan if step not in ("explain", "figures", "report")]
    return [*others, "explain", "figures", "report"]


class Stage(Record):
    """One timed step of a run."""

    problem: ProblemName | None
    stage: StageName
    seconds: Seconds
    command: str
    """The command that makes the step's records; for a search, the run's own command."""


class SpaceFile(Record):
    """A search space of the user's own, of which the run keeps a copy."""

    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    """SHA-256 of the file, in hexadecimal."""
    description: str
    """First line of the file's docstring."""


class StudyRecord(Record):
    """study.json: everything needed to say what was run, where, and to run it again."""

    name: str
    created: str
    """ISO 8601, UTC."""
    command: str
    seed: int
    problems: list[ProblemName]
    spaces: dict[ProblemName, SpaceFile] = {}
    """Problems whose search spaces are the user's own files."""
    settings: dict[str, object]
    """The preset as used, with defaults filled in."""
    versions: dict[str, str]
    """Python and the packages that matter -> version."""
    hardware: dict[str, str | int | float]
    git_commit: str | None
    """The commit of the code; None if the study was run from an installed copy."""
    version: str | None = None
    """Version of the study; older runs have none."""
    plan: list[StageName] = ["search"]
    """Steps that the command was to do for each problem, in order, and then for the whole run;
    `resume` continues them. Runs of earlier versions did not plan their report."""
    trials_at_once: Annotated[int, Field(ge=1)] | None = None
    """How many trials the run's searches train at the same time, which decides what oracles
    propose; None in runs of earlier versions: see `study.plan.done.trials_at_once`."""
    dtype_policy: DtypePolicy | None = None
    """Arithmetic of the searches' trials, on whatever processor the run continues; None in runs of
    earlier versions that had not started to search."""
    variables: dict[str, str] = {}
    """Environment variables that the study sets for itself and its workers."""
    overridden: list[str] = []
    """Variables that the user had set differently, which were overridden, and others removed."""
    stages: list[Stage] = []
    """The finished steps."""

    def to_do(self) -> list[Step]:
        """The steps of the plan that are not finished, in order."""
        of_problems = [one for one in self.plan if one != "report"]
        planned: list[Step] = [(name, one) for name in self.problems for one in of_problems]
        if "report" in self.plan:
            planned.append((None, "report"))
        return [step for step in planned if not self.is_done(*step)]

    def is_done(self, problem: str | None, stage: StageName) -> bool:
        """Whether that step is finished."""
        return any((one.problem, one.stage) == (problem, stage) for one in self.stages)
