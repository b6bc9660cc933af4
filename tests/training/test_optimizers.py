"""Every optimizer of Keras trains in the study's loop as in Keras's own `fit`.

Those that there are is asked of Keras, so that a new one is tested by itself.
"""

import inspect
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, optimizers
from numpy.testing import assert_allclose
from tensorflow.python.framework.ops import gradient_registry  # no public way to see it

from study.data.dataset import DataOptions
from study.networks.prediction import predict
from study.problem import metrics
from study.training import building, training
from study.training.epoch.epoch_loop import epoch_order
from study.training.epoch.optimizer_kernels import fuse
from study.training.job import Job, Trained
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
    "EMA, loss scale, clipnorm": {
        "use_ema": True,
        "ema_momentum": 0.6,
        "loss_scale_factor": 64.0,
        "clipnorm": 0.05,
    },
    "clipvalue, weight decay": {"clipvalue": 0.01, "weight_decay": 0.5},
    "global clipnorm, accumulation": {"global_clipnorm": 0.05, "gradient_accumulation_steps": 2},
}
"""Several at once, as each costs half a second for every optimizer."""

MORE: dict[str, Callable[[], optimizers.Optimizer]] = {
    "EMA overwrites": lambda: optimizers.Adam(RATE, use_ema=True, ema_overwrite_frequency=2),
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
    """A convolution and a dense layer with a penalty."""
    pixels = keras.Input((6, 6, 1))
    x = layers.Rescaling(1 / 255)(pixels)
    x = layers.Conv2D(2, 3, 3, activation="relu", use_bias=False)(x)
    output = layers.Dense(6, "softmax", name="class", kernel_regularizer="l2")(layers.Flatten()(x))
    model = keras.Model(pixels, output)
    model.compile(optimizer, "categorical_crossentropy")
    return model


@pytest.fixture
def job(monkeypatch: pytest.MonkeyPatch) -> Job:
    monkeypatch.setattr(keras.utils, "clear_session", lambda: None)  # a third of the time
    monkeypatch.setattr(training, "cached_dataset", lambda *_: tiny.dataset())
    return Job(
        problem="tiny",
        signature=tiny.SIGNATURE,
        values={},
        seed=1,
        data=DataOptions(),
        data_seed=1,
        epochs=1,
        batch_size=BATCH,
        max_images=STEPS * BATCH,
    )


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    yield
    tf.config.run_functions_eagerly(False)
    keras.config.set_dtype_policy("float32")


Make = Callable[[], optimizers.Optimizer]


def by_the_study(make: Make, job: Job) -> tuple[keras.Model, Trained]:
    """Eagerly: tracing takes ten times as long. `fit` is told by itself, or tf.data would warn."""
    with pytest.MonkeyPatch.context() as patch:
        problem = tiny.problem(build=lambda *_: network(make()))
        patch.setattr(training, "load_problem", lambda _: problem)
        tf.config.run_functions_eagerly(True)
        trained = training.train(job)
        tf.config.run_functions_eagerly(False)
    return trained


def by_keras(make: Make, job: Job) -> keras.Model:
    building.seed_keras(job.seed)
    keras.config.set_dtype_policy(job.dtype_policy)
    model = network(make())
    model.run_eagerly = True
    part = tiny.dataset().train
    epochs = range(1, job.epochs + 1)
    order = [epoch_order(STEPS * BATCH, BATCH, job.seed, epoch) for epoch in epochs]
    order = np.concatenate(order).ravel()
    targets = np.eye(6)[part.labels["class"][order]]
    model.fit(part.images[order], targets, batch_size=BATCH, shuffle=False, verbose=0)
    return model


def assert_same(make: Make, job: Job) -> None:
    """Weights as `fit` leaves them, and all state of the optimizer."""
    (ours, _), theirs = by_the_study(make, job), by_keras(make, job)
    for one, other in zip(
        [*ours.weights, *ours.optimizer.variables],
        [*theirs.weights, *theirs.optimizer.variables],
        strict=True,
    ):
        assert_allclose(one.numpy(), other.numpy(), rtol=1e-4, atol=1e-5, err_msg=one.path)


def test_there_are_optimizers() -> None:
    assert {"Adam", "SGD", "RMSprop", "Nadam", "LossScaleOptimizer", "MultiOptimizer"} <= set(KINDS)


@pytest.mark.slow
@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize("kind", KINDS)
def test_every_optimizer_does_what_it_does_in_fit(kind: str, option: str, job: Job) -> None:
    assert_same(lambda: made(KINDS[kind], OPTIONS[option]), job)


@pytest.mark.parametrize("name", MORE)
def test_an_optimizer_s_other_ways_are_those_of_fit(name: str, job: Job) -> None:
    assert_same(MORE[name], job)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_of_a_traced_step_outlives_it(kind: str) -> None:
    """Keras's own would stay in TensorFlow's registry of gradients, weights and all."""
    weights = [keras.Variable([1.0])]
    optimizer = made(KINDS[kind], {})
    optimizer.build(weights)
    fuse(optimizer)
    before = len(gradient_registry._registry)
    tf.function(lambda: optimizer.apply([tf.constant([1.0])], weights)).get_concrete_function()
    assert len(gradient_registry._registry) == before


def test_float16_trains_as_in_fit(job: Job) -> None:
    """`compile` makes a LossScaleOptimizer then: without its scale, steps would be 2 ** 15 less."""
    in_float16 = replace(job, dtype_policy="mixed_float16")
    ours, _ = by_the_study(lambda: optimizers.SGD(0.1), in_float16)
    theirs = by_keras(lambda: optimizers.SGD(0.1), in_float16)
    assert isinstance(ours.optimizer, optimizers.LossScaleOptimizer)
    assert ours.optimizer.step_counter.numpy() == STEPS
    for one, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        assert_allclose(one, other, rtol=1e-2, atol=1e-4)


# Averaged weights


def averaging() -> optimizers.Optimizer:
    return optimizers.Adam(0.05, use_ema=True, ema_momentum=0.9)


def test_a_next_epoch_goes_on_from_the_last_step_and_not_from_the_averages(
    job: Job,
) -> None:
    assert_same(averaging, replace(job, epochs=3))


def test_the_averages_are_scored_and_kept_as_the_best(job: Job) -> None:
    validation = tiny.dataset().validation
    model, trained = by_the_study(averaging, replace(job, epochs=3, keep_best=True))
    until_best = by_keras(averaging, replace(job, epochs=trained.best_epoch))
    for one, other in zip(model.get_weights(), until_best.get_weights(), strict=True):
        assert_allclose(one, other, rtol=1e-4, atol=1e-5)
    scores = metrics.scores(validation.labels, predict(until_best, validation.images))
    assert trained.curves["val_loss"][trained.best_epoch - 1] == pytest.approx(scores["loss"], 1e-4)
