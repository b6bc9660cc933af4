"""Ways to draw lines: where they are -> how much light each pixel has.

Every pen takes `Strokes` of n lines and returns (n, 28, 28) float in [0, 1].
"""

from itertools import product

import numpy as np

from study.data.line_drawing import SIZE
from study.data.renderers.strokes import Strokes, offsets, with_whole_ends

SAMPLES = 4
"""Points in a row of a pixel at which it is asked whether it is covered."""
BY_EYE = 0.5
"""Of the middle of a pixel: nearer than this to an edge it is covered in part."""
NUDGE = 1e-6
"""Px that hard edges are moved by: middles of pixels that lie on an edge would be on one or the
other side of it by rounding errors."""
KEYS = -0.5
"""Slope of the bicubic kernel at 1 px (Keys 1981), as most programs have it."""


def smooth(strokes: Strokes) -> np.ndarray:
    """Edges that fade over a pixel, by the distance of the pixel's middle."""
    along, across = offsets(strokes)
    return _fading(_half(strokes.lengths), along) * _fading(_half(strokes.widths), across)


def polygon(strokes: Strokes) -> np.ndarray:
    """The share of each pixel that a rectangle covers."""
    places = (np.arange(SAMPLES) + 0.5) / SAMPLES - 0.5
    light = np.zeros((len(strokes.lengths), SIZE, SIZE))
    for shift in product(places.tolist(), places.tolist()):
        light += _inside(strokes, offsets(strokes, shift))
    return light / SAMPLES**2


def hard(strokes: Strokes) -> np.ndarray:
    """All of a pixel or nothing: whether its middle is in the rectangle."""
    return _inside(strokes, offsets(strokes)).astype(float)


def touched(strokes: Strokes) -> np.ndarray:
    """Every pixel that the rectangle touches, in all: lines are a pixel or more too wide.

    Two rectangles touch unless they are apart along a side of the line's or, which is left out
    and matters at the four corners alone, along a row or a column.
    """
    along, across = offsets(strokes)
    pixel = np.abs(strokes.directions).sum(axis=1)[:, np.newaxis, np.newaxis]
    lengths, widths = (2 * _half(sizes) + pixel for sizes in (strokes.lengths, strokes.widths))
    return (_within(along, lengths) & _within(across, widths)).astype(float)


def stepped(strokes: Strokes) -> np.ndarray:
    """A run of whole pixels in each column of a flat line, in each row of a steep one.

    The width is counted along that column or row, as where pixels are stacked.
    """
    whole = with_whole_ends(strokes)
    along, across = offsets(whole)
    cos, sin = (side[:, np.newaxis, np.newaxis] for side in np.abs(whole.directions).T)
    steeper = np.maximum(cos, sin)
    # Ends of a run of pixels are columns, not edges at a right angle to the line.
    leaning = (
        np.where(cos >= sin, 1, -1)
        * np.sign(whole.directions[:, 0] * whole.directions[:, 1])[:, np.newaxis, np.newaxis]
    )
    forward = along - leaning * across * np.minimum(cos, sin) / steeper
    runs = np.rint(whole.widths)[:, np.newaxis, np.newaxis]
    lengths = (whole.lengths[:, np.newaxis, np.newaxis] - 1) + 1 / steeper
    return ((np.abs(forward) < lengths / 2) & _within(across / steeper, runs)).astype(float)


def round_ends(strokes: Strokes) -> np.ndarray:
    """A disc drawn from end to end, whose middles are a pixel nearer to each other than `lengths`.

    So a thick line is longer by its width, nearly, than it was meant to be.
    """
    return _fading(_half(strokes.widths), _from_axis(strokes))


def hard_round_ends(strokes: Strokes) -> np.ndarray:
    """As `round_ends`, all of a pixel or nothing, with whole pixels as ends."""
    whole = with_whole_ends(strokes)
    return (_from_axis(whole) <= whole.widths[:, np.newaxis, np.newaxis] / 2).astype(float)


def nearest_bitmap(strokes: Strokes) -> np.ndarray:
    """A bitmap of whole pixels, turned: each pixel is that of the bitmap below its middle."""
    return hard(_whole_sizes(strokes))


def bilinear_bitmap(strokes: Strokes) -> np.ndarray:
    """The bitmap, turned, with bilinear interpolation."""
    return smooth(_whole_sizes(strokes))


def bicubic_bitmap(strokes: Strokes) -> np.ndarray:
    """The bitmap, turned, with bicubic interpolation."""
    whole = _whole_sizes(strokes)
    along, across = offsets(whole)
    return np.clip(_cubic(along, whole.lengths) * _cubic(across, whole.widths), 0, 1)


def _half(sizes: np.ndarray) -> np.ndarray:
    return sizes[:, np.newaxis, np.newaxis] / 2


def _fading(half: np.ndarray, away: np.ndarray) -> np.ndarray:
    faded: np.ndarray = np.clip(half + BY_EYE - np.abs(away), 0, 1)
    return faded


def _within(away: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """One of the two edges belongs to it: what is 3 px wide covers 3 rows wherever it is."""
    nudged = away + NUDGE
    within: np.ndarray = (nudged < sizes / 2) & (nudged >= -sizes / 2)
    return within


def _inside(strokes: Strokes, away: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    along, across = away
    inside: np.ndarray = _within(along, 2 * _half(strokes.lengths)) & _within(
        across, 2 * _half(strokes.widths)
    )
    return inside


def _from_axis(strokes: Strokes) -> np.ndarray:
    """(n, 28, 28) px from the line between the middles of its first and its last pixel."""
    along, across = offsets(strokes)
    beyond = np.maximum(np.abs(along) - (_half(strokes.lengths) - 0.5), 0)
    away: np.ndarray = np.sqrt(beyond * beyond + across * across)
    return away


def _whole_sizes(strokes: Strokes) -> Strokes:
    return strokes._replace(lengths=np.rint(strokes.lengths), widths=np.rint(strokes.widths))


def _cubic(away: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Bicubic interpolation of a row of so many white pixels, in one direction."""
    light = np.zeros_like(away)
    for place in range(int(sizes.max())):
        pixel = place - (sizes - 1) / 2
        inside = (place < sizes)[:, np.newaxis, np.newaxis]
        light += np.where(inside, _kernel(np.abs(away - pixel[:, np.newaxis, np.newaxis])), 0)
    return light


def _kernel(t: np.ndarray) -> np.ndarray:
    near = ((KEYS + 2) * t - (KEYS + 3)) * t * t + 1
    far = ((t - 5) * t + 8) * t * KEYS - 4 * KEYS
    weight: np.ndarray = np.where(t <= 1, near, np.where(t < 2, far, 0))
    return weight
