"""The average of a network's weights over the last part of its training, however long that is.

Keras's own averages (`use_ema`) span a fixed number of steps: after an epoch on a low rung they are
still those of the beginning, after twenty they span hardly an epoch. Here the momentum grows with
the steps, so that at every moment the average spans about the same share of the steps so far:
polynomial-decay averaging, Shamir and Zhang, "Stochastic Gradient Descent for Non-smooth
Optimization", ICML 2013, section 4.

All else is Keras's: the optimizer keeps the averages beside its state, where checkpoints find them,
and puts them into the network at the end of an epoch.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import tensorflow as tf

from study.training.epoch.optimizer_kernels import within


def average_weights(optimizer: keras.optimizers.Optimizer) -> None:
    """Have an optimizer that is not built yet keep averages of the weights."""
    for one in within(optimizer):
        one.use_ema = True


@contextmanager
def averages_over(optimizer: keras.optimizers.Optimizer, share: float) -> Iterator[None]:
    """Within, steps are traced in which the averages span this share of the steps so far.

    Args:
        optimizer: That was told to average weights, if the share is above 0.
        share: From 0, which leaves averages as they are, to 1, the mean of the weights after all
            steps.
    """
    averaging = [(one, one.ema_momentum) for one in within(optimizer) if share]
    for one, _ in averaging:
        one.ema_momentum = momentum(one.iterations.value, share)
    try:
        yield
    finally:
        for one, before in averaging:
            one.ema_momentum = before


def momentum(steps: Any, share: float) -> tf.Tensor:
    """Weight of the average so far, the rest being that of the newest weights: from 0 to below 1.

    Args:
        steps: Taken before this one, 0 or more.
        share: Above 0, up to 1.
    """
    power = 1 / share - 1  # the paper's eta
    step = tf.cast(steps, tf.float32) + 1
    return 1 - (power + 1) / (step + power)
