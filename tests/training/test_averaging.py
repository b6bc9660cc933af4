"""Averages of weights that span a share of the steps so far."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose

from study.training.epoch.averaging import average_weights, averages_over, momentum


def weights_of(share: float, steps: int) -> np.ndarray:
    """What the weights after each step count for in the average after the last."""
    counts = np.zeros(steps)
    for step in range(steps):
        kept = float(momentum(step, share))
        counts[: step + 1] *= kept
        counts[step] += 1 - kept
    return counts


def test_a_share_of_one_is_the_mean_of_all() -> None:
    assert_allclose(weights_of(1, 50), 1 / 50, rtol=1e-4)


@pytest.mark.parametrize("share", [0.05, 0.1, 0.2])
@pytest.mark.parametrize("steps", [300, 3000])
def test_the_last_share_of_the_steps_has_most_of_the_weight(share: float, steps: int) -> None:
    """Half of it lies in the last 0.7 shares, nearly all in the last five, however many steps."""
    counts = weights_of(share, steps)
    assert counts.sum() == pytest.approx(1)
    last = [counts[round(steps * (1 - part * share)) :].sum() for part in (0.7, 5)]
    assert last[0] == pytest.approx(0.5, abs=0.06)
    assert last[1] > 0.985


def optimizer(kind: str) -> keras.optimizers.Optimizer:
    plain = keras.optimizers.SGD(1.0)
    if kind == "scaled":
        return keras.optimizers.LossScaleOptimizer(plain, initial_scale=1.0)
    return plain


@pytest.mark.parametrize("kind", ["plain", "scaled"])
def test_the_optimizer_puts_these_averages_into_the_network(kind: str) -> None:
    weight, sgd = keras.Variable([0.0]), optimizer(kind)
    average_weights(sgd)
    sgd.build([weight])

    @tf.function
    def step() -> None:
        with averages_over(sgd, 0.5):
            sgd.apply([tf.constant([-1.0])], [weight])

    for _ in range(10):
        step()
    sgd.finalize_variable_values([weight])
    assert_allclose(weight.numpy(), [weights_of(0.5, 10) @ np.arange(1, 11)], rtol=1e-5)


def test_of_averages_that_a_network_brings_itself_the_momentum_stays() -> None:
    sgd = keras.optimizers.SGD(1.0, use_ema=True, ema_momentum=0.9)
    with averages_over(sgd, 0.0):
        assert sgd.ema_momentum == 0.9
    with averages_over(sgd, 0.5):
        assert sgd.ema_momentum != 0.9
    assert sgd.ema_momentum == 0.9
