"""The search spaces: what is prescribed, what is conditional, and that every point is a network."""

import json
import zipfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import keras
import keras_tuner
import numpy as np
import pytest
from keras import layers
from numpy.testing import assert_allclose

from search_spaces import _blocks, line, mnist, multihead
from study.records.study import Signature
from tests.command import ROOT
from tests.factories import signature

SPACES = pytest.mark.parametrize(
    "space", [line, mnist, multihead], ids=["line", "mnist", "multihead"]
)
SHAPES = {line: (28, 28, 3), mnist: (28, 28, 1), multihead: (28, 28, 3)}
SMALL = {"filters": 16, "dense_units": 64}
"""Builds in a tenth of the time."""


def point(space: ModuleType, steps: int = 1000, **values: Any) -> keras.Model:
    """The network at the baseline but for these values."""
    return space.build(_blocks.fixed(space.BASELINE | values), known(space), steps)


@cache
def known(space: ModuleType) -> Signature:
    """What its networks take and tell apart."""
    return signature(space.__name__.rpartition(".")[2])


def declared(space: ModuleType, **values: Any) -> keras_tuner.HyperParameters:
    """The whole space, with these values (defaults otherwise)."""
    hp = _blocks.fixed(values)
    space.build(hp, known(space), 1)
    return hp


def active(hp: keras_tuner.HyperParameters) -> dict[str, Any]:
    """The hyperparameters that count."""
    return {entry.name: hp.values[entry.name] for entry in hp.space if hp.is_active(entry)}


@cache
def entries(space: ModuleType) -> list[Any]:
    """Keras Tuner's own description of each hyperparameter."""
    return declared(space, **SMALL).space


def images(space: ModuleType, count: int = 4) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (count, *SHAPES[space]), np.uint8)


def kinds(model: keras.Model) -> list[type]:
    return [type(layer) for layer in model.layers]


# The prescribed networks


@pytest.mark.parametrize(("space", "classes"), [(line, 96), (mnist, 10)], ids=["line", "mnist"])
def test_the_baseline_is_the_prescribed_network(space: ModuleType, classes: int) -> None:
    model = point(space)
    assert type(model) is keras.Sequential
    assert model.input_shape == (None, *SHAPES[space])
    scale, conv, norm, pool, flat, dense, output = model.layers
    assert isinstance(scale, layers.Rescaling)
    assert isinstance(conv, layers.Conv2D)
    assert (conv.kernel_size, conv.filters, conv.strides) == ((7, 7), 32, (1, 1))
    assert conv.activation is keras.activations.relu
    assert isinstance(norm, layers.BatchNormalization)
    assert isinstance(pool, layers.MaxPooling2D)
    assert (pool.pool_size, pool.strides) == ((2, 2), (2, 2))
    assert isinstance(flat, layers.Flatten)
    assert isinstance(dense, layers.Dense)
    assert (dense.units, dense.activation) == (1024, keras.activations.relu)
    assert isinstance(output, layers.Dense)
    assert (output.units, output.activation) == (classes, keras.activations.softmax)
    assert [layer for layer in (conv, dense, output) if layer.kernel_regularizer] == []
    assert type(model.optimizer) is keras.optimizers.Adam
    assert float(model.optimizer.learning_rate) == pytest.approx(1e-3)
    assert model.loss == "categorical_crossentropy"


def test_the_baseline_of_multihead_is_the_prescribed_features_with_heads_of_one_layer() -> None:
    model = point(multihead)
    assert not isinstance(model, keras.Sequential)
    features = point(line).layers[:-1]
    heads = ["length", "width", "color", "angle"]
    assert [layer.name for layer in model.layers] == [
        "pixels", *[layer.name for layer in features], *heads
    ]  # fmt: skip
    for theirs, ours in zip(features, model.layers[1:], strict=False):
        assert theirs.get_config() == ours.get_config()
    dense = model.get_layer("dense").output
    for head in heads:
        assert model.get_layer(head).input is dense


@pytest.mark.parametrize("depth", [0, 1, 2])
def test_heads_end_in_a_sigmoid_neuron_and_angle_in_twelve_softmax_neurons(depth: int) -> None:
    model = point(multihead, **SMALL, head_depth=depth, head_width=32)
    assert [tuple(output.shape) for output in model.outputs] == [
        (None, 1), (None, 1), (None, 1), (None, 12)
    ]  # fmt: skip
    assert model.output_names == ["length", "width", "color", "angle"]
    for name in ("length", "width", "color"):
        assert model.get_layer(name).activation is keras.activations.sigmoid
    assert model.get_layer("angle").activation is keras.activations.softmax
    assert model.loss == ["binary_crossentropy"] * 3 + ["categorical_crossentropy"]
    hidden = [layer for layer in model.layers if layer.name.startswith("angle_dense")]
    assert [layer.units for layer in hidden] == [32] * depth


@pytest.mark.parametrize(
    ("shares", "weights"),
    [((0.5, 1.0, 2.0, 0.5), [0.5, 1.0, 2.0, 0.5]), ((2.0, 2.0, 2.0, 2.0), [1.0, 1.0, 1.0, 1.0]),
     ((0.5, 0.5, 0.5, 2.0), [4 / 7, 4 / 7, 4 / 7, 16 / 7])],
)  # fmt: skip
def test_loss_weights_are_the_heads_shares_in_order_with_a_mean_of_one(
    shares: tuple[float, ...], weights: list[float]
) -> None:
    values = dict(zip([f"weight_{head}" for head in multihead.HEADS], shares, strict=True))
    config = point(multihead, **SMALL, **values).get_compile_config()
    assert config["loss_weights"] == pytest.approx(weights)


@SPACES
def test_the_defaults_of_the_space_are_the_baseline(space: ModuleType) -> None:
    assert active(declared(space)) == space.BASELINE


@SPACES
def test_the_example_s_tuned_network_is_built_as_it_was(space: ModuleType) -> None:
    """Layer by layer: runs that were begun then go on, and their weights fit."""
    folder = ROOT / "results/example" / space.__name__.rpartition(".")[2]
    evaluation = json.loads((folder / "evaluation.json").read_text())
    values = evaluation["networks"]["tuned"]["hyperparameters"]
    saved = keras.models.load_model(folder / "models/tuned.keras")
    for theirs, ours in zip(saved.layers, point(space, **values).layers, strict=True):
        assert described(theirs) == described(ours)


def described(layer: keras.Layer) -> dict[str, Any]:
    """Its configuration but for the seeds of its first weights."""
    return {key: one for key, one in layer.get_config().items() if "initializer" not in key}


# What is conditional


CONDITIONS = [
    ("kernel", {"depth": 1}, {"depth": 2}),
    ("growth", {"depth": 1}, {"depth": 4}),
    ("summary", {"depth": 2}, {"depth": 3}),
    ("dense_units", {"depth": 3}, {"depth": 2}),
    ("dense_units_deep", {"depth": 2}, {"depth": 3}),
    ("dense_units_deep", {"depth": 3, "summary": "average"}, {"depth": 3, "summary": "flatten"}),
    ("learning_rate", {"optimizer": "sgd"}, {"optimizer": "rmsprop"}),
    ("sgd_learning_rate", {"optimizer": "adam"}, {"optimizer": "sgd"}),
]


@pytest.mark.parametrize("space", [mnist, multihead], ids=["mnist", "multihead"])
@pytest.mark.parametrize(("name", "off", "on"), CONDITIONS, ids=[row[0] for row in CONDITIONS])
def test_a_conditional_hyperparameter_counts_only_where_it_applies(
    space: ModuleType, name: str, off: dict[str, Any], on: dict[str, Any]
) -> None:
    without = declared(space, **(SMALL | off))
    assert name in [entry.name for entry in without.space]  # known all the same
    assert name not in active(without)
    assert name in active(declared(space, **(SMALL | on)))


@pytest.mark.parametrize(("depth", "units"), [(1, 128), (2, 128), (3, 512), (4, 512)])
def test_the_dense_layer_has_the_units_of_its_depth(depth: int, units: int) -> None:
    model = point(mnist, depth=depth, dense_units=128, dense_units_deep=512)
    assert model.get_layer("dense").units == units


def test_no_two_entries_share_a_name() -> None:
    """Keras Tuner drops a value if any entry of its name is inactive."""
    for space in (mnist, multihead):
        names = [entry.name for entry in entries(space)]
        assert len(names) == len(set(names))


def test_shallow_maps_are_not_averaged() -> None:
    assert layers.GlobalAveragePooling2D not in kinds(point(mnist, depth=2, summary="average"))


def test_head_width_counts_only_with_hidden_layers() -> None:
    assert "head_width" not in active(declared(multihead, **SMALL, head_depth=0))
    assert active(declared(multihead, **SMALL, head_depth=2, head_width=128))["head_width"] == 128


@SPACES
def test_the_whole_space_is_declared_at_every_point(space: ModuleType) -> None:
    other = declared(space, depth=4, dense_units=64, optimizer="sgd", head_depth=2)
    assert {entry.name for entry in other.space} == {entry.name for entry in entries(space)}


# What each value does


@pytest.mark.parametrize(
    ("downsampling", "layer"),
    [("max", layers.MaxPooling2D), ("average", layers.AveragePooling2D), ("stride", None)],
)
def test_each_stage_halves_the_image(downsampling: str, layer: type | None) -> None:
    model = point(mnist, **SMALL, depth=3, kernel=3, growth=1.0, downsampling=downsampling)
    sizes = [one.output.shape[1] for one in model.layers if one.name.endswith(("_norm", "_pool"))]
    assert sizes[-1] in (2, 3)
    pools = [one for one in model.layers if one.name.endswith("_pool")]
    assert len(pools) == (3 if layer else 0)
    assert all(type(one) is layer for one in pools)
    strides = {one.strides for one in model.layers if isinstance(one, layers.Conv2D)}
    assert strides == ({(1, 1)} if layer else {(2, 2)})


def test_filters_grow_from_stage_to_stage_up_to_a_limit() -> None:
    def filters(growth: float) -> list[int]:
        model = point(mnist, **SMALL | {"filters": 48}, depth=4, kernel=3, growth=growth)
        return [layer.filters for layer in model.layers if isinstance(layer, layers.Conv2D)]

    assert filters(1.0) == [48, 48, 48, 48]
    assert filters(1.5) == [48, 72, 108, 128]
    assert filters(2.0) == [48, 96, 128, 128]


def test_kernels_are_those_of_the_first_and_the_later_stages() -> None:
    model = point(mnist, **SMALL, kernel_first=5, depth=3, kernel=3, growth=1.0)
    convolutions = [layer for layer in model.layers if isinstance(layer, layers.Conv2D)]
    assert [layer.kernel_size for layer in convolutions] == [(5, 5), (3, 3), (3, 3)]
    assert [layer.name for layer in convolutions] == ["conv1", "conv2", "conv3"]


def test_without_batch_normalisation_there_is_none() -> None:
    model = point(mnist, **SMALL, depth=2, kernel=3, growth=1.0, batch_norm=False)
    assert layers.BatchNormalization not in kinds(model)


def test_average_summary_replaces_the_dense_layer() -> None:
    assert kinds(point(mnist, depth=3, summary="average"))[-2:] == [
        layers.GlobalAveragePooling2D,
        layers.Dense,
    ]


def test_dropout_comes_before_the_output() -> None:
    *_, dropout, _ = point(mnist, **SMALL, dropout=0.3).layers
    assert isinstance(dropout, layers.Dropout)
    assert dropout.rate == pytest.approx(0.3)


def test_l2_penalises_the_kernels() -> None:
    model = point(mnist, l2=1e-4, dense_units=64)
    assert float(model.get_layer("conv1").kernel_regularizer.l2) == pytest.approx(1e-4)
    assert float(model.get_layer("dense").kernel_regularizer.l2) == pytest.approx(1e-4)


@pytest.mark.parametrize(
    ("values", "kind", "rate"),
    [
        ({"optimizer": "adam", "learning_rate": 2e-3}, keras.optimizers.Adam, 2e-3),
        ({"optimizer": "rmsprop", "learning_rate": 2e-3}, keras.optimizers.RMSprop, 2e-3),
        ({"optimizer": "sgd", "sgd_learning_rate": 0.2}, keras.optimizers.SGD, 0.2),
    ],
)
def test_the_optimizer_takes_its_own_rate(values: dict[str, Any], kind: type, rate: float) -> None:
    optimizer = point(mnist, **SMALL, **values).optimizer
    assert type(optimizer) is kind
    assert float(optimizer.learning_rate) == pytest.approx(rate)


def test_sgd_has_nesterov_momentum() -> None:
    optimizer = point(mnist, **SMALL, optimizer="sgd").optimizer
    assert (optimizer.momentum, optimizer.nesterov) == (0.9, True)


def rates(decay: str, steps: int, at: list[int]) -> list[float]:
    optimizer = point(mnist, steps, **SMALL, decay=decay, learning_rate=1e-2).optimizer
    found = []
    for step in at:
        optimizer.iterations.assign(step)
        found.append(float(optimizer.learning_rate))
    return found


def test_without_decay_the_rate_stays() -> None:
    assert_allclose(rates("none", 100, [0, 99]), 1e-2, rtol=1e-6)


def test_step_decay_spans_the_steps() -> None:
    found = rates("step", 100, [0, 49, 51, 74, 76, 99])
    assert_allclose(found, [1e-2, 1e-2, 1e-3, 1e-3, 1e-4, 1e-4], rtol=1e-5)


def test_cosine_decay_ends_at_zero_with_the_steps() -> None:
    assert_allclose(rates("cosine", 100, [0, 50, 100]), [1e-2, 5e-3, 0], atol=1e-8)
    assert_allclose(rates("cosine", 1000, [500]), 5e-3, rtol=1e-5)


@pytest.mark.parametrize("decay", ["none", "step", "cosine"])
def test_a_single_step_is_enough_for_any_decay(decay: str) -> None:
    assert_allclose(rates(decay, 1, [0]), 1e-2, rtol=1e-6)


# Raw pixels in, plain Keras files out


@SPACES
def test_pixels_are_scaled_inside(space: ModuleType) -> None:
    model = point(space, **SMALL)
    scale = next(layer for layer in model.layers if isinstance(layer, layers.Rescaling))
    assert_allclose(scale(np.array([0.0, 51.0, 255.0])), [0, 0.2, 1], rtol=1e-6)
    assert model.layers.index(scale) == (1 if space is multihead else 0)


@SPACES
def test_every_output_is_a_probability(space: ModuleType) -> None:
    outputs = point(space, **SMALL)(images(space), training=False)
    for output in outputs if isinstance(outputs, list) else [outputs]:
        values = np.asarray(output)
        assert ((values >= 0) & (values <= 1)).all()
        if values.shape[1] > 1:
            assert_allclose(values.sum(axis=1), 1, rtol=1e-5)


@SPACES
def test_outputs_are_float32_whatever_the_rest_computes_in(space: ModuleType) -> None:
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = point(space, **SMALL)
    finally:
        keras.config.set_dtype_policy("float32")
    assert {output.dtype for output in model.outputs} == {"float32"}
    assert model.get_layer("conv1").output.dtype == "bfloat16"


@SPACES
def test_a_saved_network_is_plain_keras(space: ModuleType, tmp_path: Path) -> None:
    everything = {
        "filters": 16, "depth": 3, "kernel": 3, "growth": 1.0, "downsampling": "average",
        "summary": "average", "dropout": 0.5, "l2": 1e-4, "decay": "cosine", "head_depth": 1,
        "head_width": 32,
    }  # fmt: skip
    pixels = images(space)
    for number, model in enumerate([point(space), point(space, **everything)]):
        path = tmp_path / f"{number}.keras"
        model.optimizer.build(model.trainable_variables)  # as if trained
        model.save(path)
        loaded = keras.models.load_model(path, safe_mode=True)
        for ours, theirs in zip(outputs_of(model, pixels), outputs_of(loaded, pixels), strict=True):
            assert_allclose(theirs, ours, rtol=1e-5, atol=1e-7)
        assert set(modules(path)) == {"keras", "keras.layers"}


def outputs_of(model: keras.Model, pixels: np.ndarray) -> list[np.ndarray]:
    outputs = model(pixels, training=False)
    return [np.asarray(output) for output in (outputs if isinstance(outputs, list) else [outputs])]


def modules(path: Path) -> Iterator[str]:
    """Where the classes of a saved network's layers come from."""
    with zipfile.ZipFile(path) as archive:
        config = json.loads(archive.read("config.json"))
    assert config["module"].startswith("keras")
    yield "keras"
    for layer in config["config"]["layers"]:
        assert layer["registered_name"] is None
        yield layer["module"]


# Any point


def random_point(space: ModuleType, seed: int) -> dict[str, Any]:
    """Values drawn as Keras Tuner draws them, the active ones."""
    hp = keras_tuner.HyperParameters()
    for number, entry in enumerate(entries(space)):
        hp.merge([entry])
        if hp.is_active(entry):
            hp.values[entry.name] = entry.random_sample(1000 * seed + number)
    return {entry.name: hp.values[entry.name] for entry in hp.space if hp.is_active(entry)}


@pytest.mark.parametrize("seed", range(1, 6))
@SPACES
def test_a_random_point_is_a_network(space: ModuleType, seed: int) -> None:
    values = random_point(space, seed)
    hp = _blocks.fixed(values)
    model = space.build(hp, known(space), 10)
    assert [tuple(output.shape) for output in outputs_of(model, images(space, 2))] == {
        line: [(2, 96)], mnist: [(2, 10)], multihead: [(2, 1), (2, 1), (2, 1), (2, 12)]
    }[space]  # fmt: skip
    assert isinstance(model, keras.Sequential) == (space is not multihead)
    assert active(hp) == values


@pytest.mark.parametrize("downsampling", ["max", "average", "stride"])
def test_the_deepest_point_with_the_largest_kernels_is_a_network(downsampling: str) -> None:
    largest = {"kernel_first": 7, "depth": 4, "kernel": 5, "growth": 2.0, "dense_units": 64}
    model = point(mnist, **largest, downsampling=downsampling)
    assert model.get_layer("flatten").output.shape[1] >= 128
