"""Networks of which it is known where they look, and images for them."""

import keras
import numpy as np
from keras import layers


def looks_at_red_and_blue(*heads: keras.layers.Layer) -> keras.Model:
    """Channel 0 of its maps is the image's red, channel 1 its blue; heads on their means."""
    pixels = keras.Input((8, 8, 3))
    x = layers.Rescaling(1 / 255)(pixels)
    convolution = layers.Conv2D(2, 1, activation="relu", name="conv1")
    means = layers.GlobalAveragePooling2D(name="average")(convolution(x))
    model = keras.Model(pixels, [head(means) for head in heads])
    convolution.set_weights([np.array([[[[1, 0], [0, 0], [0, 1]]]]), np.zeros(2)])
    return model


def weighted(layer: keras.layers.Dense, weights: list[list[float]]) -> keras.layers.Dense:
    layer.build((None, 2))
    layer.set_weights([np.array(weights), np.zeros(len(weights[0]))])
    return layer


def two_classes() -> keras.Model:
    """Says class 0 for red and class 1 for blue, very surely."""
    head = layers.Dense(2, activation="softmax", name="class")
    return looks_at_red_and_blue(weighted(head, [[9000, -9000], [-9000, 9000]]))


def two_heads() -> keras.Model:
    """A sigmoid neuron, 1 for blue; and a softmax that only looks at red."""
    color = weighted(layers.Dense(1, activation="sigmoid", name="color"), [[-50], [50]])
    side = layers.Dense(3, activation="softmax", name="side")
    return looks_at_red_and_blue(color, weighted(side, [[0, 50, 0], [0, 0, 0]]))


def images() -> np.ndarray:
    """A red pixel at row 1, column 2; a blue one at row 6, column 5; both; nothing."""
    made = np.zeros((4, 8, 8, 3), np.uint8)
    made[0, 1, 2, 0] = made[2, 1, 2, 0] = 255
    made[1, 6, 5, 2] = 255
    made[2, 6, 5, 2] = 100
    return made
