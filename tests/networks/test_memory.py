"""One rule says how many images go through a network at once."""

import keras
import pytest
from keras import layers

from search_spaces import _blocks, _cnn
from study.networks.memory import NUMBER_BYTES, rows_that_fit
from study.records.recipe import Budget
from study.records.study import Signature


def convolutional() -> keras.Model:
    """Puts out 64, 72 (= 2 maps of 6 x 6), 72, and 3 numbers per image."""
    return keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(2, 3),
            layers.Flatten(),
            layers.Dense(3, activation="softmax"),
        ]
    )


def test_the_largest_step_counts_with_what_it_takes() -> None:
    largest = (72 + 72) * NUMBER_BYTES
    assert rows_that_fit(convolutional(), 100, limit=10 * largest) == 10


def test_for_gradients_everything_counts() -> None:
    everything = (64 + 72 + 72 + 3) * NUMBER_BYTES
    assert rows_that_fit(convolutional(), 100, gradients=True, limit=7.9 * everything) == 7


def test_it_is_one_image_at_least_and_never_more_than_asked_for() -> None:
    assert rows_that_fit(convolutional(), 100, limit=1) == 1
    assert rows_that_fit(convolutional(), 100) == 100


def test_a_network_that_is_used_as_a_layer_counts() -> None:
    pixels = keras.Input((8, 8, 1))
    outer = keras.Model(pixels, convolutional()(pixels))
    assert rows_that_fit(outer, 100, limit=10 * (72 + 72) * NUMBER_BYTES) == 10


def known(side: int) -> Signature:
    return Signature(image_shape=(side, side, 3), heads={"class": ["a", "b", "c"]}, images={})


def widest(side: int) -> keras.Model:
    values = {"filters": 48, "kernel_first": 3, "growth": 2.0, "dense_units": 64}
    return _cnn.build(_blocks.fixed(values | {"depth": 1}), known(side), Budget(1))


def test_at_28_pixels_as_many_go_through_as_ever() -> None:
    """So that results are what they were: 512 at once, for gradients too."""
    assert rows_that_fit(widest(28), 512) == 512
    assert rows_that_fit(widest(28), 512, gradients=True) == 512


@pytest.mark.parametrize("gradients", [False, True])
def test_at_128_pixels_fewer_do(gradients: bool) -> None:
    assert 32 < rows_that_fit(widest(128), 512, gradients) < 512
