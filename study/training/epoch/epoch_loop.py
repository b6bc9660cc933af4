"""One epoch of training as a single TensorFlow graph call.

Images stay in memory as uint8. Keras's own `fit` on arrays feeds batches through tf.data, whose
autotuning costs a one-core worker up to half of its time on networks this small (measured: 395
against 850 images per second for the baseline). The call also returns every prediction made while
training, so that metrics over all heads, which Keras cannot express without custom objects, cost
nothing.

A step is Keras's own `train_step`, whatever the network was compiled with: every optimizer with its
clipping, decay, accumulation, loss scale and averaging of weights; every loss with its weights,
penalties and `add_loss`. Options that do not change weights are ignored: metrics given to
`compile`, `run_eagerly`, `jit_compile`, `steps_per_execution`. Unlike `fit`, the loop leaves out an
incomplete last batch, of different images each epoch, and dropout's random numbers depend on the
epoch.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from study.data.dataset import Labels, Part
from study.libraries.internals import loss_in_training, seed_states
from study.problem import metrics
from study.records.recipe import Recipe

if TYPE_CHECKING:
    import keras

FEW_STEPS = 8
"""Smallest number of optimizer steps per epoch, if there are enough images."""

SMALLEST_BATCH = 16
"""Smallest number of images per batch to which a larger batch is reduced."""


class EpochLoop:
    """Trains a network on the images of a part, epoch by epoch, each in an order of its own."""

    def __init__(
        self,
        model: "keras.Model",
        part: Part,
        heads: Sequence[str],
        recipe: Recipe,
        background: np.ndarray | None,
        seed: int,
    ) -> None:
        """Set the loop up; nothing is traced before the first epoch.

        Args:
            model: Compiled network whose optimizer is built.
            part: The images to train on.
            heads: Columns of labels, in the order of the network's outputs.
            recipe: How the network is trained; its batch size is at most the number of images.
            background: Level of each channel, (channels,), where images show nothing else; None:
                it varies.
            seed: Seed of the order of images and of what is done to them.
        """
        assert recipe.batch_size
        self._model, self._labels = model, part.labels
        self._batch_size, self._seed = recipe.batch_size, seed
        self._run = _epoch_function(model, part, heads, recipe, background)

    def train(self, epoch: int) -> dict[str, float]:
        """Train for one epoch, and score the predictions made on the way.

        Args:
            epoch: Number of the epoch, from 1; it decides the order of images, what is done to
                them, and dropout's random numbers.
        """
        _seed_dropout(self._model, epoch)
        images = len(next(iter(self._labels.values())))
        order = epoch_order(images, self._batch_size, self._seed, epoch)
        probabilities = self._run(order, _step_seeds(len(order), self._seed, epoch))
        flat = order.ravel()
        labels = {head: self._labels[head][flat] for head in probabilities}
        return metrics.scores(labels, probabilities)


@contextmanager
def graphs_as_they_are() -> Iterator[None]:
    """Keep TensorFlow from rewriting graphs before it runs them.

    For these networks rewriting takes half a second per graph and does not speed up the step.
    """
    import tensorflow as tf

    before = tf.config.optimizer.get_experimental_options()
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
    try:
        yield
    finally:
        tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": False} | before)


def fitting_batch_size(images: int, asked: int) -> int:
    """The batch size asked for, or less if a part is so small that it has few batches.

    A part of 150 images in batches of 64 would have two steps per epoch, each of which would leave
    out 22 images. So a part of fewer than FEW_STEPS batches is divided into that many, but not into
    batches of fewer than SMALLEST_BATCH images, which make batch normalisation noisy; and as evenly
    as possible, so that fewer images are left out than there are batches. With larger parts an
    epoch leaves out less than a batch, of different images each time because their order is drawn
    anew.
    """
    if images >= FEW_STEPS * asked:
        return asked
    size = min(asked, max(SMALLEST_BATCH, images // FEW_STEPS))
    return images // -(-images // size)


def epoch_order(images: int, batch_size: int, seed: int, epoch: int) -> np.ndarray:
    """The order of an epoch: image indices (steps, batch_size), without an incomplete batch."""
    order = np.random.default_rng([seed, epoch]).permutation(images)
    return order[: images // batch_size * batch_size].reshape(-1, batch_size)


def _seed_dropout(model: "keras.Model", epoch: int) -> None:
    """Make dropout's random numbers depend on the epoch, as a resumed training must repeat them."""
    for state in seed_states(model):
        state.assign([state.numpy()[0], epoch << 20])


def _step_seeds(steps: int, seed: int, epoch: int) -> np.ndarray:
    """(steps, 2) int64: of the training, and of each of its steps."""
    return np.stack([np.full(steps, seed), (epoch << 32) + np.arange(steps)], axis=1)


def _epoch_function(
    model: "keras.Model",
    part: Part,
    heads: Sequence[str],
    recipe: Recipe,
    background: np.ndarray | None,
) -> Callable[[np.ndarray, np.ndarray], metrics.Probabilities]:
    """A function that trains for an epoch.

    It takes image indices (steps, batch) in their order and the seeds of the steps (steps, 2), and
    returns what was predicted for the images while training.
    """
    import keras
    import tensorflow as tf

    from study.training.epoch.augmentation import augmented
    from study.training.epoch.averaging import averages_over

    images = tf.constant(part.images)
    targets = [tf.constant(target) for target in _targets(model, part.labels, heads)]

    def step(batch_and_seed: tuple[Any, Any]) -> list[Any]:
        batch, seed = batch_and_seed
        pixels = tf.gather(images, batch)
        if not recipe.augmentation.is_none:
            pixels = augmented(pixels, seed, recipe.augmentation, background)
        wanted = [tf.gather(target, batch) for target in targets]
        with tf.GradientTape() as tape:
            outputs = model(pixels, training=True)
            value = loss_in_training(
                model, pixels, keras.tree.pack_sequence_as(outputs, wanted), outputs
            )
            value = model.optimizer.scale_loss(value)
        variables = model.trainable_variables
        gradients = tape.gradient(value, variables)
        with averages_over(model.optimizer, recipe.averaging):
            model.optimizer.apply_gradients(zip(gradients, variables, strict=True))
        return [tf.cast(output, tf.float32) for output in keras.tree.flatten(outputs)]

    @tf.function(autograph=False)  # nothing to convert: map_fn is the loop
    def epoch(order: Any, seeds: Any) -> list[Any]:
        return tf.map_fn(  # one after the other: parallel steps would race for the weights
            step,
            (order, seeds),
            parallel_iterations=1,
            fn_output_signature=[tf.float32] * len(heads),
        )

    def run(order: np.ndarray, seeds: np.ndarray) -> metrics.Probabilities:
        outputs = epoch(tf.constant(order), tf.constant(seeds))  # (steps, batch, units) per head
        flat = [output.numpy().reshape(-1, output.shape[-1]) for output in outputs]
        return metrics.as_probabilities(heads, flat)

    return run


def _targets(model: "keras.Model", labels: Labels, heads: Sequence[str]) -> list[np.ndarray]:
    """The target of each output: 0 or 1 for a sigmoid neuron, else one-hot.

    (n,) labels -> (n, units) float32
    """
    targets = []
    for head, output in zip(heads, model.outputs, strict=True):
        units = output.shape[-1]
        wanted = labels[head][:, None] if units == 1 else np.eye(units)[labels[head]]
        targets.append(wanted.astype(np.float32))
    return targets
