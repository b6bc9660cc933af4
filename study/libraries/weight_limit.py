"""Keeps Keras from making more weights than there is room for."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import keras


@contextmanager
def at_most_weights(most: int, refusal: Callable[[int, str], Exception]) -> Iterator[None]:
    """Refuse layers as soon as all of them together ask for more weights than allowed.

    Args:
        most: Largest number of weights, trainable or not.
        refusal: (number of weights asked for, name of the layer that exceeds the limit) -> the
            exception to raise. Keras may wrap it.
    """
    asked = 0
    add_weight = keras.layers.Layer.add_weight

    def counted(layer: keras.layers.Layer, *given: Any, **options: Any) -> Any:
        nonlocal asked
        shape = given[0] if given else options.get("shape")
        asked += math.prod([shape] if isinstance(shape, int) else shape or ())
        if asked > most:
            raise refusal(asked, layer.name)
        return add_weight(layer, *given, **options)

    keras.layers.Layer.add_weight = counted
    try:
        yield
    finally:
        keras.layers.Layer.add_weight = add_weight
