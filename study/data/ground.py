"""The ground of images: the even colour around what they show.

A network trained on light digits on black answers with great confidence, and wrongly, when asked
for a dark digit on white paper. So a run records the ground of its training images, and pictures
that are read for its networks are held against it.
"""

import numpy as np

from study.records.study import Ground

SAMPLE = 2_000
"""Training images that are looked at, evenly spaced over all."""

BORDER = 1 / 14
"""Width of the border in which the ground is looked for, as a share of the shorter side."""

EVEN = 0.75
"""Share of an image's border that has to be of one colour for the image to have a ground."""

NEAR = 32
"""Levels of 255, in any channel, up to which a colour counts as that of the ground."""

ALIKE = 8
"""Levels of 255, in any channel, up to which pixels count as of one colour: noise of a scan, but
not the shades of a photograph."""

HALF = 0.5
"""Share of an image's pixels that have to be of one colour for it to be a drawing on a ground. In
the median image it is 96% of lines, 82% of MNIST, and 10 to 44% of squares of 64 pixels and more
from two photographs, in colour or grey."""

COMMON = 0.95
"""Share of the training images that have to have the ground for another one to be odd."""

FAR = 64
"""Levels of 255 from which on a picture's ground is another one than that of the training images:
paper in shade or a noisy photo of a dark ground are nearer."""


def ground_of(images: np.ndarray) -> Ground:
    """The colour most images have around what they show, and how many of them do.

    Args:
        images: (n, height, width, channels) uint8, one at least.
    """
    borders = _borders(images[:: -(-len(images) // SAMPLE)])
    colour = np.median(np.median(borders, axis=1), axis=0)
    near = np.abs(borders - colour).max(axis=-1) <= NEAR  # (n, pixels)
    share = float((near.mean(axis=1) >= EVEN).mean())
    return Ground(colour=[round(level) for level in colour], share=round(share, 4))


def has_even_ground(images: np.ndarray) -> bool:
    """Whether the images are drawings on an even ground rather than photographs.

    They are if of an image half of the pixels, and in the median image at least, are near its
    median colour: of a drawing that is its ground.

    Args:
        images: (n, height, width, channels) uint8, one at least.
    """
    some = images[:: -(-len(images) // SAMPLE)].astype(np.int16)
    away = np.abs(some - np.median(some, axis=(1, 2), keepdims=True)).max(axis=-1)
    return bool(np.median((away <= ALIKE).mean(axis=(1, 2))) >= HALF)


def known_colour(ground: Ground | None, channels: int) -> np.ndarray | None:
    """The ground's colour, (channels,) uint8, if as good as all training images have it.

    None where they have none in common, or if it is unknown or of other images.
    """
    if ground is None or ground.share < COMMON or len(ground.colour) != channels:
        return None
    return np.array(ground.colour, np.uint8)


def turned(pixels: np.ndarray) -> np.ndarray:
    """Light becomes dark and dark light; hues stay, so that red on white becomes red on black.

    Args:
        pixels: (..., channels) uint8, of 1 or 3 channels.

    Returns:
        The same shape, uint8. Of grey it is 255 minus the level. Turned twice it is as before.
    """
    levels = pixels.astype(np.int16)
    extremes = levels.max(axis=-1, keepdims=True) + levels.min(axis=-1, keepdims=True)
    return np.asarray(levels + 255 - extremes, np.uint8)


def oddity(image: np.ndarray, known: np.ndarray, inverted: bool) -> str | None:
    """What is odd about a picture's ground and what to do, for a warning; None if nothing is.

    Args:
        image: (height, width, channels) uint8, as the network is to see it, without padding.
        known: (channels,) uint8, the ground of the training images.
        inverted: Whether the picture has been turned already.
    """
    colour = np.rint(np.median(_borders(image[None])[0], axis=0)).astype(np.uint8)
    away = _distance(colour, known)
    if away <= FAR:
        return None
    remedy = "put the picture on such a ground"
    if _distance(turned(colour), known) < away:  # the reverse would be nearer
        remedy = "leave out --invert" if inverted else "pass --invert to turn light and dark"
    return (
        f"the ground of this picture is {words(colour)} where that of the training images is "
        f"{words(known)}, so the answer is likely wrong; {remedy}"
    )


def words(colour: np.ndarray) -> str:
    """Such as "dark (0 of 255)" of a colour, one level per channel."""
    levels = [str(level) for level in colour]
    shown = levels[0] if len(set(levels)) == 1 else f"levels {', '.join(levels)}"
    return f"{'light' if colour.mean() > 127 else 'dark'} ({shown} of 255)"


def _distance(one: np.ndarray, other: np.ndarray) -> int:
    """Greatest difference of two colours within a channel."""
    return int(np.abs(one.astype(int) - other.astype(int)).max())


def _borders(images: np.ndarray) -> np.ndarray:
    """(n, height, width, channels) -> the pixels near an edge, (n, pixels, channels) int."""
    height, width = images.shape[1:3]
    wide = max(1, round(BORDER * min(height, width)))
    border = np.ones((height, width), bool)
    border[wide:-wide, wide:-wide] = False
    return images[:, border].astype(int)
