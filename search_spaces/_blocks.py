"""Layers and hyperparameters of the general search space, see `search_spaces._cnn`.

Every function declares the hyperparameters it needs on `hp` and returns layers or plain
values. Keras Tuner registers what is declared inside a `conditional_scope` even while the
condition does not hold (and returns None), so one call of `build` declares the whole space.

Convolutions are followed by ReLU, then batch normalisation, then downsampling: the order that the
assignment prescribes for the baseline.
"""

import math
from typing import Any, NamedTuple

import keras
import keras_tuner
from keras import layers

from study.records.base import Value

MAX_FILTERS = 128
"""Largest number of filters: with more, a trial takes minutes on a laptop and gains nothing."""

BATCH_NORM_MOMENTUM = 0.9
"""Momentum of batch normalisation. Keras's 0.99 averages over some 500 steps: after a short
training the running statistics still lag behind the weights, and validation scores are noise. 0.9
averages over some 50. `study.training.training` does not depend on it, but training these networks
with Keras's own `fit` does."""

BASELINE_FEATURES: dict[str, Value] = {
    "kernel_first": 7,
    "filters": 32,
    "depth": 1,
    "downsampling": "max",
    "batch_norm": True,
    "dense_units": 1024,
    "dropout": 0.0,
    "l2": 0.0,
    "optimizer": "adam",
    "learning_rate": 1e-3,
    "decay": "none",
}
"""The prescribed network: convolution 7x7, 32 filters, stride 1; ReLU; batch normalisation; max
pooling 2x2, stride 2; dense 1024; ReLU; Adam."""

SMALLEST = 8
"""Shorter side of the smallest images, in pixels: three halvings of less leave nothing."""

PADDED_BELOW = 20
"""Shorter side, in pixels, below which the first convolution is padded: its largest kernel would
cut off a third or more of smaller images."""

LARGEST_KERNEL = 7
"""Largest kernel of the first convolution."""

DEEPEST = 4
"""Largest number of convolution stages, without the stem."""

MOST_CELLS = 300
"""Largest number of cells that the prescribed network may flatten: with 32 filters and 1,024 dense
units this gives just under 10 million weights. Larger images go through a stem first."""

STEM_KERNEL = 3


class Frame(NamedTuple):
    """What follows from the size of the images before any hyperparameter is chosen."""

    stem: int
    """Number of convolutions of stride 2 that come before everything else, 0 or more."""
    padding: str
    """Padding of the first convolution of stride 1: "same" or "valid"."""
    deepest: int
    """Largest number of convolution stages: each halves the maps, and at least one cell is left."""


def frame(height: int, width: int) -> Frame:
    """What networks for images of this size, at least 8 pixels each way, have in common.

    There are as many stem convolutions as the prescribed network needs to keep within MOST_CELLS:
    none for square images of up to 41 pixels, one up to 82, two up to 164.

    Raises:
        ValueError: The images are smaller.
    """
    if min(height, width) < SMALLEST:
        raise ValueError(f"expected images of {SMALLEST} pixels or more, got {height} x {width}")
    stem, sides = 0, (height, width)
    while math.prod(left // 2 for left in _after_conv1(sides)) > MOST_CELLS:
        stem, sides = stem + 1, (-(-sides[0] // 2), -(-sides[1] // 2))
    deepest = int(math.log2(min(_after_conv1(sides))))
    return Frame(stem, _padding(sides), min(DEEPEST, deepest))


def _padding(sides: tuple[int, int]) -> str:
    return "same" if min(sides) < PADDED_BELOW else "valid"


def _after_conv1(sides: tuple[int, int]) -> tuple[int, int]:
    """Height and width of the first convolution's output with its largest kernel."""
    lost = 0 if _padding(sides) == "same" else LARGEST_KERNEL - 1
    return sides[0] - lost, sides[1] - lost


def fixed(values: dict[str, Value]) -> keras_tuner.HyperParameters:
    """Hyperparameters that take these values; those not named take their defaults."""
    hp = keras_tuner.HyperParameters()
    hp.values.update(values)
    return hp


def feature_layers(hp: keras_tuner.HyperParameters, height: int, width: int) -> list[keras.Layer]:
    """The feature network, in order: scaling, a stem, convolution stages, one vector per image.

    Raw pixels (n, height, width, channels) in 0..255 -> (n, features)

    Declares `kernel_first` (3, 5, 7), `filters` (of the first stage: 16 to 48), `depth` (stages,
    1 to 4, fewer for images of less than 22 pixels), `kernel` and `growth` (of later stages, if
    there are any), `downsampling` (max or average pooling, or a stride of the convolution),
    `batch_norm`, `summary` (flatten, or global average pooling if there are three stages or more),
    `dense_units` (64 to 1024, of one or two stages), `dense_units_deep` (64 to 512, of three or
    four, if flattened), `dropout`, `l2`.
    """
    stem, padding, deepest = frame(height, width)
    first = hp.Choice("kernel_first", [3, 5, 7], default=7)
    filters = hp.Choice("filters", [16, 24, 32, 48], default=32)
    depth = hp.Int("depth", 1, deepest, default=1)
    with hp.conditional_scope("depth", list(range(2, deepest + 1))):
        kernel = hp.Choice("kernel", [3, 5], default=3)
        growth = hp.Choice("growth", [1.0, 1.5, 2.0], default=2.0)
    downsampling = hp.Choice("downsampling", ["max", "average", "stride"], default="max")
    batch_norm = hp.Boolean("batch_norm", default=True)
    l2 = hp.Choice("l2", [0.0, 1e-6, 1e-5, 1e-4], default=0.0)

    stages = []
    for number in range(1, stem + 1):
        stages += _stage(f"stem{number}", filters, STEM_KERNEL, "stride", batch_norm, l2)
    stages += _stage("conv1", filters, first, downsampling, batch_norm, l2, padding)
    for number in range(2, depth + 1):
        maps = min(MAX_FILTERS, round(filters * growth ** (number - 1)))
        stages += _stage(f"conv{number}", maps, kernel, downsampling, batch_norm, l2)
    vector = _vector(hp, l2, deepest)
    return [layers.Rescaling(1 / 255, name="scale"), *stages, *vector]


def _stage(
    name: str,
    filters: int,
    kernel: int,
    downsampling: str,
    batch_norm: bool,
    l2: float,
    padding: str = "same",
) -> list[keras.Layer]:
    """Convolution, ReLU, batch normalisation; height and width halved."""
    stage: list[keras.Layer] = [
        layers.Conv2D(
            filters,
            kernel,
            strides=2 if downsampling == "stride" else 1,
            padding=padding,
            activation="relu",
            kernel_regularizer=_penalty(l2),
            name=name,
        )
    ]
    if batch_norm:
        stage.append(layers.BatchNormalization(momentum=BATCH_NORM_MOMENTUM, name=f"{name}_norm"))
    if downsampling == "max":
        stage.append(layers.MaxPooling2D(2, strides=2, name=f"{name}_pool"))
    elif downsampling == "average":
        stage.append(layers.AveragePooling2D(2, strides=2, name=f"{name}_pool"))
    return stage


def _vector(hp: keras_tuner.HyperParameters, l2: float, deepest: int) -> list[keras.Layer]:
    """Feature maps -> one vector per image, by a dense layer or by global average pooling.

    Averages over maps of one or two stages, whose cells see only a few pixels, reach no more than
    20 to 50% on MNIST (measured), so such networks are not tried.
    """
    with hp.conditional_scope("depth", [1, 2]):
        shallow = hp.Choice("dense_units", [64, 128, 256, 512, 1024], default=1024)
    with hp.conditional_scope("depth", list(range(3, deepest + 1))):
        summary = hp.Choice("summary", ["flatten", "average"], default="flatten")
        with hp.conditional_scope("summary", ["flatten"]):
            # This needs another name: Keras Tuner drops a name if any of its conditions does not
            # hold.
            deep = hp.Choice("dense_units_deep", [64, 128, 256, 512], default=256)
    dropout = hp.Float("dropout", 0.0, 0.5, step=0.1, default=0.0)

    if summary != "average":
        vector = [
            layers.Flatten(name="flatten"),
            layers.Dense(
                shallow or deep, activation="relu", kernel_regularizer=_penalty(l2), name="dense"
            ),
        ]
    else:
        vector = [layers.GlobalAveragePooling2D(name="global_average")]
    return [*vector, layers.Dropout(dropout, name="dropout")] if dropout else vector


def _penalty(l2: float) -> keras.regularizers.Regularizer | None:
    return keras.regularizers.L2(l2) if l2 else None


def optimizer(hp: keras_tuner.HyperParameters, steps: int) -> keras.optimizers.Optimizer:
    """The optimizer with its learning rate, decaying over `steps` optimizer steps (1 or more).

    Declares `optimizer` (adam, rmsprop, sgd with Nesterov momentum 0.9), `learning_rate` (adam and
    rmsprop) or `sgd_learning_rate` (sgd needs ten to a hundred times more), and `decay`: none,
    step (a tenth from half of the steps on, a hundredth from three quarters on), cosine (to 0).
    """
    name = hp.Choice("optimizer", ["adam", "rmsprop", "sgd"], default="adam")
    with hp.conditional_scope("optimizer", ["adam", "rmsprop"]):
        adaptive = hp.Float("learning_rate", 5e-4, 5e-3, sampling="log", default=1e-3)
    with hp.conditional_scope("optimizer", ["sgd"]):
        plain = hp.Float("sgd_learning_rate", 1e-2, 0.1, sampling="log", default=0.05)
    decay = hp.Choice("decay", ["none", "step", "cosine"], default="none")

    if name == "sgd":
        return keras.optimizers.SGD(_schedule(plain, decay, steps), momentum=0.9, nesterov=True)
    if name == "rmsprop":
        return keras.optimizers.RMSprop(_schedule(adaptive, decay, steps))
    return keras.optimizers.Adam(_schedule(adaptive, decay, steps))


def _schedule(rate: float, decay: str, steps: int) -> Any:
    if decay == "cosine":
        return keras.optimizers.schedules.CosineDecay(rate, steps)
    if decay == "step":
        return keras.optimizers.schedules.PiecewiseConstantDecay(
            [steps // 2, steps * 3 // 4], [rate, rate / 10, rate / 100]
        )
    return rate
