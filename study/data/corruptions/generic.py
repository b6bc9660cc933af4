"""Twelve corruptions of any images from 8x8 px on, grey or in colour.

In the manner of Hendrycks and Dietterich 2019, "Benchmarking Neural Network Robustness to Common
Corruptions and Perturbations". Lengths are shares of an image's shorter side, so that what a
corruption does to a picture does not depend on its size.

Every function takes pixels (n, height, width, channels) in 0..1 and returns as many; what it
returns may lie outside that range and is clipped.
"""

import io
from collections.abc import Callable

import numpy as np
from PIL import Image
from scipy import ndimage

from study.data.corruptions import Corruptions, Labels, Versions

NOTE = (
    "The corruptions are common in photographs (after Hendrycks and Dietterich 2019). Each has one "
    "severity, with lengths in proportion to the size of the images. They show how the two "
    "networks compare here; published numbers are for other images and severities. "
    "No network was trained on such images."
)

JPEG_QUALITY = 15


def versions(images: np.ndarray, labels: Labels, seed: int) -> Versions:  # noqa: ARG001
    """Every corruption of images (n, height, width, 1 or 3) uint8, by name."""
    return {name: corrupt(images, name, seed) for name in CORRUPTIONS}


def corrupt(images: np.ndarray, name: str, seed: int) -> np.ndarray:
    """Images (n, height, width, 1 or 3) uint8 with one corruption, in the same shape and type."""
    rng = np.random.default_rng([seed, *name.encode()])
    changed = CORRUPTIONS[name](images / 255, rng)
    return np.rint(255 * np.clip(changed, 0, 1)).astype(np.uint8)


def gaussian_noise(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Noise with a standard deviation of 12% of the range."""
    return x + rng.normal(0, 0.12, x.shape)


def shot_noise(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Poisson noise of 25 photons per white pixel."""
    return rng.poisson(25 * x) / 25


def impulse_noise(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """6% of the values become 0 or 1, with equal probability."""
    return np.where(rng.random(x.shape) < 0.06, rng.random(x.shape) < 0.5, x)


def defocus(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:  # noqa: ARG001
    """Gaussian blur with a standard deviation of 3.5% of the side, at least half a pixel."""
    sigma = max(0.5, 0.035 * _side(x))
    return ndimage.gaussian_filter(x, (0, sigma, sigma, 0), mode="nearest")


def motion_blur(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Smeared over 12% of the side, at least 3 px, along rows or along columns."""
    reach = max(3, round(0.12 * _side(x)))
    sideways = rng.random((len(x), 1, 1, 1)) < 0.5
    along_columns, along_rows = (
        ndimage.uniform_filter1d(x, reach, axis=axis, mode="nearest") for axis in (1, 2)
    )
    return np.where(sideways, along_rows, along_columns)


def pixelate(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:  # noqa: ARG001
    """Squares of 7% of the side, at least 2 px, have the value of their middle pixel."""
    step = max(2, round(0.07 * _side(x)))
    rows, columns = (
        np.minimum(np.arange(size) // step * step + step // 2, size - 1) for size in x.shape[1:3]
    )
    return x[:, rows[:, np.newaxis], columns]


def jpeg(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:  # noqa: ARG001
    """Saved as JPEG of quality 15."""
    return np.stack([_as_jpeg(image) for image in np.rint(255 * x).astype(np.uint8)]) / 255


def brightness(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:  # noqa: ARG001
    """A quarter of the range brighter."""
    return x + 0.25


def contrast(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:  # noqa: ARG001
    """40% of the contrast, about the mean of each image."""
    mean = x.mean(axis=(1, 2, 3), keepdims=True)
    return mean + 0.4 * (x - mean)


def fog(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Mixed with 45% of smooth clouds, three of them to a side."""
    clouds = rng.random((*x.shape[:3], 1))
    sigma = _side(x) / 6
    clouds = ndimage.gaussian_filter(clouds, (0, sigma, sigma, 0), mode="wrap")
    low, high = (of(clouds, axis=(1, 2, 3), keepdims=True) for of in (np.min, np.max))
    clouds = 0.5 + 0.5 * (clouds - low) / (high - low)
    return 0.55 * x + 0.45 * clouds


def rotate(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """By 15 degrees to the left or to the right; corners repeat the nearest pixel."""
    turned = [
        ndimage.rotate(x, angle, axes=(1, 2), reshape=False, order=1, mode="nearest")
        for angle in (-15, 15)
    ]
    return np.where(rng.random((len(x), 1, 1, 1)) < 0.5, *turned)


def shift(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """By 10% of the side, at least 1 px, up or down and left or right; edges are repeated."""
    by = max(1, round(0.1 * _side(x)))
    images = np.arange(len(x))[:, np.newaxis, np.newaxis]
    rows, columns = (
        np.clip(np.arange(size) + by * rng.choice((-1, 1), (len(x), 1)), 0, size - 1)
        for size in x.shape[1:3]
    )
    return x[images, rows[:, :, np.newaxis], columns[:, np.newaxis, :]]


def _side(x: np.ndarray) -> int:
    """The shorter side of the images in px."""
    return min(x.shape[1:3])


def _as_jpeg(image: np.ndarray) -> np.ndarray:
    """An image (height, width, 1 or 3) uint8 after a JPEG file, in the same shape and type."""
    grey = image.shape[-1] == 1
    file = io.BytesIO()
    Image.fromarray(image[..., 0] if grey else image).save(file, "JPEG", quality=JPEG_QUALITY)
    return np.asarray(Image.open(file)).reshape(image.shape)


CORRUPTIONS: dict[str, Callable[[np.ndarray, np.random.Generator], np.ndarray]] = {
    "Gaussian noise": gaussian_noise,
    "shot noise": shot_noise,
    "impulse noise": impulse_noise,
    "defocus": defocus,
    "motion blur": motion_blur,
    "pixelate": pixelate,
    "JPEG": jpeg,
    "brightness": brightness,
    "contrast": contrast,
    "fog": fog,
    "rotate": rotate,
    "shift": shift,
}

GENERIC = Corruptions(NOTE, versions)
