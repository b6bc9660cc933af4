"""Train one network for given hyperparameter values: what runs on a worker.

The epoch loop is a single TensorFlow graph call over images that stay in memory as uint8.
Keras's own `fit` on arrays feeds batches through tf.data, whose autotuning costs a one-core
worker up to half of its time on networks this small (measured: 395 against 850 images a second
for the baseline). It also hands back every prediction made while training, so that metrics over
all heads, which Keras cannot express without custom objects, cost nothing.

A step is Keras's own `train_step`, whatever the network was compiled with: every optimizer with its
clipping, decay, accumulation, loss scale and averaging of weights; every loss with its weights,
penalties and `add_loss`. Not done are what changes no weight: metrics given to `compile`,
`run_eagerly`, `jit_compile`, `steps_per_execution`. Otherwise than by `fit` an odd last batch is
left out; random numbers of dropout follow from the epoch; and the mean and variance of batch
normalisation are set anew after each epoch. `check_network` refuses what brings a loop of its own.

Of an optimizer that averages weights (`use_ema`), `fit` puts the averages into the network once, at
its end. Here every epoch may be the end of a trial, so every epoch does: the averages are what is
scored, kept as the best, saved and handed back, with batch normalisation set for them. The next
epoch goes on from the weights as the last step left them.
"""

import math
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from study.data import load_dataset
from study.data.dataset import DataOptions, Dataset, Labels, Part
from study.errors import WrongName, WrongUse
from study.problem import metrics
from study.problem.problem import Problem, check_network, file_of, load_problem
from study.records.base import Curves, DtypePolicy, Value
from study.run import provenance
from study.training import checkpoint

if TYPE_CHECKING:
    import keras

OnEpoch = Callable[[int, float], None]
"""Called after every epoch with its number (from 1) and its validation objective."""


STATISTICS_IMAGES = 512
"""Training images, the first ones, whose mean and variance batch normalisation uses outside of
training. They are one batch: more would cost memory."""


@dataclass(frozen=True)
class Job:
    """Everything a worker needs to train one network; small and picklable."""

    problem: str
    values: dict[str, Value]
    seed: int
    """Of weights, dropout and the order of images; 1 or more."""
    data: DataOptions
    data_seed: int
    epochs: int
    """Train up to this epoch."""
    batch_size: int
    max_images: int | None = None
    """Training images to use, the first ones of the shuffled part; None: all."""
    decay_epochs: int | None = None
    """Epochs the learning rate decays over, where training may end before; None: `epochs`."""
    first_epoch: int = 0
    """Epochs already trained by the trial this one continues."""
    load_from: Path | None = None
    """The checkpoint of the trial this one continues."""
    checkpoint: Path | None = None
    """Left here after every epoch; if it is there already, training goes on from it."""
    dtype_policy: DtypePolicy = "float32"
    keep_best: bool = False
    """Bring the network back with the weights of its best epoch, not of its last."""

    def training(self) -> str:
        """Which training this is: equal for equal jobs, wherever their files are."""
        return repr(replace(self, load_from=None, checkpoint=None))


@dataclass(frozen=True)
class Trained:
    """What training a network came to."""

    curves: Curves
    best_epoch: int
    """Epoch of the best validation objective, from 1."""
    score: float
    """The best validation objective, in [0, 1]."""
    parameters: int
    hyperparameters: dict[str, Value]
    """The active ones."""
    seconds: float
    latency: float
    """Seconds an image, of predicting many: that of the quickest validation."""
    finished: str
    """When, ISO 8601 in UTC."""


class Diverged(ArithmeticError):
    """The loss stopped being a number, or rose far above that of guessing."""


@lru_cache(maxsize=2)
def cached_dataset(name: str, seed: int, options: DataOptions) -> Dataset:
    """The data set, loaded once a worker."""
    return load_dataset(name, seed=seed, options=options)


def train(job: Job, on_epoch: OnEpoch | None = None) -> tuple["keras.Model", Trained]:
    """Build and train a network, or go on where the job's checkpoint ends.

    Raises:
        Diverged: the loss became NaN, infinite, or that of a trial twice as high as it was after
            its first epoch and as guessing.
        ValueError: the hyperparameters make no network (Keras's own words).
        WrongName: they make one that the study cannot train, or one that puts out no probabilities.
    """
    import keras

    from study.training.optimizer_kernels import fuse

    keras.utils.clear_session()  # frees the graphs of the worker's last trial
    started = time.perf_counter()
    problem = load_problem(job.problem)
    dataset = cached_dataset(problem.data, job.data_seed, job.data)
    _seed_keras(job.seed)
    part = _first(dataset.train, job.max_images)
    batch_size = min(job.batch_size, len(part))
    steps = len(part) // batch_size
    with _dtype_policy(job.dtype_policy):
        model, hyperparameters = build(
            problem, job.values, steps * (job.decay_epochs or job.epochs)
        )
    # Built here, the optimizer makes no variables inside the graph, which would be traced twice.
    model.optimizer.build(model.trainable_variables)
    fuse(model.optimizer)
    fit = _Fit(problem.objective, job, started, on_epoch)
    if so_far := checkpoint.load(job.checkpoint, job.training(), model) if job.checkpoint else None:
        fit.started -= so_far.progress.seconds
        fit.curves, fit.best_weights = dict(so_far.progress.curves), so_far.best
        fit.raw_weights = so_far.raw
    elif job.load_from:
        fit.raw_weights = checkpoint.load_weights(job.load_from, model).raw
    with _graphs_as_they_are():
        _fit(fit, model, problem.heads, part, dataset.validation, batch_size)
    return model, Trained(
        curves=fit.curves,
        best_epoch=fit.best_epoch,
        score=max(fit.scores),
        parameters=model.count_params(),
        hyperparameters=hyperparameters,
        seconds=time.perf_counter() - fit.started,
        latency=fit.latency,
        finished=provenance.now(),
    )


@contextmanager
def _graphs_as_they_are() -> Iterator[None]:
    """Keep TensorFlow from rewriting graphs before it runs them.

    On these networks rewriting takes half a second a graph, and the step is none the faster.
    """
    import tensorflow as tf

    before = tf.config.optimizer.get_experimental_options()
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
    try:
        yield
    finally:
        tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": False} | before)


@contextmanager
def _dtype_policy(name: DtypePolicy) -> Iterator[None]:
    """What layers made in the block compute in; they keep it.

    Others that the process makes later, such as those that explain a network, compute in float32.
    """
    import keras

    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def _seed_keras(seed: int) -> None:
    """Make weights and dropout follow from the seed.

    Keras takes the seeds of initializers and dropout from Python's global generator, but so do
    the threads of a Dask worker for their own ends: two of eight equal jobs came out different.
    So Keras gets a generator that nobody else draws from.
    """
    import keras
    from keras.src.random import seed_generator  # no public way to hand it a generator

    keras.utils.set_random_seed(seed)
    seed_generator.python_random = random.Random(seed)


def run_trial(job: Job, on_epoch: OnEpoch | None = None) -> Trained:
    """Train a network for its score alone: a trial of a search."""
    return train(job, on_epoch)[1]


def build(
    problem: Problem, values: dict[str, Value], steps: int
) -> tuple["keras.Model", dict[str, Value]]:
    """(compiled network, the hyperparameters that were active in it).

    Weights come from Keras's global generator: seed it before.

    Raises:
        WrongName: the study cannot train such a network.
    """
    import keras_tuner

    hp = keras_tuner.HyperParameters()
    hp.values.update(values)
    model = problem.build(hp, steps)
    check_network(problem, model)
    return model, {entry.name: hp.values[entry.name] for entry in hp.space if hp.is_active(entry)}


@dataclass
class _Fit:
    """A training as far as it has come."""

    objective: str
    job: Job
    started: float
    """When, by `time.perf_counter`; earlier by what was trained before an interruption."""
    on_epoch: OnEpoch | None
    curves: Curves = field(default_factory=dict)
    best_weights: checkpoint.Weights | None = None
    raw_weights: checkpoint.Weights | None = None
    """The trainable weights as the last step left them, if the network holds their averages."""
    latency: float = math.inf
    """Seconds an image of the quickest prediction so far."""

    @property
    def scores(self) -> list[float]:
        """The validation objective after each epoch of this job."""
        return self.curves.get(f"val_{self.objective}", [])

    @property
    def epoch(self) -> int:
        """The last finished epoch, those of the trial it continues counted in."""
        return self.job.first_epoch + len(self.scores)

    @property
    def best_epoch(self) -> int:
        """The first epoch of the best score."""
        return self.job.first_epoch + 1 + self.scores.index(max(self.scores))


def _fit(
    fit: _Fit,
    model: "keras.Model",
    heads: Sequence[str],
    part: Part,
    validation: Part,
    batch_size: int,
) -> None:
    """Train up to `job.epochs`."""
    from study.networks.saved import predictor

    job = fit.job
    run_epoch = _epoch_function(model, part, heads)
    set_statistics = _statistics_function(model, part)
    predict, guessing = predictor(model), _guessing(model)
    predict(validation.images[:1])  # traced here, so that it can be timed

    def validate() -> metrics.Probabilities:
        started = time.perf_counter()
        probabilities = predict(validation.images)
        took = time.perf_counter() - started
        fit.latency = min(fit.latency, took / len(validation))
        return probabilities

    while fit.epoch < job.epochs:
        epoch = fit.epoch + 1
        if fit.raw_weights:
            _assign(model.trainable_variables, fit.raw_weights)
        _seed_dropout(model, epoch)
        order = _order(len(part), batch_size, job.seed, epoch)
        in_training = _scores_in_order(part.labels, order, run_epoch(order))
        fit.raw_weights = _finalize(model)
        set_statistics()
        _check_finite("training", in_training["loss"], epoch)
        probabilities = validate()
        scores = metrics.scores(validation.labels, probabilities)
        _check_finite("validation", scores["loss"], epoch)  # the last step may break the weights
        _check_probabilities(job.problem, probabilities)
        _extend(fit.curves, "", in_training)
        if not job.keep_best:  # else the best epoch is there already
            _check_converging(fit.curves["loss"], guessing, epoch)
        _extend(fit.curves, "val_", scores)
        if job.keep_best and fit.best_epoch == epoch:
            fit.best_weights = model.get_weights()
        if job.checkpoint:
            checkpoint.save(job.checkpoint, model, _so_far(fit))
        if fit.on_epoch:
            fit.on_epoch(epoch, scores[fit.objective])
    if fit.best_weights:
        model.set_weights(fit.best_weights)
    if math.isinf(fit.latency):  # trained before an interruption, to the end
        validate()


def _so_far(fit: _Fit) -> checkpoint.Saved:
    progress = checkpoint.Progress(
        training=fit.job.training(),
        curves=fit.curves,
        seconds=time.perf_counter() - fit.started,
    )
    return checkpoint.Saved(progress, fit.best_weights, fit.raw_weights)


def _finalize(model: "keras.Model") -> list[np.ndarray] | None:
    """Let the optimizer put the averages of weights into the network, if it keeps any.

    Returns:
        The weights that were in their place; None if it keeps none.
    """
    from study.training.optimizer_kernels import averages

    if not averages(model.optimizer):
        return None
    raw = [variable.numpy() for variable in model.trainable_variables]
    model.optimizer.finalize_variable_values(model.trainable_variables)
    return raw


def _assign(variables: Sequence[Any], values: checkpoint.Weights) -> None:
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)


def _seed_dropout(model: "keras.Model", epoch: int) -> None:
    """Let dropout's random numbers follow from the epoch: a resumed training draws the same.

    The state of a Keras seed generator is (seed, calls so far).
    """
    for variable in model.non_trainable_variables:
        if variable.name == "seed_generator_state":
            variable.assign([variable.numpy()[0], epoch << 20])


def _first(part: Part, images: int | None) -> Part:
    if images is None or images >= len(part):
        return part
    labels = {column: values[:images] for column, values in part.labels.items()}
    return Part(part.images[:images], labels)


def _epoch_function(
    model: "keras.Model", part: Part, heads: Sequence[str]
) -> Callable[[np.ndarray], metrics.Probabilities]:
    """order (steps, batch) of image indices -> what was predicted for them while training."""
    import keras
    import tensorflow as tf

    images = tf.constant(part.images)
    targets = [tf.constant(target) for target in _targets(model, part.labels, heads)]

    def step(batch: Any) -> list[Any]:
        pixels = tf.gather(images, batch)
        wanted = [tf.gather(target, batch) for target in targets]
        with tf.GradientTape() as tape:
            outputs = model(pixels, training=True)
            value = model._compute_loss(  # not public: knows what arguments a user's own takes
                x=pixels,
                y=keras.tree.pack_sequence_as(outputs, wanted),
                y_pred=outputs,
                training=True,
            )
            value = model.optimizer.scale_loss(value)
        variables = model.trainable_variables
        gradients = tape.gradient(value, variables)
        model.optimizer.apply_gradients(zip(gradients, variables, strict=True))
        return [tf.cast(output, tf.float32) for output in keras.tree.flatten(outputs)]

    @tf.function(autograph=False)  # nothing to convert: map_fn is the loop
    def epoch(order: Any) -> list[Any]:
        return tf.map_fn(  # one after the other: parallel steps would race for the weights
            step, order, parallel_iterations=1, fn_output_signature=[tf.float32] * len(heads)
        )

    def run(order: np.ndarray) -> metrics.Probabilities:
        outputs = epoch(tf.constant(order))  # (steps, batch, units) a head
        flat = [output.numpy().reshape(-1, output.shape[-1]) for output in outputs]
        return metrics.as_probabilities(heads, flat)

    return run


def _statistics_function(model: "keras.Model", part: Part) -> Callable[[], None]:
    """Sets the statistics of batch normalisation to those of the network as it is now.

    As it runs, Keras averages them over many past steps. After few steps those were of quite
    another network: one that had learnt 94% of MNIST in an epoch of 2,400 images scored 17% on
    validation, and low rungs ranked networks hardly better than chance. Wu and Johnson, "Rethinking
    'Batch' in BatchNorm", 2021, section 3 ("PreciseBN").
    """
    import keras
    import tensorflow as tf

    norms = [
        layer
        for layer in model._flatten_layers()  # nested ones too: no public way
        if isinstance(layer, keras.layers.BatchNormalization)
    ]
    if not norms:
        return lambda: None
    images = tf.constant(part.images[:STATISTICS_IMAGES])
    forward = tf.function(lambda: model(images, training=True), autograph=False)
    momenta = [layer.momentum for layer in norms]
    for layer in norms:
        layer.momentum = 0.0  # while it is traced: what was is forgotten
    traced = forward.get_concrete_function()
    for layer, momentum in zip(norms, momenta, strict=True):
        layer.momentum = momentum

    def set_statistics() -> None:
        traced()

    return set_statistics


def _targets(model: "keras.Model", labels: Labels, heads: Sequence[str]) -> list[np.ndarray]:
    """What each output is trained towards: 0 or 1 for one sigmoid neuron, else one-hot.

    (n,) -> (n, units) float32
    """
    targets = []
    for head, output in zip(heads, model.outputs, strict=True):
        units = output.shape[-1]
        wanted = labels[head][:, None] if units == 1 else np.eye(units)[labels[head]]
        targets.append(wanted.astype(np.float32))
    return targets


def _order(images: int, batch_size: int, seed: int, epoch: int) -> np.ndarray:
    """A new order each epoch: image indices (steps, batch_size), without an odd last batch."""
    order = np.random.default_rng([seed, epoch]).permutation(images)
    return order[: images // batch_size * batch_size].reshape(-1, batch_size)


def _scores_in_order(
    labels: Labels, order: np.ndarray, probabilities: metrics.Probabilities
) -> dict[str, float]:
    flat = order.ravel()
    return metrics.scores({head: labels[head][flat] for head in probabilities}, probabilities)


def _extend(curves: Curves, prefix: str, scores: dict[str, float]) -> None:
    for name, value in scores.items():
        curves.setdefault(prefix + name, []).append(value)


def _guessing(model: "keras.Model") -> float:
    """The loss of a network that finds all classes equally likely, in nats."""
    return sum(math.log(max(2, output.shape[-1])) for output in model.outputs)


def _check_converging(losses: Sequence[float], guessing: float, epoch: int) -> None:
    """A network twice as bad as guessing, and as itself after its first epoch, is lost."""
    if losses[-1] > 2 * max(losses[0], guessing):
        raise Diverged(
            f"the training loss rose from {losses[0]:.3g} to {losses[-1]:.3g} in epoch {epoch}"
        )


def _check_finite(which: str, loss: float, epoch: int) -> None:
    if not math.isfinite(loss):
        raise Diverged(f"the {which} loss became {loss} in epoch {epoch}")


def _check_probabilities(problem: str, probabilities: metrics.Probabilities) -> None:
    """Of anything else, such as logits, argmax would be right and the loss would not."""
    from study.networks.answers import check_probabilities

    try:
        check_probabilities(probabilities)
    except WrongUse as error:
        raise WrongName(f"{file_of(problem)}: {error}") from None
