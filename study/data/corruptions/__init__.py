"""Corrupted test images: noise, blur and the like.

They only show how well a finished network does on them; nothing is chosen by them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

UNCHANGED = "unchanged"

Labels = Mapping[str, np.ndarray]
"""Label column -> (n,) int class indices."""

Versions = dict[str, np.ndarray]
"""Name of the corruption -> (n, height, width, channels) uint8."""

Groups = Mapping[str, tuple[str, ...]]
"""What some corruptions have in common -> their names, one after another in `Versions`."""


@dataclass(frozen=True)
class Corruptions:
    """The corruptions that suit a data set."""

    note: str
    """What a reader of the results must know about the corruptions."""
    versions: Callable[[np.ndarray, Labels, int], Versions]
    """(images (n, height, width, channels) uint8, labels, seed) -> every corrupted version; the
    same seed gives the same images."""
    groups: Groups = field(default_factory=dict)
    """Corruptions that have a mean of their own; a corruption is in one of them at most."""

    def with_unchanged(self, images: np.ndarray, labels: Labels, seed: int) -> Versions:
        """The unchanged images, as `UNCHANGED`, and then every corrupted version."""
        return {UNCHANGED: images, **self.versions(images, labels, seed)}
