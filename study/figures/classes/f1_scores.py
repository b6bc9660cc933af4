"""F1 of the classes of a head, for the baseline and the tuned network."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from study.figures.classes.answered import Answered
from study.figures.labels import shortened
from study.problem import metrics
from study.records.base import NETWORKS, NetworkName

MANY_CLASSES = 24
"""If a head has more classes, only the worst and those that changed most have a row."""
WORST, CHANGED = 20, 10
"""How many of the worst classes, and of those that changed most, have a row."""
LETTERS = 32
"""Longest name of a class beside its row, in characters."""


class F1Row(NamedTuple):
    """F1 of both networks on a class, or its mean over the classes that share a value."""

    label: str
    baseline: float
    tuned: float


class F1Group(NamedTuple):
    """Rows that belong together; classes without test images have no row."""

    title: str
    rows: tuple[F1Row, ...]


class HeadF1(NamedTuple):
    """F1 of all classes of a head, (classes,) in class order; NaN for those without test images."""

    head: str
    names: tuple[str, ...]
    scores: dict[NetworkName, np.ndarray]

    @property
    def known(self) -> np.ndarray:
        """(classes,) bool: which classes have an F1."""
        return ~np.isnan(self.scores["tuned"])

    @property
    def has_many(self) -> bool:
        """Whether there are too many classes for one row each."""
        return len(self.names) > MANY_CLASSES


def head_f1(answered: Answered) -> HeadF1:
    """F1 of all classes, counted from what both networks predict."""
    return HeadF1(
        answered.head,
        answered.names,
        {
            name: metrics.per_class(answered.labels, answered.predicted[name], len(answered.names))[
                2
            ]
            for name in NETWORKS
        },
    )


def rows(names: Sequence[str], baseline: Sequence[float], tuned: Sequence[float]) -> list[F1Row]:
    """A row for each class that has both scores."""
    made = (
        F1Row(shortened(name, LETTERS), float(before), float(after))
        for name, before, after in zip(names, baseline, tuned, strict=True)
    )
    return [row for row in made if not np.isnan([row.baseline, row.tuned]).any()]


def groups(head: HeadF1) -> tuple[F1Group, ...]:
    """A head's classes, the tuned network's worst first; of many, the worst and most changed."""
    found = rows(head.names, head.scores["baseline"].tolist(), head.scores["tuned"].tolist())
    worst = sorted(found, key=lambda row: (row.tuned, row.baseline))
    if not head.has_many:
        return (F1Group(head.head, tuple(worst)),)
    changed = sorted(found, key=lambda row: -abs(row.tuned - row.baseline))
    return (
        F1Group(f"{head.head}: the {WORST} worst", tuple(worst[:WORST])),
        F1Group(f"{head.head}: the {CHANGED} largest changes", tuple(changed[:CHANGED])),
    )


def mean(scores: Iterable[float]) -> float:
    """The mean of all scores that are not NaN; NaN if all are."""
    there = [score for score in scores if not np.isnan(score)]
    return float(np.mean(there)) if there else np.nan
