"""What is read as class probabilities, and what is refused in a sentence."""

from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers, ops

from study.errors import WrongUse
from study.networks.prediction import predict
from study.networks.saved import as_functional, load_model

SHAPE = (8, 8, 3)
IMAGES = np.random.default_rng(1).integers(0, 256, (5, *SHAPE), np.uint8)

Tail = Callable[[keras.KerasTensor], keras.KerasTensor]


def network(tail: Tail) -> keras.Model:
    """A network with random weights, the same every time, that ends in the tail."""
    keras.utils.set_random_seed(1)
    pixels = keras.Input(SHAPE)
    return keras.Model(pixels, tail(layers.Rescaling(1 / 255)(pixels)))


def dense(units: int, activation: str | None, *after: layers.Layer) -> Tail:
    def tail(x: keras.KerasTensor) -> keras.KerasTensor:
        x = layers.Dense(units, activation, kernel_initializer="zeros")(layers.Flatten()(x))
        for layer in after:
            x = layer(x)
        return x

    return tail


def nested(tail: Tail) -> Tail:
    """The same as a network inside the network."""
    return lambda x: network(tail)(x)


def averaged(x: keras.KerasTensor) -> keras.KerasTensor:
    flat = layers.Flatten()(x)
    return layers.Average()([layers.Dense(4, "softmax")(flat) for _ in range(3)])


PROBABILITIES: dict[str, Tail] = {
    "softmax": dense(4, "softmax"),
    "sigmoid": dense(1, "sigmoid"),
    "hard sigmoid": dense(1, "hard_sigmoid"),
    "softmax layer": dense(4, None, layers.Softmax()),
    "softmax as an operation": lambda x: ops.softmax(dense(4, None)(x)),
    "sigmoid as an operation": lambda x: ops.sigmoid(dense(1, None)(x)),
    "sigmoid, then handed on": dense(
        1, "sigmoid", layers.Activation("linear"), layers.Reshape((1,)), layers.Dropout(0.5)
    ),
    "average of softmaxes": averaged,
    "nested": nested(dense(1, "sigmoid")),
    "softmax over many classes": dense(5000, "softmax"),
}


@pytest.mark.parametrize("tail", PROBABILITIES.values(), ids=PROBABILITIES.keys())
def test_probabilities_are_read(tail: Tail) -> None:
    (p,) = predict(network(tail), IMAGES).values()
    np.testing.assert_allclose(p.sum(axis=1), 1, atol=1e-5)


OTHERS: dict[str, tuple[Tail, str]] = {
    "logits": (
        dense(4, None, layers.Lambda(lambda x: x + np.arange(4, dtype=np.float32))),
        r"numbers from 0 to 3, like logits or a regression, and not",
    ),
    "negative": (dense(4, "tanh", layers.Rescaling(1, offset=-0.25)), r"numbers from -0\.25 to"),
    "not finite": (
        dense(4, "softmax", layers.Rescaling(np.nan)),
        r"numbers that are not finite \(NaN",
    ),
    "infinite": (
        dense(4, "softmax", layers.Rescaling(np.inf)),
        r"numbers that are not finite \(NaN",
    ),
    "regression in [0, 1]": (dense(1, None), "one number per image by 'linear', like a regress"),
    "the same, handed on": (
        dense(1, None, layers.Activation("linear"), layers.Flatten()),
        "one number per image by 'linear'",
    ),
    "the same, nested": (nested(dense(1, None)), "one number per image by 'linear'"),
    "softmax of one": (dense(1, "softmax"), "one number per image by 'softmax'"),
    "sigmoid of each": (
        dense(4, "sigmoid"),
        r"a yes or no for each of 4 classes \(sigmoid\), several of which can be true",
    ),
    "sigmoids that add up to 1": (
        dense(2, "sigmoid"),  # 0.5 and 0.5
        "a yes or no for each of 2 classes",
    ),
    "sigmoid of each as an operation": (
        lambda x: ops.sigmoid(dense(4, None)(x)),
        "4 numbers between 0 and 1 that add up to 2 and not to 1",
    ),
    "map": (
        lambda x: layers.Conv2D(4, 1, activation="softmax")(x),
        r"an array of shape \(8, 8, 4\) per image, but a classifier outputs one number per class",
    ),
    "one-channel map": (lambda x: layers.Conv2D(1, 1)(x), r"an array of shape \(8, 8, 1\)"),
    "no axis of units": (
        lambda x: layers.Reshape(())(dense(1, "sigmoid")(x)),
        r"an array of shape \(\) per image",
    ),
}


@pytest.mark.parametrize(("tail", "told"), OTHERS.values(), ids=OTHERS.keys())
def test_other_outputs_are_refused_by_what_they_are(tail: Tail, told: str) -> None:
    with pytest.raises(WrongUse, match=f"head '.*' outputs {told}") as caught:
        predict(network(tail), IMAGES)
    assert "\n" not in str(caught.value)


def test_the_head_that_is_no_probability_is_named() -> None:
    pixels = keras.Input(SHAPE)
    flat = layers.Flatten()(pixels)
    heads = [layers.Dense(3, "softmax", name="kind")(flat), layers.Dense(1, name="age")(flat)]
    with pytest.raises(WrongUse, match="head 'age' outputs one number"):
        predict(keras.Model(pixels, heads), IMAGES)


def test_one_image_of_many_is_enough_to_refuse() -> None:
    """Where only one image is too bright for the network to stay finite."""
    model = network(lambda x: layers.Softmax()(dense(4, None, layers.Rescaling(1))(x)))
    model.layers[-3].kernel.assign(np.full(model.layers[-3].kernel.shape, 3e38))
    images = np.zeros((5, *SHAPE), np.uint8)
    assert [of.shape for of in predict(model, images).values()] == [(5, 4)]
    images[3] = 255
    with pytest.raises(WrongUse, match="not finite"):
        predict(model, images)


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16", "bfloat16", "float16"])
@pytest.mark.parametrize("units", [4, 1000])
def test_networks_of_lower_precision_are_read(tmp_path: Path, policy: str, units: int) -> None:
    keras.utils.set_random_seed(1)
    keras.config.set_dtype_policy(policy)
    try:
        model = keras.Sequential(
            [keras.Input(SHAPE), layers.Flatten(), layers.Dense(units, "softmax")]
        )
    finally:
        keras.config.set_dtype_policy("float32")
    model.save(tmp_path / "rough.keras")
    for network in (as_functional(model), load_model(tmp_path / "rough.keras")):
        (shares,) = predict(network, IMAGES // 64).values()
        sums = shares.sum(axis=1)
        np.testing.assert_allclose(sums, 1, atol=0.01)
