"""No image occurs twice: repeats are drawn again."""

import hashlib
from collections.abc import Callable

import numpy as np

Draw = Callable[[int, int, np.random.Generator], np.ndarray]
"""(class, count, generator) -> (count, height, width, channels) uint8, repeats among them."""


def all_new(
    index: int, count: int, draw: Draw, rng: np.random.Generator, seen: set[bytes]
) -> np.ndarray:
    """So many images of one class, none of which was seen; they are from now on."""
    images = draw(index, count, rng)
    repeats = _repeats(images, np.arange(count), seen)
    while len(repeats):
        images[repeats] = draw(index, len(repeats), rng)
        repeats = _repeats(images, repeats, seen)
    return images


def digest(image: np.ndarray) -> bytes:
    """What tells an image from all others: 16 bytes."""
    return hashlib.blake2b(image.tobytes(), digest_size=16).digest()


def _repeats(images: np.ndarray, places: np.ndarray, seen: set[bytes]) -> np.ndarray:
    """Those of the places whose image was seen; all are from now on."""
    return np.array([place for place in places if not _is_new(images[place], seen)], int)


def _is_new(image: np.ndarray, seen: set[bytes]) -> bool:
    """Whether the image is not among those seen; it is from now on."""
    before = len(seen)
    seen.add(digest(image))
    return len(seen) > before
