"""Where lines are, how long and how wide, before a pen draws them."""

from typing import NamedTuple

import numpy as np

from study.data.line_drawing import SIZE

DIRECTION_DECIMALS = 12
"""Cosines of libraries differ in the sixteenth decimal, and a hard edge shows it."""

LEAST_COSINE = 0.9915
"""Of the angle between a line and the same one with whole pixels as ends: less than 7.5 degrees,
half of what is between two classes."""


class Strokes(NamedTuple):
    """n lines."""

    centres: np.ndarray
    """(n, 2) px from the left and from the top edge."""
    lengths: np.ndarray
    """(n,) px, as `widths`."""
    widths: np.ndarray
    directions: np.ndarray
    """(n, 2) px to the right and upwards per px along the line."""


def direction(degrees: float) -> np.ndarray:
    """(2,) cosine and sine, the same on every machine."""
    radians = np.deg2rad(degrees)
    return np.round([np.cos(radians), np.sin(radians)], DIRECTION_DECIMALS)


def offsets(strokes: Strokes, shift: tuple[float, float] = (0, 0)) -> tuple[np.ndarray, np.ndarray]:
    """Of each pixel's centre, moved by `shift` px: how far it is along the line and across it.

    Returns:
        Two arrays (n, 28, 28) of px from the line's centre, signed.
    """
    right = np.arange(SIZE) + (0.5 + shift[0]) - strokes.centres[:, :1]
    up = strokes.centres[:, 1:] - (np.arange(SIZE) + (0.5 + shift[1]))
    cos, sin = strokes.directions[:, :1, np.newaxis], strokes.directions[:, 1:, np.newaxis]
    x, y = right[:, np.newaxis, :], up[:, :, np.newaxis]
    return x * cos + y * sin, y * cos - x * sin


def reach(strokes: Strokes) -> np.ndarray:
    """(n, 2) px from the centre to the rightmost and to the uppermost point."""
    cos, sin = np.abs(strokes.directions).T
    half_length, half_width = strokes.lengths / 2, strokes.widths / 2
    return np.stack(
        [half_length * cos + half_width * sin, half_length * sin + half_width * cos], axis=1
    )


def with_whole_ends(strokes: Strokes) -> Strokes:
    """The lines with the middles of whole pixels as ends, as programs that count pixels have them.

    A line that would turn by more than half of what is between two angles stays as it is.
    """
    half = (strokes.lengths[:, np.newaxis] - 1) / 2 * strokes.directions * (1, -1)
    first, last = (np.floor(strokes.centres + side * half) + 0.5 for side in (-1, 1))
    apart = last - first
    distances = np.sqrt(apart[:, 0] * apart[:, 0] + apart[:, 1] * apart[:, 1])
    turned = apart * (1, -1) / distances[:, np.newaxis]
    near = (turned * strokes.directions).sum(axis=1) > LEAST_COSINE
    whole = Strokes((first + last) / 2, distances + 1, strokes.widths, turned)
    return Strokes(
        *(
            np.where(near.reshape(-1, *[1] * (old.ndim - 1)), new, old)
            for old, new in zip(strokes, whole, strict=True)
        )
    )
