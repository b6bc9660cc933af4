"""Contrast, blur, shades and JPEG."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from study.data.renderers.finishes import (
    BLUR,
    BRIGHTNESS,
    PALE,
    as_jpeg,
    bent,
    blurred,
    coloured,
    pure,
    shades,
)

POINT = np.zeros((200, 28, 28))
POINT[:, 14, 14] = 1


def drawn_by_chance() -> np.random.Generator:
    return np.random.default_rng(1)


def test_bent_light_keeps_black_white_and_the_order_between() -> None:
    light = np.tile(np.linspace(0, 1, 28), (200, 28, 1))
    changed = bent(light, drawn_by_chance())

    assert_allclose(changed[:, :, [0, -1]], light[:, :, [0, -1]], atol=1e-12)
    assert (np.diff(changed, axis=2) > 0).all()
    assert (changed[:, 0, 14] < light[0, 0, 14]).any()
    assert (changed[:, 0, 14] > light[0, 0, 14]).any()


def test_blur_moves_light_to_the_neighbours_and_loses_none() -> None:
    changed = blurred(POINT, drawn_by_chance())

    assert_allclose(changed.sum(axis=(1, 2)), 1)
    assert np.count_nonzero(changed[0]) == 9
    assert changed.max() < 1
    assert changed[:, 14, 14].min() >= (1 - 2 * BLUR) ** 2
    assert_allclose(changed, changed.transpose(0, 2, 1))
    assert POINT.sum() == len(POINT)  # what was given stays


@pytest.mark.parametrize("color", [0, 1])
def test_pure_colours_are_the_studys(color: int) -> None:
    assert pure(color, 2).tolist() == [[[255, 0, 0], [0, 0, 255]][color]] * 2


@given(st.integers(0, 1), st.integers(1, 2**31))
def test_shades_are_reds_and_blues(color: int, seed: int) -> None:
    found = shades(color, 50, np.random.default_rng(seed))
    own, others = found[:, (0, 2)[color]], np.delete(found, (0, 2)[color], axis=1)

    assert BRIGHTNESS[0] <= own.min() <= own.max() <= BRIGHTNESS[1]
    assert (others <= PALE * own[:, np.newaxis] + 1).all()
    # Neither orange nor violet: the hue is within 15 degrees of the pure one.
    hues = 60 * np.ptp(others, axis=1) / (own - others.min(axis=1))
    assert hues.max() < 20


def test_light_takes_the_colour() -> None:
    light = np.array([[[0, 0.5], [1, 0.25]]])
    made = coloured(light, np.array([[200, 100, 0]]))

    assert made.dtype == np.uint8
    assert made[0].tolist() == [[[0, 0, 0], [100, 50, 0]], [[200, 100, 0], [50, 25, 0]]]


def test_jpeg_with_coarse_colours_loses_more() -> None:
    image = np.zeros((28, 28, 3), np.uint8)
    image[14, 5:20] = 0, 0, 255
    fine, coarse = (as_jpeg(image, 95, colors) for colors in ("4:4:4", "4:2:0"))

    assert fine.shape == image.shape
    assert np.abs(fine.astype(int) - image).mean() < np.abs(coarse.astype(int) - image).mean()
    assert_array_equal(fine, as_jpeg(image, 95, "4:4:4"))
