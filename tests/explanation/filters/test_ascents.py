"""What drives a unit up, on convolutions whose best image is known."""

from collections.abc import Callable
from functools import partial

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st
from keras import layers

from study.explanation.arrays import Ascent
from study.explanation.filters import fourier_ascent as fourier
from study.explanation.filters import pixel_ascent as pixels
from study.explanation.filters import unit
from study.explanation.filters.filter_answers import best_patches
from study.explanation.filters.fourier_ascent import Ink, fourier_ascent, usual_ink
from study.explanation.filters.pixel_ascent import pixel_ascent
from study.explanation.filters.unit import (
    before_activation,
    middle_field,
    middle_value,
    used_channels,
)
from study.networks.memory import NUMBER_BYTES, rows_that_fit

pytestmark = pytest.mark.slow

EDGE = np.array([[1, 1, 1], [0, 0, 0], [-1, -1, -1]], np.float32)
ROWS, COLUMNS = np.mgrid[:7, :7]
GRATINGS = [np.sin(np.pi / 2 * ROWS), np.sin(np.pi / 2 * COLUMNS)]
"""Horizontal and vertical stripes, 4 pixels apart."""

EVERYTHING = NUMBER_BYTES * (16 * 16 * (3 + 3 + 4) + 8 * 8 * (4 + 4))
"""Bytes that all steps of the deep network put out for an image."""

ASCENTS: list[Callable[..., Ascent]] = [pixel_ascent, fourier_ascent]


def linear(kernels: list[np.ndarray], side: int = 9, **options: object) -> keras.Model:
    """Images -> one convolution with these (k, k) or (k, k, colours) kernels, before ReLU."""
    weights = np.stack([np.atleast_3d(kernel) for kernel in kernels], axis=-1)
    convolution = layers.Conv2D(len(kernels), weights.shape[0], activation="relu", **options)
    model = keras.Sequential(
        [keras.Input((side, side, weights.shape[2])), layers.Rescaling(1 / 255), convolution]
    )
    convolution.set_weights([weights, np.zeros(len(kernels))])
    return before_activation(model, convolution)


def deep(side: int = 16) -> keras.Model:
    """Images -> the second of two convolutions with a pooling between."""
    keras.utils.set_random_seed(3)
    last = layers.Conv2D(4, 3, padding="same")
    model = keras.Sequential(
        [
            keras.Input((side, side, 3)),
            layers.Rescaling(1 / 255),
            layers.Conv2D(4, 3, activation="relu", padding="same"),
            layers.MaxPooling2D(2),
            last,
        ]
    )
    return before_activation(model, last)


def middle_values(network: keras.Model, images: np.ndarray) -> np.ndarray:
    """(n, f): every filter's value in the middle of its map."""
    maps = np.asarray(network([images.astype(np.float32)]))
    return maps[:, maps.shape[1] // 2, maps.shape[2] // 2]


@pytest.mark.parametrize("ascent", ASCENTS)
def test_an_ascent_ends_above_blank_and_above_random_images(ascent: Callable[..., Ascent]) -> None:
    network = deep()
    found = ascent(network, 4, 40)
    random = np.random.default_rng(1).integers(0, 256, (200, 16, 16, 3))

    assert (found.scores > middle_values(network, np.full((1, 16, 16, 3), 127.5))).all()
    assert (found.scores > middle_values(network, random).max(axis=0)).all()


@pytest.mark.parametrize("ascent", ASCENTS)
def test_the_score_is_that_of_the_very_image(ascent: Callable[..., Ascent]) -> None:
    network = deep()
    found = ascent(network, 3, 5)

    assert (found.images.shape, found.images.dtype) == ((3, 16, 16, 3), np.uint8)
    np.testing.assert_allclose(
        found.scores, np.diag(middle_values(network, found.images)[:, :3]), rtol=1e-5
    )


@pytest.mark.parametrize("ascent", ASCENTS)
def test_of_large_images_fewer_filters_at_once_end_where_all_of_them_do(
    ascent: Callable[..., Ascent], monkeypatch: pytest.MonkeyPatch
) -> None:
    network, at_once = deep(), []
    whole = ascent(network, 4, 10)

    def noted(maps: tf.Tensor, first: int) -> tf.Tensor:
        at_once.append(maps.shape[0])
        return middle_value(maps, first)

    for place in (pixels, fourier, unit):
        monkeypatch.setattr(place, "middle_value", noted)
    monkeypatch.setattr(unit, "rows_that_fit", partial(rows_that_fit, limit=3.9 * EVERYTHING))
    parts = ascent(network, 4, 10)

    assert {*at_once} == {3, 1}
    assert parts.images.shape == whole.images.shape
    # Sums may be rounded in another order.
    assert np.abs(parts.images.astype(int) - whole.images).max() <= 1
    np.testing.assert_allclose(parts.scores, whole.scores, rtol=1e-3)


@pytest.mark.parametrize("ascent", ASCENTS)
def test_stripes_are_found_with_their_direction(ascent: Callable[..., Ascent]) -> None:
    found = ascent(linear(GRATINGS, side=15), 2, 60)

    seen = found.images[:, 4:11, 4:11, 0].astype(float)
    for picture, own, other in zip(seen, GRATINGS, GRATINGS[::-1], strict=True):
        assert np.corrcoef(picture.ravel(), own.ravel())[0, 1] > 0.7
        assert abs(np.corrcoef(picture.ravel(), other.ravel())[0, 1]) < 0.2


def test_the_ascent_in_pixels_finds_the_kernel_itself() -> None:
    found = pixel_ascent(linear([EDGE, -EDGE]), 2, 40)

    for picture, sign in zip(found.images[:, 3:6, 3:6, 0], (1, -1), strict=True):
        np.testing.assert_array_equal(np.sign(picture.astype(float) - 127.5)[[0, 2]],
                                      sign * EDGE[[0, 2]])  # fmt: skip
        assert np.abs(picture[1] - 127.5).max() <= 1  # the kernel's zeros leave blank
    np.testing.assert_allclose(found.scores, 3, rtol=0.01)  # white above black, the most there is


def test_the_ascent_in_pixels_changes_nothing_outside_of_what_the_unit_sees() -> None:
    network = deep()
    images, field = pixel_ascent(network, 4, 5).images, middle_field(network)

    images[:, field[0], field[1]] = 128
    assert (images == 128).all()


def test_the_ascent_in_fourier_space_finds_the_sign_of_the_kernel() -> None:
    found = fourier_ascent(linear([EDGE, -EDGE]), 2, 60)

    seen = found.images[:, 3:6, 3:6, 0].astype(float)
    assert (seen[0, 0] > 200).all()
    assert (seen[0, 2] < 55).all()
    assert (seen[1, 0] < 55).all()
    assert (seen[1, 2] > 200).all()


def test_the_ascent_in_fourier_space_is_the_same_every_time_and_another_by_another_seed() -> None:
    network = deep()
    first, second = (fourier_ascent(network, 4, 5) for _ in range(2))

    np.testing.assert_array_equal(first.images, second.images)
    np.testing.assert_array_equal(first.scores, second.scores)
    assert (fourier_ascent(network, 4, 5, seed=2).images != first.images).any()


def test_moved_images_give_smoother_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a filter wants is not moved into noise: the finest waves do not survive a shift."""

    def roughness() -> float:
        images = fourier_ascent(deep(28), 4, 40).images[:, 9:19, 9:19].astype(float)
        return float(
            np.abs(np.diff(images, axis=1)).mean() + np.abs(np.diff(images, axis=2)).mean()
        )

    moved = roughness()
    for name in ("JITTER", "TURN", "ZOOM"):
        monkeypatch.setattr(f"study.explanation.filters.fourier_ascent.{name}", 0.0)

    assert moved < 0.9 * roughness()


@pytest.mark.parametrize("ascent", ASCENTS)
def test_a_colour_is_found_and_unused_ones_stay_zero(ascent: Callable[..., Ascent]) -> None:
    kernel = np.zeros((3, 3, 3), np.float32)
    kernel[..., 0], kernel[..., 1], kernel[..., 2] = 1, 1, -1  # red and green, no blue
    network = linear([kernel])

    free = ascent(network, 1, 40).images[0, 4, 4]
    held = ascent(network, 1, 40, np.array([True, False, True])).images[0]

    assert free[0] > 200
    assert free[1] > 200
    assert free[2] < 55
    assert (held[..., 1] == 0).all()
    assert held[4, 4, 0] > 200


@pytest.mark.parametrize("ascent", ASCENTS)
def test_steps_obey_the_environment(
    ascent: Callable[..., Ascent], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TF_KERAS_VIS_MAX_STEPS", "1")

    assert np.abs(ascent(linear([EDGE]), 1, 40).images.astype(float) - 127.5).max() < 60


def dotted(side: int = 9) -> np.ndarray:
    """(20, side, side, 1): on grey 51, one white pixel an image, but for the last: half of them."""
    images = np.full((20, side, side, 1), 51, np.uint8)
    images[:, 0, 0] = 255
    images[-1, : side // 2] = 255
    return images


def test_usual_ink_is_what_all_but_a_few_images_have() -> None:
    ink = usual_ink(dotted(), np.array([3.0, -2.0]))
    assert ink is not None
    assert ink.background == 51
    assert ink.usual == pytest.approx(np.quantile([204 / 81] * 19 + [204 * 36 / 81], 0.95))
    np.testing.assert_array_equal(ink.worth, [3, 2])


def test_images_of_nothing_but_background_have_no_ink() -> None:
    assert usual_ink(np.zeros((3, 9, 9, 1), np.uint8), np.ones(2)) is None


def test_photographs_have_no_ink() -> None:
    shades = np.arange(0, 243, 3, np.uint8).reshape(1, 9, 9, 1)
    assert usual_ink(np.repeat(shades, 3, axis=0), np.ones(2)) is None


def test_ink_is_free_up_to_the_usual_and_twice_as_much_costs_what_a_real_image_gives() -> None:
    ink = Ink(np.zeros(1, np.float32), 10.0, np.array([3.0, 3.0, 5.0], np.float32))
    spent = np.array([9.0, 20.0, 20.0], np.float32)[:, None, None, None]
    prices = ink.price(spent * np.ones((3, 4, 4, 1), np.float32))
    np.testing.assert_allclose(prices, [0, 3, 5], rtol=1e-5)


def test_an_ascent_that_pays_for_ink_leaves_the_ground_as_it_is() -> None:
    blob = np.zeros((9, 9), np.float32)
    blob[3:6, 3:6] = 1
    blob += 0.02  # a little for every pixel: an ascent that is free paints them all
    network = linear([blob], side=13)
    ink = Ink(np.zeros(1, np.float32), 20.0, np.array([9.0], np.float32))  # 13 white pixels
    free = fourier_ascent(network, 1, 100).images[0, ..., 0]
    found = fourier_ascent(network, 1, 100, ink=ink).images[0, ..., 0]

    ground = np.ones((13, 13), bool)
    ground[3:10, 3:10] = False
    assert free[ground].mean() > 100
    assert found[ground].mean() < 40
    assert found[5:8, 5:8].mean() > 150


def test_a_colour_that_no_image_has_is_unused() -> None:
    images = np.full((2, 3, 3, 3), 9)
    images[..., 1] = 0

    assert used_channels(images).tolist() == [True, False, True]
    assert used_channels(0 * images).tolist() == [True, True, True]  # nothing to see


@pytest.mark.parametrize("side", [9, 12])
def test_the_middle_unit_sees_the_kernels_size(side: int) -> None:
    rows, columns = middle_field(linear([EDGE, -EDGE], side))

    start = (side - 2) // 2
    assert (rows, columns) == (slice(start, start + 3), slice(start, start + 3))


def test_a_pooled_unit_sees_all_that_reaches_it() -> None:
    assert [part.stop - part.start for part in middle_field(deep())] == [8, 8]


@given(st.integers(0, 6), st.integers(0, 6))
def test_a_planted_pattern_is_found_at_its_place(row: int, column: int) -> None:
    images = np.zeros((4, 9, 9, 1), np.uint8)
    images[2, row : row + 3, column : column + 3, 0] = 127 + 127 * EDGE

    found = best_patches(PLANTED, images, 1, 3)

    assert found.sources[0, 0] == 2
    assert found.corners[0, 0].tolist() == [row, column]
    np.testing.assert_array_equal(found.images[0, 0, ..., 0], 127 + 127 * EDGE)
    assert found.images.shape == (1, 3, 3, 3, 1)


PLANTED = linear([EDGE])


def test_patches_come_best_first_and_one_of_an_image() -> None:
    images = np.zeros((3, 9, 9, 1), np.uint8)
    for number, white in enumerate((100, 255, 200)):
        images[number, 2] = images[number, 6] = white  # two edges in each

    found = best_patches(linear([EDGE]), images, 1, 2)

    assert found.sources.tolist() == [[1, 2]]
    np.testing.assert_allclose(found.scores, [[3, 3 * 200 / 255]], rtol=1e-5)


def test_there_are_no_more_patches_than_images() -> None:
    assert best_patches(PLANTED, np.zeros((2, 9, 9, 1), np.uint8), 1, 3).images.shape[1] == 2


def test_a_patch_at_the_border_is_moved_inside() -> None:
    """With padding, the unit in the corner sees two rows and columns of the image only."""
    images = np.zeros((1, 9, 9, 1), np.uint8)
    images[0, 0, 0] = 255
    kernel = np.zeros((3, 3), np.float32)
    kernel[1, 1] = 1
    kernel += 0.001  # or the unit would see one pixel

    found = best_patches(linear([kernel], padding="same"), images, 1, 1)

    assert found.corners[0, 0].tolist() == [0, 0]
    np.testing.assert_array_equal(found.images[0, 0], images[0, :3, :3])


def test_patches_are_found_in_any_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("study.explanation.filters.filter_answers.BATCH", 2)
    images = np.zeros((5, 9, 9, 1), np.uint8)
    images[4, :4] = 255

    assert best_patches(PLANTED, images, 1, 1).sources.tolist() == [[4]]
