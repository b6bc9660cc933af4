"""A data set of any size of images, colours and classes, made up on the spot."""

import numpy as np

from study.data.dataset import Dataset, Part


def names(classes: int) -> dict[str, tuple[str, ...]]:
    """As `NAMES` of a data set."""
    return {"class": tuple(f"kind {number}" for number in range(classes))}


def dataset(seed: int, side: int, channels: int, classes: int) -> Dataset:
    """64 images to train on, 12 to validate, 12 to test: noise whose brightness is the class.

    Args:
        seed: Of the noise.
        side: Height and width in pixels.
        channels: 1 (grey) or 3.
        classes: Of 300 classes, say, not all have an image.
    """
    rng = np.random.default_rng(seed)

    def part(images: int) -> Part:
        labels = rng.integers(0, classes, images)
        noise = rng.integers(0, 100, (images, side, side, channels))
        bright = 155 * labels[:, np.newaxis, np.newaxis, np.newaxis] // max(1, classes - 1)
        return Part((noise + bright).astype(np.uint8), {"class": labels})

    return Dataset("generated", part(64), part(12), part(12), names(classes))
