"""Where lines are before they are drawn."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from study.data.line_drawing import ANGLES
from study.data.renderers.strokes import Strokes, direction, offsets, reach, with_whole_ends


def stroke(x: float, y: float, length: float, width: float, degrees: float) -> Strokes:
    return Strokes(
        np.array([[x, y]]), np.array([length]), np.array([width]), direction(degrees)[np.newaxis]
    )


def turn(one: Strokes, degrees: float) -> float:
    """Degrees by which the line is turned against that angle."""
    found = np.rad2deg(np.arctan2(one.directions[0, 1], one.directions[0, 0]))
    return float(abs((found - degrees + 90) % 180 - 90))


def test_directions_have_no_decimals_in_which_machines_differ() -> None:
    assert direction(90).tolist() == [0, 1]
    assert direction(60).tolist() == [0.5, 0.866025403784]


def test_offsets_are_along_the_line_and_across_it_with_y_up() -> None:
    along, across = offsets(stroke(10.5, 20.5, 7, 1, 90))

    assert along[0, 15, 10] == 5  # five rows further up
    assert across[0, 15, 10] == 0
    assert across[0, 20, 13] == -3  # to the right of a line that runs upwards
    moved, _ = offsets(stroke(10.5, 20.5, 7, 1, 0), shift=(0.25, 0))
    assert moved[0, 20, 10] == 0.25


def test_reach_is_that_of_the_rectangles_corners() -> None:
    assert_allclose(reach(stroke(14, 14, 7, 3, 0)), [[3.5, 1.5]])
    assert_allclose(reach(stroke(14, 14, 7, 3, 90)), [[1.5, 3.5]])
    assert_allclose(reach(stroke(14, 14, 7, 3, 135)), [[5 / np.sqrt(2)] * 2])


@given(
    st.floats(10, 18),
    st.floats(10, 18),
    st.sampled_from([6.5, 7, 7.5, 14.5, 15, 15.5]),
    st.sampled_from(ANGLES),
)
def test_whole_ends_are_whole_unless_the_line_would_seem_to_be_of_another_angle(
    x: float, y: float, length: float, degrees: int
) -> None:
    before = stroke(x, y, length, 1, degrees)
    whole = with_whole_ends(before)

    assert turn(whole, degrees) < 7.5
    assert abs(whole.lengths[0] - length) <= np.sqrt(2)
    assert np.abs(whole.centres - before.centres).max() <= 0.5
    half = (whole.lengths[0] - 1) / 2 * whole.directions[0] * (1, -1)
    ends = np.concatenate([whole.centres[0] - half, whole.centres[0] + half])
    as_before = np.array_equal(whole.directions, before.directions)
    assert as_before or np.abs(ends % 1 - 0.5).max() < 1e-9


def test_ends_that_are_whole_already_stay() -> None:
    one = stroke(10.5, 12.5, 7, 3, 0)
    for before, after in zip(one, with_whole_ends(one), strict=True):
        assert_array_equal(before, after)
