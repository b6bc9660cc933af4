"""What a data set is: images with their labels, in three parts; and the settings it takes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, ClassVar

import numpy as np
from pydantic import AfterValidator, Field

from study.data.corruptions import Corruptions
from study.records.base import Record
from study.records.recipe import CHANGES, FLIPS, Change

Labels = dict[str, np.ndarray]
"""Label column -> (n,) int64 class indices."""

Names = Mapping[str, Sequence[str]]
"""Label column -> the names of its classes, in class order."""


@dataclass(frozen=True)
class Part:
    """Images and labels of the train, validation or test part."""

    images: np.ndarray  # (n, height, width, channels) uint8
    labels: Labels

    def __len__(self) -> int:
        return len(self.images)

    def at(self, index: "np.ndarray | slice") -> "Part":
        """The images at these indices, with their labels."""
        return Part(self.images[index], {name: of[index] for name, of in self.labels.items()})


@dataclass(frozen=True)
class Crossed:
    """Columns that make a grid: every combination of their classes is a class, too."""

    columns: tuple[str, ...]
    """Most significant first."""
    into: str
    """The column whose classes are the combinations: the mixed-radix number of the others."""


@dataclass(frozen=True)
class KnownErrors:
    """Images of the test part whose label is known to be wrong."""

    places: tuple[int, ...]
    """Indices of these images in the test part."""
    source: str
    """Who found the errors, as cited in a text: "Northcutt et al. 2021"."""


def _generic() -> Corruptions:
    from study.data.corruptions.generic import GENERIC  # imports SciPy, which settings do not need

    return GENERIC


@dataclass(frozen=True)
class Dataset:
    """A data set, split, and what is known about it. No image occurs in two parts."""

    name: str
    train: Part
    validation: Part
    test: Part
    columns: Names
    crossed: Crossed | None = None
    """The columns that make a grid; None: none do, and no product of columns is ever formed."""
    where: Callable[[Part], np.ndarray] | None = None
    """Where the evidence for the labels is: n images of a part -> (n, height, width) bool. None:
    unknown."""
    corruptions: Corruptions = field(default_factory=_generic)
    known_errors: KnownErrors | None = None
    changes: tuple[Change, ...] = tuple(change for change in CHANGES if change not in FLIPS)
    """What, in moderation, leaves the labels of any image right. A flip or a half turn does not of
    most things that can be read."""

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(height, width, channels)."""
        height, width, channels = self.train.images.shape[1:]
        return height, width, channels

    def told_apart_by(self, heads: Sequence[str]) -> str:
        """The column that these heads predict: all columns of the grid together, or the first."""
        if self.crossed and set(self.crossed.columns) <= set(heads):
            return self.crossed.into
        return heads[0]

    @property
    def sizes(self) -> dict[str, int]:
        """Part -> how many images it has."""
        parts = {"train": self.train, "validation": self.validation, "test": self.test}
        return {name: len(part) for name, part in parts.items()}


class DataOptions(Record):
    """Settings that all data sets have. Ends of ranges are included.

    A data set with further settings subclasses this as `Options` in its own module.
    """

    in_old_records: ClassVar[dict[str, str]] = {"validation": "validation"}
    """Older versions kept the settings of all data sets in one table: its key -> the field."""

    validation: Annotated[float, Field(gt=0, le=0.5)] = 0.15
    """Share of the images not held out for testing that become the validation part."""

    def folders(self) -> tuple[Path, ...]:
        """Folders that images are read from, if the user names any."""
        return tuple(value for _, value in self if isinstance(value, Path))


@dataclass(frozen=True)
class CommandLine:
    """Marks a field of `Options` that is an option on the command line, too: --its-name."""

    kind: type
    """Type of the option's value: int, str, Path, ..."""
    metavar: str
    help: str


def _whole(path: Path) -> Path:
    """The absolute path, which does not depend on the process's current folder."""
    try:
        whole = path.expanduser().resolve()
    except RuntimeError as error:
        raise ValueError(
            f"there is no such user; for a folder of that name write ./{path}"
        ) from error
    try:
        str(whole).encode()
    except UnicodeEncodeError:
        raise ValueError(
            "expected a path that can be recorded in UTF-8; if it looks right in the terminal, set "
            "PYTHONUTF8=1"
        ) from None
    return whole


Folder = Annotated[Path, AfterValidator(_whole)]
"""A folder that the user names, absolute."""
