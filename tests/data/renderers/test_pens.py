"""Each pen draws lines of the length, width and angle they have, where they are."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from study.data.line_drawing import ANGLES, LENGTHS, WIDTHS, coverage
from study.data.renderers import pens
from study.data.renderers.strokes import Strokes, direction

EVERY = {
    name: getattr(pens, name)
    for name in (
        "smooth", "polygon", "hard", "touched", "stepped", "round_ends", "hard_round_ends",
        "nearest_bitmap", "bilinear_bitmap", "bicubic_bitmap",
    )
}  # fmt: skip
HARD = ("hard", "touched", "stepped", "hard_round_ends", "nearest_bitmap")
ROUND = ("round_ends", "hard_round_ends")
CENTRES = np.random.default_rng(0).uniform(13, 15, (60, 2))
CENTRES[::2] = np.rint(2 * CENTRES[::2]) / 2


def strokes(length: float, width: float, degrees: float) -> Strokes:
    """The same line at several places."""
    count = len(CENTRES)
    return Strokes(
        CENTRES,
        np.full(count, float(length)),
        np.full(count, float(width)),
        np.tile(direction(degrees), (count, 1)),
    )


def spread(light: np.ndarray) -> tuple[float, float, float, float, float]:
    """Centre x and y, length and width in px of the rectangle with as much spread, its degrees."""
    y, x = np.mgrid[:28, :28] + 0.5
    weights = light / light.sum()
    middle_x, middle_y = (weights * x).sum(), (weights * y).sum()
    right, up = x - middle_x, middle_y - y
    mixed = (weights * right * up).sum()
    matrix = np.array([[(weights * right**2).sum(), mixed], [mixed, (weights * up**2).sum()]])
    values, vectors = np.linalg.eigh(matrix)
    width, length = np.sqrt(12 * np.maximum(values, 0))
    degrees = np.rad2deg(np.arctan2(vectors[1, 1], vectors[0, 1]))
    return middle_x, middle_y, length, width, degrees


@pytest.mark.parametrize("degrees", ANGLES)
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("name", EVERY)
def test_a_line_is_as_long_and_wide_as_it_should_be_at_its_angle(
    name: str, length: int, width: int, degrees: int
) -> None:
    light = EVERY[name](strokes(length, width, degrees))
    found = np.array([spread(one) for one in light])
    away = np.abs(found[:, :2] - CENTRES)
    turned = (found[:, 4] - degrees + 90) % 180 - 90

    assert light.shape == (len(CENTRES), 28, 28)
    assert 0 <= light.min() <= light.max() <= 1
    assert away.max() < (0.75 if name in HARD else 0.15)
    if name == "touched":  # up to a pixel's diagonal more
        length, width = length + 1, width + 1
    # A disc at each end adds its diameter to a line that is a pixel shorter.
    expected = length - 1 + 0.85 * width if name in ROUND else length
    assert found[:, 2].mean() == pytest.approx(expected, abs=1 if name in HARD else 0.3)
    assert np.abs(found[:, 2] - expected).max() < 2.4  # far from what is between 7 and 15
    if name != "stepped":  # which is thinner, and leans, where it is stacked at an angle
        assert found[:, 3].mean() == pytest.approx(width, abs=0.3 if width == 3 else 1)
        assert abs(turned.mean()) < (2.5 if name in HARD else 0.5)
    assert np.abs(found[:, 3] - width).max() < 1.3
    assert np.abs(turned).mean() < 7.5


@pytest.mark.parametrize("name", EVERY)
def test_hard_edges_have_no_half_tones_and_others_do(name: str) -> None:
    light = EVERY[name](strokes(15, 3, 30))

    assert (set(np.unique(light)) == {0, 1}) == (name in HARD)


@pytest.mark.parametrize("name", EVERY)
def test_nothing_is_lit_far_from_the_line(name: str) -> None:
    dark = EVERY[name](strokes(7, 3, 0))

    assert not dark[:, :10].any()
    assert not dark[:, 19:].any()
    assert not dark[:, :, :6].any()
    assert not dark[:, :, 22:].any()


def test_smooth_lines_are_the_studys_own() -> None:
    given = strokes(15, 3, 75)
    own = coverage(given.centres, np.array([15, 3]) / 2 + 0.5, np.deg2rad(75))

    assert_allclose(pens.smooth(given), own, atol=1e-9)


def test_a_polygon_covers_its_area() -> None:
    assert_allclose(pens.polygon(strokes(7, 3, 37)).sum(axis=(1, 2)), 21, rtol=0.05)


def test_what_a_line_touches_is_lit_in_all() -> None:
    line = strokes(7, 1, 0)._replace(centres=np.full((len(CENTRES), 2), (14.3, 15.0)))

    assert pens.touched(line)[0].sum(axis=1)[12:18].tolist() == [0, 0, 8, 8, 0, 0]
    exact = strokes(15, 3, 30)
    assert (pens.touched(exact) >= pens.polygon(exact) - 1e-9).all()


def test_three_pixels_are_three_rows_wherever_they_are() -> None:
    for place in np.linspace(14, 15, 21):
        line = strokes(7, 3, 0)._replace(centres=np.full((len(CENTRES), 2), place))
        assert (pens.hard(line).any(axis=2).sum(axis=1) == 3).all()


@pytest.mark.parametrize("degrees", ANGLES)
def test_stacked_pixels_are_one_in_each_column_or_row(degrees: int) -> None:
    lit = pens.stepped(strokes(15, 1, degrees))
    in_columns, in_rows = lit.sum(axis=1), lit.sum(axis=2)
    flat = in_columns.max(axis=1) == 1

    assert (flat | (in_rows.max(axis=1) == 1)).all()
    cos, sin = np.abs(direction(degrees))
    if cos != sin:
        assert (flat == (cos > sin)).all() or min(cos, sin) == 0
    assert np.abs(lit.sum(axis=(1, 2)) - (14 * max(cos, sin) + 1)).max() <= 1.5


def test_a_thick_line_with_round_ends_is_longer_than_it_was_meant_to_be() -> None:
    line = strokes(7, 4, 0)._replace(centres=np.full((len(CENTRES), 2), 14.5))

    assert pens.hard_round_ends(line)[0].sum(axis=1)[11:18].tolist() == [0, 7, 9, 11, 9, 7, 0]


def test_a_bitmap_is_of_whole_pixels() -> None:
    assert_array_equal(pens.bilinear_bitmap(strokes(7.4, 2.6, 30)), pens.smooth(strokes(7, 3, 30)))


def test_bicubic_interpolation_of_a_bitmap_that_is_not_turned_is_the_bitmap() -> None:
    line = strokes(7, 3, 0)._replace(centres=np.full((len(CENTRES), 2), 14.5))

    assert_allclose(pens.bicubic_bitmap(line), pens.hard(line), atol=1e-12)


def test_bicubic_interpolation_is_keyss() -> None:
    line = strokes(7, 1, 0)._replace(centres=np.full((len(CENTRES), 2), (14.5, 15.0)))
    rows = pens.bicubic_bitmap(line)[0][:, 14]

    # Half a pixel and one and a half from the middle of a pixel: 9/16 and -1/16.
    assert_allclose(rows[12:18], [0, 0, 9 / 16, 9 / 16, 0, 0], atol=1e-12)
