from collections.abc import Callable

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from tensorflow.python.framework.ops import gradient_registry  # no public way to see it

from study.training.epoch.optimizer_kernels import fuse

optimizers = keras.optimizers
Make = Callable[[object], keras.optimizers.Optimizer]
MAKES: dict[str, Make] = {
    "adam": lambda rate: optimizers.Adam(rate),
    "adam, other constants": lambda rate: optimizers.Adam(rate, 0.8, 0.99, epsilon=1e-3),
    "adam, clipped, decayed": lambda rate: optimizers.Adam(rate, clipnorm=0.5, weight_decay=0.1),
    "adamw": lambda rate: optimizers.AdamW(rate, weight_decay=0.1),
    "amsgrad": lambda rate: optimizers.Adam(rate, amsgrad=True),
    "rmsprop": lambda rate: optimizers.RMSprop(rate),
    "rmsprop, momentum": lambda rate: optimizers.RMSprop(rate, momentum=0.5),
    "rmsprop, centered": lambda rate: optimizers.RMSprop(rate, centered=True),
    "sgd": lambda rate: optimizers.SGD(rate),
    "sgd, momentum": lambda rate: optimizers.SGD(rate, momentum=0.9),
    "sgd, nesterov": lambda rate: optimizers.SGD(rate, momentum=0.9, nesterov=True),
    "adagrad": lambda rate: optimizers.Adagrad(rate),
}
FUSED = [name for name in MAKES if name not in ("amsgrad", "rmsprop, centered", "sgd", "adagrad")]


def stepped(make: Make, rate: object, gradients: np.ndarray, fused: bool) -> list[np.ndarray]:
    """Two weight tensors and the optimizer's state after a step a row of gradients."""
    weights = [keras.Variable([1.0, -2.0, 3.0]), keras.Variable([[0.5]])]
    optimizer = make(rate)
    optimizer.build(weights)
    if fused:
        fuse(optimizer)
    for row in gradients:
        optimizer.apply([tf.constant(row[:3]), tf.constant(row[3:, None])], weights)
    return [variable.numpy() for variable in (*weights, *optimizer.variables)]


@pytest.mark.parametrize("name", MAKES)
@settings(max_examples=15)
@given(seed=st.integers(0, 2**32 - 1), steps=st.integers(1, 6), decays=st.booleans())
def test_a_fused_step_is_keras_step(name: str, seed: int, steps: int, decays: bool) -> None:
    """Weights and state, over several steps, with and without a learning-rate schedule."""
    gradients = np.random.default_rng(seed).normal(0, 2, (steps, 4)).astype(np.float32)
    rate = optimizers.schedules.CosineDecay(0.1, steps) if decays else 0.1
    ours = stepped(MAKES[name], rate, gradients, fused=True)
    theirs = stepped(MAKES[name], rate, gradients, fused=False)
    for one, other in zip(ours, theirs, strict=True):
        assert_allclose(one, other, rtol=2e-4, atol=1e-5)


@pytest.mark.parametrize("name", MAKES)
def test_what_has_a_kernel_uses_it_and_nothing_else(name: str) -> None:
    weights = [keras.Variable([1.0])]
    optimizer = MAKES[name](0.1)
    optimizer.build(weights)
    fuse(optimizer)
    step = tf.function(lambda: optimizer.apply([tf.constant([1.0])], weights))
    operations = step.get_concrete_function().graph.get_operations()
    kernels = {one.type for one in operations if "ResourceApply" in one.type}
    assert len(kernels) == (name in FUSED)


def test_an_optimizer_of_a_kind_of_its_own_takes_its_own_steps() -> None:
    class Mine(optimizers.Adam):
        def update_step(self, gradient: object, variable: tf.Variable, _: object) -> None:
            variable.assign(gradient)

    weights = [keras.Variable([1.0])]
    optimizer = Mine()
    optimizer.build(weights)
    fuse(optimizer)
    optimizer.apply([tf.constant([7.0])], weights)
    assert weights[0].numpy() == [7.0]


@pytest.mark.parametrize("name", MAKES)
def test_nothing_of_a_traced_step_outlives_it(name: str) -> None:
    """Keras's own would stay in TensorFlow's registry of gradients, weights and all."""
    weights = [keras.Variable([1.0])]
    optimizer = MAKES[name](0.1)
    optimizer.build(weights)
    fuse(optimizer)
    registry = gradient_registry._registry
    before = len(registry)
    step = tf.function(lambda: optimizer.apply([tf.constant([1.0])], weights))
    step.get_concrete_function()
    assert len(registry) == before


@pytest.mark.parametrize("name", FUSED)
def test_gradients_of_looked_up_rows_are_stepped_as_by_keras(name: str) -> None:
    """Row 0 is looked up twice, row 1 never."""
    rows = tf.constant([[1.0, 2.0], [3.0, 4.0], [1.0, 1.0]])
    gradient = tf.IndexedSlices(rows, tf.constant([0, 2, 0]), tf.constant([3, 2]))
    results = []
    for fused in (False, True):
        weights = [keras.Variable(np.ones((3, 2), np.float32))]
        optimizer = MAKES[name](0.1)
        optimizer.build(weights)
        if fused:
            fuse(optimizer)
        for _ in range(2):
            optimizer.apply([gradient], weights)
        results.append(weights[0].numpy())
    assert_allclose(*results, rtol=1e-5)
