"""The classes that both networks predict on the test part, for each head or for a grid."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from study.data.dataset import Crossed, Names
from study.records.base import NETWORKS, NetworkName

FEW_IMAGES = 10
"""With fewer test images, little can be said about a class."""


class Answered(NamedTuple):
    """The true and the predicted classes of a head, or of the grid that heads make together."""

    head: str
    names: tuple[str, ...]
    """Names of the classes, in class order."""
    labels: np.ndarray
    """(n,) int, true classes."""
    predicted: dict[NetworkName, np.ndarray]
    """Network -> (n,) int, the classes it predicts."""

    @property
    def images(self) -> np.ndarray:
        """Test images per class, (classes,) int."""
        return np.bincount(self.labels, minlength=len(self.names))

    @property
    def with_few_images(self) -> int:
        """Number of classes that have test images, but few."""
        return int(((self.images > 0) & (self.images < FEW_IMAGES)).sum())


def per_head(predictions: Mapping[str, np.ndarray], heads: Names) -> list[Answered]:
    """The true and the predicted classes of each head.

    Args:
        predictions: Arrays of predictions.npz: labels_HEAD (n,) int and NETWORK_HEAD (n, classes).
        heads: Head -> names of its classes.
    """
    return [
        Answered(
            head,
            tuple(names),
            predictions[f"labels_{head}"],
            {name: predictions[f"{name}_{head}"].argmax(axis=1) for name in NETWORKS},
        )
        for head, names in heads.items()
    ]


def in_grid(
    answered: Sequence[Answered], crossed: Crossed | None, columns: Names
) -> Answered | None:
    """The true and the predicted classes of the grid; None if the heads do not determine these.

    Args:
        answered: The true and the predicted classes of all heads.
        crossed: The data set's columns that make a grid; None if none do.
        columns: Label column of the data set -> names of its classes.
    """
    if crossed is None:
        return None
    of = {one.head: one for one in answered}
    if crossed.into in of:
        return of[crossed.into]
    if not set(crossed.columns) <= set(of):
        return None
    heads = [of[column] for column in crossed.columns]
    sizes = [len(head.names) for head in heads]
    return Answered(
        crossed.into,
        tuple(columns[crossed.into]),
        np.ravel_multi_index([head.labels for head in heads], sizes),
        {
            name: np.ravel_multi_index([head.predicted[name] for head in heads], sizes)
            for name in NETWORKS
        },
    )
