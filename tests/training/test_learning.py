"""A network learns what it learns with Keras's own loop, batch normalisation included."""

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from numpy.testing import assert_allclose

from study.data.dataset import Part
from study.errors import WrongName
from study.records.recipe import Budget
from study.records.study import Signature
from study.training import building, training
from study.training.epoch.batch_norm import pooled
from study.training.epoch.epoch_loop import epoch_order
from tests import tiny
from tests.training.jobs import EAGERLY, Setup, job

pytestmark = pytest.mark.usefixtures("setup")


def forget(model: keras.Model, part: Part) -> None:
    """Let batch normalisation remember these images only, as the network sees them now."""
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0
    model(part.images, training=True)


def test_the_epoch_loop_does_what_keras_does() -> None:
    """Batch normalisation and all: the same weights as by `train_on_batch`."""
    part = tiny.dataset().train
    ours, _ = training.train(job(epochs=1))

    building.seed_keras(1)
    theirs, _ = building.build(tiny.problem(), tiny.SIGNATURE, tiny.BASELINE, Budget(3))
    theirs.run_eagerly = True
    for batch in epoch_order(48, 16, seed=1, epoch=1):
        theirs.train_on_batch(part.images[batch], np.eye(6)[part.labels["class"][batch]])
    forget(theirs, part)
    for one, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def test_several_heads_train_as_keras_does() -> None:
    part = tiny.dataset().train
    problem = tiny.two_heads()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "load_problem", lambda _: problem)
        ours, _ = training.train(job(epochs=1))

    building.seed_keras(1)
    theirs, _ = building.build(problem, tiny.SIGNATURE, tiny.BASELINE, Budget(3))
    theirs.run_eagerly = True
    for batch in epoch_order(48, 16, seed=1, epoch=1):
        labels = {head: labels[batch] for head, labels in part.labels.items()}
        wanted = [np.eye(3)[labels["shade"]], labels["side"][:, None]]
        theirs.train_on_batch(part.images[batch], wanted)
    forget(theirs, part)
    for one, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def penalised(*_: Any) -> keras.Model:
    """Every kind of loss there is: weighted ones of two heads, penalties of weights and outputs."""
    pixels = keras.Input((6, 6, 1))
    x = layers.Rescaling(1 / 255)(pixels)
    x = layers.Dense(4, "relu", kernel_regularizer="l2")(layers.Flatten()(x))
    x = layers.ActivityRegularization(l1=0.1)(x)
    shade = layers.Dense(3, "softmax", name="shade", bias_regularizer="l1")(x)
    side = layers.Dense(1, "sigmoid", name="side", kernel_constraint="non_neg")(x)
    model = keras.Model(pixels, {"shade": shade, "side": side})
    model.compile(
        "sgd",
        {"shade": "categorical_crossentropy", "side": "binary_crossentropy"},
        loss_weights={"shade": 0.25, "side": 3.0},
    )
    return model


@EAGERLY
def test_all_losses_count_and_outputs_may_be_named(setup: Setup) -> None:
    """Outputs in a dictionary too; the weights are those of Keras's `fit`."""
    problem = tiny.two_heads(build=penalised)
    setup(problem)
    ours, _ = training.train(job(epochs=1))

    tf.config.run_functions_eagerly(False)  # of tf.data it would warn
    building.seed_keras(1)
    theirs = penalised()
    theirs.run_eagerly = True
    part = tiny.dataset().train
    order = epoch_order(48, 16, seed=1, epoch=1).ravel()
    wanted = {
        "shade": np.eye(3)[part.labels["shade"][order]],
        "side": part.labels["side"][order][:, None],
    }
    theirs.fit(part.images[order], wanted, batch_size=16, shuffle=False, verbose=0)
    for one, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        assert_allclose(one, other, rtol=1e-4, atol=1e-5)


@EAGERLY
def test_batch_normalisation_is_set_for_the_averages_where_they_are_scored(setup: Setup) -> None:
    def averaging(hp: Any, signature: Signature, budget: Budget) -> keras.Model:
        model = tiny.build(hp, signature, budget)
        model.compile(keras.optimizers.SGD(1.0, use_ema=True), "categorical_crossentropy")
        return model

    setup(tiny.problem(build=averaging))
    model, _ = training.train(job(epochs=2))
    *_, dense, norm, _ = model.layers
    before = keras.Model(model.input, dense.output)(tiny.dataset().train.images).numpy()
    assert_allclose(norm.moving_mean, before.mean(axis=0), rtol=1e-4, atol=1e-5)


@EAGERLY
@pytest.mark.parametrize("activation", [None, "sigmoid"], ids=["logits", "six sigmoid neurons"])
def test_outputs_that_are_no_probabilities_are_refused(setup: Setup, activation: Any) -> None:
    def build(*_: Any) -> keras.Model:
        pixels = keras.Input((6, 6, 1))
        output = layers.Dense(6, activation, name="class")(layers.Flatten()(pixels))
        model = keras.Model(pixels, output)
        loss = keras.losses.CategoricalCrossentropy(from_logits=activation is None)
        model.compile(keras.optimizers.SGD(1e-9), loss)
        return model

    setup(tiny.problem(build=build))
    with pytest.raises(WrongName, match=r"tiny\.py: head 'class' outputs .* end the network"):
        training.train(job(epochs=1))


@EAGERLY
def test_outputs_may_be_of_the_precision_the_network_computes_in(setup: Setup) -> None:
    def build(*_: Any) -> keras.Model:
        pixels = keras.Input((6, 6, 1))
        flat = layers.Flatten()(layers.Rescaling(1 / 255)(pixels))
        output = layers.Dense(6, "softmax", name="class")(flat)
        model = keras.Model(pixels, output)
        model.compile("sgd", "categorical_crossentropy")
        return model

    setup(tiny.problem(build=build))
    model, _ = training.train(job(epochs=1, dtype_policy="mixed_bfloat16"))
    assert model.outputs[0].dtype == "bfloat16"
    assert keras.config.dtype_policy().name == "float32"  # of what is made later


@EAGERLY
def test_batch_normalisation_knows_the_network_as_it_is_at_the_end_of_an_epoch() -> None:
    """And not as it was on the way there; how fast it forgets stays as it was."""
    model, _ = training.train(job(epochs=1, values=tiny.BASELINE | {"rate": 1.0}))
    *_, dense, norm, _ = model.layers
    part = tiny.dataset().train
    before = keras.Model(model.input, dense.output)(part.images).numpy()
    assert_allclose(norm.moving_mean, before.mean(axis=0), rtol=1e-4, atol=1e-5)
    assert_allclose(norm.moving_variance, before.var(axis=0), rtol=1e-4, atol=1e-5)
    assert norm.momentum == 0.5


# Batch normalisation


def test_statistics_of_batches_together_are_those_of_all_images() -> None:
    values = np.random.default_rng(1).normal(3, 2, (10, 4))
    parts = np.split(values, [3, 7])
    statistics = [(part.mean(axis=0), part.var(axis=0)) for part in parts]
    mean, variance = pooled(statistics, [len(part) for part in parts])
    assert_allclose(mean, values.mean(axis=0))
    assert_allclose(variance, values.var(axis=0))


@EAGERLY
def test_batch_normalisation_is_set_in_parts_where_all_images_do_not_fit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The first layer that is normalised sees the same images, however they are divided."""
    whole, _ = training.train(job(epochs=1))
    monkeypatch.setattr("study.networks.memory.rows_that_fit", lambda *_: 20)
    parts, _ = training.train(job(epochs=1))
    for one, other in zip(whole.get_weights(), parts.get_weights(), strict=True):
        assert_allclose(one, other, rtol=1e-5, atol=1e-6)
