"""The search spaces: what is prescribed, what is conditional, and that every point is a network."""

import json
import zipfile
from collections.abc import Iterator
from dataclasses import fields
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

from search_spaces import _blocks, _recipe, line, mnist, multihead
from study.data.dataset import Dataset
from study.libraries.internals import origin
from study.records.recipe import Augmentation, Budget, Change, Recipe
from study.records.study import Signature
from tests.factories import signature

SPACES = pytest.mark.parametrize(
    "space", [line, mnist, multihead], ids=["line", "mnist", "multihead"]
)
SHAPES = {line: (28, 28, 3), mnist: (28, 28, 1), multihead: (28, 28, 3)}
LINES: tuple[Change, ...] = ("half_turn", "contrast", "noise")
CHANGES = {line: LINES, mnist: fields(Dataset)[-1].default, multihead: LINES}
SMALL = {"filters": 16, "dense_units": 64}
"""Builds in a tenth of the time."""


def point(space: ModuleType, steps: int = 1000, epochs: int = 1, **values: Any) -> keras.Model:
    """The network at the baseline but for these values."""
    budget = Budget(steps, epochs)
    return space.build(_blocks.fixed(space.BASELINE | values), known(space), budget)


@cache
def known(space: ModuleType) -> Signature:
    """What its networks take and tell apart."""
    found = signature(space.__name__.rpartition(".")[2])
    return found.model_copy(update={"changes": CHANGES[space]})


def declared(space: ModuleType, **values: Any) -> keras_tuner.HyperParameters:
    """The whole space, with these values (defaults otherwise)."""
    hp = _blocks.fixed(values)
    space.build(hp, known(space), Budget(1))
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
    assert type(model.loss) is keras.losses.CategoricalCrossentropy
    assert space.recipe(_blocks.fixed(space.BASELINE), known(space), 20) == Recipe(batch_size=64)


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
    binary, several = keras.losses.BinaryCrossentropy, keras.losses.CategoricalCrossentropy
    assert [type(one) for one in model.loss] == [binary, binary, binary, several]
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


# What is conditional


CONDITIONS = [
    ("kernel", {"depth": 1}, {"depth": 2}),
    ("growth", {"depth": 1}, {"depth": 4}),
    ("summary", {"depth": 2}, {"depth": 3}),
    ("dense_units", {"depth": 3}, {"depth": 2}),
    ("block", {"convolutions": 1}, {"convolutions": 2}),
    ("dropout", {"dropout_at": "nowhere"}, {"dropout_at": "stages"}),
    ("dense_units_deep", {"depth": 2}, {"depth": 3, "summary": "flatten"}),
    ("dense_units_deep", {"depth": 3, "summary": "average"}, {"depth": 3, "summary": "flatten"}),
    ("dense_units_average", {"depth": 3, "summary": "flatten"}, {"depth": 3, "summary": "average"}),
    ("learning_rate", {"optimizer": "sgd"}, {"optimizer": "rmsprop"}),
    ("sgd_learning_rate", {"optimizer": "adam"}, {"optimizer": "sgd"}),
    ("momentum", {"optimizer": "adamw"}, {"optimizer": "sgd"}),
    ("beta_1", {"optimizer": "rmsprop"}, {"optimizer": "adamw"}),
    ("weight_decay", {"optimizer": "adam"}, {"optimizer": "adamw"}),
    ("peak_at", {"schedule": "cosine"}, {"schedule": "one-cycle"}),
    ("noise", {"augmentation": False}, {"augmentation": True}),
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
    model = point(mnist, depth=depth, summary="flatten", dense_units=128, dense_units_deep=512)
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


def test_average_summary_may_have_a_dense_layer() -> None:
    model = point(mnist, depth=3, summary="average", dense_units_average=128)
    assert [layer.name for layer in model.layers[-3:]] == ["global_average", "dense", "class"]
    assert model.get_layer("dense").units == 128


@pytest.mark.parametrize(
    ("place", "before"),
    [("features", ["dense"]), ("output", ["class"]), ("stages", ["conv2", "flatten"])],
)
def test_dropout_comes_where_it_is_chosen(place: str, before: list[str]) -> None:
    model = point(mnist, epochs=20, **SMALL, depth=2, dropout_at=place, dropout=0.3)
    drops = [n for n, layer in enumerate(model.layers) if "Dropout" in type(layer).__name__]
    assert [model.layers[n + 1].name for n in drops] == before
    assert {round(model.layers[n].rate, 6) for n in drops} == {0.3}
    assert all("2D" in type(model.layers[n]).__name__ for n in drops) == (place == "stages")


def test_a_stage_has_as_many_convolutions_as_chosen() -> None:
    model = point(mnist, **SMALL, depth=2, convolutions=3, block="plain")
    found = [layer for layer in model.layers if isinstance(layer, layers.Conv2D)]
    assert [(one.name, one.filters, one.kernel_size) for one in found] == [
        ("conv1", 16, (7, 7)), ("conv1_2", 16, (3, 3)), ("conv1_3", 16, (3, 3)),
        ("conv2", 32, (3, 3)), ("conv2_2", 32, (3, 3)), ("conv2_3", 32, (3, 3)),
    ]  # fmt: skip
    assert [layer.output.shape[1] for layer in found] == [22, 22, 22, 11, 11, 11]


def test_a_separable_stage_begins_with_a_full_convolution() -> None:
    model = point(mnist, **SMALL, convolutions=2, block="separable")
    assert type(model.get_layer("conv1")) is layers.Conv2D
    assert type(model.get_layer("conv1_2")) is layers.SeparableConv2D


def test_a_residual_stage_adds_what_its_first_convolution_put_out() -> None:
    model = point(mnist, **SMALL, convolutions=3, block="residual", downsampling="stride")
    added = model.get_layer("conv1_add")
    assert [origin(one)[0].name for one in added.input] == [
        "conv1_norm", "conv1_3_norm"
    ]  # fmt: skip
    assert model.get_layer("flatten").input is added.output


@pytest.mark.parametrize("activation", ["relu", "gelu", "silu"])
def test_every_hidden_layer_has_the_activation(activation: str) -> None:
    model = point(mnist, **SMALL, depth=2, convolutions=2, activation=activation)
    hidden = [one for one in model.layers[:-1] if hasattr(one, "activation")]
    assert {one.activation.__name__ for one in hidden} == {activation}
    assert len(hidden) == 5


def test_labels_are_smoothed_in_long_trainings() -> None:
    smoothed = point(mnist, epochs=20, **SMALL, label_smoothing=0.1).loss
    assert float(smoothed([[0.0, 1.0]], [[0.5, 0.5]])) == pytest.approx(np.log(2))
    assert smoothed.get_config()["label_smoothing"] == pytest.approx(0.1)
    assert point(mnist, epochs=1, **SMALL, label_smoothing=0.1).loss.get_config()[
        "label_smoothing"
    ] == 0  # fmt: skip


# What helps only long trainings


@pytest.mark.parametrize(("epochs", "share"), [(1, 0), (2, 1 / 19), (3, 2 / 19), (20, 1), (27, 1)])
def test_regularisation_grows_with_the_epochs(epochs: int, share: float) -> None:
    assert _recipe.strength(epochs) == pytest.approx(share)
    chosen = {"augmentation": True, "shift": 0.12, "rotation": 20.0, "erasing": 0.1}
    how = mnist.recipe(_blocks.fixed(mnist.BASELINE | chosen), known(mnist), epochs).augmentation
    assert (how.shift, how.rotation) == pytest.approx((0.12 * share, 20 * share))
    model = point(mnist, epochs=epochs, **SMALL, dropout_at="output", dropout=0.4)
    rates = [layer.rate for layer in model.layers if isinstance(layer, layers.Dropout)]
    assert rates == ([pytest.approx(0.4 * share)] if share else [])


def test_changes_of_images_are_those_that_leave_the_label_right() -> None:
    chosen = dict.fromkeys(_recipe.STRONGEST, 0.1) | {"augmentation": True, "half_turn": True}
    how = line.recipe(_blocks.fixed(line.BASELINE | chosen), known(line), 20).augmentation
    assert how == Augmentation(half_turn=True, contrast=0.1, noise=0.1)
    assert not {"shift", "rotation", "horizontal_flip"} & {one.name for one in entries(line)}


def test_batch_size_and_averaging_are_the_recipe_s() -> None:
    chosen = {"batch_size": 256, "averaging": 0.15}
    how = mnist.recipe(_blocks.fixed(mnist.BASELINE | chosen), known(mnist), 1)
    assert how == Recipe(batch_size=256, averaging=0.15)


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
    optimizer = point(mnist, **SMALL, optimizer="sgd", momentum=0.8).optimizer
    assert (optimizer.momentum, optimizer.nesterov) == (0.8, True)


def test_betas_and_weight_decay_are_those_chosen() -> None:
    values = {"optimizer": "adamw", "beta_1": 0.8, "beta_2": 0.95, "weight_decay": 0.05}
    model = point(mnist, **SMALL, **values)
    found = model.optimizer.get_config()
    assert [found[one] for one in ("beta_1", "beta_2", "weight_decay")] == [0.8, 0.95, 0.05]


def test_weights_decay_but_biases_and_scales_do_not() -> None:
    model = point(mnist, **SMALL, optimizer="adamw", learning_rate=0.1, weight_decay=0.5)
    before = {one.path: one.numpy() for one in model.trainable_variables}
    model.optimizer.build(model.trainable_variables)
    model.optimizer.apply([keras.ops.zeros(one.shape) for one in model.trainable_variables])
    for one in model.trainable_variables:
        kept = 1 - 0.1 * 0.5 if one.name == "kernel" else 1
        assert_allclose(one.numpy(), kept * before[one.path], rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize(
    ("optimizer", "factor"), [("adam", 2), ("adamw", 2), ("rmsprop", 2), ("sgd", 4)]
)
def test_the_rate_is_scaled_with_the_batch(optimizer: str, factor: int) -> None:
    values = SMALL | {"optimizer": optimizer, "learning_rate": 1e-3, "sgd_learning_rate": 1e-2}
    usual, larger = (
        float(point(mnist, **values, batch_size=size).optimizer.learning_rate) for size in (64, 256)
    )
    assert larger == pytest.approx(factor * usual)


def rates(schedule: str, steps: int, at: list[int], **values: Any) -> list[float]:
    values |= {"schedule": schedule, "learning_rate": 1e-2}
    optimizer = point(mnist, steps, **SMALL, **values).optimizer
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


def test_one_cycle_rises_to_its_peak_and_falls_to_zero() -> None:
    found = rates("one-cycle", 100, [0, 10, 20, 60, 100], peak_at=0.2)
    assert_allclose(found, [4e-4, 5.2e-3, 1e-2, 5e-3, 0], rtol=1e-4, atol=1e-8)


@pytest.mark.parametrize("schedule", ["none", "step", "cosine", "one-cycle"])
def test_a_single_step_is_enough_for_any_schedule(schedule: str) -> None:
    first = 4e-4 if schedule == "one-cycle" else 1e-2
    assert_allclose(rates(schedule, 1, [0]), first, rtol=1e-5)


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
        "summary": "average", "dropout_at": "stages", "dropout": 0.5, "schedule": "one-cycle",
        "head_depth": 1, "head_width": 32, "convolutions": 2, "block": "residual",
        "activation": "gelu", "optimizer": "adamw", "label_smoothing": 0.1, "averaging": 0.1,
    }  # fmt: skip
    pixels = images(space)
    for number, model in enumerate([point(space), point(space, epochs=20, **everything)]):
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
    model = space.build(hp, known(space), Budget(10))
    assert [tuple(output.shape) for output in outputs_of(model, images(space, 2))] == {
        line: [(2, 96)], mnist: [(2, 10)], multihead: [(2, 1), (2, 1), (2, 1), (2, 12)]
    }[space]  # fmt: skip
    plain = space is not multihead and values.get("block") != "residual"
    assert isinstance(model, keras.Sequential) == plain
    assert active(hp) == values


@pytest.mark.parametrize("downsampling", ["max", "average", "stride"])
def test_the_deepest_point_with_the_largest_kernels_is_a_network(downsampling: str) -> None:
    largest = {"kernel_first": 7, "depth": 4, "kernel": 5, "growth": 2.0, "dense_units": 64}
    largest |= {"summary": "flatten", "convolutions": 3}
    model = point(mnist, **largest, downsampling=downsampling)
    assert model.get_layer("flatten").output.shape[1] >= 128
