"""The ground of training images, and pictures that have another one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.datasets import load_sample_images

from study.data.ground import ground_of, has_even_ground, known_colour, oddity, turned, words
from study.data.sets import lines
from study.records.study import Ground
from tests import tiny

BLACK, WHITE = np.zeros(1, np.uint8), np.full(1, 255, np.uint8)


def digits(count: int = 40, ground: int = 0, noise: int = 10) -> np.ndarray:
    """Strokes of light grey on a noisy dark ground, or turned: (count, 28, 28, 1) uint8."""
    rng = np.random.default_rng(1)
    images = rng.integers(0, noise, (count, 28, 28, 1), np.uint8)
    for image, left in zip(images, rng.integers(6, 18, count), strict=True):
        image[:, left : left + 4] = 230  # from edge to edge
    return images if ground == 0 else 255 - images


@pytest.mark.parametrize(("ground", "expected"), [(0, range(10)), (255, range(246, 256))])
def test_the_ground_is_the_colour_around_what_images_show(ground: int, expected: range) -> None:
    found = ground_of(digits(ground=ground))
    assert found.share == 1
    assert found.colour[0] in expected


def test_lines_are_on_black() -> None:
    images, _ = lines.generate(1, 5)
    assert ground_of(images) == Ground(colour=[0, 0, 0], share=1)


def test_some_images_on_another_ground_are_counted() -> None:
    images = digits(100)
    images[:20] = 255 - images[:20]
    found = ground_of(images)
    assert found.share == 0.8
    assert known_colour(found, 1) is None


def test_images_without_an_even_ground_have_none_in_common() -> None:
    """Noise has, in the middle, the same colour everywhere."""
    noise = np.random.default_rng(1).integers(0, 256, (50, 28, 28, 3), np.uint8)
    for images in (noise, tiny.part(48, seed=1).images):
        assert known_colour(ground_of(images), images.shape[-1]) is None


def photographs(side: int, shade: str = "colour") -> np.ndarray:
    """Squares of two photographs that come with scikit-learn: (n, side, side, 1 or 3) uint8."""
    squares = []
    for photograph in load_sample_images().images:
        rows, columns = (length // side for length in photograph.shape[:2])
        whole = photograph[: rows * side, : columns * side]
        grid = whole.reshape(rows, side, columns, side, 3).swapaxes(1, 2)
        squares.append(grid.reshape(-1, side, side, 3))
    images = np.concatenate(squares)
    return images if shade == "colour" else images[..., 1:2]


@pytest.mark.parametrize("shade", ["colour", "grey"])
@pytest.mark.parametrize("side", [64, 128, 200])
def test_photographs_have_no_even_ground(side: int, shade: str) -> None:
    assert not has_even_ground(photographs(side, shade))


def test_lines_and_digits_have_an_even_ground() -> None:
    for images in (lines.generate(1, 5)[0], digits(), digits(ground=255)):
        assert has_even_ground(images)


def test_one_image_can_be_asked_about() -> None:
    assert has_even_ground(np.full((1, 8, 8, 3), 77, np.uint8))
    assert not has_even_ground(np.arange(0, 256, 4, np.uint8).reshape(1, 8, 8, 1))


def test_the_ground_of_other_images_is_not_known() -> None:
    ground = Ground(colour=[0, 0, 0], share=1)
    assert known_colour(None, 3) is None
    assert known_colour(ground, 1) is None
    assert np.array_equal(known_colour(ground, 3), [0, 0, 0])


@given(arrays(np.uint8, st.sampled_from([(5, 4, 1), (5, 4, 3)])))
def test_turned_twice_is_as_before(pixels: np.ndarray) -> None:
    assert np.array_equal(turned(turned(pixels)), pixels)
    levels = pixels.astype(int)
    assert np.array_equal(turned(pixels).max(-1), 255 - levels.min(-1))  # light and dark
    assert np.array_equal(turned(pixels).argmax(-1), pixels.argmax(-1))  # the hue


def test_turned_grey_is_what_is_left_to_white() -> None:
    levels = np.arange(256, dtype=np.uint8)[:, None]
    assert np.array_equal(turned(levels), 255 - levels)


def test_red_on_white_is_turned_to_red_on_black() -> None:
    on_black, _ = lines.generate(1, 2)
    light = on_black.max(axis=-1, keepdims=True)  # 0..255 of the line's color, the rest is white
    on_white = np.where(on_black.any((1, 2), keepdims=True), 255, 255 - light).astype(np.uint8)
    assert np.array_equal(turned(on_white), on_black)


@pytest.mark.parametrize("picture", digits(5))
def test_a_picture_on_the_known_ground_is_not_odd(picture: np.ndarray) -> None:
    assert oddity(picture, BLACK, inverted=False) is None
    assert oddity(255 - picture, WHITE, inverted=False) is None


@pytest.mark.parametrize("picture", digits(5))
def test_the_reverse_is_odd_and_the_remedy_is_to_turn_it(picture: np.ndarray) -> None:
    for known, reverse in ((BLACK, 255 - picture), (WHITE, picture)):
        told = oddity(reverse, known, inverted=False)
        assert told is not None
        assert told.endswith("pass --invert to swap light and dark")


def test_a_picture_turned_without_need_is_told_to_be_left_as_it_is() -> None:
    told = oddity(turned(digits(1)[0]), BLACK, inverted=True)
    assert told is not None
    assert told.endswith("leave out --invert")


def test_another_ground_that_is_no_reverse_is_odd_too() -> None:
    grey = np.full((28, 28, 1), 100, np.uint8)
    told = oddity(grey, BLACK, inverted=False)
    assert told is not None
    assert "is dark (100 of 255), but that of the training images is dark (0 of 255)" in told
    assert told.endswith("put the picture on such a ground")


def test_colours_are_told_by_their_levels() -> None:
    assert words(np.array([255, 255, 255])) == "light (255 of 255)"
    assert words(np.array([200, 20, 60])) == "dark (levels 200, 20, 60 of 255)"
