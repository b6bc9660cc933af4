"""Corrupted digits: each does to an image what its name says, and leaves it recognisable."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from PIL import Image, ImageDraw

from study.data.corruptions import digits
from study.data.corruptions.digits import CORRUPTIONS, corrupt, versions

MNIST_C = [
    *("shot noise", "impulse noise", "glass blur", "motion blur", "shear", "scale", "rotate"),
    *("brightness", "translate", "stripe", "fog", "spatter", "dotted line", "zigzag"),
    "canny edges",
]


def drawn(shape: str) -> np.ndarray:
    """A soft-edged stroke figure within the middle 20 px, as MNIST's digits are."""
    image = Image.new("L", (280, 280))
    pen = ImageDraw.Draw(image)
    if shape == "0":
        pen.ellipse((80, 40, 200, 240), outline=255, width=28)
    elif shape == "1":
        pen.line((160, 45, 120, 235), fill=255, width=30)
    else:
        pen.line((70, 60, 200, 60, 110, 235), fill=255, width=28, joint="curve")
    return np.asarray(image.resize((28, 28), Image.Resampling.BOX))


DIGITS = np.stack([drawn(shape) for shape in "017" * 4])[..., np.newaxis]
NONE = {"class": np.zeros(len(DIGITS), int)}


def only(name: str, image: np.ndarray, seed: int = 1) -> np.ndarray:
    """One image (28, 28), corrupted."""
    return corrupt(image[np.newaxis, ..., np.newaxis], name, seed)[0, ..., 0]


def likeness(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.corrcoef(one.ravel(), other.ravel())[0, 1])


def test_the_fifteen_of_mnist_c_are_there_in_their_order() -> None:
    assert list(versions(DIGITS, NONE, seed=1)) == MNIST_C


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_shape_and_type_stay_and_the_same_seed_gives_the_same_images(name: str) -> None:
    made = corrupt(DIGITS, name, seed=3)

    assert (made.shape, made.dtype) == (DIGITS.shape, np.uint8)
    assert_array_equal(made, corrupt(DIGITS, name, seed=3))
    assert not np.array_equal(made, DIGITS)


ORDERLY = {"scale", "brightness", "stripe", "canny edges"}


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_another_seed_gives_other_images_where_chance_has_a_say(name: str) -> None:
    same = np.array_equal(corrupt(DIGITS, name, seed=3), corrupt(DIGITS, name, seed=4))

    assert same == (name in ORDERLY)


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_images_of_a_batch_draw_by_themselves(name: str) -> None:
    ones = corrupt(DIGITS, name, seed=3)[1::3]  # the same digit four times

    assert (len(np.unique(ones, axis=0)) == 1) == (name in ORDERLY)


@pytest.mark.parametrize("name", sorted(ORDERLY))
def test_an_image_does_not_depend_on_its_neighbours(name: str) -> None:
    for image, made in zip(DIGITS[:3], corrupt(DIGITS, name, seed=1), strict=False):
        assert_array_equal(made[..., 0], only(name, image[..., 0]))


MOVED = {"shear", "scale", "rotate", "translate", "canny edges", "stripe"}


@pytest.mark.parametrize("name", sorted(set(CORRUPTIONS) - MOVED))
def test_what_stays_in_place_still_looks_like_the_digit(name: str) -> None:
    made = corrupt(DIGITS, name, seed=3)

    likenesses = [likeness(*pair) for pair in zip(made, DIGITS, strict=True)]
    assert min(likenesses) > 0.45
    assert np.mean(likenesses) > 0.55


@given(st.sampled_from(sorted(CORRUPTIONS)), st.integers(0, 2**32 - 1))
def test_nothing_but_what_is_added_appears_on_an_empty_image(name: str, seed: int) -> None:
    made = only(name, np.zeros((28, 28), np.uint8), seed)

    adds = {"impulse noise", "brightness", "stripe", "spatter", "dotted line", "zigzag"}
    assert bool(made.any()) == (name in adds)


def test_shot_noise_keeps_the_mean_and_black_pixels() -> None:
    grey = np.full((60, 28, 28, 1), 51, np.uint8)  # a fifth of white: seldom clipped

    assert corrupt(grey, "shot noise", seed=1).mean() == pytest.approx(51, rel=0.03)
    assert set(np.unique(corrupt(grey, "shot noise", seed=1))) == {0, 85, 170, 255}


def test_impulse_noise_hits_17_percent_half_of_them_white() -> None:
    grey = np.full((60, 28, 28, 1), 100, np.uint8)
    made = corrupt(grey, "impulse noise", seed=1)

    assert np.mean(made == 255) == pytest.approx(0.085, abs=0.006)
    assert np.mean(made == 0) == pytest.approx(0.085, abs=0.006)
    assert set(np.unique(made)) == {0, 100, 255}


def test_glass_blur_only_spreads_light_locally() -> None:
    dot = np.zeros((28, 28), np.uint8)
    dot[13:15, 13:15] = 255
    made = only("glass blur", dot)

    assert made.sum() == pytest.approx(dot.sum(), rel=0.1)
    assert not made[:5].any()
    assert not made[23:].any()


def test_motion_blur_smears_a_dot_over_a_line_to_the_left() -> None:
    dot = np.zeros((28, 28), np.uint8)
    dot[14, 14] = 255
    rows, columns = np.nonzero(only("motion blur", dot))

    assert columns.max() == 14
    assert columns.min() <= 9
    assert (np.abs(rows - 14) <= 14 - columns).all()  # up to 45 degrees


def test_scale_shrinks_to_70_percent_about_the_middle() -> None:
    square = np.zeros((28, 28), np.uint8)
    square[4:24, 4:24] = 255
    made = only("scale", square) > 127

    assert made.sum() == 14**2
    assert made[7:21, 7:21].all()


def test_rotate_turns_by_23_degrees() -> None:
    bar = np.zeros((28, 28), np.uint8)
    bar[4:24, 13:15] = 255
    rows, columns = np.nonzero(only("rotate", bar) > 100)
    slope = np.polyfit(rows - 13.5, columns - 13.5, 1)[0]

    assert abs(np.rad2deg(np.arctan(slope))) == pytest.approx(22.9, abs=1)


def test_shear_moves_rows_in_proportion_to_their_height() -> None:
    bar = np.zeros((28, 28), np.uint8)
    bar[4:24, 13:15] = 255
    rows, columns = np.nonzero(only("shear", bar) > 100)
    slope = np.polyfit(rows - 13.5, columns - 13.5, 1)[0]

    assert abs(slope) == pytest.approx(np.tan(0.4), abs=0.05)
    assert np.ptp(rows) + 1 == pytest.approx(20 / np.cos(0.4), abs=1)


def test_translate_moves_by_three_pixels_along_both_axes() -> None:
    image = DIGITS[0, ..., 0]
    moves = [np.roll(image, (down, right), (0, 1)) for down in (-3, 3) for right in (-3, 3)]

    assert any(np.array_equal(only("translate", image), move) for move in moves)


def test_brightness_adds_half_of_white() -> None:
    assert_array_equal(only("brightness", np.full((28, 28), 51, np.uint8)), np.full((28, 28), 178))
    assert only("brightness", np.full((28, 28), 200, np.uint8)).min() == 255


def test_stripe_inverts_the_outer_quarters() -> None:
    image = np.full((28, 28), 55, np.uint8)
    made = only("stripe", image)

    assert_array_equal(made[:, 7:21], image[:, 7:21])
    assert (np.delete(made, np.s_[7:21], axis=1) == 200).all()


def test_fog_is_never_brighter_than_the_digit_was_and_keeps_a_quarter_of_it() -> None:
    white = np.zeros((70, 28, 28, 1), np.uint8)  # more than share a map
    white[:, 14] = 255
    made = corrupt(white, "fog", seed=1).astype(int)

    assert made.max() <= 255
    on, beside = made[:, 14, :, 0], (made[:, 13, :, 0] + made[:, 15, :, 0]) / 2
    assert (on - beside).mean() == pytest.approx(255 / 4, abs=4)


def test_maps_of_fog_run_from_0_to_1_and_are_smooth() -> None:
    maps = digits._fog_maps(2, np.random.default_rng(1))

    assert maps.shape == (2, 256, 256)
    assert_allclose(maps.min(axis=(1, 2)), 0)
    assert_allclose(maps.max(axis=(1, 2)), 1)
    for axis in (1, 2):  # its ends meet
        assert np.abs(maps - np.roll(maps, 1, axis)).max() < 0.15


def test_spatter_hides_with_dark_grey() -> None:
    white = np.full((20, 28, 28, 1), 255, np.uint8)
    made = corrupt(white, "spatter", seed=1)

    assert made.min() == pytest.approx(63, abs=10)
    assert 0.2 < np.mean(made == 255) < 0.95


def test_a_dotted_line_is_drawn_on_every_other_pair_of_columns() -> None:
    lit = only("dotted line", np.zeros((28, 28), np.uint8)).max(axis=0) > 0

    assert_array_equal(lit, np.arange(28) // 2 % 2 == 1)


def test_a_zigzag_goes_up_and_down_from_column_2_to_25() -> None:
    made = corrupt(np.zeros((40, 28, 28, 1), np.uint8), "zigzag", seed=1)[..., 0].astype(float)
    inside = made[[image[:, 2:26].max(axis=0).min() > 120 for image in made]]

    assert not made[:, :, :2].any()
    assert not made[:, :, 26:].any()
    assert len(inside) > 20  # the others leave the image for a while
    heights = (made.argmax(axis=1))[:, 2:26]
    turns = np.diff(np.sign(np.diff(heights[0][::2])))
    assert np.count_nonzero(turns) >= 6


def test_canny_edges_outline_a_square_once() -> None:
    square = np.zeros((28, 28), np.uint8)
    square[8:20, 8:20] = 255
    made = only("canny edges", square)

    assert set(np.unique(made)) == {0, 255}
    assert not made[11:17, 11:17].any()
    assert (np.count_nonzero(made[14]), np.count_nonzero(made[:, 14])) == (2, 2)


def test_canny_edges_leave_faint_edges_alone_out() -> None:
    faint = np.zeros((28, 28), np.uint8)
    faint[8:20, 8:20] = 12

    assert not only("canny edges", faint).any()
