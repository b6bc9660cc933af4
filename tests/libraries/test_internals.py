"""What the study uses of Keras and TensorFlow that is not public, so that an upgrade fails here.

That fused steps and the epoch loop do what Keras does is tested beside them.
"""

import inspect
import random

import keras
import pytest
import tensorflow as tf
from keras import layers, optimizers
from keras.src.random import seed_generator

BASE = optimizers.Optimizer


@pytest.mark.parametrize("kind", [optimizers.Adam, optimizers.RMSprop, optimizers.SGD])
def test_optimizers_with_a_kernel_leave_the_update_of_all_weights_to_their_base(kind: type) -> None:
    """Else exchanging it would drop what they do beside it, as Nadam does."""
    assert kind._backend_update_step is BASE._backend_update_step
    assert kind.apply is BASE.apply
    parameters = inspect.signature(BASE._backend_update_step).parameters
    assert list(parameters) == ["self", "grads", "trainable_variables", "learning_rate"]
    assert optimizers.Nadam._backend_update_step is not BASE._backend_update_step


def test_the_base_hands_all_weights_at_once_to_what_is_exchanged() -> None:
    weights = [keras.Variable([1.0]), keras.Variable([2.0])]
    optimizer = optimizers.Adam(0.5)
    optimizer.build(weights)
    calls = []
    optimizer._backend_update_step = lambda *given: calls.append(given)
    gradients = [tf.constant([3.0]), tf.constant([4.0])]
    optimizer.apply(gradients, weights)
    [(handed, variables, rate)] = calls
    assert [float(one[0]) for one in handed] == [3.0, 4.0]
    assert variables == weights
    assert float(rate) == 0.5
    assert optimizer.iterations.numpy() == 1


def test_one_device_s_sum_of_gradients_is_the_gradients() -> None:
    weights = [keras.Variable([1.0])]
    optimizer = optimizers.Adagrad()
    optimizer.build(weights)
    pairs = [(tf.constant([3.0]), weights[0].value)]
    [(gradient, variable)] = optimizer._all_reduce_sum_gradients(pairs)
    assert variable is weights[0].value
    assert float(gradient[0]) == 3.0
    calls = []
    optimizer._all_reduce_sum_gradients = lambda given: calls.append(given) or list(given)
    optimizer.apply([tf.constant([3.0])], weights)
    assert len(calls) == 1


@pytest.mark.parametrize(
    ("optimizer", "states"),
    [
        (optimizers.Adam(), ["_momentums", "_velocities"]),
        (optimizers.RMSprop(momentum=0.5), ["_momentums", "_velocities"]),
        (optimizers.SGD(momentum=0.5), ["momentums"]),
    ],
    ids=["Adam", "RMSprop", "SGD"],
)
def test_optimizers_keep_a_state_for_each_weight_tensor(
    optimizer: optimizers.Optimizer, states: list[str]
) -> None:
    weights = [keras.Variable([1.0]), keras.Variable([[1.0, 2.0]])]
    optimizer.build(weights)
    for name in states:
        kept = getattr(optimizer, name)
        places = [optimizer._get_variable_index(weight.value) for weight in weights]
        assert [tuple(kept[place].shape) for place in places] == [(1,), (1, 2)]
        assert all(kept[place].value.handle.dtype == tf.resource for place in places)


def test_rmsprop_without_momentum_keeps_none() -> None:
    optimizer = optimizers.RMSprop()
    optimizer.build([keras.Variable([1.0])])
    assert optimizer._momentums == []


def test_wrappers_show_what_they_wrap_and_their_base_finalizes_nothing() -> None:
    inner = optimizers.Adam()
    assert optimizers.LossScaleOptimizer(inner).inner_optimizer is inner
    assert optimizers.MultiOptimizer(optimizers.OptimizerMap(inner)).optimizers == [inner]
    assert not inner.use_ema
    assert optimizers.Adam.finalize_variable_values is BASE.finalize_variable_values


def test_a_model_lists_its_layers_nested_ones_too() -> None:
    norm = layers.BatchNormalization(momentum=0.25)
    inner = keras.Sequential([keras.Input((2,)), norm])
    outer = keras.Sequential([keras.Input((2,)), inner])
    assert norm in list(outer._flatten_layers())
    assert norm.momentum == 0.25


def test_a_model_s_loss_is_asked_for_as_in_its_own_step() -> None:
    class Mine(keras.Model):
        def compute_loss(
            self, x: object, y: object, y_pred: object, sample_weight: object
        ) -> object:
            return (x, y, y_pred, sample_weight)

    pixels = keras.Input((2,))
    model = Mine(pixels, layers.Dense(1)(pixels))
    assert model._compute_loss(x=1, y=2, y_pred=3, training=True) == (1, 2, 3, None)
    assert "self._compute_loss(" in inspect.getsource(keras.Model.train_step)


def test_seeds_come_from_one_generator_that_can_be_exchanged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drawn = []
    for _ in range(2):
        monkeypatch.setattr(seed_generator, "python_random", random.Random(3))
        drawn.append(layers.Dense(2).kernel_initializer.seed)
    assert drawn[0] == drawn[1]


def test_dropout_keeps_its_seed_and_a_counter() -> None:
    model = keras.Sequential([keras.Input((2,)), layers.Dropout(0.5, seed=7)])
    [state] = model.non_trainable_variables
    assert state.name == "seed_generator_state"
    before = state.numpy()
    model(tf.ones((1, 2)), training=True)
    assert before[0] == 7
    assert state.numpy()[0] == before[0]
    assert state.numpy()[1] > before[1]
