"""Every optimizer of Keras trains in the study's loop as in Keras's own `fit`.

Those that there are is asked of Keras, so that a new one is tested by itself.
"""

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, optimizers
from numpy.testing import assert_allclose

from study import train
from study.data.dataset import DataOptions
from tests import tiny

STEPS, BATCH = 2, 8
RATE = 0.01

KINDS: dict[str, type] = {
    name: kind
    for name, kind in vars(optimizers).items()
    if inspect.isclass(kind)
    and issubclass(kind, optimizers.Optimizer)
    and kind is not optimizers.Optimizer
}

OPTIONS: dict[str, dict[str, Any]] = {
    "plain": {},
    "EMA": {"use_ema": True, "ema_momentum": 0.6},
    "loss scale": {"loss_scale_factor": 64.0},
    "clipnorm": {"clipnorm": 0.05},
    "clipvalue": {"clipvalue": 0.01},
    "global clipnorm": {"global_clipnorm": 0.05},
    "weight decay": {"weight_decay": 0.5},
}

MORE: dict[str, Callable[[], optimizers.Optimizer]] = {
    "EMA overwrites": lambda: optimizers.Adam(RATE, use_ema=True, ema_overwrite_frequency=2),
    "accumulation": lambda: optimizers.Adam(RATE, gradient_accumulation_steps=2),
    "accumulation, EMA": lambda: optimizers.SGD(
        RATE, momentum=0.9, gradient_accumulation_steps=2, use_ema=True, clipnorm=0.05
    ),
    "amsgrad": lambda: optimizers.Adam(RATE, amsgrad=True),
    "nesterov": lambda: optimizers.SGD(RATE, momentum=0.9, nesterov=True, weight_decay=0.5),
    "rmsprop": lambda: optimizers.RMSprop(RATE, momentum=0.5, global_clipnorm=0.05),
    "centered": lambda: optimizers.RMSprop(RATE, centered=True),
    "some decay": lambda: excluded(optimizers.AdamW(RATE, weight_decay=0.5)),
    "schedule": lambda: optimizers.Nadam(optimizers.schedules.CosineDecay(0.1, STEPS)),
    "rate by function": lambda: optimizers.Adam(lambda: tf.constant(0.03)),
    "scaled EMA": lambda: optimizers.LossScaleOptimizer(
        optimizers.RMSprop(RATE, use_ema=True), initial_scale=8.0, dynamic_growth_steps=1
    ),
    "scaled too high": lambda: optimizers.LossScaleOptimizer(
        optimizers.Adam(RATE), initial_scale=3e38
    ),
    "several, scaled": lambda: optimizers.LossScaleOptimizer(several(optimizers.Adam(RATE), {})),
    "of a user": lambda: Signed(RATE),
    "finalized by a user": lambda: Halved(RATE),
}


class Signed(optimizers.Adam):
    """Its steps are others than those of the class it builds on."""

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        self.assign_sub(variable, tf.sign(gradient) * tf.cast(learning_rate, variable.dtype))


class Halved(optimizers.SGD):
    """Its final weights are others than those of its last step, without averages."""

    def finalize_variable_values(self, var_list: Any) -> None:
        for variable in var_list:
            variable.assign(variable / 2)


def excluded(optimizer: optimizers.Optimizer) -> optimizers.Optimizer:
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    return optimizer


def several(inner: optimizers.Optimizer, options: dict[str, Any]) -> optimizers.MultiOptimizer:
    scale = options.get("loss_scale_factor")
    by_name = optimizers.OptimizerMap(inner, {".*bias": optimizers.SGD(0.1, momentum=0.9)})
    return optimizers.MultiOptimizer(by_name, loss_scale_factor=scale)


def made(kind: type, options: dict[str, Any]) -> optimizers.Optimizer:
    """An optimizer of that kind; wrappers are put around Adam."""
    if kind is optimizers.LossScaleOptimizer:
        return kind(optimizers.Adam(RATE, **options))
    if kind is optimizers.MultiOptimizer:
        return several(optimizers.Adam(RATE, **options), options)
    return kind(learning_rate=RATE, **options)


def network(optimizer: optimizers.Optimizer) -> keras.Model:
    """A convolution, a dense layer with penalties, and dropout at a rate of 0."""
    pixels = keras.Input((6, 6, 1))
    x = layers.Conv2D(2, 3, 3, activation="relu", use_bias=False)(pixels)
    output = layers.Dense(6, "softmax", name="class", kernel_regularizer="l2")(layers.Flatten()(x))
    model = keras.Model(pixels, output)
    model.compile(optimizer, "categorical_crossentropy")
    return model


@pytest.fixture
def job(monkeypatch: pytest.MonkeyPatch) -> train.Job:
    monkeypatch.setattr(train, "cached_dataset", lambda *_: tiny.dataset())
    return train.Job(
        problem="tiny",
        values={},
        seed=1,
        data=DataOptions(),
        data_seed=1,
        epochs=1,
        batch_size=BATCH,
        max_images=STEPS * BATCH,
    )


@pytest.fixture(autouse=True)
def _eagerly() -> Iterator[None]:
    """Tracing takes ten times as long. `fit` is told by itself, or tf.data would warn."""
    yield
    tf.config.run_functions_eagerly(False)


Make = Callable[[], optimizers.Optimizer]


def by_the_study(make: Make, job: train.Job) -> keras.Model:
    with pytest.MonkeyPatch.context() as patch:
        problem = tiny.problem(build=lambda *_: network(make()))
        patch.setattr(train, "load_problem", lambda _: problem)
        tf.config.run_functions_eagerly(True)
        model, _ = train.train(job)
        tf.config.run_functions_eagerly(False)
    return model


def by_keras(make: Make, job: train.Job) -> keras.Model:
    train._seed_keras(job.seed)
    model = network(make())
    model.run_eagerly = True
    part = tiny.dataset().train
    order = train._order(STEPS * BATCH, BATCH, job.seed, epoch=1).ravel()
    targets = np.eye(6)[part.labels["class"][order]]
    model.fit(part.images[order], targets, batch_size=BATCH, shuffle=False, verbose=0)
    return model


def assert_same(make: Make, job: train.Job) -> None:
    """Weights as `fit` leaves them, and all state of the optimizer."""
    ours, theirs = by_the_study(make, job), by_keras(make, job)
    for one, other in zip(
        [*ours.variables, *ours.optimizer.variables],
        [*theirs.variables, *theirs.optimizer.variables],
        strict=True,
    ):
        if "metric" not in one.path and one.path.split("/")[0] != "loss":
            assert_allclose(one.numpy(), other.numpy(), rtol=1e-4, atol=1e-5, err_msg=one.path)


def test_there_are_optimizers() -> None:
    assert {"Adam", "SGD", "RMSprop", "Nadam", "LossScaleOptimizer", "MultiOptimizer"} <= set(KINDS)


@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize("kind", KINDS)
def test_every_optimizer_does_what_it_does_in_fit(kind: str, option: str, job: train.Job) -> None:
    assert_same(lambda: made(KINDS[kind], OPTIONS[option]), job)


@pytest.mark.parametrize("name", MORE)
def test_an_optimizer_s_other_ways_are_those_of_fit(name: str, job: train.Job) -> None:
    assert_same(MORE[name], job)
