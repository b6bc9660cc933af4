"""Multi-head: one feature network, four heads for a line's length, width, color and angle."""

from typing import Any

import keras
import keras_tuner
from keras import layers

from search_spaces import _blocks

Tensor = Any
"""A symbolic Keras tensor."""

DATA = "lines"
HEADS = ("length", "width", "color", "angle")
OBJECTIVE = "joint"
BASELINE = {
    **_blocks.BASELINE_FEATURES,
    "head_depth": 0,
    "weight_length": 1.0,
    "weight_width": 1.0,
    "weight_color": 1.0,
    "weight_angle": 1.0,
}
"""The plainest sensible version: the prescribed feature network, and heads of one layer each."""

ANGLES = 12


def build(hp: keras_tuner.HyperParameters, steps: int = 1000) -> keras.Model:
    """A compiled network: raw pixels (n, 28, 28, 3) in 0..255 -> one output a head, in order.

    `length`, `width`, `color`: (n, 1) probability of class 1 (15 px, 3 px, blue), binary
    cross-entropy. `angle`: (n, 12) probabilities, categorical cross-entropy. Trained end to end
    on the weighted sum of the four losses. `steps` (1 or more) is the number of optimizer steps
    the learning rate decays over.
    """
    pixels = keras.Input((28, 28, 3), name="pixels")
    features = feature_network(pixels, hp)
    outputs = [
        yes_no_head(features, "length", hp),
        yes_no_head(features, "width", hp),
        yes_no_head(features, "color", hp),
        angle_head(features, hp),
    ]
    model = keras.Model(pixels, outputs)
    model.compile(
        optimizer=_blocks.optimizer(hp, steps),
        loss=["binary_crossentropy"] * 3 + ["categorical_crossentropy"],
        loss_weights=_loss_weights(hp),
        metrics=[["accuracy"]] * len(HEADS),
        jit_compile=False,
    )
    return model


def _loss_weights(hp: keras_tuner.HyperParameters) -> list[float]:
    """Declares `weight_HEAD` for each head: its share of the loss.

    Their mean is 1 whatever they are, or they would change the learning rate as well.
    """
    shares = [hp.Choice(f"weight_{head}", [0.5, 1.0, 2.0], default=1.0) for head in HEADS]
    return [share * len(shares) / sum(shares) for share in shares]


def baseline(steps: int = 1000) -> keras.Model:
    """The plainest network, compiled: the point `BASELINE` of the space."""
    return build(_blocks.fixed(BASELINE), steps)


def feature_network(pixels: Tensor, hp: keras_tuner.HyperParameters) -> Tensor:
    """(n, 28, 28, 3) raw pixels -> (n, features): what all heads read."""
    x = pixels
    for layer in _blocks.feature_layers(hp):
        x = layer(x)
    return x


def yes_no_head(features: Tensor, name: str, hp: keras_tuner.HyperParameters) -> Tensor:
    """(n, features) -> (n, 1): hidden layers, then one sigmoid neuron."""
    hidden = _hidden(features, name, hp)
    return layers.Dense(1, activation="sigmoid", name=name, dtype="float32")(hidden)


def angle_head(features: Tensor, hp: keras_tuner.HyperParameters) -> Tensor:
    """(n, features) -> (n, 12): hidden layers, then twelve softmax neurons."""
    hidden = _hidden(features, "angle", hp)
    return layers.Dense(ANGLES, activation="softmax", name="angle", dtype="float32")(hidden)


def _hidden(x: Tensor, name: str, hp: keras_tuner.HyperParameters) -> Tensor:
    """Declares `head_depth` (0 to 2 hidden layers) and `head_width` (their units, if any)."""
    depth = hp.Int("head_depth", 0, 2, default=0)
    with hp.conditional_scope("head_depth", [1, 2]):
        width = hp.Choice("head_width", [32, 64, 128], default=64)
    for number in range(1, depth + 1):
        x = layers.Dense(width, activation="relu", name=f"{name}_dense{number}")(x)
    return x
