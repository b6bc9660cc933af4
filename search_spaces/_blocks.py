"""Layers of the general search space and their hyperparameters, see `search_spaces._cnn`.

Every function declares the hyperparameters it needs on `hp` and returns layers or plain
values. Keras Tuner registers what is declared inside a `conditional_scope` even while the
condition does not hold (and returns None), so one call of `build` declares the whole space.

Convolutions are followed by their activation, then batch normalisation, then downsampling: the
order that the assignment prescribes for the baseline.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

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
    "convolutions": 1,
    "activation": "relu",
    "downsampling": "max",
    "batch_norm": True,
    "dense_units": 1024,
    "dropout_at": "nowhere",
}
"""The prescribed network: convolution 7x7, 32 filters, stride 1; ReLU; batch normalisation; max
pooling 2x2, stride 2; dense 1024; ReLU."""

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

INNER_KERNEL = 3
"""Of the second and third convolution of a stage (Simonyan and Zisserman 2015, section 2.3)."""

Block = Callable[[Any], Any]
"""A layer, or several: symbolic tensor -> symbolic tensor."""


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


def features(
    hp: keras_tuner.HyperParameters, height: int, width: int, strength: float
) -> list[Block]:
    """The feature network, in order: scaling, a stem, convolution stages, one vector per image.

    Raw pixels (n, height, width, channels) in 0..255 -> (n, features). All are layers, but for the
    residual connections of stages that have one.

    Args:
        hp: Declared are the hyperparameters of BASELINE_FEATURES, and
            `kernel`, `growth`: of two stages or more;
            `block`: of stages of two convolutions or more;
            `summary`: of three stages or more;
            `dense_units_deep`, `dense_units_average`: in place of `dense_units` of three stages or
            more that are flattened, or averaged;
            `dropout`: unless it is nowhere.
        height: Of the images in pixels, 8 or more.
        width: The same.
        strength: Of dropout, as a share of the rate chosen, in [0, 1].
    """
    stem, padding, deepest = frame(height, width)
    first = hp.Int("kernel_first", 3, LARGEST_KERNEL, step=2, default=7)
    filters = hp.Int("filters", 16, 48, step=8, default=32)
    depth = hp.Int("depth", 1, deepest, default=1)
    with hp.conditional_scope("depth", list(range(2, deepest + 1))):
        kernel = hp.Int("kernel", 3, 5, step=2, default=3)
        growth = hp.Float("growth", 1.0, 2.0, step=0.25, default=2.0)
    maker = _stage_maker(hp)
    drops = _dropout(hp, strength)

    blocks: list[Block] = [layers.Rescaling(1 / 255, name="scale")]
    for number in range(1, stem + 1):
        blocks += maker.stem(f"stem{number}", filters)
    for number in range(1, depth + 1):
        size, pad = (first, padding) if number == 1 else (kernel, "same")
        maps = filters if number == 1 else min(MAX_FILTERS, round(filters * growth ** (number - 1)))
        blocks += maker.stage(f"conv{number}", maps, size, pad)
        blocks += drops.stage(number)
    return [*blocks, *_vector(hp, maker.activation, deepest, drops)]


@dataclass(frozen=True)
class _Stages:
    """What all stages of a network have in common."""

    convolutions: int
    block: str
    activation: str
    downsampling: str
    batch_norm: bool

    def stem(self, name: str, filters: int) -> list[Block]:
        """A convolution that halves height and width by its stride."""
        return self._convolution(name, filters, STEM_KERNEL, "same", strides=2)

    def stage(self, name: str, filters: int, kernel: int, padding: str) -> list[Block]:
        """Convolutions, each with its activation and normalisation; height and width halved."""
        strides = 2 if self.downsampling == "stride" else 1
        first = self._convolution(name, filters, kernel, padding, strides=strides)
        inner: list[Block] = []
        for number in range(2, self.convolutions + 1):
            inner += self._convolution(
                f"{name}_{number}",
                filters,
                INNER_KERNEL,
                "same",
                separable=self.block == "separable",
            )
        if self.block == "residual" and inner:
            inner = [_residual(inner, f"{name}_add")]
        return [*first, *inner, *self._pool(name)]

    def _convolution(
        self,
        name: str,
        filters: int,
        kernel: int,
        padding: str,
        strides: int = 1,
        separable: bool = False,
    ) -> list[Block]:
        kind = layers.SeparableConv2D if separable else layers.Conv2D
        convolution = kind(
            filters,
            kernel,
            strides=strides,
            padding=padding,
            activation=self.activation,
            name=name,
        )
        if not self.batch_norm:
            return [convolution]
        norm = layers.BatchNormalization(momentum=BATCH_NORM_MOMENTUM, name=f"{name}_norm")
        return [convolution, norm]

    def _pool(self, name: str) -> list[Block]:
        if self.downsampling == "max":
            return [layers.MaxPooling2D(2, strides=2, name=f"{name}_pool")]
        if self.downsampling == "average":
            return [layers.AveragePooling2D(2, strides=2, name=f"{name}_pool")]
        return []


def _stage_maker(hp: keras_tuner.HyperParameters) -> _Stages:
    convolutions = hp.Int("convolutions", 1, 3, default=1)
    with hp.conditional_scope("convolutions", [2, 3]):
        block = hp.Choice("block", ["plain", "residual", "separable"], default="plain")
    activation = hp.Choice("activation", ["relu", "gelu", "silu"], default="relu")
    downsampling = hp.Choice("downsampling", ["max", "average", "stride"], default="max")
    batch_norm = hp.Boolean("batch_norm", default=True)
    return _Stages(convolutions, block, activation, downsampling, batch_norm)


def _residual(inner: Sequence[Block], name: str) -> Block:
    """x -> x + inner(x), of the same shape (He et al. 2016, section 3.2)."""

    def block(x: Any) -> Any:
        return layers.Add(name=name)([x, applied(inner, x)])

    return block


def applied(blocks: Sequence[Block], x: Any) -> Any:
    """One after the other."""
    for block in blocks:
        x = block(x)
    return x


@dataclass(frozen=True)
class _Dropout:
    """Where dropout is, and how much."""

    place: str
    rate: float

    def stage(self, number: int) -> list[Block]:
        """Of whole maps, after a stage (Tompson et al. 2015, section 3.2)."""
        if self.place != "stages" or not self.rate:
            return []
        return [layers.SpatialDropout2D(self.rate, name=f"conv{number}_dropout")]

    def at(self, place: str) -> list[Block]:
        """Of the vector's numbers, if it is there."""
        if self.place != place or not self.rate:
            return []
        return [layers.Dropout(self.rate, name="dropout")]


def _dropout(hp: keras_tuner.HyperParameters, strength: float) -> _Dropout:
    """What the dense layer reads ("features") or the output does, or the maps after each stage."""
    places = ["features", "output", "stages"]
    place = hp.Choice("dropout_at", ["nowhere", *places], default="nowhere")
    with hp.conditional_scope("dropout_at", places):
        rate = hp.Float("dropout", 0.05, 0.5, step=0.05, default=0.2)
    return _Dropout(place, strength * (rate or 0))


def _vector(
    hp: keras_tuner.HyperParameters, activation: str, deepest: int, drops: _Dropout
) -> list[Block]:
    """Feature maps -> one vector per image.

    Averages over maps of one or two stages, whose cells see only a few pixels, reach no more than
    20 to 50% on MNIST (measured), so such networks are not tried.
    """
    with hp.conditional_scope("depth", [1, 2]):
        shallow = hp.Int("dense_units", 64, 1024, step=2, sampling="log", default=1024)
    with hp.conditional_scope("depth", list(range(3, deepest + 1))):
        summary = hp.Choice("summary", ["flatten", "average"], default="average")
        # Names of their own: Keras Tuner drops a name if any of its conditions does not hold.
        with hp.conditional_scope("summary", ["flatten"]):
            flat = hp.Int("dense_units_deep", 64, 512, step=2, sampling="log", default=256)
        with hp.conditional_scope("summary", ["average"]):
            averaged = hp.Int("dense_units_average", 0, 256, step=64, default=0)

    average = summary == "average"
    units = averaged if average else shallow or flat
    to_vector = (
        layers.GlobalAveragePooling2D(name="global_average")
        if average
        else layers.Flatten(name="flatten")
    )
    dense = [layers.Dense(units, activation=activation, name="dense")] if units else []
    return [to_vector, *drops.at("features"), *dense, *drops.at("output")]
