"""What a run leaves about itself: what was run, where, and how far it has come."""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from study.records.base import ProblemName, Record, Seconds
from study.records.recipe import Change


class Ground(Record):
    """What lies around the things in a problem's training images; see `study.data.ground`."""

    colour: list[Annotated[int, Field(ge=0, le=255)]]
    """One level per channel."""
    share: Annotated[float, Field(ge=0, le=1)]
    """Share of the training images whose border is evenly of this colour."""


class Signature(Record):
    """signature.json: what a problem's networks take, and what they tell apart."""

    image_shape: tuple[int, int, int]
    """(height, width, channels)."""
    heads: dict[str, list[str]]
    """Head -> names of its classes, in class order."""
    images: dict[str, int]
    """Images in each part: "train", "validation", "test"."""
    ground: Ground | None = None
    changes: tuple[Change, ...] = ()
    """What may be done to an image without changing what it shows; older runs knew of none."""
    baseline: str = ""
    """What the baseline is for images of this size, such as "the prescribed network"; "" if the
    problem does not say."""


DtypePolicy = Literal["float32", "mixed_bfloat16"]
"""Keras's name for what a network computes in."""

Dtype = Literal["auto", "float32", "mixed_bfloat16"]
"""What trials are to be trained in; auto follows from processors: `study.training.precision`."""

StageName = Literal["search", "evaluate", "explain", "figures", "report"]

Step = tuple[ProblemName | None, StageName]
"""A stage of a problem; the report, of none, is the whole run's."""


def plan_of_today(plan: Sequence[StageName]) -> list[StageName]:
    """The plan with the steps that older versions did within others, or did not plan.

    Networks were explained as their figures were drawn, and the report was not planned.
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
    """The command that makes its records; of a search, the run's own."""


class SpaceFile(Record):
    """A search space of the user's own, of which the run keeps a copy."""

    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    """Of the file, hexadecimal."""
    description: str
    """First line of its docstring."""


class StudyRecord(Record):
    """study.json: everything needed to say what was run, where, and to run it again."""

    name: str
    created: str
    """ISO 8601, UTC."""
    command: str
    seed: int
    problems: list[ProblemName]
    spaces: dict[ProblemName, SpaceFile] = {}
    """Those of the problems whose search spaces are the user's own files."""
    settings: dict[str, object]
    """The preset as it was used, defaults filled in."""
    versions: dict[str, str]
    """Python and the packages that matter -> version."""
    hardware: dict[str, str | int | float]
    git_commit: str | None
    """None if it was run from an installed copy."""
    version: str | None = None
    """Of the study; older runs have none."""
    plan: list[StageName] = ["search"]
    """What the command was to do for each problem, in order, and then with the whole run: what
    `resume` goes on with. Runs of earlier versions did not plan their report."""
    trials_at_once: Annotated[int, Field(ge=1)] | None = None
    """How many trials its searches train at the same time, by which oracles decide what they
    propose; None in runs of earlier versions: see `study.plan.done.trials_at_once`."""
    dtype_policy: DtypePolicy | None = None
    """What the trials of its searches are trained in, on whatever processor it goes on; None in
    runs of earlier versions that had not begun to search."""
    variables: dict[str, str] = {}
    """Environment variables as the study sets them for itself and its workers."""
    overridden: list[str] = []
    """Those that the user had set otherwise, which did not count, and others that were removed."""
    stages: list[Stage] = []
    """What was finished."""

    def to_do(self) -> list[Step]:
        """What of the plan has not been finished, in order."""
        of_problems = [one for one in self.plan if one != "report"]
        planned: list[Step] = [(name, one) for name in self.problems for one in of_problems]
        if "report" in self.plan:
            planned.append((None, "report"))
        return [step for step in planned if not self.is_done(*step)]

    def is_done(self, problem: str | None, stage: StageName) -> bool:
        """Whether that step has been finished."""
        return any((one.problem, one.stage) == (problem, stage) for one in self.stages)
