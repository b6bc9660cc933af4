"""Line images, 96 classes, by a small convolutional network: an example of a space of your own."""

from typing import Any

import keras
import keras_tuner
from keras import layers

DATA = "lines"
HEADS = ("class",)
OBJECTIVE = "accuracy"
BASELINE = {"filters": 16, "stages": 2, "dropout": 0.0, "rate": 1e-3}


def build(hp: keras_tuner.HyperParameters, signature: Any, budget: Any) -> keras.Model:
    """A compiled network: raw pixels in 0..255 -> one probability per class.

    Args:
        hp: Where the hyperparameters are declared.
        signature: What the data set says of itself: `image_shape` is (height, width, channels),
            `heads["class"]` are the names of the classes.
        budget: What it is trained for: `steps` optimizer steps that the learning rate decays over,
            in `epochs` epochs.
    """
    filters = hp.Choice("filters", [8, 16, 32], default=16)
    stages = hp.Int("stages", 1, 3, default=2)
    dropout = hp.Float("dropout", 0.0, 0.5, step=0.25, default=0.0)
    rate = hp.Float("rate", 3e-4, 1e-2, sampling="log", default=1e-3)
    model = keras.Sequential([keras.Input(signature.image_shape), layers.Rescaling(1 / 255)])
    for stage in range(1, stages + 1):
        model.add(layers.Conv2D(filters * stage, 3, strides=2, activation="relu", padding="same"))
    model.add(layers.Flatten())
    model.add(layers.Dropout(dropout))
    model.add(
        layers.Dense(
            len(signature.heads["class"]), activation="softmax", name="class", dtype="float32"
        )
    )
    decay = keras.optimizers.schedules.CosineDecay(rate, budget.steps)
    model.compile(optimizer=keras.optimizers.Adam(decay), loss="categorical_crossentropy")
    return model
