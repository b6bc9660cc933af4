"""What is mistaken for what: confusion matrices of every head, and what stands out in them."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from study.data.dataset import Crossed, Names
from study.figures.classes.answered import Answered, per_head
from study.problem import metrics
from study.records.base import NETWORKS, NetworkName

MANY_CLASSES = 24
"""With more classes a matrix is a heat map without numbers."""
MOST_BLOCKS = 8
"""Largest number of labelled blocks along a side of a heat map."""
MOST_PAIRS = 15
"""Number of pairs of classes that are named, the most often confused ones."""

Matrix = tuple[tuple[int, ...], ...]
"""[true class][predicted class] -> number of images."""


class Confusion(NamedTuple):
    """Confusion matrices of both networks on one head."""

    head: str
    names: tuple[str, ...]
    matrices: dict[NetworkName, Matrix]
    blocks: tuple[str, ...]
    """Names of the blocks of classes, all of equal size, that belong together; () if none do."""
    title: str = ""
    """The head's name if there are several heads, else ""."""

    @property
    def is_large(self) -> bool:
        """Whether there are too many cells to write numbers in them."""
        return len(self.names) > MANY_CLASSES


def confusion_info(
    predictions: Mapping[str, np.ndarray],
    heads: Names,
    crossed: Crossed | None = None,
    columns: Names | None = None,
) -> tuple[Confusion, ...]:
    """The confusion matrices of each head; the arguments are those of `confusion.pictures`."""
    return tuple(
        Confusion(
            head=one.head,
            names=one.names,
            matrices={name: _matrix(one, name) for name in NETWORKS},
            blocks=block_names(columns or {}, crossed.columns)
            if crossed and crossed.into == one.head
            else (),
            title=one.head if len(heads) > 1 else "",
        )
        for one in per_head(predictions, heads)
    )


def _matrix(answered: Answered, network: NetworkName) -> Matrix:
    counts = metrics.confusion(answered.labels, answered.predicted[network], len(answered.names))
    return tuple(map(tuple, counts.tolist()))


def block_names(names: Names, attributes: Sequence[str]) -> tuple[str, ...]:
    """Runs of classes that share their most significant attributes: "7 px, 1 px", ..."""
    blocks: list[str] = []
    for attribute in attributes:
        if max(len(blocks), 1) * len(names[attribute]) > MOST_BLOCKS:
            break
        values = names[attribute]
        blocks = [f"{block}, {value}" for block in blocks for value in values] or list(values)
    return tuple(blocks)


def confused_pairs(confusion: Confusion, network: NetworkName) -> list[tuple[str, str, int]]:
    """(true class, predicted class, images) of the pairs most often confused, worst first."""
    wrong = errors_only(confusion.matrices[network])
    worst = np.argsort(-wrong, axis=None, kind="stable")[:MOST_PAIRS]
    pairs = zip(*np.unravel_index(worst, wrong.shape), strict=True)
    return [
        (confusion.names[true], confusion.names[predicted], int(wrong[true, predicted]))
        for true, predicted in pairs
        if wrong[true, predicted]
    ]


def errors_only(matrix: Matrix) -> np.ndarray:
    """(classes, classes) int64 with a diagonal of zeros."""
    counts = np.array(matrix)
    np.fill_diagonal(counts, 0)
    return counts


def only_wrong(matrix: Matrix, sizes: Sequence[int]) -> tuple[int, ...]:
    """Errors in which exactly one attribute is wrong, for each attribute, in their order.

    Args:
        matrix: Confusion matrix whose classes are mixed-radix numbers of the attributes.
        sizes: Number of values of each attribute, the most significant first.
    """
    true, predicted = np.nonzero(errors_only(matrix))
    differs = np.array(np.unravel_index(true, sizes)) != np.unravel_index(predicted, sizes)
    alone = differs & (differs.sum(axis=0) == 1)  # (attributes, cells)
    return tuple((alone @ np.array(matrix)[true, predicted]).tolist())
