"""Checkpoints: a training goes on from one as if nothing had happened, or starts again."""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import h5py
import keras
import keras_tuner
import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_array_equal

from study.errors import CannotWrite, CorruptRecord
from study.records.recipe import Budget
from study.records.study import Signature
from study.training import building, checkpoint, training
from study.training.checkpoint import Progress, Saved
from study.training.job import Job
from tests import tiny
from tests.machine.test_files import files_of_at_most
from tests.training import jobs


class Killed(BaseException):
    """Stands in for a process that ends between two epochs."""


def job(**changes: Any) -> Job:
    fields = {"values": tiny.BASELINE | {"adam": True, "dropout": True}, "epochs": 4}
    return jobs.job(**(fields | changes))


def with_dropout(hp: Any, signature: Signature, budget: Budget) -> keras.Model:
    """The tiny network with dropout, whose random numbers must go on too."""
    model = tiny.build(hp, signature, budget)
    dropped = keras.layers.Dropout(0.4)(model.layers[-2].output)
    output = keras.layers.Dense(6, activation="softmax", name="class")(dropped)
    made = keras.Model(model.inputs, output)
    made.compile(keras.optimizers.Adam(1e-2), loss="categorical_crossentropy")
    return made


@pytest.fixture(autouse=True)
def _tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "load_problem", lambda _: tiny.problem(build=with_dropout))
    monkeypatch.setattr(training, "cached_dataset", lambda *_: tiny.dataset())


@pytest.fixture
def eagerly(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Where the graph is not the point: to trace it, and to forget it, takes most of a training's
    time.
    """
    monkeypatch.setattr(keras.utils, "clear_session", lambda: None)
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


def stop_after(epoch: int) -> Callable[[int, float], None]:
    def on_epoch(done: int, _: float) -> None:
        if done == epoch:
            raise Killed

    return on_epoch


@pytest.mark.slow
@pytest.mark.parametrize("epoch", [1, 3])
def test_an_interrupted_training_goes_on_as_if_nothing_had_happened(
    tmp_path: Path, epoch: int
) -> None:
    whole, expected = training.train(job(keep_best=True))
    path = tmp_path / "trial_0" / checkpoint.FILE
    with pytest.raises(Killed):
        training.train(job(checkpoint=path, keep_best=True), stop_after(epoch))
    told: list[int] = []
    model, trained = training.train(
        job(checkpoint=path, keep_best=True), lambda done, _: told.append(done)
    )
    assert told == list(range(epoch + 1, 5))
    assert trained.curves == expected.curves
    assert (trained.best_epoch, trained.score) == (expected.best_epoch, expected.score)
    for one, other in zip(model.get_weights(), whole.get_weights(), strict=True):
        assert_array_equal(one, other)


REMEMBERING: dict[str, Callable[[], keras.optimizers.Optimizer]] = {
    "averages": lambda: keras.optimizers.Adam(1e-2, use_ema=True, ema_momentum=0.9),
    "averages at times": lambda: keras.optimizers.SGD(
        1e-2, momentum=0.9, use_ema=True, ema_momentum=0.9, ema_overwrite_frequency=4
    ),
    "half of a sum of gradients": lambda: keras.optimizers.Adam(
        1e-2, gradient_accumulation_steps=2
    ),
    "a product over all steps": lambda: keras.optimizers.Nadam(1e-2),
    "a scale of losses and its counter": lambda: keras.optimizers.LossScaleOptimizer(
        keras.optimizers.RMSprop(1e-2, use_ema=True, ema_momentum=0.9),
        initial_scale=2.0**10,
        dynamic_growth_steps=4,
    ),
    "optimizers by layer": lambda: keras.optimizers.MultiOptimizer(
        keras.optimizers.OptimizerMap(
            keras.optimizers.Adam(1e-2, use_ema=True), {".*bias": keras.optimizers.Nadam(1e-2)}
        )
    ),
}


def remembering(state: str) -> Callable[[Any, Signature, int], keras.Model]:
    def build(hp: Any, signature: Signature, budget: Budget) -> keras.Model:
        model = tiny.build(hp, signature, budget)
        model.compile(REMEMBERING[state](), "categorical_crossentropy")
        return model

    return build


@pytest.mark.slow
@pytest.mark.usefixtures("eagerly")
@pytest.mark.parametrize("state", REMEMBERING)
def test_whatever_an_optimizer_remembers_goes_on_after_any_epoch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    """Three steps an epoch: accumulated gradients and counters are left half-way."""
    monkeypatch.setattr(training, "load_problem", lambda _: tiny.problem(build=remembering(state)))
    path = tmp_path / checkpoint.FILE
    whole, expected = training.train(job(epochs=3))
    for epoch in (1, 2, 3):
        with pytest.raises(Killed):
            training.run_trial(job(epochs=3, checkpoint=path), stop_after(epoch))
    model, trained = training.train(job(epochs=3, checkpoint=path))
    assert trained.curves == expected.curves
    for one, other in zip(everything(model), everything(whole), strict=True):
        assert_array_equal(one, other)


def everything(model: keras.Model) -> list[np.ndarray]:
    return [variable.numpy() for variable in (*model.weights, *model.optimizer.variables)]


@pytest.mark.slow
@pytest.mark.usefixtures("eagerly")
def test_a_trial_goes_up_from_its_weights_and_not_from_their_averages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build = remembering("averages")
    monkeypatch.setattr(training, "load_problem", lambda _: tiny.problem(build=build))
    below = tmp_path / checkpoint.FILE
    whole, _ = training.train(job(epochs=3))
    training.run_trial(job(epochs=1, checkpoint=below))
    model, _ = training.train(job(epochs=3, first_epoch=1, load_from=below))
    for one, other in zip(everything(model), everything(whole), strict=True):
        assert_array_equal(one, other)


@pytest.mark.usefixtures("eagerly")
def test_plain_keras_loads_the_averages_from_a_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was scored, and what a figure of the trial's network is drawn from."""
    build = remembering("averages")
    monkeypatch.setattr(training, "load_problem", lambda _: tiny.problem(build=build))
    path = tmp_path / checkpoint.FILE
    averaged, _ = training.train(job(epochs=1, checkpoint=path))
    other = build(keras_tuner.HyperParameters(), tiny.SIGNATURE, Budget(1))
    other.optimizer.build(other.trainable_variables)
    other.load_weights(path)
    for one, same in zip(averaged.get_weights(), other.get_weights(), strict=True):
        assert_array_equal(one, same)
    averages = averaged.optimizer._model_variables_moving_average
    for weight, average in zip(averaged.trainable_weights, averages, strict=True):
        assert_array_equal(weight, average)


@pytest.mark.slow
@pytest.mark.usefixtures("eagerly")
def test_a_finished_training_is_not_done_again(tmp_path: Path) -> None:
    path = tmp_path / checkpoint.FILE
    first = training.run_trial(job(checkpoint=path))
    again = training.run_trial(job(checkpoint=path), stop_after(1))
    assert again.curves == first.curves
    assert again.seconds >= first.seconds


@pytest.mark.usefixtures("eagerly")
def test_seconds_count_from_the_very_beginning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / checkpoint.FILE
    now = iter(range(0, 1000, 10))
    monkeypatch.setattr(training.time, "perf_counter", lambda: next(now))
    with pytest.raises(Killed):
        training.run_trial(job(checkpoint=path, epochs=2), stop_after(1))
    assert training.run_trial(job(checkpoint=path, epochs=2)).seconds >= 20


@pytest.mark.slow
@pytest.mark.usefixtures("eagerly")
@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"no HDF5"),
        lambda path: _edit(path, "study/progress", "{}"),
        lambda path: _edit(path, "study/progress", None),
        lambda path: _edit(path, "layers/dense_1/vars/0", None),
    ],
    ids=["cut", "empty", "other", "wrong progress", "no progress", "half the weights"],
)
def test_a_damaged_checkpoint_is_said_and_the_training_starts_again(
    tmp_path: Path, damage: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / checkpoint.FILE
    expected = training.run_trial(job(checkpoint=path, epochs=2))
    damage(path)
    with caplog.at_level(logging.WARNING, "study"):
        trained = training.run_trial(job(checkpoint=path, epochs=2))
    assert trained.curves == expected.curves
    assert f"{path} cannot be read" in caplog.text


def _edit(path: Path, name: str, value: str | None) -> None:
    with h5py.File(path, "a") as file:
        del file[name]
        if value is not None:
            file[name] = value


@pytest.mark.slow
@pytest.mark.usefixtures("eagerly")
def test_the_checkpoint_of_another_training_is_not_used(tmp_path: Path) -> None:
    path = tmp_path / checkpoint.FILE
    training.run_trial(job(checkpoint=path, epochs=2))
    fresh = training.run_trial(job(epochs=2, seed=2))
    assert training.run_trial(job(checkpoint=path, epochs=2, seed=2)).curves == fresh.curves


def test_where_files_lie_does_not_make_it_another_training(tmp_path: Path) -> None:
    one = job(checkpoint=tmp_path / "a", load_from=tmp_path / "b")
    assert one.training() == job().training() != job(seed=2).training()


@pytest.mark.usefixtures("eagerly")
def test_plain_keras_loads_a_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / checkpoint.FILE
    model, _ = training.train(job(checkpoint=path, epochs=1, keep_best=True))
    other, _ = building.build(
        tiny.problem(build=with_dropout), tiny.SIGNATURE, job().values, Budget(3)
    )
    other.optimizer.build(other.trainable_variables)
    other.load_weights(path)
    for one, same in zip(model.get_weights(), other.get_weights(), strict=True):
        assert_array_equal(one, same)


def test_weights_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    model = with_dropout(keras_tuner.HyperParameters(), tiny.SIGNATURE, Budget(1))
    model.optimizer.build(model.trainable_variables)
    path = tmp_path / checkpoint.FILE
    checkpoint.save(path, model, Saved(Progress(training="some", curves={}, seconds=1.0)))
    before = model.get_weights()
    path.write_bytes(path.read_bytes()[:1000])

    with pytest.raises(CorruptRecord, match=checkpoint.FILE):
        checkpoint.load_weights(path, model)

    for left, weight in zip(before, model.get_weights(), strict=True):
        assert_array_equal(left, weight)


def trained(tmp_path: Path) -> tuple[keras.Model, Saved, Path]:
    """A network with its optimizer's state, as a checkpoint takes it."""
    path = tmp_path / "checkpoint.weights.h5"
    model = tiny.problem(build=with_dropout).build(
        keras_tuner.HyperParameters(), tiny.SIGNATURE, Budget(1)
    )
    model.optimizer.build(model.trainable_variables)
    weights = [np.asarray(one) for one in model.weights]
    return model, Saved(Progress(training="this", curves={}, seconds=0.0), best=weights), path


@pytest.mark.parametrize("room", [0, 1000, 20_000])
def test_without_room_for_it_nothing_is_written_and_the_process_lives(
    tmp_path: Path, room: int
) -> None:
    """HDF5, once it has failed to write what it holds, tries again when the process forgets it."""
    model, saved, path = trained(tmp_path)
    with files_of_at_most(room), pytest.raises(CannotWrite, match="the disk is full"):
        checkpoint.save(path, model, saved)
    assert list(tmp_path.iterdir()) == []
    checkpoint.save(path, model, saved)
    assert checkpoint.load_weights(path, model).progress == saved.progress


def test_room_is_asked_for_all_that_is_written(tmp_path: Path) -> None:
    model, saved, path = trained(tmp_path)
    checkpoint.save(path, model, saved)
    size = path.stat().st_size
    assert size <= checkpoint._bytes_at_most(model, saved) < 20 * size
