"""Trains one network with given hyperparameter values, on a worker.

`study.training.building` makes the network, and `study.training.epoch` trains it for an epoch,
after which the mean and variance of batch normalisation are recomputed, and the network is scored
on the validation part. `check_network` refuses networks with a training loop of their own.

If an optimizer averages weights (`use_ema`), `fit` puts the averages into the network once, at the
end of training. Here every epoch may be the end of a trial, so it is done after every epoch: the
averages are scored, kept as the best, saved and returned, with batch normalisation recomputed for
them. The next epoch continues from the weights that the last step left.
"""

import math
import time
from functools import lru_cache
from typing import TYPE_CHECKING

from study.data import load_dataset
from study.data.dataset import DataOptions, Dataset, Part
from study.data.ground import known_colour
from study.errors import WrongName, WrongUse
from study.problem import metrics
from study.problem.problem import file_of, load_problem
from study.records.base import now
from study.records.recipe import Budget
from study.records.trial import Curves
from study.training import checkpoint
from study.training.building import build, dtype_policy, recipe_of, seed_keras
from study.training.divergence import check_converging, check_finite, loss_of_guessing
from study.training.epoch.batch_norm import statistics_function
from study.training.epoch.epoch_loop import EpochLoop, fitting_batch_size, graphs_as_they_are
from study.training.job import Job, OnEpoch, Trained

if TYPE_CHECKING:
    import keras


@lru_cache(maxsize=2)
def cached_dataset(name: str, seed: int, options: DataOptions) -> Dataset:
    """The data set, loaded once per worker."""
    return load_dataset(name, seed=seed, options=options)


def run_trial(job: Job, on_epoch: OnEpoch | None = None) -> Trained:
    """Train a network only for its score, as a trial of a search."""
    return train(job, on_epoch)[1]


def train(job: Job, on_epoch: OnEpoch | None = None) -> tuple["keras.Model", Trained]:
    """Build and train a network, or continue where the job's checkpoint ends.

    Raises:
        Diverged: The loss became NaN or infinite or, in a trial, twice as high as after its first
            epoch and as that of guessing.
        ValueError: The hyperparameters do not give a network (the message is Keras's).
        WrongName: The network cannot be trained by the study, or does not output probabilities.
    """
    import keras

    keras.utils.clear_session()  # frees the graphs of the worker's last trial
    training = Training(job, on_epoch)
    training.restore()
    with graphs_as_they_are():
        training.run()
    return training.model, training.result()


class Training:
    """A network and the progress of its training."""

    def __init__(self, job: Job, on_epoch: OnEpoch | None = None) -> None:
        """Build the network with its weights before the first epoch.

        Args:
            job: What to train.
            on_epoch: Called after every epoch; its exceptions end the training.
        """
        from study.training.epoch.optimizer_kernels import fuse

        self.job = job
        self.curves: Curves = {}
        """Curves of the epochs of this job, without those of the trial that it continues."""
        self._on_epoch = on_epoch
        self._started = time.perf_counter()
        """When training started, minus the seconds trained before an interruption."""
        self._problem = load_problem(job.problem)
        dataset = cached_dataset(self._problem.data, job.data_seed, job.data)
        self._part, self._validation = (
            first_images(dataset.train, job.max_images),
            dataset.validation,
        )
        self._recipe = recipe_of(self._problem, job.signature, job.values, job.epochs)
        self._batch_size = fitting_batch_size(
            len(self._part), self._recipe.batch_size or job.batch_size
        )
        steps = len(self._part) // self._batch_size * (job.decay_epochs or job.epochs)
        seed_keras(job.seed)
        with dtype_policy(job.dtype_policy):
            self.model, self.hyperparameters = build(
                self._problem, job.signature, job.values, Budget(steps, job.epochs)
            )
        # Built here, so that the optimizer makes no variables inside the graph, which would then
        # be traced twice.
        self.model.optimizer.build(self.model.trainable_variables)
        fuse(self.model.optimizer)
        self._best_weights: checkpoint.Weights | None = None
        self._raw_weights: checkpoint.Weights | None = None
        """The trainable weights as the last step left them, if the network holds their averages."""
        self._latency = math.inf
        """Seconds per image of the quickest prediction so far."""

    @property
    def scores(self) -> list[float]:
        """The validation objective after each epoch of this job."""
        return self.curves.get(f"val_{self._problem.objective}", [])

    @property
    def epoch(self) -> int:
        """The last finished epoch, counting those of the trial that the job continues."""
        return self.job.first_epoch + len(self.scores)

    @property
    def best_epoch(self) -> int:
        """The first epoch with the best score."""
        return self.job.first_epoch + 1 + self.scores.index(max(self.scores))

    def restore(self) -> None:
        """Continue from the job's checkpoint, or from the end of the trial that it continues."""
        path, name = self.job.checkpoint, self.job.training()
        if so_far := checkpoint.load(path, name, self.model) if path else None:
            self._started -= so_far.progress.seconds
            self.curves, self._best_weights = dict(so_far.progress.curves), so_far.best
            self._raw_weights = so_far.raw
        elif self.job.load_from:
            self._raw_weights = checkpoint.load_weights(self.job.load_from, self.model).raw

    def run(self) -> None:
        """Train up to `job.epochs`; the network then has the weights of the last or best epoch."""
        from study.networks.prediction import predictor

        loop = EpochLoop(
            self.model,
            self._part,
            self._problem.heads,
            self._recipe.model_copy(update={"batch_size": self._batch_size}),
            known_colour(self.job.signature.ground, self._part.images.shape[-1]),
            self.job.seed,
        )
        self._set_statistics = statistics_function(self.model, self._part)
        self._predict = predictor(self.model)
        self._predict(self._validation.images[:1])  # traced here, so that it can be timed
        while self.epoch < self.job.epochs:
            self._train_epoch(loop, self.epoch + 1)
            self._keep()
            if self._on_epoch:
                self._on_epoch(self.epoch, self.scores[-1])
        if self._best_weights:
            self.model.set_weights(self._best_weights)
        if math.isinf(self._latency):  # training was already complete before an interruption
            self._validate()

    def result(self) -> Trained:
        """The result of the training, which has at least one epoch."""
        return Trained(
            curves=self.curves,
            best_epoch=self.best_epoch,
            score=max(self.scores),
            parameters=self.model.count_params(),
            hyperparameters=self.hyperparameters,
            seconds=time.perf_counter() - self._started,
            latency=self._latency,
            finished=now(),
        )

    def _train_epoch(self, loop: EpochLoop, epoch: int) -> None:
        """Train for an epoch and score it, which adds a point to the curves."""
        if self._raw_weights:
            for variable, value in zip(
                self.model.trainable_variables, self._raw_weights, strict=True
            ):
                variable.assign(value)
        in_training = loop.train(epoch)
        self._raw_weights = _put_averages(self.model)
        self._set_statistics()
        check_finite("training", in_training["loss"], epoch)
        probabilities = self._validate()
        scores = metrics.scores(self._validation.labels, probabilities)
        check_finite("validation", scores["loss"], epoch)  # the last step may break the weights
        _check_probabilities(self.job.problem, probabilities)
        _extend(self.curves, "", in_training)
        if not self.job.keep_best:  # else the best epoch's weights are already there
            check_converging(self.curves["loss"], loss_of_guessing(self.model), epoch)
        _extend(self.curves, "val_", scores)

    def _keep(self) -> None:
        """Remember the weights if they are the best so far, and write the checkpoint."""
        if self.job.keep_best and self.best_epoch == self.epoch:
            self._best_weights = self.model.get_weights()
        if self.job.checkpoint:
            seconds = time.perf_counter() - self._started
            progress = checkpoint.Progress(
                training=self.job.training(), curves=self.curves, seconds=seconds
            )
            saved = checkpoint.Saved(progress, self._best_weights, self._raw_weights)
            checkpoint.save(self.job.checkpoint, self.model, saved)

    def _validate(self) -> metrics.Probabilities:
        """Predict the validation part, and time it."""
        started = time.perf_counter()
        probabilities = self._predict(self._validation.images)
        took = time.perf_counter() - started
        self._latency = min(self._latency, took / len(self._validation))
        return probabilities


def first_images(part: Part, images: int | None) -> Part:
    """The first `images` images of the part; None: all of them."""
    if images is None or images >= len(part):
        return part
    labels = {column: values[:images] for column, values in part.labels.items()}
    return Part(part.images[:images], labels)


def _put_averages(model: "keras.Model") -> checkpoint.Weights | None:
    """Put the averages of weights into the network, if the optimizer keeps any.

    Returns:
        The weights that they replaced; None if the optimizer keeps no averages.
    """
    from study.training.epoch.optimizer_kernels import averages

    if not averages(model.optimizer):
        return None
    raw = [variable.numpy() for variable in model.trainable_variables]
    model.optimizer.finalize_variable_values(model.trainable_variables)
    return raw


def _extend(curves: Curves, prefix: str, scores: dict[str, float]) -> None:
    for name, value in scores.items():
        curves.setdefault(prefix + name, []).append(value)


def _check_probabilities(problem: str, probabilities: metrics.Probabilities) -> None:
    """Refuse other outputs, such as logits, for which argmax would be right but the loss wrong."""
    from study.networks.answers import check_probabilities

    try:
        check_probabilities(probabilities)
    except WrongUse as error:
        raise WrongName(f"{file_of(problem)}: {error}") from None
