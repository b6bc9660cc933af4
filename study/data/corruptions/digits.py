"""Fifteen corruptions of handwritten digits, in the manner of MNIST-C.

Mu and Gilmer 2019, "MNIST-C: A Robustness Benchmark for Computer Vision", with the severities of
the authors' program (github.com/google-research/mnist-c), computed here on all images at once.
The images are not those of the published MNIST-C files: random numbers and some steps differ, as
each function says.

Every function takes and returns pixels (n, 28, 28) in 0..1 (white on black); what it returns may
lie outside that range and is clipped.
"""

from collections.abc import Callable, Mapping

import numpy as np
from scipy import ndimage

NOTE = (
    "The corruptions are the fifteen of MNIST-C (Mu and Gilmer 2019) at their severities, but "
    "computed anew. The images are not those of the published files, so compare the two networks "
    "with each other and not with published numbers. No network was trained on such images."
)

SIZE = 28
MIDDLE = (SIZE - 1) / 2
FOG_MAP = 256
FOG_WINDOWS = 64
"""Number of windows cut from a map of fog: few enough that most do not overlap."""


def versions(
    images: np.ndarray,
    labels: Mapping[str, np.ndarray],  # noqa: ARG001  # what lines need
    seed: int,
) -> dict[str, np.ndarray]:
    """Every corruption of images (n, 28, 28, 1) uint8, by name, in the order of the paper."""
    return {name: corrupt(images, name, seed) for name in CORRUPTIONS}


def corrupt(images: np.ndarray, name: str, seed: int) -> np.ndarray:
    """Images (n, 28, 28, 1) uint8 with one corruption, in the same shape and type."""
    rng = np.random.default_rng([seed, *name.encode()])
    changed = CORRUPTIONS[name](images[..., 0] / 255, rng)
    return np.rint(255 * np.clip(changed, 0, 1)).astype(np.uint8)[..., np.newaxis]


def shot_noise(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Poisson noise of 3 photons per white pixel."""
    return rng.poisson(3 * x) / 3


def impulse_noise(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """17% of the pixels become black or white, with equal probability."""
    hit = rng.random(x.shape) < 0.17
    return np.where(hit, rng.random(x.shape) < 0.5, x)


def glass_blur(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Blurred, then neighbours swapped twice, then blurred again."""
    x = _blur(x, 0.7)
    images = np.arange(len(x))
    for _ in range(2):
        for row in range(SIZE - 1, 1, -1):
            for column in range(SIZE - 1, 1, -1):
                swapped = rng.random(len(x)) < 0.5
                other_row, other_column = (
                    place - np.where(swapped, rng.integers(0, 2, len(x)), 0)
                    for place in (row, column)
                )
                there = x[images, other_row, other_column]
                x[images, other_row, other_column] = x[:, row, column]
                x[:, row, column] = there
    return _blur(x, 0.7)


def motion_blur(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Smeared to one side by half a Gaussian of sigma 3, up to 45 degrees off the horizontal.

    The original leaves it to ImageMagick, with edge pixels where black is used here.
    """
    reach = 10
    radians = np.deg2rad(rng.uniform(-45, 45, len(x)))
    weights = np.exp(-(np.arange(reach + 1) ** 2) / (2 * 3**2))
    padded = np.pad(x, ((0, 0), (reach, reach), (reach, reach)))
    images = np.arange(len(x))[:, np.newaxis, np.newaxis]
    places = np.arange(SIZE) + reach
    smeared = np.zeros_like(x)
    for step, weight in enumerate(weights / weights.sum()):
        down, right = (np.rint(step * f(radians)).astype(int) for f in (np.sin, np.cos))
        rows = (places + down[:, np.newaxis])[:, :, np.newaxis]
        columns = (places + right[:, np.newaxis])[:, np.newaxis, :]
        smeared += weight * padded[images, rows, columns]
    return smeared


def shear(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Sheared by 0.4 radians, to the left or to the right."""
    angle = 0.4 * _signs(rng, len(x))
    return _warp(x, _matrices(1, -np.sin(angle), 0, np.cos(angle)))


def scale(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:  # noqa: ARG001
    """Shrunk to 70% about the middle."""
    return _warp(x, _matrices(1 / 0.7, 0, 0, np.full(len(x), 1 / 0.7)))


def rotate(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Rotated by 0.4 radians (23 degrees), to the left or to the right."""
    angle = 0.4 * _signs(rng, len(x))
    return _warp(x, _matrices(np.cos(angle), -np.sin(angle), np.sin(angle), np.cos(angle)))


def brightness(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:  # noqa: ARG001
    """Half of white is added: the background becomes grey, the digit white."""
    return x + 0.5


def translate(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Shifted by 3 px along both axes."""
    shifts = 3 * np.stack([_signs(rng, len(x)), _signs(rng, len(x))], axis=1)
    return _warp(x, _matrices(1, 0, 0, np.ones(len(x))), shifts)


def stripe(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:  # noqa: ARG001
    """The left and the right quarter are inverted."""
    outer = np.abs(np.arange(SIZE) - MIDDLE) > SIZE / 4
    return np.where(outer, 1 - x, x)


def fog(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Three parts of fog to one of digit, scaled back to the digit's brightest pixel.

    The original makes a map for each image and takes its corner; here each map, which is periodic,
    serves `FOG_WINDOWS` images, at places drawn at random.
    """
    maps = _fog_maps(-(-len(x) // FOG_WINDOWS), rng)
    corners = rng.integers(0, FOG_MAP, (2, len(x), 1))
    rows, columns = (corners + np.arange(SIZE)) % FOG_MAP
    which = np.arange(len(x))[:, np.newaxis, np.newaxis] // FOG_WINDOWS
    foggy = x + 3 * maps[which, rows[:, :, np.newaxis], columns[:, np.newaxis, :]]
    brightest = x.max(axis=(1, 2), keepdims=True)
    return foggy * brightest / (brightest + 3)


def spatter(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Dark grey drops that hide what is below them."""
    wet = _blur(rng.normal(0.65, 0.3, x.shape), 1) > 0.65
    drops = _blur(wet.astype(float), 1.5)
    drops = np.where(drops < 0.8, 0, drops)
    return (1 - drops) * x + drops * 63 / 255


def dotted_line(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A line from the left edge to the right one, two columns on and two off."""
    first, last = rng.integers(0, SIZE - 1, (2, len(x), 1))
    columns = np.arange(SIZE)
    drawn = _stroke(first + (last - first) * columns / (SIZE - 1))
    return x + np.where(columns // 2 % 2 == 1, drawn, 0)


def zigzag(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A zigzag of 2 px up and down, every 2 px, from column 2 to 25.

    Where two strokes of the zigzag meet, the original adds them up.
    """
    left, right, step = 2, 25, 2
    first = rng.integers(0, SIZE - 1, len(x))
    slope = np.arctan(rng.integers(-5, 5, len(x)) / (right - left))
    along = step * np.arange(2 * SIZE)  # of the corners, before the turn by the slope
    across = step * np.where(np.arange(2 * SIZE) % 2, -1.0, 1.0)
    across[0] = 0
    columns = np.arange(SIZE)
    rows = np.full((len(x), SIZE), np.inf)
    inside = (columns >= left) & (columns <= right)
    for image, (start, angle) in enumerate(zip(first, slope, strict=True)):
        corners = left + along * np.cos(angle) - across * np.sin(angle)
        heights = start + along * np.sin(angle) + across * np.cos(angle)
        rows[image, inside] = np.interp(columns[inside], corners, heights)
    return x + _stroke(rows)


def canny_edges(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:  # noqa: ARG001
    """Only the edges (Canny 1986), with thresholds 0.1 and 0.2 after a blur of sigma 1.

    An edge pixel is compared with the two of its eight neighbours that lie across the edge; the
    original compares it with values interpolated between them.
    """
    smooth = _blur(x, 1)
    down, right = _sobel(smooth, 1), _sobel(smooth, 2)
    strength = np.hypot(down, right)
    eighth = np.rint(np.arctan2(down, right) / (np.pi / 4)).astype(int) % 4
    padded = np.pad(strength, ((0, 0), (1, 1), (1, 1)))
    thin = np.zeros(x.shape, bool)
    for turn, (row, column) in enumerate(((0, 1), (1, 1), (1, 0), (1, -1))):
        ahead, behind = (
            padded[:, 1 + s * row : 1 + s * row + SIZE, 1 + s * column : 1 + s * column + SIZE]
            for s in (1, -1)
        )
        thin |= (eighth == turn) & (strength >= ahead) & (strength > behind)
    within_image = np.zeros((3, 3, 3), bool)
    within_image[1] = True
    pieces, found = ndimage.label(thin & (strength > 0.1), within_image)
    kept = np.zeros(found + 1, bool)
    kept[pieces[thin & (strength > 0.2)]] = True
    kept[0] = False
    return kept[pieces].astype(float)


CORRUPTIONS: dict[str, Callable[[np.ndarray, np.random.Generator], np.ndarray]] = {
    "shot noise": shot_noise,
    "impulse noise": impulse_noise,
    "glass blur": glass_blur,
    "motion blur": motion_blur,
    "shear": shear,
    "scale": scale,
    "rotate": rotate,
    "brightness": brightness,
    "translate": translate,
    "stripe": stripe,
    "fog": fog,
    "spatter": spatter,
    "dotted line": dotted_line,
    "zigzag": zigzag,
    "canny edges": canny_edges,
}


def _blur(x: np.ndarray, sigma: float) -> np.ndarray:
    """Gaussian blur of each image."""
    return np.asarray(ndimage.gaussian_filter(x, (0, sigma, sigma), mode="nearest"))


def _sobel(x: np.ndarray, axis: int) -> np.ndarray:
    """Sobel filter of each image; SciPy's own would smooth over neighbouring images too."""
    slope = ndimage.correlate1d(x, (-1, 0, 1), axis)
    return np.asarray(ndimage.correlate1d(slope, (1, 2, 1), 3 - axis))


def _signs(rng: np.random.Generator, count: int) -> np.ndarray:
    """(count,) of -1 or 1."""
    return rng.choice([-1, 1], count)


def _matrices(*entries: float | np.ndarray) -> np.ndarray:
    """Four entries, numbers or (n,) -> (n, 2, 2), row by row."""
    return np.stack(np.broadcast_arrays(*entries), axis=-1).reshape(-1, 2, 2)


def _warp(x: np.ndarray, matrices: np.ndarray, shifts: np.ndarray | None = None) -> np.ndarray:
    """Each image seen through its own map, bilinear; black outside.

    Args:
        matrices: (n, 2, 2), from (column, row) about the middle of the result to that of the image.
        shifts: (n, 2) shifts in px that are added.
    """
    places = np.arange(SIZE) - MIDDLE
    rows, columns = np.meshgrid(places, places, indexing="ij")
    there = matrices @ np.stack([columns.ravel(), rows.ravel()])  # (n, 2, 784)
    if shifts is not None:
        there += shifts[:, :, np.newaxis]
    images = np.broadcast_to(np.arange(len(x))[:, np.newaxis], there[:, 0].shape)
    seen = [images, there[:, 1] + MIDDLE, there[:, 0] + MIDDLE]
    return np.asarray(ndimage.map_coordinates(x, seen, order=1)).reshape(x.shape)


def _stroke(rows: np.ndarray) -> np.ndarray:
    """Heights (n, 28) of a stroke in each column -> (n, 28, 28), fading up and down within 2 px."""
    away = np.abs(np.arange(SIZE)[:, np.newaxis] - rows[:, np.newaxis, :])
    return np.maximum(1 + np.log1p(-np.minimum(away, 2.29) / 2.3), 0)


def _fog_maps(count: int, rng: np.random.Generator) -> np.ndarray:
    """Plasma (count, 256, 256) from 0 to 1 in each map, by the diamond-square method.

    From one grid to the next, twice as fine, the noise becomes 1.4 squared times smaller, as in
    the original.
    """
    maps = np.zeros((count, FOG_MAP, FOG_MAP))
    step, noise = FOG_MAP, 1.0
    while step >= 2:
        half = step // 2
        corners = maps[:, ::step, ::step]

        def wobbled(total: np.ndarray, noise: float = noise) -> np.ndarray:
            return total / 4 + rng.uniform(-noise, noise, total.shape)

        pairs = corners + np.roll(corners, -1, axis=1)
        maps[:, half::step, half::step] = wobbled(pairs + np.roll(pairs, -1, axis=2))
        middles = maps[:, half::step, half::step]
        sides = middles + np.roll(middles, 1, axis=1) + corners + np.roll(corners, -1, axis=2)
        maps[:, ::step, half::step] = wobbled(sides)
        sides = middles + np.roll(middles, 1, axis=2) + corners + np.roll(corners, -1, axis=1)
        maps[:, half::step, ::step] = wobbled(sides)
        step, noise = half, noise / 1.4**2
    maps -= maps.min(axis=(1, 2), keepdims=True)
    return np.asarray(maps / maps.max(axis=(1, 2), keepdims=True))
