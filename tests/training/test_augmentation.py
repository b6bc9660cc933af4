"""Random changes of training images, on images whose change is known."""

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from study.records.recipe import Augmentation
from study.training.epoch.augmentation import augmented

BLACK = np.zeros(1, np.uint8)


def dots(count: int = 200, side: int = 21, channels: int = 1) -> np.ndarray:
    """A bright square of 3 x 3 pixels in the middle of each image, brightest in its middle."""
    images = np.zeros((count, side, side, channels), np.uint8)
    middle = side // 2
    images[:, middle - 1 : middle + 2, middle - 1 : middle + 2] = 200
    images[:, middle, middle] = 240
    return images


def changed(images: np.ndarray, background: np.ndarray | None = BLACK, **how: Any) -> np.ndarray:
    return augmented(images, [3, 7], Augmentation(**how), background).numpy()


def centres(images: np.ndarray) -> np.ndarray:
    """(n, 2): x and y of each image's centre of mass, from the middle of the image."""
    mass = images.sum(axis=3)
    places = np.arange(images.shape[1]) - images.shape[1] // 2
    total = mass.sum(axis=(1, 2))
    return np.stack([mass.sum(axis=1) @ places, mass.sum(axis=2) @ places], axis=1) / total[:, None]


def test_shifts_are_as_far_as_they_may_be_in_every_direction() -> None:
    found = centres(changed(dots(), shift=0.2))
    assert np.abs(found).max() <= 0.2 * 21 + 1e-3
    assert found.min(axis=0) == pytest.approx([-4.2, -4.2], abs=0.3)
    assert found.max(axis=0) == pytest.approx([4.2, 4.2], abs=0.3)
    assert abs(np.corrcoef(found.T)[0, 1]) < 0.3


def test_rotations_are_about_the_middle_and_up_to_the_angle() -> None:
    images = np.zeros((200, 21, 21, 1), np.uint8)
    images[:, 9:12, 16:19] = 250  # seven pixels to the right of the middle
    found = centres(changed(images, rotation=30))
    assert_allclose(np.hypot(*found.T), 7, atol=0.15)
    angles = np.degrees(np.arctan2(found[:, 1], found[:, 0]))
    assert (angles.min(), angles.max()) == pytest.approx((-30, 30), abs=2)


def test_zooms_make_things_larger_and_smaller() -> None:
    images = np.zeros((200, 21, 21, 1), np.uint8)
    images[:, 5:16, 5:16] = 200
    sizes = np.sqrt(changed(images, zoom=0.3).sum(axis=(1, 2, 3)) / 200)
    assert (sizes.min(), sizes.max()) == pytest.approx((11 * 0.7, 11 * 1.3), rel=0.05)
    assert_allclose(centres(changed(images, zoom=0.3)), 0, atol=0.02)


def test_contrast_changes_around_the_mean() -> None:
    images = np.full((200, 8, 8, 1), 100, np.uint8)
    images[:, :4] = 140
    found = changed(images, contrast=0.5)
    assert_allclose(found.mean(axis=(1, 2, 3)), 120, rtol=1e-5)
    spread = found.max(axis=(1, 2, 3)) - found.min(axis=(1, 2, 3))
    assert (spread.min(), spread.max()) == pytest.approx((20, 60), abs=1)


def test_noise_is_as_strong_as_said_and_stays_within_the_range() -> None:
    grey = np.full((50, 16, 16, 1), 128, np.uint8)
    assert np.std(changed(grey, noise=0.05)) == pytest.approx(0.05 * 255, rel=0.05)
    black = changed(np.zeros((50, 16, 16, 1), np.uint8), noise=0.05)
    assert black.min() == 0


def test_a_rectangle_is_erased_anywhere_within_the_image() -> None:
    white = np.full((2000, 20, 10, 1), 255, np.uint8)
    gone = changed(white, erasing=0.3)[..., 0] == 0
    assert set(gone.any(axis=2).sum(axis=1)) == {6}  # 0.3 of 20 rows
    assert set(gone.any(axis=1).sum(axis=1)) == {3}  # 0.3 of 10 columns
    assert gone.any(axis=0).all()  # the corners, too


@pytest.mark.parametrize(
    ("flip", "axes"), [("horizontal_flip", 2), ("vertical_flip", 1), ("half_turn", (1, 2))]
)
def test_a_flip_is_of_every_other_image_and_exact(flip: str, axes: int | tuple[int, int]) -> None:
    images = np.random.default_rng(1).integers(0, 256, (200, 9, 12, 3), np.uint8)
    found = changed(images, background=np.zeros(3, np.uint8), **{flip: True})
    flipped = np.flip(images, axes)
    done, left = (np.abs(found - wanted).max(axis=(1, 2, 3)) < 1e-3 for wanted in (flipped, images))
    assert np.logical_xor(done, left).all()
    assert 70 < sum(done) < 130


def test_what_comes_in_from_outside_is_the_ground_or_a_mirror_image() -> None:
    images = np.full((100, 12, 12, 3), [250, 240, 200], np.uint8)
    on_paper = changed(images, background=images[0, 0, 0], shift=0.4, rotation=40)
    assert_allclose(on_paper, images, atol=1e-2)
    assert_allclose(changed(images, background=None, shift=0.4, rotation=40), images, atol=1e-2)
    assert changed(images, background=np.zeros(3, np.uint8), shift=0.4).min() == 0


def test_each_image_is_changed_in_its_own_way_and_by_each_step_in_another() -> None:
    how = Augmentation(shift=0.2, noise=0.1)
    first, again, other_step, other_seed = (
        augmented(dots(), seed, how, BLACK).numpy() for seed in ([1, 2], [1, 2], [1, 3], [2, 2])
    )
    assert_array_equal(first, again)
    assert len(np.unique(first.reshape(200, -1), axis=0)) == 200
    assert not np.allclose(first, other_step)
    assert not np.allclose(first, other_seed)


def test_a_kind_of_change_is_the_same_whatever_else_is_done() -> None:
    def from_darkest(images: np.ndarray) -> np.ndarray:
        return centres(images - images.min(axis=(1, 2, 3), keepdims=True))

    alone = from_darkest(changed(dots(), shift=0.2))
    beside = from_darkest(changed(dots(), shift=0.2, contrast=0.5))
    assert_allclose(alone, beside, atol=0.2)
