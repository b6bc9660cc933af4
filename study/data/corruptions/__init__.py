"""Test images made otherwise: noise, blur and the like on digits, lines drawn another way.

They only serve to ask how a finished network does on them; nothing is trained on one.
"""

from collections.abc import Mapping

import numpy as np

from study.data.corruptions import digits, redrawn_lines

UNCHANGED = "unchanged"

_OF_DATA = {"mnist": digits, "lines": redrawn_lines}
"""Data set -> module with `versions` and a NOTE for the reader."""


def versions(
    data: str, images: np.ndarray, labels: Mapping[str, np.ndarray], seed: int
) -> dict[str, np.ndarray]:
    """The images as they are, and every corrupted version that the data set has.

    Args:
        data: name of the data set.
        images: (n, height, width, channels) uint8.
        labels: label column -> (n,) class indices.
        seed: the same one gives the same images.

    Returns:
        Name of the corruption -> images as those given, `UNCHANGED` first; {} for a data set that
        has no corruptions.
    """
    if data not in _OF_DATA:
        return {}
    return {UNCHANGED: images, **_OF_DATA[data].versions(images, labels, seed)}


def note(data: str) -> str:
    """What a reader of the results must know of the data set's corruptions; "" if it has none."""
    return _OF_DATA[data].NOTE if data in _OF_DATA else ""
