"""What all records share: plain frozen data that stages hand on and that a run leaves on disk.

Records do not depend on Keras, disk or figures. Records that are read from a run folder are
validated (pydantic), because a run folder may come from anywhere.
"""

from datetime import UTC, datetime
from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, FailFast, Field

Value = bool | int | float | str
"""A hyperparameter's value."""

T = TypeVar("T")

Many = Annotated[list[T], FailFast()]
"""A list that may be long: only the first wrong value in it is reported."""

NetworkName = Literal["baseline", "tuned"]

NETWORKS: tuple[NetworkName, NetworkName] = ("baseline", "tuned")


def now() -> str:
    """The time, ISO 8601 in UTC, to the second."""
    return datetime.now(UTC).replace(microsecond=0).isoformat()


def _is_moment(text: str) -> str:
    if datetime.fromisoformat(text).year < 1970:
        raise ValueError(f"expected a moment since 1970, got {text}")
    return text


Moment = Annotated[str, AfterValidator(_is_moment)]
"""ISO 8601 in UTC, 1970 or later."""

Seconds = Annotated[float, Field(ge=0, le=1e9)]
"""Ends included."""

INT64_MAX = 2**63 - 1

Whole = Annotated[int, Field(ge=0, le=INT64_MAX)]
"""A number that tables can hold."""

ProblemName = Annotated[str, Field(pattern=r"^[A-Za-z]\w*$")]
"""Name of a module and of a folder in the run's folder: no path."""


class Record(BaseModel):
    """Base of all records: immutable, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Estimate(Record):
    """A mean over seeds and test images with its 95% confidence interval."""

    mean: float
    ci95: tuple[float, float]
