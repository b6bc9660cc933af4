"""Stratified splits."""

import logging

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from study.data.dataset import Part
from study.data.split import apportion, seed_sequence, split, split_validation
from study.errors import WrongSetting

counts_of_classes = st.lists(st.integers(2, 60), min_size=1, max_size=12).map(np.array)


def classes_of(counts: np.ndarray) -> np.ndarray:
    return np.repeat(np.arange(len(counts)), counts)


@pytest.mark.parametrize("seed", [0, -1])
def test_seed_below_one_is_refused(seed: int) -> None:
    with pytest.raises(WrongSetting, match=f"seed: expected an integer of 1 or more, got {seed}"):
        seed_sequence(seed)


@given(counts_of_classes, st.floats(0, 1))
def test_apportioned_images_are_in_proportion(counts: np.ndarray, share: float) -> None:
    total = round(share * counts.sum())
    taken = apportion(counts, total)
    assert taken.sum() == total
    assert (taken <= counts).all()
    assert (np.abs(taken - counts * total / counts.sum()) < 1).all()


@given(counts_of_classes, st.floats(0, 1))
def test_every_class_has_an_image_on_both_sides(counts: np.ndarray, share: float) -> None:
    taken = apportion(counts, round(share * counts.sum()), least=1, spare=1)
    assert (taken >= 1).all()
    assert (taken <= counts - 1).all()


@given(st.integers(10, 60_000))
def test_any_number_of_mnist_images_can_be_drawn_exactly(total: int) -> None:
    counts = np.array([5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949])
    assert apportion(counts, total, least=1).sum() == total


@given(counts_of_classes, st.floats(0, 1), st.integers(1, 2**32))
def test_split_is_a_partition_with_the_apportioned_counts(
    counts: np.ndarray, share: float, seed: int
) -> None:
    classes, total = classes_of(counts), round(share * counts.sum())
    left, taken = split(classes, total, np.random.default_rng(seed))
    assert sorted([*left, *taken]) == list(range(len(classes)))
    found = np.bincount(classes[taken], minlength=len(counts))
    assert found.tolist() == apportion(counts, total).tolist()


def test_split_mixes_the_classes() -> None:
    classes = classes_of(np.full(4, 50))
    left, taken = split(classes, 100, np.random.default_rng(1))
    assert (np.diff(classes[left]) != 0).sum() > 10
    assert (np.diff(classes[taken]) != 0).sum() > 10


def test_split_takes_other_images_with_another_generator() -> None:
    classes = classes_of(np.full(4, 50))
    draws = [split(classes, 100, np.random.default_rng(seed))[1] for seed in (1, 1, 2)]
    assert np.array_equal(draws[0], draws[1])
    assert set(draws[0]) != set(draws[2])


@given(counts_of_classes, st.floats(0.01, 0.5))
def test_validation_leaves_every_class_something_to_train_on(
    counts: np.ndarray, share: float
) -> None:
    classes = classes_of(counts)
    train, validation = split_validation(classes, share, np.random.default_rng(1))
    assert len(validation) >= 1
    assert set(classes[train]) == set(classes)
    assert sorted([*train, *validation]) == list(range(len(classes)))


def test_validation_takes_one_image_where_no_class_has_two(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING):
        train, validation = split_validation(np.arange(5), 0.15, np.random.default_rng(1))
    assert sorted([*train, *validation]) == list(range(5))
    assert len(validation) == 1
    assert "too few images" in caplog.text


def test_some_of_a_part_keeps_images_and_labels_together() -> None:
    images = np.arange(5, dtype=np.uint8).reshape(5, 1, 1, 1)
    whole = Part(images, {"class": np.arange(5), "parity": np.arange(5) % 2})
    picked = whole.at(np.array([3, 0]))
    assert picked.images.ravel().tolist() == [3, 0]
    assert picked.labels["class"].tolist() == [3, 0]
    assert picked.labels["parity"].tolist() == [1, 0]
    assert len(whole.at(slice(2))) == 2
