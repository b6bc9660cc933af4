"""Lines drawn again: the same line, but for the one thing that is changed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from study.data.corruptions import redrawn_lines as variants
from study.data.corruptions.redrawn_lines import (
    GROUPS,
    JPEGS,
    ORDER,
    TRAINED,
    VARIANTS,
    Line,
    lines_of,
    versions,
)
from study.data.renderers.varied_lines import PENS
from study.data.sets import lines

IMAGES, CLASSES = lines.generate(seed=1, images_per_class=1)
LABELS = lines.label_columns(CLASSES)
MADE = versions(IMAGES, LABELS, seed=1)

FLAT = Line(x=14.5, y=14.5, length=7, width=1, radians=0.0, color=(255, 0, 0))
BROAD = FLAT._replace(width=3)


def lit(image: np.ndarray, least: int = 1) -> tuple[int, int]:
    """Height and width in px of what is brighter."""
    rows, columns = np.nonzero(image.max(axis=-1) >= least)
    return int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1


def test_every_variant_is_there_once() -> None:
    assert set(ORDER) == {*VARIANTS, *JPEGS, "Pillow, hard edges, JPEG 90", *TRAINED}
    assert tuple(MADE) == ORDER
    assert len(set(ORDER)) == len(ORDER)


def test_renderers_in_training_and_held_out_are_told_apart() -> None:
    assert set(GROUPS) == {"held-out renderers", "varied renderers"}
    assert GROUPS["varied renderers"] == tuple(name for name in PENS if name != "anti-aliased")
    assert not set(GROUPS["held-out renderers"]) & set(PENS)
    for names in GROUPS.values():
        first = ORDER.index(names[0])
        assert ORDER[first : first + len(names)] == names  # one after another


@pytest.mark.parametrize("name", ORDER)
def test_shape_and_type_stay_and_the_line_can_still_be_seen(name: str) -> None:
    made = MADE[name]

    assert (made.shape, made.dtype) == (IMAGES.shape, np.uint8)
    assert all((image > 15).any() for image in made)
    assert not np.array_equal(made, IMAGES)
    assert_array_equal(made, versions(IMAGES, LABELS, seed=2)[name])  # nothing is drawn at random


IN_PLACE = [name for name in ORDER if name != "a quarter outside"]


@pytest.mark.parametrize("name", IN_PLACE)
def test_the_line_stays_where_it_was(name: str) -> None:
    places = np.arange(28) + 0.5
    light = MADE[name].max(axis=-1).astype(float)
    light[light < 60] = 0
    total = light.sum(axis=(1, 2))[:, np.newaxis]
    given = lines_of(IMAGES, LABELS)

    found = np.hstack(
        [light.sum(axis=1) @ places[:, np.newaxis], light.sum(axis=2) @ places[:, np.newaxis]]
    )
    away = found / np.maximum(total, 1) - [[line.x, line.y] for line in given]
    assert np.median(np.abs(away)) < 0.5


@given(
    st.floats(12, 16),
    st.floats(12, 16),
    st.integers(0, lines.CLASSES - 1),
)
def test_centres_are_found_within_a_tenth_of_a_pixel(x: float, y: float, index: int) -> None:
    length, width, angle, color = np.unravel_index(index, lines.RADIX)
    line = Line(
        x, y, lines.LENGTHS[length], lines.WIDTHS[width], np.deg2rad(lines.ANGLES[angle]),
        (255, 0, 0) if color == 0 else (0, 0, 255),
    )  # fmt: skip
    (found,) = lines_of(
        variants.by_coverage(line)[np.newaxis], lines.label_columns(np.array([index]))
    )

    assert found._replace(x=0, y=0) == line._replace(x=0, y=0)
    assert_allclose((found.x, found.y), (x, y), atol=0.1)


def test_drawn_again_at_the_centre_that_was_found_a_line_is_much_the_same() -> None:
    again = np.stack([variants.by_coverage(line) for line in lines_of(IMAGES, LABELS)])

    assert np.abs(again.astype(int) - IMAGES).max() <= 25
    assert np.abs(again.astype(int) - IMAGES).max(axis=(1, 2, 3)).mean() < 6


def test_hard_edges_have_no_shades() -> None:
    for name in ("Pillow, hard edges", "like OpenCV, hard edges"):
        assert set(np.unique(MADE[name])) == {0, 255}


def test_pillow_draws_as_long_and_as_wide_as_it_is_told() -> None:
    assert lit(variants.by_pillow(FLAT)) == (1, 7)
    assert lit(variants.by_pillow(BROAD)) == (3, 7)
    assert lit(variants.by_fine_pillow(BROAD), least=128) == (3, 7)


def test_a_thickness_of_3_makes_opencv_draw_5_wide_with_round_ends() -> None:
    # What OpenCV 4.10 draws: cv2.line(image, (8, 14), (14, 14), 255, 3).
    drawn_by_opencv = [
        "...#######...",
        "..#########..",
        ".###########.",
        "..#########..",
        "...#######...",
    ]
    line = FLAT._replace(x=11.5, width=3)

    picture = variants.by_opencv(line)[12:17, 5:18, 0] > 0
    assert ["".join(".#"[int(pixel)] for pixel in row) for row in picture] == drawn_by_opencv
    assert lit(variants.by_opencv(FLAT)) == (1, 7)


def test_opencvs_smooth_line_is_nearly_its_own() -> None:
    # What OpenCV 4.10 draws: cv2.line(image, (8, 14), (14, 17), 255, 1, cv2.LINE_AA).
    drawn_by_opencv = [
        [29, 6, 0, 0, 0, 0, 0],
        [156, 192, 65, 6, 0, 0, 0],
        [33, 184, 242, 194, 65, 6, 0],
        [0, 0, 58, 187, 242, 194, 35],
        [0, 0, 0, 0, 58, 187, 163],
        [0, 0, 0, 0, 0, 0, 31],
    ]
    radians = -np.arctan2(3, 6)
    line = Line(11.5, 16.0, np.hypot(6, 3) + 1, 1, radians, (255, 255, 255))

    assert_allclose(variants.by_smooth_opencv(line)[13:19, 8:15, 0], drawn_by_opencv, atol=25)


def test_coarser_colours_and_lower_quality_differ_more() -> None:
    losses = [np.abs(MADE[name].astype(int) - IMAGES).mean() for name in JPEGS]

    assert losses == sorted(losses)
    assert losses[0] > 0


def changed(name: str, line: Line) -> Line:
    change, _ = VARIANTS[name]
    return change(line)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("1 px longer", {"length": 8}),
        ("1 px shorter", {"length": 6}),
        ("half a px thicker", {"width": 1.5}),
        ("1 px thicker", {"width": 2}),
        ("darker", {"color": (140, 0, 0)}),
        ("crimson, royal blue", {"color": (220, 20, 60)}),
        ("pale red, pale blue", {"color": (255, 120, 120)}),
    ],
)
def test_one_thing_is_changed(name: str, expected: dict[str, object]) -> None:
    assert changed(name, FLAT) == FLAT._replace(**expected)


def test_blue_lines_become_other_blues() -> None:
    blue = FLAT._replace(color=(0, 0, 255))

    assert changed("crimson, royal blue", blue).color == (65, 105, 225)
    assert changed("pale red, pale blue", blue).color == (120, 120, 255)
    assert changed("darker", blue).color == (0, 0, 140)


def test_a_pixel_more_adds_a_pixel_of_light() -> None:
    light = [
        variants.by_coverage(line).sum() / 255 for line in (FLAT, changed("1 px longer", FLAT))
    ]

    assert_allclose(light, [7, 8], atol=0.1)


@pytest.mark.parametrize("degrees", [0, 30, 90, 150])
@pytest.mark.parametrize("place", [(8.0, 8.0), (20.0, 8.0), (8.0, 20.0), (20.0, 20.0)])
def test_a_quarter_of_the_line_is_moved_outside(degrees: int, place: tuple[float, float]) -> None:
    line = FLAT._replace(x=place[0], y=place[1], length=15, radians=float(np.deg2rad(degrees)))
    light = [
        variants.by_coverage(one).sum() / 255
        for one in (line._replace(x=14, y=14), changed("a quarter outside", line))
    ]

    assert light[1] / light[0] == pytest.approx(0.75, abs=0.03)
