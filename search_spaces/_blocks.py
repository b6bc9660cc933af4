"""Layer functions and hyperparameters that the search spaces share.

Every function declares the hyperparameters it needs on `hp` and returns layers or plain
values. Keras Tuner registers what is declared inside a `conditional_scope` even while the
condition does not hold (and hands back None), so one call of `build` declares the whole space.

Outputs are float32 whatever the rest computes in: probabilities need the digits.

Convolutions are followed by ReLU, then batch normalisation, then downsampling: the order the
assignment prescribes for the baseline.
"""

from typing import Any

import keras
import keras_tuner
from keras import layers

Value = bool | int | float | str
"""A hyperparameter's value."""

MAX_FILTERS = 128
"""Filters stop growing here: beyond, a trial costs minutes on a laptop and gains nothing."""

BATCH_NORM_MOMENTUM = 0.9
"""Keras's 0.99 averages over some 500 steps: after a short training the running statistics still
lag behind the weights, and validation scores are noise. 0.9 averages over some 50. `study.training`
does not depend on it, whoever trains these networks with Keras's own `fit` does."""

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


def fixed(values: dict[str, Value]) -> keras_tuner.HyperParameters:
    """Hyperparameters that take these values; those not named take their defaults."""
    hp = keras_tuner.HyperParameters()
    hp.values.update(values)
    return hp


def feature_layers(hp: keras_tuner.HyperParameters) -> list[keras.Layer]:
    """The feature network, in order: scaling, convolution stages, then one vector an image.

    Raw pixels (n, height, width, channels) in 0..255 -> (n, features)

    Declares `kernel_first` (3, 5, 7), `filters` (of the first stage: 16 to 48), `depth` (stages,
    1 to 4), `kernel` and `growth` (of later stages, if there are any), `downsampling` (max or
    average pooling, or a stride of the convolution), `batch_norm`, `summary` (flatten, or global
    average pooling if there are three stages or more), `dense_units` (64 to 1024, of one or two
    stages), `dense_units_deep` (64 to 512, of three or four, if flattened), `dropout`, `l2`.
    """
    first = hp.Choice("kernel_first", [3, 5, 7], default=7)
    filters = hp.Choice("filters", [16, 24, 32, 48], default=32)
    depth = hp.Int("depth", 1, 4, default=1)
    with hp.conditional_scope("depth", [2, 3, 4]):
        kernel = hp.Choice("kernel", [3, 5], default=3)
        growth = hp.Choice("growth", [1.0, 1.5, 2.0], default=2.0)
    downsampling = hp.Choice("downsampling", ["max", "average", "stride"], default="max")
    batch_norm = hp.Boolean("batch_norm", default=True)
    l2 = hp.Choice("l2", [0.0, 1e-6, 1e-5, 1e-4], default=0.0)

    stages = _stage("conv1", filters, first, downsampling, batch_norm, l2, padding="valid")
    for number in range(2, depth + 1):
        width = min(MAX_FILTERS, round(filters * growth ** (number - 1)))
        stages += _stage(f"conv{number}", width, kernel, downsampling, batch_norm, l2)
    return [layers.Rescaling(1 / 255, name="scale"), *stages, *_vector(hp, l2)]


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


def _vector(hp: keras_tuner.HyperParameters, l2: float) -> list[keras.Layer]:
    """Feature maps -> one vector an image, by a dense layer or by global average pooling.

    Averages over maps of one or two stages, which see a few pixels each, tell classes apart no
    better than 20 to 50% on MNIST (measured): such networks are not tried.
    """
    with hp.conditional_scope("depth", [1, 2]):
        shallow = hp.Choice("dense_units", [64, 128, 256, 512, 1024], default=1024)
    with hp.conditional_scope("depth", [3, 4]):
        summary = hp.Choice("summary", ["flatten", "average"], default="flatten")
        with hp.conditional_scope("summary", ["flatten"]):
            # A name of its own: Keras Tuner drops a name if any of its conditions does not hold.
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


def classifier(
    shape: tuple[int, int, int], classes: int, hp: keras_tuner.HyperParameters, steps: int
) -> keras.Model:
    """A sequential CNN with one softmax output, compiled; its input is raw pixels."""
    model = keras.Sequential(
        [
            keras.Input(shape, name="pixels"),
            *feature_layers(hp),
            layers.Dense(classes, activation="softmax", name="class", dtype="float32"),
        ]
    )
    model.compile(
        optimizer=optimizer(hp, steps),
        loss="categorical_crossentropy",
        metrics=["accuracy"],
        jit_compile=False,
    )
    return model
