"""Draws the lines of the line images, and finds the line in an image."""

import numpy as np

SIZE = 28
LENGTHS = (7, 15)  # px
WIDTHS = (1, 3)  # px
ANGLES = tuple(range(0, 180, 15))  # degrees
COLORS = ("red", "blue")
CHANNELS = (0, 2)  # of the colors, in RGB

ATTRIBUTES = ("length", "width", "angle", "color")
RADIX = (len(LENGTHS), len(WIDTHS), len(ANGLES), len(COLORS))
CLASSES = int(np.prod(RADIX))  # ((length * 2 + width) * 12 + angle) * 2 + color

LINE_CONTRAST = 0.5
"""Distance from the background, as a share of the image's greatest distance, from which a pixel
belongs to the line: an anti-aliased line between two rows of pixels covers both, without its faint
margin."""


def draw(index: int, count: int, rng: np.random.Generator) -> np.ndarray:
    """Lines of one class with random centres, (count, 28, 28, 3) uint8; repeats may occur.

    The centre is uniform over where the whole footprint, anti-aliased margin of half a pixel
    included, lies inside the image.
    """
    length, width, angle, color = (int(i) for i in np.unravel_index(index, RADIX))
    radians = np.deg2rad(ANGLES[angle])
    half = np.array([LENGTHS[length], WIDTHS[width]]) / 2 + 0.5
    cos, sin = abs(np.cos(radians)), abs(np.sin(radians))
    margin = np.array([half @ [cos, sin], half @ [sin, cos]])  # of the footprint: x, y
    centres = rng.uniform(margin, SIZE - margin, (count, 2))
    images = np.zeros((count, SIZE, SIZE, 3), np.uint8)
    images[..., CHANNELS[color]] = np.rint(255 * coverage(centres, half, radians))
    return images


def coverage(centres: np.ndarray, half: np.ndarray, radians: float) -> np.ndarray:
    """Share of each pixel that the line covers, by the distance of the pixel's centre.

    Args:
        centres: (n, 2) x and y of the line in px from the image's left and top edge.
        half: (2,) half length and half width in px, plus half a pixel.
        radians: The line's angle, counter-clockwise with y up.

    Returns:
        (n, 28, 28) float in [0, 1].
    """
    pixels = np.arange(SIZE) + 0.5
    x = (pixels - centres[:, :1])[:, None, :]  # (n, 1, 28), to the right
    y = (centres[:, 1:] - pixels)[:, :, None]  # (n, 28, 1), upwards
    along = np.abs(x * np.cos(radians) + y * np.sin(radians))
    across = np.abs(y * np.cos(radians) - x * np.sin(radians))
    covered: np.ndarray = np.clip(half[0] - along, 0, 1) * np.clip(half[1] - across, 0, 1)
    return covered


def line_pixels(images: np.ndarray) -> np.ndarray:
    """(n, height, width, channels) uint8 -> (n, height, width) bool: where the line is.

    The background is the median colour; an image of one colour has no line.
    """
    colours = images.astype(np.float32)
    away = np.abs(colours - np.median(colours, axis=(1, 2), keepdims=True)).max(axis=-1)
    greatest = away.max(axis=(1, 2), keepdims=True)
    found: np.ndarray = (away >= LINE_CONTRAST * greatest) & (greatest > 0)
    return found
