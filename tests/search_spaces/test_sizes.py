"""The general space for images of any size, and for any number of classes and heads."""

from typing import Any

import keras
import keras_tuner
import numpy as np
import pytest

from search_spaces import _blocks, _cnn
from study.records.recipe import Budget
from study.records.study import Signature

SMALL = {"filters": 16, "dense_units": 64, "dense_units_deep": 64}
"""Builds in a tenth of the time."""


def signature(side: int, channels: int = 1, width: int | None = None, **heads: int) -> Signature:
    """Of square images unless a width is given; one head of three classes if none is."""
    classes = {head: [f"{n}" for n in range(size)] for head, size in heads.items()}
    return Signature(
        image_shape=(side, width or side, channels),
        heads=classes or {"class": ["a", "b", "c"]},
        images={"train": 100, "validation": 10, "test": 10},
    )


def network(known: Signature, **values: Any) -> keras.Model:
    point = _cnn.baseline(list(known.heads)) | values
    return _cnn.build(_blocks.fixed(point), known, Budget(10))


@pytest.mark.parametrize(
    ("sides", "expected"),
    [
        ((8, 8), (0, "same", 3)),
        ((12, 12), (0, "same", 3)),
        ((16, 16), (0, "same", 4)),
        ((19, 19), (0, "same", 4)),
        ((20, 20), (0, "valid", 3)),
        ((28, 28), (0, "valid", 4)),  # as it always was
        ((41, 41), (0, "valid", 4)),
        ((42, 42), (1, "valid", 3)),
        ((64, 64), (1, "valid", 4)),
        ((82, 82), (1, "valid", 4)),
        ((83, 83), (2, "valid", 3)),
        ((128, 128), (2, "valid", 4)),
        ((28, 128), (1, "same", 3)),
        ((8, 128), (0, "same", 3)),
    ],
)
def test_stem_padding_and_depth_follow_from_the_size(
    sides: tuple[int, int], expected: tuple[int, str, int]
) -> None:
    assert _blocks.frame(*sides) == expected


@pytest.mark.parametrize("side", [0, 7])
def test_images_that_leave_nothing_are_refused(side: int) -> None:
    with pytest.raises(ValueError, match="expected images of 8 pixels or more, got 30 x"):
        _blocks.frame(30, side)


@pytest.mark.parametrize("downsampling", ["max", "average", "stride"])
@pytest.mark.parametrize("side", [8, 9, 12, 16, 19, 20, 21, 41, 42, 128])
def test_the_deepest_network_has_a_cell_left(side: int, downsampling: str) -> None:
    """That of the largest kernels loses most of the border."""
    deepest = _blocks.frame(side, side).deepest
    largest = {"kernel_first": 7, "kernel": 5, "depth": deepest, "downsampling": downsampling}
    model = network(signature(side), **SMALL | largest, growth=1.0, summary="flatten")
    assert model.get_layer("flatten").output.shape[1] >= 16


@pytest.mark.parametrize("side", range(8, 129, 8))
def test_the_baseline_has_under_ten_million_parameters(side: int) -> None:
    assert network(signature(side, 3, **{"class": 300})).count_params() < 10_000_000


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("side", [8, 12, 16, 64])
def test_a_random_point_is_a_network(side: int, seed: int) -> None:
    known = signature(side, 3)
    space = keras_tuner.HyperParameters()
    _cnn.build(space, known, Budget(1))
    values = {
        one.name: one.random_sample(1000 * seed + number) for number, one in enumerate(space.space)
    }
    hp = _blocks.fixed(values | {"dense_units": 64, "filters": 16})
    model = _cnn.build(hp, known, Budget(10))
    images = np.zeros((2, side, side, 3), np.uint8)
    assert model(images).shape == (2, 3)


def test_the_stem_halves_the_image_before_everything_else() -> None:
    model = network(signature(128, 3), **SMALL, batch_norm=False)
    names = [layer.name for layer in model.layers]
    assert names[:5] == ["scale", "stem1", "stem2", "conv1", "conv1_pool"]
    assert [model.get_layer(one).output.shape[1] for one in names[1:5]] == [64, 32, 26, 13]
    assert model.get_layer("conv1").strides == (1, 1)


@pytest.mark.parametrize(
    ("side", "told"),
    [
        (28, "the prescribed network"),
        (16, "the prescribed network, with a padded convolution because the images are small"),
        (64, "the prescribed network after a convolution of stride 2, without which it would "
             "exceed 10 million parameters"),
        (128, "the prescribed network after 2 convolutions of stride 2, without which it would "
              "exceed 10 million parameters"),
    ],
)  # fmt: skip
def test_it_is_said_what_the_baseline_is(side: int, told: str) -> None:
    assert _cnn.describe_baseline(signature(side)) == told


def test_two_classes_are_a_sigmoid_and_more_a_softmax() -> None:
    for classes, units, loss in (
        (2, 1, keras.losses.BinaryCrossentropy),
        (3, 3, keras.losses.CategoricalCrossentropy),
    ):
        model = network(signature(8, **{"class": classes}), **SMALL)
        assert model.output_shape == (None, units)
        assert type(model.loss) is loss
        assert model.layers[-1].activation.__name__ == ("sigmoid" if units == 1 else "softmax")


def test_heads_of_two_and_of_many_classes_share_their_features() -> None:
    known = signature(8, 3, shape=300, hole=2)
    model = network(known, **SMALL)
    assert model.output_names == ["shape", "hole"]
    assert [one.shape[1] for one in model.outputs] == [300, 1]
    assert [type(one) for one in model.loss] == [
        keras.losses.CategoricalCrossentropy, keras.losses.BinaryCrossentropy
    ]  # fmt: skip
    assert set(_cnn.baseline(["shape", "hole"])) >= {"weight_shape", "weight_hole", "head_depth"}
