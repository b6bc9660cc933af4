"""The general search space: one convolutional network for images of any size, with any heads.

It takes the shape of the images and the classes of the heads from the signature of the problem. A
problem with one head gets a sequential network; one with several gets one feature network that all
heads read, trained end to end on the weighted sum of their losses.

Outputs are float32 whatever the rest computes in, because probabilities need the digits.
"""

from collections.abc import Sequence
from typing import Any

import keras
import keras_tuner
from keras import layers

from search_spaces import _blocks, _optimizer, _recipe
from study.records.base import Value
from study.records.recipe import Budget, Recipe
from study.records.study import Signature

Tensor = Any
"""A symbolic Keras tensor."""

CORE = (
    "kernel_first",
    "filters",
    "depth",
    "kernel",
    "growth",
    "convolutions",
    "downsampling",
    "summary",
    "dense_units",
    "dense_units_deep",
    "optimizer",
    "learning_rate",
    "sgd_learning_rate",
    "schedule",
)
"""What a search of few short trials explores."""


def baseline(heads: Sequence[str]) -> dict[str, Value]:
    """The prescribed network as a point of the space, with one layer per head and equal weights."""
    network = _blocks.BASELINE_FEATURES | _optimizer.BASELINE | _recipe.BASELINE
    if len(heads) == 1:
        return network
    weights = {f"weight_{head}": 1.0 for head in heads}
    return {**network, "head_depth": 0, **weights}


def describe_baseline(signature: Signature) -> str:
    """What the baseline is for images of this size, in words."""
    stem, padding, _ = _blocks.frame(*signature.image_shape[:2])
    told = "the prescribed network"
    if padding == "same":
        told += ", with a padded convolution because the images are small"
    if stem:
        several = "a convolution" if stem == 1 else f"{stem} convolutions"
        told += f" after {several} of stride 2, without which it would exceed 10 million parameters"
    return told


def build(hp: keras_tuner.HyperParameters, signature: Signature, budget: Budget) -> keras.Model:
    """A compiled network: raw pixels (n, height, width, channels) in 0..255 -> one output per head.

    A head of two classes is a sigmoid neuron, (n, 1) probabilities of the second class, with binary
    cross-entropy; a head of more classes is a softmax, (n, classes), with categorical
    cross-entropy.

    Args:
        hp: The chosen hyperparameters, on which the whole space is declared.
        signature: The problem's images, at least 8 pixels each way, and classes.
        budget: Optimizer steps that the schedule of the learning rate spans, and epochs.

    Raises:
        ValueError: The images are smaller, or these hyperparameters do not give a network for them.
    """
    pixels = keras.Input(signature.image_shape, name="pixels")
    strength = _recipe.strength(budget.epochs)
    features = _blocks.features(hp, *signature.image_shape[:2], strength)
    sizes = {head: len(names) for head, names in signature.heads.items()}
    smoothing = _recipe.label_smoothing(hp, budget.epochs)
    losses = [_loss(classes, smoothing) for classes in sizes.values()]
    optimizer = _optimizer.optimizer(hp, budget.steps, _recipe.batch_size(hp))
    recipe(hp, signature, budget.epochs)  # declared here, too: Keras Tuner knows `build` alone
    if len(sizes) == 1:
        outputs = [_output(head, classes) for head, classes in sizes.items()]
        model = _chain(pixels, [*features, *outputs])
        model.compile(optimizer, loss=losses[0], metrics=["accuracy"], jit_compile=False)
        return model
    model = _with_heads(hp, pixels, features, sizes)
    model.compile(
        optimizer,
        loss=losses,
        loss_weights=_loss_weights(hp, list(sizes)),
        metrics=[["accuracy"]] * len(sizes),
        jit_compile=False,
    )
    return model


def recipe(hp: keras_tuner.HyperParameters, signature: Signature, epochs: int) -> Recipe:
    """How the network is trained beside that, if it is for so many epochs."""
    return _recipe.recipe(hp, signature.changes, epochs)


def _chain(pixels: Tensor, blocks: Sequence[_blocks.Block]) -> keras.Model:
    """A sequential network, where it is one."""
    if all(isinstance(block, keras.Layer) for block in blocks):
        return keras.Sequential([pixels, *blocks])
    return keras.Model(pixels, _blocks.applied(blocks, pixels))


def _with_heads(
    hp: keras_tuner.HyperParameters,
    pixels: Tensor,
    features: Sequence[_blocks.Block],
    sizes: dict[str, int],
) -> keras.Model:
    """One feature network that all heads read.

    Args:
        sizes: Head -> number of its classes, in order.
    """
    vector = _blocks.applied(features, pixels)
    outputs = []
    for head, classes in sizes.items():
        hidden = _hidden(vector, head, hp)
        outputs.append(_output(head, classes)(hidden))
    return keras.Model(pixels, outputs)


def _hidden(vector: Tensor, head: str, hp: keras_tuner.HyperParameters) -> Tensor:
    """Declares `head_depth` (0 to 2 hidden layers) and `head_width` (their units, if any)."""
    depth = hp.Int("head_depth", 0, 2, default=0)
    with hp.conditional_scope("head_depth", [1, 2]):
        width = hp.Int("head_width", 32, 128, step=2, sampling="log", default=64)
    for number in range(1, depth + 1):
        vector = layers.Dense(width, activation="relu", name=f"{head}_dense{number}")(vector)
    return vector


def _output(head: str, classes: int) -> keras.Layer:
    """(n, features) -> (n, 1) sigmoid for two classes, else (n, classes) softmax."""
    if classes == 2:
        return layers.Dense(1, activation="sigmoid", name=head, dtype="float32")
    return layers.Dense(classes, activation="softmax", name=head, dtype="float32")


def _loss(classes: int, smoothing: float) -> keras.losses.Loss:
    if classes == 2:
        return keras.losses.BinaryCrossentropy(label_smoothing=smoothing)
    return keras.losses.CategoricalCrossentropy(label_smoothing=smoothing)


def _loss_weights(hp: keras_tuner.HyperParameters, heads: Sequence[str]) -> list[float]:
    """Declares `weight_HEAD` for each head: its share of the loss.

    They are scaled to a mean of 1, because otherwise they would also change the learning rate.
    """
    shares = [
        hp.Float(f"weight_{head}", 0.5, 2.0, step=2, sampling="log", default=1.0) for head in heads
    ]
    return [share * len(shares) / sum(shares) for share in shares]
