"""What a data set is: images with their labels, in three parts; and the settings it takes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import Field

from study.records.base import Record

Labels = dict[str, np.ndarray]
"""Label column -> (n,) int64 class indices. Every data set has the column "class"."""

Names = Mapping[str, Sequence[str]]
"""Label column -> the names of its classes, in class order."""


@dataclass(frozen=True)
class Part:
    """Images and labels of the train, validation or test part."""

    images: np.ndarray  # (n, height, width, channels) uint8
    labels: Labels

    def __len__(self) -> int:
        return len(self.images)


@dataclass(frozen=True)
class Dataset:
    """A data set, split. No image occurs in two parts."""

    name: str
    train: Part
    validation: Part
    test: Part
    names: dict[str, tuple[str, ...]]
    """Label column -> the names of its classes, in class order."""
    attributes: tuple[str, ...] = ()
    """Columns, most significant first, of which "class" is the mixed-radix number; () if none."""
    mislabelled: tuple[int, ...] = ()
    """Places in the test part of images whose label is known to be wrong; () if none is known."""

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(height, width, channels)."""
        height, width, channels = self.train.images.shape[1:]
        return height, width, channels

    @property
    def sizes(self) -> dict[str, int]:
        """Part -> how many images it has."""
        parts = {"train": self.train, "validation": self.validation, "test": self.test}
        return {name: len(part) for name, part in parts.items()}


class DataOptions(Record):
    """Settings of all data sets; each reads those that concern it. Ends are included."""

    images_per_class: Annotated[int, Field(ge=5, le=10_000)] = 1000
    """lines: images generated for each of the 96 classes; 5 give 3 for training, 2 for testing."""
    line_dir: Path | None = None
    """lines: a folder of line images to read instead of generating them."""
    mnist_images: Annotated[int, Field(ge=10, le=60_000)] = 60_000
    """mnist: how many of the 60,000 to use for training and validation; the test part is whole."""
    validation: Annotated[float, Field(gt=0, le=0.5)] = 0.15
    """Share of the images not held out for testing that become the validation part."""
