"""Layers are refused more weights than there may be, before they have them."""

import keras
import pytest
from keras import layers

from study.libraries.weight_limit import at_most_weights


def refusal(asked: int, layer: str) -> MemoryError:
    return MemoryError(f"{asked} with {layer}")


def dense() -> keras.Model:
    """(4 + 1) * 3 + (3 + 1) * 2 weights."""
    return keras.Sequential(
        [keras.Input((4,)), layers.Dense(3, name="one"), layers.Dense(2, name="two")]
    )


def test_as_many_as_allowed_are_made() -> None:
    before = layers.Layer.add_weight
    with at_most_weights(23, refusal):
        assert dense().count_params() == 23
    assert layers.Layer.add_weight is before


def test_one_too_many_is_refused_with_the_layer_that_asked() -> None:
    before = layers.Layer.add_weight
    with pytest.raises(MemoryError, match="23 with two"), at_most_weights(22, refusal):
        dense()
    assert layers.Layer.add_weight is before
