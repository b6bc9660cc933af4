"""Tiny: six classes of noisy squares, a network that trains in a second."""

import keras
import keras_tuner
from keras import layers

from study.records.base import Value
from study.records.recipe import Budget
from study.records.study import Signature

DATA = "tiny"
HEADS = ("class",)
OBJECTIVE = "accuracy"
BASELINE: dict[str, Value] = {"filters": 4, "rate": 1e-2, "twice": False}


def build(
    hp: keras_tuner.HyperParameters,
    signature: Signature,
    budget: Budget,  # noqa: ARG001
) -> keras.Model:
    """One convolution, or two."""
    filters = hp.Choice("filters", [2, 4, 6, 8], default=4)
    rate = hp.Float("rate", 1e-3, 1e-1, sampling="log", default=1e-2)
    twice = hp.Boolean("twice", default=False)
    pixels = keras.Input(signature.image_shape)
    x = layers.Rescaling(1 / 255)(pixels)
    for number in range(1, 2 + bool(twice)):
        x = layers.Conv2D(filters, 3, activation="relu", padding="same", name=f"conv{number}")(x)
    x = layers.Flatten()(x)
    outputs = layers.Dense(6, activation="softmax", name="class", dtype="float32")(x)
    model = keras.Model(pixels, outputs)
    model.compile(keras.optimizers.SGD(rate), "categorical_crossentropy")
    return model
