"""Dead and near-duplicate filters, hand-made."""

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras import layers

from study.explanation.filters.filter_health import (
    ALIKE,
    Health,
    kernel_cosines,
    layer_record,
    layers_health,
    near_duplicates,
)
from study.networks.saved import as_functional

EDGE = np.array([[1, 1, 1], [0, 0, 0], [-1, -1, -1]], np.float32)
RANDOM = np.random.default_rng(1).integers(0, 256, (6, 9, 9, 1), np.uint8)


def health(
    kernels: list[np.ndarray], images: np.ndarray | None, bias: list[float] | None = None
) -> Health:
    convolution = layers.Conv2D(len(kernels), 3, activation="relu", name="conv1")
    model = keras.Sequential(
        [keras.Input((9, 9, 1)), layers.Rescaling(1 / 255), convolution, layers.Flatten()]
    )
    weights = np.stack(kernels, axis=-1)[:, :, np.newaxis, :]
    convolution.set_weights([weights, np.array(bias or [0] * len(kernels))])
    return layers_health(as_functional(model), [convolution], images)[0]


def test_a_filter_is_silent_if_no_image_wakes_it() -> None:
    found = health([EDGE, EDGE, 0 * EDGE], RANDOM, bias=[0, -100, 0])

    assert found.silent is not None
    assert found.silent.tolist() == [False, True, True]


def test_all_images_are_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("study.explanation.filters.filter_health.BATCH", 2)
    images = np.zeros((5, 9, 9, 1), np.uint8)
    images[0, 5:] = 255  # what wakes the second filter is in the first batch only,
    images[4, :4] = 255  # and what wakes the first one in the last

    found = health([EDGE, -EDGE, 0 * EDGE], images)

    assert found.silent is not None
    assert found.silent.tolist() == [False, False, True]


def test_answers_are_correlated_as_numpy_does_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("study.explanation.filters.filter_health.BATCH", 4)
    kernels = [*np.random.default_rng(2).normal(size=(3, 3, 3))]
    found = health(kernels, RANDOM)

    windows = np.lib.stride_tricks.sliding_window_view(RANDOM[..., 0] / 255, (3, 3), axis=(1, 2))
    outputs = np.maximum(0, np.einsum("nhwij,fij->fnhw", windows, kernels)).reshape(3, -1)
    assert found.answers is not None
    np.testing.assert_allclose(found.answers, np.corrcoef(outputs), atol=1e-4)


def test_a_stronger_copy_is_a_near_duplicate_and_the_opposite_is_not() -> None:
    for images in (RANDOM, None):
        found = health([EDGE, EDGE.T, 2 * EDGE, -EDGE], images)

        assert found.like is not None
        assert found.like.tolist() == [-1, -1, 0, -1]


def test_images_decide_what_is_alike_before_weights_do() -> None:
    """Two kernels that differ where all images are black say the same of them."""
    images = RANDOM.copy()
    images[..., 0] *= (np.arange(9) % 3 == 0).astype(np.uint8)  # every third column
    images[:, 3:] = 0
    left, right = np.zeros((2, 3, 3), np.float32)
    left[0, 0] = right[0, 0] = 1
    right[1, 1] = -0.3

    seen, unseen = health([left, right], images), health([left, right], None)

    assert unseen.like is not None
    assert seen.like is not None
    assert unseen.like.tolist() == [-1, 0]  # cosine 0.958
    cut = health([left, right - 10 * EDGE.T], images)
    assert cut.like is not None
    assert cut.like.tolist() == [-1, -1]


def test_kernels_are_compared_without_their_length() -> None:
    found = health([EDGE, 3 * EDGE, EDGE.T, -EDGE, 0 * EDGE], None).kernels

    assert found is not None
    np.testing.assert_allclose(found[0], [1, 1, 0, -1, 0], atol=1e-6)


def test_weights_of_other_convolutions_are_not_compared() -> None:
    model = keras.Sequential([keras.Input((9, 9, 2)), layers.DepthwiseConv2D(3, name="deep")])

    assert kernel_cosines(model.get_layer("deep")) is None
    assert layers_health(as_functional(model), [model.get_layer("deep")], None)[0].like is None


def test_a_near_duplicate_is_like_one_that_is_kept() -> None:
    """1 is like 0 and 2 like 1 but not 0: without 1, 2 still has to stay."""
    similar = np.array([[1, 0.96, 0.8], [0.96, 1, 0.96], [0.8, 0.96, 1]])

    assert near_duplicates(similar).tolist() == [-1, 0, -1]


def test_silent_filters_neither_are_nor_have_near_duplicates() -> None:
    similar = np.ones((4, 4))

    assert near_duplicates(similar, np.array([True, False, True, False])).tolist() == [
        -1, -1, -1, 1,
    ]  # fmt: skip


@given(st.integers(1, 12), st.integers(0, 10_000))
def test_what_is_kept_stands_in_for_all(count: int, seed: int) -> None:
    vectors = np.random.default_rng(seed).normal(size=(count, 2))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    similar = vectors @ vectors.T
    like = near_duplicates(similar)

    kept = np.flatnonzero(like < 0)
    assert all(similar[a, b] < ALIKE for a in kept for b in kept if a != b)
    assert all(
        similar[number, other] >= ALIKE and other < number and like[other] < 0
        for number, other in enumerate(like)
        if other >= 0
    )


def test_the_record_counts_dead_and_alike() -> None:
    found = layer_record(health([EDGE, 2 * EDGE, EDGE, -EDGE], RANDOM, bias=[0, 0, -100, 0]))

    assert (found.layer, found.filters) == ("conv1", 4)
    assert (found.dead, found.alike, found.alike_kernels) == (1, 1, 1)
    assert found.nearest[:2] == [1.0, 1.0]
    assert len(found.nearest) == 3
    assert found.nearest_kernels == [1.0, 1.0, -1.0]


def test_a_filter_alone_is_like_nothing() -> None:
    assert layer_record(health([EDGE], RANDOM)).nearest == []
