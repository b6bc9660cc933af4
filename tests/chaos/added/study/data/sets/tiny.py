"""Noisy 8x8 squares whose left or right half is dark, mid or light."""

import numpy as np

from study.data.dataset import DataOptions, Dataset, Part

NAMES = {"class": ("dark, l", "mid, l", "light, l", "dark, r", "mid, r", "light, r")}


def load(seed: int, options: DataOptions) -> Dataset:  # noqa: ARG001
    """240 images to train on, 60 to validate, 60 to test."""
    rng = np.random.default_rng(seed)
    return Dataset(
        name="tiny",
        train=_part(rng, 240),
        validation=_part(rng, 60),
        test=_part(rng, 60),
        columns=NAMES,
    )


def _part(rng: np.random.Generator, images: int) -> Part:
    classes = np.arange(images, dtype=np.int64) % 6
    pixels = rng.integers(0, 60, (images, 8, 8, 1), np.uint8)
    for image, one in zip(pixels, classes, strict=True):
        side, shade = divmod(int(one), 3)
        image[:, 4 * side : 4 * side + 4] += np.uint8(30 + 60 * shade)
    return Part(pixels, {"class": classes})
