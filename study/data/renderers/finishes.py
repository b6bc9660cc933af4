"""What becomes of lines once they are drawn: contrast, blur, shades of their colour, JPEG."""

import io

import numpy as np
from PIL import Image

from study.data.line_drawing import CHANNELS

BEND = 0.6
"""Most that light between black and white is raised or lowered by, times light * (1 - light)."""
BLUR = 0.25
"""Most that a pixel gives to each neighbour: at that a kernel of 1, 2, 1."""
BRIGHTNESS = (140, 255)
"""Of a shade in its own channel."""
PALE = 0.5
"""Most that a shade has in its other channels, as a share of its own."""
TINT = 0.12
"""Most that each of the other channels differs from their mean, as the same share: more makes an
orange or a violet."""


def bent(light: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Light (n, 28, 28) in [0, 1], its half-tones lighter or darker, as gamma makes them."""
    bend = rng.uniform(-BEND, BEND, (len(light), 1, 1))
    return light + bend * light * (1 - light)


def blurred(light: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Light (n, 28, 28), each pixel with some of its neighbours'."""
    given = rng.uniform(0, BLUR, (len(light), 1, 1))
    for axis in (1, 2):
        padding = [(0, 0)] * 3
        padding[axis] = (1, 1)
        padded = np.moveaxis(np.pad(light, padding), axis, 0)
        before, after = (np.moveaxis(side, 0, axis) for side in (padded[:-2], padded[2:]))
        light = light + given * (before - 2 * light + after)
    return light


def pure(color: int, count: int) -> np.ndarray:
    """The study's own colour of that index, (count, 3) RGB up to 255."""
    colours = np.zeros((count, 3))
    colours[:, CHANNELS[color]] = 255
    return colours


def shades(color: int, count: int, rng: np.random.Generator) -> np.ndarray:
    """Reds or blues, dark, bright and pale ones: (count, 3) RGB up to 255."""
    own = rng.uniform(*BRIGHTNESS, count)
    pale, tint = rng.uniform(0, PALE, count), rng.uniform(-TINT, TINT, count)
    others = [channel for channel in range(3) if channel != CHANNELS[color]]
    colours = np.zeros((count, 3))
    colours[:, CHANNELS[color]] = own
    for channel, other in zip(others, (pale + tint, pale - tint), strict=True):
        colours[:, channel] = own * np.clip(other, 0, PALE)
    return np.rint(colours)


def coloured(light: np.ndarray, colours: np.ndarray) -> np.ndarray:
    """Light (n, 28, 28) in [0, 1] in colours (n, 3) on black: (n, 28, 28, 3) uint8."""
    return np.rint(light[..., np.newaxis] * colours[:, np.newaxis, np.newaxis]).astype(np.uint8)


def as_jpeg(image: np.ndarray, quality: int, colors: str = "4:2:0") -> np.ndarray:
    """An image (28, 28, 3) uint8 after a JPEG file of that quality.

    Args:
        colors: Chroma subsampling; "4:2:0" is what Pillow and OpenCV do unless told otherwise.
    """
    file = io.BytesIO()
    Image.fromarray(image).save(file, "JPEG", quality=quality, subsampling=colors)
    with Image.open(file) as saved:
        return np.asarray(saved)
