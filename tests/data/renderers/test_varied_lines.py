"""Lines drawn in all ways at random: what they keep, and that they differ."""

import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from study.data.line_drawing import ANGLES, CLASSES, LENGTHS, RADIX, WIDTHS, coverage, line_pixels
from study.data.renderers.pens import smooth
from study.data.renderers.strokes import reach
from study.data.renderers.varied_lines import PENS, draw_varied, placed

CLASS = st.integers(0, CLASSES - 1)
SEED = st.integers(1, 2**32)


@pytest.fixture(scope="module")
def drawn() -> list[np.ndarray]:
    """Twenty lines of each class."""
    return [draw_varied(index, 20, np.random.default_rng(index)) for index in range(CLASSES)]


@given(CLASS, SEED, st.sampled_from(sorted(PENS)))
def test_a_line_is_wholly_inside_and_keeps_its_label(index: int, seed: int, name: str) -> None:
    length, width, angle, _ = np.unravel_index(index, RADIX)
    pen = PENS[name]
    strokes = placed(index, 20, pen, np.random.default_rng(seed))
    corners = reach(strokes)

    assert (corners <= strokes.centres).all()
    assert (corners <= 28 - strokes.centres).all()
    whole = strokes.lengths + 2 * pen.beyond * strokes.widths - (2 * pen.beyond)
    assert (whole > 11).all() if LENGTHS[length] == 15 else (whole < 11).all()
    assert (strokes.widths < 2).all() if WIDTHS[width] == 1 else (strokes.widths > 2).all()
    degrees = np.rad2deg(np.arctan2(strokes.directions[:, 1], strokes.directions[:, 0]))
    assert degrees == pytest.approx(ANGLES[angle], abs=1e-9)


@given(CLASS, SEED, st.sampled_from(sorted(PENS)))
def test_nothing_of_a_line_is_cut_off(index: int, seed: int, name: str) -> None:
    """Drawn in the middle it has as much light, but for a pixel more or less of a hard edge."""
    strokes = placed(index, 20, PENS[name], np.random.default_rng(seed))
    middle = strokes._replace(centres=strokes.centres % 1 + 14)
    light, all_of_it = (PENS[name].draw(one).sum(axis=(1, 2)) for one in (strokes, middle))

    assert light == pytest.approx(all_of_it, rel=0.02, abs=0.1)


def test_every_pen_draws_as_many_lines_and_none_is_missing() -> None:
    assert len(PENS) == 10
    assert len({pen.draw for pen in PENS.values()}) == 10


def test_reds_are_red_and_blues_are_blue(drawn: list[np.ndarray]) -> None:
    for index, images in enumerate(drawn):
        *_, color = np.unravel_index(index, RADIX)
        totals = images.astype(int).sum(axis=(1, 2))
        own, other = totals[:, (0, 2)[color]], totals[:, (2, 0)[color]]
        assert (own > 1.25 * other).all()


def test_the_ground_is_black_and_the_line_stands_out(drawn: list[np.ndarray]) -> None:
    for images in drawn:
        assert np.median(images, axis=(1, 2)).max() <= 4
        assert images.max(axis=(1, 2, 3)).min() > 30


def test_where_the_line_is_can_still_be_told(drawn: list[np.ndarray]) -> None:
    """Intersection over union with the pixels of the same lines drawn plainly, where they are."""
    overlaps = []
    for index, images in enumerate(drawn):
        length, width, angle, _ = np.unravel_index(index, RADIX)
        found = line_pixels(images)
        y, x = np.mgrid[:28, :28] + 0.5
        light = found / found.sum(axis=(1, 2), keepdims=True)
        centres = np.stack([(light * x).sum(axis=(1, 2)), (light * y).sum(axis=(1, 2))], axis=1)
        half = np.array([LENGTHS[length], WIDTHS[width]]) / 2 + 0.5
        plain = coverage(centres, half, np.deg2rad(ANGLES[angle])) >= 0.5
        overlaps.append((found & plain).sum(axis=(1, 2)) / (found | plain).sum(axis=(1, 2)))

    assert np.mean(overlaps) > 0.6
    assert np.quantile(overlaps, 0.02) > 0.25


def test_lines_differ_in_all_that_may_vary(drawn: list[np.ndarray]) -> None:
    images = np.concatenate(drawn)
    brightest = images.max(axis=(1, 2, 3))
    pale = np.sort(images.max(axis=(1, 2)), axis=1)[:, 0] / brightest

    assert (brightest == 255).mean() > 0.15
    assert (brightest < 200).mean() > 0.2
    assert (pale == 0).mean() > 0.15
    assert (pale > 0.2).mean() > 0.2
    levels = np.array([len(np.unique(image)) for image in images])
    assert (levels == 2).mean() > 0.02  # hard edges in a pure colour
    assert (levels > 20).mean() > 0.2


@given(CLASS, SEED)
def test_the_same_generator_draws_the_same(index: int, seed: int) -> None:
    first, again = (draw_varied(index, 3, np.random.default_rng(seed)) for _ in range(2))
    assert np.array_equal(first, again)


def test_the_images_of_a_seed_are_the_same_on_every_machine(drawn: list[np.ndarray]) -> None:
    found = hashlib.sha256(np.concatenate(drawn).tobytes()).hexdigest()
    assert found == "942c31656524279a35309fdaaadaaed33c24e1ffbf91990b5503b1b265f0b83e"


def test_smooth_lines_are_among_them() -> None:
    assert PENS["anti-aliased"].draw is smooth
