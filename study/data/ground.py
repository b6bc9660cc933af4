"""The ground of images: the even colour around what they show.

A network trained on light digits on black answers with great confidence, and wrongly, when asked
for a dark digit on white paper. So a run records the ground of its training images, and the
pictures that its networks are given are compared with it.
"""

import numpy as np

from study.records.study import Ground

SAMPLE = 2_000
"""Number of training images that are examined, evenly spaced over all."""

BORDER = 1 / 14
"""Width of the border in which the ground is looked for, as a share of the shorter side."""

EVEN = 0.75
"""Share of an image's border that must have one colour for the image to have a ground."""

NEAR = 32
"""Largest difference in any channel, of 255, with which a colour counts as the ground's."""

ALIKE = 8
"""Largest difference in any channel, of 255, with which pixels count as one colour: noise of a scan
is below it, the shades of a photograph are above."""

HALF = 0.5
"""Share of an image's pixels that must have one colour for it to be a drawing on a ground. In the
median image it is 96% for lines, 82% for MNIST, and 10 to 44% for squares of 64 pixels and more
from two photographs, in colour or grey."""

COMMON = 0.95
"""Share of the training images that must have the ground for a different one to be odd."""

FAR = 64
"""Smallest difference, of 255, with which a picture's ground counts as different from the training
images': paper in shade or a noisy photo of a dark ground are nearer."""


def ground_of(images: np.ndarray) -> Ground:
    """The colour that most images have around what they show, and the share that have it.

    Args:
        images: (n, height, width, channels) uint8, at least one.
    """
    borders = _borders(images[:: -(-len(images) // SAMPLE)])
    colour = np.median(np.median(borders, axis=1), axis=0)
    near = np.abs(borders - colour).max(axis=-1) <= NEAR  # (n, pixels)
    share = float((near.mean(axis=1) >= EVEN).mean())
    return Ground(colour=[round(level) for level in colour], share=round(share, 4))


def has_even_ground(images: np.ndarray) -> bool:
    """Whether the images are drawings on a uniform ground rather than photographs.

    They are if, in the median image, at least half of the pixels are near the image's median
    colour, which in a drawing is the ground.

    Args:
        images: (n, height, width, channels) uint8, at least one.
    """
    some = images[:: -(-len(images) // SAMPLE)].astype(np.int16)
    away = np.abs(some - np.median(some, axis=(1, 2), keepdims=True)).max(axis=-1)
    return bool(np.median((away <= ALIKE).mean(axis=(1, 2))) >= HALF)


def known_colour(ground: Ground | None, channels: int) -> np.ndarray | None:
    """The ground's colour, (channels,) uint8, if nearly all training images have it.

    None if they have no common ground, or if it is unknown or belongs to other images.
    """
    if ground is None or ground.share < COMMON or len(ground.colour) != channels:
        return None
    return np.array(ground.colour, np.uint8)


def turned(pixels: np.ndarray) -> np.ndarray:
    """Swaps light and dark and keeps hues, so that red on white becomes red on black.

    Args:
        pixels: (..., channels) uint8, with 1 or 3 channels.

    Returns:
        The same shape, uint8. Grey becomes 255 minus the level. Doing it twice changes nothing.
    """
    levels = pixels.astype(np.int16)
    extremes = levels.max(axis=-1, keepdims=True) + levels.min(axis=-1, keepdims=True)
    return np.asarray(levels + 255 - extremes, np.uint8)


def oddity(image: np.ndarray, known: np.ndarray, inverted: bool) -> str | None:
    """A warning that says what is odd about a picture's ground and what to do; None if nothing is.

    Args:
        image: (height, width, channels) uint8, as the network gets it, without padding.
        known: (channels,) uint8, the ground of the training images.
        inverted: Whether light and dark have already been swapped in the picture.
    """
    colour = np.rint(np.median(_borders(image[None])[0], axis=0)).astype(np.uint8)
    away = _distance(colour, known)
    if away <= FAR:
        return None
    remedy = "put the picture on such a ground"
    if _distance(turned(colour), known) < away:  # the reverse would be nearer
        remedy = "leave out --invert" if inverted else "pass --invert to swap light and dark"
    return (
        f"the ground of this picture is {words(colour)}, but that of the training images is "
        f"{words(known)}, so the answer is likely wrong; {remedy}"
    )


def words(colour: np.ndarray) -> str:
    """A colour, with one level per channel, in words: "dark (0 of 255)"."""
    levels = [str(level) for level in colour]
    shown = levels[0] if len(set(levels)) == 1 else f"levels {', '.join(levels)}"
    return f"{'light' if colour.mean() > 127 else 'dark'} ({shown} of 255)"


def _distance(one: np.ndarray, other: np.ndarray) -> int:
    """Greatest difference of two colours in any channel."""
    return int(np.abs(one.astype(int) - other.astype(int)).max())


def _borders(images: np.ndarray) -> np.ndarray:
    """(n, height, width, channels) -> the pixels near an edge, (n, pixels, channels) int."""
    height, width = images.shape[1:3]
    wide = max(1, round(BORDER * min(height, width)))
    border = np.ones((height, width), bool)
    border[wide:-wide, wide:-wide] = False
    return images[:, border].astype(int)
