"""Line images, 96 classes, by a small convolutional network: an example of a space of your own."""

import keras
import keras_tuner
from keras import layers

DATA = "lines"
HEADS = ("class",)
OBJECTIVE = "accuracy"
BASELINE = {"filters": 16, "stages": 2, "dropout": 0.0, "rate": 1e-3}


def build(hp: keras_tuner.HyperParameters, steps: int = 1000) -> keras.Model:
    """A compiled network: raw pixels (n, 28, 28, 3) in 0..255 -> probabilities (n, 96).

    `steps` (1 or more) is the number of optimizer steps the learning rate decays over.
    """
    filters = hp.Choice("filters", [8, 16, 32], default=16)
    stages = hp.Int("stages", 1, 3, default=2)
    dropout = hp.Float("dropout", 0.0, 0.5, step=0.25, default=0.0)
    rate = hp.Float("rate", 3e-4, 1e-2, sampling="log", default=1e-3)
    model = keras.Sequential([keras.Input((28, 28, 3)), layers.Rescaling(1 / 255)])
    for stage in range(1, stages + 1):
        model.add(layers.Conv2D(filters * stage, 3, strides=2, activation="relu", padding="same"))
    model.add(layers.Flatten())
    model.add(layers.Dropout(dropout))
    model.add(layers.Dense(96, activation="softmax", name="class", dtype="float32"))
    decay = keras.optimizers.schedules.CosineDecay(rate, steps)
    model.compile(optimizer=keras.optimizers.Adam(decay), loss="categorical_crossentropy")
    return model
