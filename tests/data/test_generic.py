"""Corruptions of any images: of any size and colour, deterministic, visible and bounded."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from study.data.corruptions import UNCHANGED
from study.data.corruptions.generic import CORRUPTIONS, GENERIC, corrupt

SHAPES = [(8, 8, 1), (8, 8, 3), (28, 28, 1), (28, 28, 3), (64, 64, 3), (128, 128, 1), (12, 40, 3)]


def pictures(shape: tuple[int, int, int], images: int = 4) -> np.ndarray:
    """Bright discs on a dark slope."""
    height, width, channels = shape
    rows, columns = np.mgrid[:height, :width] + 0.5
    side = min(height, width)
    made = np.empty((images, *shape), np.uint8)
    for number in range(images):
        middle = np.array([height, width]) * (0.35 + 0.1 * number)
        inside = np.hypot(rows - middle[0], columns - middle[1]) < side / 4
        slope = 60 * columns / width
        for channel in range(channels):
            made[number, ..., channel] = np.where(inside, 220 - 60 * channel, slope)
    return made


def test_there_are_about_a_dozen() -> None:
    assert len(CORRUPTIONS) == 12


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("name", CORRUPTIONS)
def test_any_images_are_changed_and_keep_their_form(name: str, shape: tuple[int, int, int]) -> None:
    images = pictures(shape)
    before = images.copy()
    changed = corrupt(images, name, seed=1)

    assert (changed.shape, changed.dtype) == (images.shape, np.uint8)
    assert_array_equal(images, before)
    away = np.abs(changed.astype(int) - images).mean(axis=(1, 2, 3))
    assert (away > 1).all()  # visible
    assert (away < 100).all()  # not another picture


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_the_seed_decides(name: str) -> None:
    images = pictures((28, 28, 3), images=16)
    assert_array_equal(corrupt(images, name, 1), corrupt(images, name, 1))
    drawn = not np.array_equal(corrupt(images, name, 1), corrupt(images, name, 2))
    fixed = {"defocus", "pixelate", "JPEG", "brightness", "contrast"}
    assert drawn == (name not in fixed)


@pytest.mark.parametrize(
    "name",
    [name for name in CORRUPTIONS if name != "JPEG"],  # its blocks are 8 px in any image
)
def test_a_picture_of_twice_the_size_is_changed_as_much(name: str) -> None:
    small, large = pictures((32, 32, 3), 16), pictures((64, 64, 3), 16)
    of_small, of_large = (
        np.abs(corrupt(one, name, 1).astype(float) - one).mean() for one in (small, large)
    )
    assert_allclose(of_large, of_small, rtol=0.35)


@pytest.mark.parametrize("value", [0, 255])
def test_an_even_image_is_no_trouble(value: int) -> None:
    images = np.full((2, 8, 8, 1), value, np.uint8)
    made = GENERIC.with_unchanged(images, {}, seed=1)
    assert list(made) == [UNCHANGED, *CORRUPTIONS]
    for moved in ("defocus", "motion blur", "pixelate", "rotate", "shift", "contrast"):
        assert_array_equal(made[moved], images)


def test_an_image_is_changed_the_same_alone_or_among_others_if_nothing_is_drawn() -> None:
    images = pictures((16, 16, 3))
    for name in ("defocus", "pixelate", "JPEG", "contrast"):
        assert_array_equal(corrupt(images, name, 1)[:1], corrupt(images[:1], name, 1))
