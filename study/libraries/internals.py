"""All private parts of libraries that the study uses.

They may change with any new version, without notice. `tests/libraries/test_internals.py` asserts
that each of them exists and does what is assumed, and that no other file reaches into a library.
The methods that `study.search.study_oracle` and `study.search.asha` override in Keras Tuner's
oracles are tested there too.
"""

import random
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

Update = Callable[[Sequence[Any], Sequence[Any], Any], None]
"""(gradients, variables, learning rate): takes an optimizer step with all weights."""


# Keras: networks


def layers_within(model: "keras.Model") -> "list[keras.Layer]":
    """All layers of a network, including those of nested networks and layers."""
    return list(model._flatten_layers())


def origin(tensor: "keras.KerasTensor") -> "tuple[keras.Operation, Any, int]":
    """What a tensor of a functional network comes from.

    Returns:
        The operation, Keras's record of the call, and which of the operation's outputs it is.
    """
    operation, index, place = tensor._keras_history
    return operation, operation._inbound_nodes[index], place


def uses(layer: "keras.Layer") -> int:
    """How often a layer is called within the networks that it is part of."""
    return len(layer._inbound_nodes)


def output_shapes(layer: "keras.Layer") -> list[tuple[int | None, ...]]:
    """Shape of what each call of the layer puts out first; the batch comes first in it."""
    return [tuple(node.output_tensors[0].shape) for node in layer._inbound_nodes]


def loss_in_training(model: "keras.Model", pixels: Any, targets: Any, outputs: Any) -> Any:
    """The loss as the network's own `train_step` computes it.

    `compute_loss` is public, but only this method knows which arguments a user's own version takes.
    """
    return model._compute_loss(x=pixels, y=targets, y_pred=outputs, training=True)


# Keras: random numbers


def draw_seeds_from(generator: random.Random) -> None:
    """Make Keras take the seeds of initializers and dropout from this generator."""
    from keras.src.random import seed_generator

    seed_generator.python_random = generator


def seed_states(model: "keras.Model") -> "list[keras.Variable]":
    """The states of a network's seed generators, each (seed, calls so far)."""
    return [one for one in model.non_trainable_variables if one.name == "seed_generator_state"]


# Keras: optimizers


def leave_out_sum_over_devices(optimizer: "keras.optimizers.Optimizer") -> None:
    """Make the optimizer use gradients unchanged, because there is only one device."""
    optimizer._all_reduce_sum_gradients = list


def exchange_update(optimizer: "keras.optimizers.Optimizer", update: Update) -> None:
    """Make the optimizer take its steps by this function; everything else stays the same."""
    optimizer._backend_update_step = update


def moments(
    optimizer: "keras.optimizers.Adam | keras.optimizers.RMSprop",
) -> "tuple[list[keras.Variable], list[keras.Variable]]":
    """(momentums, velocities), one of each per weight tensor; momentums may be empty."""
    return optimizer._momentums, optimizer._velocities


def state_handle(
    optimizer: "keras.optimizers.Optimizer", states: "Sequence[keras.Variable]", weight: Any
) -> "tf.Tensor":
    """The resource handle of the optimizer's state for a weight tensor."""
    return states[optimizer._get_variable_index(weight)].value.handle


# Dask


def have_dask_preload_nothing() -> None:
    """Keep Dask from importing modules of its own choice in the forkserver."""
    from distributed import utils

    utils._forkserver_preload_set = True


def allow_failures(failures: int) -> Callable[[Any], None]:
    """A function that tells a Dask scheduler how many workers may die of a task."""

    # Pickled by value and not by its name, because a scheduler may not have the study.
    def allow(dask_scheduler: Any) -> None:
        dask_scheduler.allowed_failures = failures

    return allow
