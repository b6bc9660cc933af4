"""Optimizer steps as one TensorFlow kernel per weight tensor.

Keras builds an update out of up to two dozen operations: tracing them took half of the time before
a trial's first step, and each of them passes over all weights. TensorFlow has the same updates as
single kernels. State, learning rate, schedules, clipping and everything else remain Keras's, and so
do the steps of all optimizers without a kernel here, including subclasses of those that have one.

Keras also sums gradients over the devices of a tf.distribute strategy, of which there is only one.
This leaves a graph with all weights in a registry that is never emptied: 55 MB per trial of the
baseline. The sum, which has only one term, is left out of every optimizer.
"""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf

from study.libraries.internals import (
    Update,
    exchange_update,
    leave_out_sum_over_devices,
    moments,
    state_handle,
)

Step = Callable[[Any, Any, Any], None]
"""(gradient, tf.Variable, learning rate): updates the variable and the optimizer's state."""


def fuse(optimizer: keras.optimizers.Optimizer) -> None:
    """Replace the steps of a built optimizer by kernels; without a kernel it keeps its steps."""
    for one in within(optimizer):
        leave_out_sum_over_devices(one)
        # The exact type counts: a subclass may take other steps or do more.
        make_step = _STEPS.get(type(one))
        if make_step and (step := make_step(one)):
            exchange_update(one, _update(one, step))


def averages(optimizer: keras.optimizers.Optimizer) -> bool:
    """Whether the optimizer averages weights, so that those that count differ from the current."""
    plain = keras.optimizers.Optimizer.finalize_variable_values
    return any(
        one.use_ema or type(one).finalize_variable_values is not plain for one in within(optimizer)
    )


def within(optimizer: keras.optimizers.Optimizer) -> list[keras.optimizers.Optimizer]:
    """The optimizers that take the steps: those inside Keras's two wrappers, else the optimizer."""
    if type(optimizer) is keras.optimizers.LossScaleOptimizer:
        return within(optimizer.inner_optimizer)
    if type(optimizer) is keras.optimizers.MultiOptimizer:
        return [one for inner in optimizer.optimizers for one in within(inner)]
    return [optimizer]


def _update(optimizer: keras.optimizers.Optimizer, fused: Step) -> Update:
    def update(gradients: Sequence[Any], variables: Sequence[Any], learning_rate: Any) -> None:
        for gradient, variable in zip(gradients, variables, strict=True):
            # For rows looked up twice (embeddings) Keras sums squares but a kernel squares sums.
            sparse = isinstance(gradient, tf.IndexedSlices)
            step = optimizer.update_step if sparse else fused
            step(gradient, variable.value, learning_rate)

    return update


def _adam(optimizer: keras.optimizers.Adam) -> Step | None:
    if optimizer.amsgrad:
        return None
    momentums, velocities = moments(optimizer)

    def step(gradient: Any, variable: tf.Variable, learning_rate: Any) -> None:
        done = tf.cast(optimizer.iterations + 1, variable.dtype)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=state_handle(optimizer, momentums, variable),
            v=state_handle(optimizer, velocities, variable),
            beta1_power=tf.pow(optimizer.beta_1, done),
            beta2_power=tf.pow(optimizer.beta_2, done),
            lr=tf.cast(learning_rate, variable.dtype),
            beta1=optimizer.beta_1,
            beta2=optimizer.beta_2,
            epsilon=optimizer.epsilon,
            grad=tf.cast(gradient, variable.dtype),
        )

    return step


def _rmsprop(optimizer: keras.optimizers.RMSprop) -> Step | None:
    if optimizer.centered:
        return None
    momentums, velocities = moments(optimizer)
    # The kernel needs a momentum even if it is 0.
    momentums = momentums or [
        keras.Variable("zeros", velocity.shape, velocity.dtype, trainable=False)
        for velocity in velocities
    ]

    def step(gradient: Any, variable: tf.Variable, learning_rate: Any) -> None:
        tf.raw_ops.ResourceApplyRMSProp(
            var=variable.handle,
            ms=state_handle(optimizer, velocities, variable),
            mom=state_handle(optimizer, momentums, variable),
            lr=tf.cast(learning_rate, variable.dtype),
            rho=optimizer.rho,
            momentum=optimizer.momentum,
            epsilon=optimizer.epsilon,
            grad=tf.cast(gradient, variable.dtype),
        )

    return step


def _sgd(optimizer: keras.optimizers.SGD) -> Step | None:
    if not optimizer.momentum:
        return None

    def step(gradient: Any, variable: tf.Variable, learning_rate: Any) -> None:
        tf.raw_ops.ResourceApplyKerasMomentum(
            var=variable.handle,
            accum=state_handle(optimizer, optimizer.momentums, variable),
            lr=tf.cast(learning_rate, variable.dtype),
            grad=tf.cast(gradient, variable.dtype),
            momentum=optimizer.momentum,
            use_nesterov=optimizer.nesterov,
        )

    return step


_STEPS: dict[type, Callable[[Any], Step | None]] = {
    keras.optimizers.Adam: _adam,
    keras.optimizers.AdamW: _adam,  # Keras applies the weight decay before the step
    keras.optimizers.RMSprop: _rmsprop,
    keras.optimizers.SGD: _sgd,
}
