"""Training one network: the same seed gives the same numbers, and the best epoch is kept."""

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import keras_tuner
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from numpy.testing import assert_allclose

from study.data.dataset import DataOptions, Dataset, Part
from study.data.sets.lines import Options
from study.errors import CorruptRecord, WrongName
from study.networks.prediction import predict
from study.problem import metrics
from study.problem.problem import Problem
from study.records.study import Signature
from study.training import divergence, training
from study.training.batch_norm import pooled
from study.training.divergence import Diverged
from study.training.epoch_loop import epoch_order, fitting_batch_size
from study.training.job import Job, Trained
from tests import tiny
from tests.factories import signature

Setup = Callable[[Problem], None]


@pytest.fixture
def setup(monkeypatch: pytest.MonkeyPatch) -> Setup:
    """Have jobs train this problem on the tiny data."""

    def use(problem: Problem, dataset: Dataset | None = None) -> None:
        monkeypatch.setattr(training, "load_problem", lambda _: problem)
        made = dataset or tiny.dataset()
        monkeypatch.setattr(training, "cached_dataset", lambda *_: made)

    use(tiny.problem())
    return use


def job(**changes: Any) -> Job:
    fields: dict[str, Any] = {
        "problem": "tiny",
        "signature": tiny.SIGNATURE,
        "values": tiny.BASELINE,
        "seed": 1,
        "data": DataOptions(),
        "data_seed": 1,
        "epochs": 3,
        "batch_size": 16,
    }
    return Job(**(fields | changes))


class Untouchable(Part):
    """A part that nobody may look at."""

    def __init__(self) -> None:
        pass

    def __getattribute__(self, name: str) -> Any:
        raise AssertionError(f"the test part was touched: {name}")

    def __len__(self) -> int:
        raise AssertionError("the test part was counted")


@pytest.fixture
def eagerly() -> Iterator[None]:
    """Run TensorFlow's functions as plain Python: tracing a graph takes a second a training."""
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


pytestmark = pytest.mark.usefixtures("setup")
EAGERLY = pytest.mark.usefixtures("eagerly")


@pytest.fixture(scope="module")
def ordinary() -> Trained:
    """What the ordinary job comes to, trained once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "load_problem", lambda _: tiny.problem())
        patch.setattr(training, "cached_dataset", lambda *_: tiny.dataset())
        return training.run_trial(job())


# Seeds


def test_the_same_seed_gives_the_same_curves(ordinary: Trained) -> None:
    assert training.run_trial(job()).curves == ordinary.curves


def test_another_seed_gives_other_curves(ordinary: Trained) -> None:
    assert training.run_trial(job(seed=2)).curves != ordinary.curves


def test_weights_do_not_depend_on_who_else_draws_random_numbers() -> None:
    """As the threads of a Dask worker do, from Python's global generator."""

    def meddled(hp: Any, signature: Signature, steps: int) -> keras.Model:
        random.random()
        return tiny.build(hp, signature, steps)

    weights = []
    for problem in (tiny.problem(), tiny.problem(build=meddled)):
        training.seed_keras(1)
        random.random()
        weights.append(training.build(problem, tiny.SIGNATURE, tiny.BASELINE, 1)[0].get_weights())
    training.seed_keras(2)
    other = training.build(tiny.problem(), tiny.SIGNATURE, tiny.BASELINE, 1)[0].get_weights()
    for one, same in zip(*weights, strict=True):
        assert_allclose(one, same, rtol=0)
    assert not np.allclose(weights[0][0], other[0])


def test_images_come_in_an_order_of_their_own_each_epoch_and_seed() -> None:
    orders = [epoch_order(48, 16, seed, epoch) for seed in (1, 2) for epoch in (1, 2)]
    assert len({order.tobytes() for order in orders}) == 4
    for order in orders:
        assert order.shape == (3, 16)
        assert sorted(order.ravel()) == list(range(48))


@pytest.mark.parametrize(
    ("images", "asked", "size", "left_out"),
    [
        (512, 64, 64, 0),  # eight batches: as it was asked for
        (6000, 64, 64, 48),
        (511, 64, 56, 7),
        (150, 64, 16, 6),  # two batches of 64 would leave out 22
        (100, 64, 14, 2),
        (31, 64, 15, 1),
        (10, 64, 10, 0),
        (48, 16, 16, 0),
        (20, 8, 6, 2),
        (1, 64, 1, 0),
    ],
)
def test_few_images_make_smaller_batches_of_about_equal_size(
    images: int, asked: int, size: int, left_out: int
) -> None:
    assert fitting_batch_size(images, asked) == size
    assert images % size == left_out


def test_what_an_epoch_leaves_out_is_other_images_each_time() -> None:
    left = [
        set(range(150)) - set(epoch_order(150, 16, seed=1, epoch=epoch).ravel())
        for epoch in range(1, 4)
    ]
    assert [len(one) for one in left] == [6, 6, 6]
    assert not set.intersection(*left)


def test_the_odd_batch_is_left_out() -> None:
    order = epoch_order(50, 16, seed=1, epoch=1)
    assert order.shape == (3, 16)
    assert len(set(order.ravel())) == 48


# What is learnt


def forget(model: keras.Model, part: Part) -> None:
    """Let batch normalisation remember these images only, as the network sees them now."""
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0
    model(part.images, training=True)


def test_the_epoch_loop_does_what_keras_does() -> None:
    """Batch normalisation and all: the same weights as by `train_on_batch`."""
    part = tiny.dataset().train
    ours, _ = training.train(job(epochs=1))

    training.seed_keras(1)
    theirs, _ = training.build(tiny.problem(), tiny.SIGNATURE, tiny.BASELINE, 3)
    theirs.run_eagerly = True
    for batch in epoch_order(48, 16, seed=1, epoch=1):
        theirs.train_on_batch(part.images[batch], np.eye(6)[part.labels["class"][batch]])
    forget(theirs, part)
    for one, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def test_several_heads_train_as_keras_does() -> None:
    part = tiny.dataset().train
    problem = tiny.two_heads()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "load_problem", lambda _: problem)
        ours, _ = training.train(job(epochs=1))

    training.seed_keras(1)
    theirs, _ = training.build(problem, tiny.SIGNATURE, tiny.BASELINE, 3)
    theirs.run_eagerly = True
    for batch in epoch_order(48, 16, seed=1, epoch=1):
        labels = {head: labels[batch] for head, labels in part.labels.items()}
        wanted = [np.eye(3)[labels["shade"]], labels["side"][:, None]]
        theirs.train_on_batch(part.images[batch], wanted)
    forget(theirs, part)
    for one, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def penalised(*_: Any) -> keras.Model:
    """Every kind of loss there is: weighted ones of two heads, penalties of weights and outputs."""
    pixels = keras.Input((6, 6, 1))
    x = layers.Rescaling(1 / 255)(pixels)
    x = layers.Dense(4, "relu", kernel_regularizer="l2")(layers.Flatten()(x))
    x = layers.ActivityRegularization(l1=0.1)(x)
    shade = layers.Dense(3, "softmax", name="shade", bias_regularizer="l1")(x)
    side = layers.Dense(1, "sigmoid", name="side", kernel_constraint="non_neg")(x)
    model = keras.Model(pixels, {"shade": shade, "side": side})
    model.compile(
        "sgd",
        {"shade": "categorical_crossentropy", "side": "binary_crossentropy"},
        loss_weights={"shade": 0.25, "side": 3.0},
    )
    return model


@EAGERLY
def test_all_losses_count_and_outputs_may_be_named(setup: Setup) -> None:
    """Outputs in a dictionary too; the weights are those of Keras's `fit`."""
    problem = tiny.two_heads(build=penalised)
    setup(problem)
    ours, _ = training.train(job(epochs=1))

    tf.config.run_functions_eagerly(False)  # of tf.data it would warn
    training.seed_keras(1)
    theirs = penalised()
    theirs.run_eagerly = True
    part = tiny.dataset().train
    order = epoch_order(48, 16, seed=1, epoch=1).ravel()
    wanted = {
        "shade": np.eye(3)[part.labels["shade"][order]],
        "side": part.labels["side"][order][:, None],
    }
    theirs.fit(part.images[order], wanted, batch_size=16, shuffle=False, verbose=0)
    for one, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        assert_allclose(one, other, rtol=1e-4, atol=1e-5)


@EAGERLY
def test_batch_normalisation_is_set_for_the_averages_where_they_are_scored(setup: Setup) -> None:
    def averaging(hp: Any, signature: Signature, steps: int) -> keras.Model:
        model = tiny.build(hp, signature, steps)
        model.compile(keras.optimizers.SGD(1.0, use_ema=True), "categorical_crossentropy")
        return model

    setup(tiny.problem(build=averaging))
    model, _ = training.train(job(epochs=2))
    *_, dense, norm, _ = model.layers
    before = keras.Model(model.input, dense.output)(tiny.dataset().train.images).numpy()
    assert_allclose(norm.moving_mean, before.mean(axis=0), rtol=1e-4, atol=1e-5)


@EAGERLY
@pytest.mark.parametrize("activation", [None, "sigmoid"], ids=["logits", "six sigmoid neurons"])
def test_outputs_that_are_no_probabilities_are_refused(setup: Setup, activation: Any) -> None:
    def build(*_: Any) -> keras.Model:
        pixels = keras.Input((6, 6, 1))
        output = layers.Dense(6, activation, name="class")(layers.Flatten()(pixels))
        model = keras.Model(pixels, output)
        loss = keras.losses.CategoricalCrossentropy(from_logits=activation is None)
        model.compile(keras.optimizers.SGD(1e-9), loss)
        return model

    setup(tiny.problem(build=build))
    with pytest.raises(WrongName, match=r"tiny\.py: head 'class' puts out .* end the network"):
        training.train(job(epochs=1))


@EAGERLY
def test_outputs_may_be_of_the_precision_the_network_computes_in(setup: Setup) -> None:
    def build(*_: Any) -> keras.Model:
        pixels = keras.Input((6, 6, 1))
        flat = layers.Flatten()(layers.Rescaling(1 / 255)(pixels))
        output = layers.Dense(6, "softmax", name="class")(flat)
        model = keras.Model(pixels, output)
        model.compile("sgd", "categorical_crossentropy")
        return model

    setup(tiny.problem(build=build))
    model, _ = training.train(job(epochs=1, dtype_policy="mixed_bfloat16"))
    assert model.outputs[0].dtype == "bfloat16"
    assert keras.config.dtype_policy().name == "float32"  # of what is made later


@EAGERLY
def test_batch_normalisation_knows_the_network_as_it_is_at_the_end_of_an_epoch() -> None:
    """And not as it was on the way there; how fast it forgets stays as it was."""
    model, _ = training.train(job(epochs=1, values=tiny.BASELINE | {"rate": 1.0}))
    *_, dense, norm, _ = model.layers
    part = tiny.dataset().train
    before = keras.Model(model.input, dense.output)(part.images).numpy()
    assert_allclose(norm.moving_mean, before.mean(axis=0), rtol=1e-4, atol=1e-5)
    assert_allclose(norm.moving_variance, before.var(axis=0), rtol=1e-4, atol=1e-5)
    assert norm.momentum == 0.5


# What is told


def test_curves_hold_loss_and_accuracy_of_every_epoch(ordinary: Trained) -> None:
    assert list(ordinary.curves) == ["loss", "accuracy", "val_loss", "val_accuracy"]
    assert {len(curve) for curve in ordinary.curves.values()} == {3}


@EAGERLY
def test_curves_of_several_heads_hold_each_and_joint(setup: Setup) -> None:
    setup(tiny.two_heads(), replace(tiny.dataset(), test=Untouchable()))
    trained = training.run_trial(job())
    names = ["loss", "shade", "side", "joint"]
    assert list(trained.curves) == [*names, *(f"val_{name}" for name in names)]
    assert trained.score == max(trained.curves["val_joint"])


@EAGERLY
def test_training_metrics_are_of_the_predictions_made_while_training(setup: Setup) -> None:
    """With a rate too small to matter and one batch, those of the untrained network."""
    setup(tiny.two_heads())
    values = tiny.BASELINE | {"rate": 1e-12}
    trained = training.run_trial(job(values=values, epochs=1, max_images=16))

    training.seed_keras(1)
    untrained, _ = training.build(tiny.two_heads(), tiny.SIGNATURE, values, 1)
    part = training.first_images(tiny.dataset().train, 16)
    outputs = [np.asarray(output) for output in untrained(part.images, training=True)]
    expected = metrics.scores(part.labels, metrics.as_probabilities(("shade", "side"), outputs))
    for name, value in expected.items():
        assert trained.curves[name] == pytest.approx([value], rel=1e-5)


@EAGERLY
def test_every_epoch_is_told_with_its_validation_objective() -> None:
    told: list[tuple[int, float]] = []
    trained = training.run_trial(job(), lambda epoch, score: told.append((epoch, score)))
    assert told == list(enumerate(trained.curves["val_accuracy"], start=1))


@EAGERLY
def test_a_trial_says_what_was_active_and_how_large_the_network_is() -> None:
    trained = training.run_trial(
        job(epochs=1, values={"units": 4, "deep": False, "more_units": 16})
    )
    assert trained.hyperparameters == {"units": 4, "deep": False, "rate": 1e-2}
    assert trained.parameters == 36 * 4 + 4 + 4 * 4 + 4 * 6 + 6
    assert trained.seconds > trained.latency > 0


@EAGERLY
@pytest.mark.parametrize(
    ("changes", "steps"),
    [({"batch_size": 16}, 9), ({"batch_size": 4096}, 9), ({"batch_size": 8, "max_images": 20}, 9)],
    ids=["batches", "too large a batch", "few images"],
)
def test_the_decay_spans_all_steps_of_the_job(changes: dict[str, Any], steps: int) -> None:
    model, _ = training.train(job(values=tiny.BASELINE | {"decay": True}, **changes))
    assert model.optimizer.iterations.numpy() == steps
    assert float(model.optimizer.learning_rate) == pytest.approx(0, abs=1e-9)


@pytest.mark.slow
@EAGERLY
def test_a_trial_that_goes_up_is_the_training_it_would_have_been(tmp_path: Path) -> None:
    decaying, below = tiny.BASELINE | {"decay": True}, tmp_path / "below.weights.h5"
    whole = training.run_trial(job(values=decaying))
    low = training.run_trial(job(values=decaying, epochs=1, decay_epochs=3, checkpoint=below))
    high = training.run_trial(job(values=decaying, first_epoch=1, load_from=below))
    for name, curve in whole.curves.items():
        assert low.curves[name] + high.curves[name] == pytest.approx(curve)


@EAGERLY
def test_bfloat16_is_of_one_job_and_not_of_the_next() -> None:
    for policy, computed in (("mixed_bfloat16", "bfloat16"), ("float32", "float32")):
        model, _ = training.train(job(epochs=1, dtype_policy=policy))
        assert model.layers[3].output.dtype == computed
        assert {weight.dtype for weight in model.weights} == {"float32"}


# The best epoch


def overshooting(hp: Any, signature: Signature, steps: int) -> keras.Model:
    """Learns for two epochs of four and is thrown off by a huge rate from then on."""
    model = tiny.build(hp, signature, steps)
    rate = keras.optimizers.schedules.PiecewiseConstantDecay([steps // 2], [5e-2, 10.0])
    model.compile(optimizer=keras.optimizers.Adam(rate), loss="categorical_crossentropy")
    return model


@pytest.fixture(scope="module")
def overshot(tmp_path_factory: pytest.TempPathFactory) -> tuple[keras.Model, Trained, Path]:
    """A network whose second epoch of four was the best, and where the last one's state is."""
    saved = tmp_path_factory.mktemp("overshot") / "trial_0001" / "checkpoint.weights.h5"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "load_problem", lambda _: tiny.problem(build=overshooting))
        patch.setattr(training, "cached_dataset", lambda *_: tiny.dataset())
        return *training.train(job(epochs=4, batch_size=4, checkpoint=saved, keep_best=True)), saved


def validation_scores(model: keras.Model) -> dict[str, float]:
    validation = tiny.dataset().validation
    return metrics.scores(validation.labels, predict(model, validation.images))


def test_the_best_epoch_s_weights_are_left_in_the_network(
    overshot: tuple[keras.Model, Trained, Path],
) -> None:
    model, trained, _ = overshot
    scores = trained.curves["val_accuracy"]
    assert trained.best_epoch == 2
    assert trained.score == scores[1] > max(scores[0], *scores[2:])
    found = validation_scores(model)
    assert found["accuracy"] == trained.score
    assert found["loss"] == pytest.approx(trained.curves["val_loss"][1], rel=1e-5)


def test_what_is_saved_to_continue_is_the_last_epoch_and_not_the_best(
    overshot: tuple[keras.Model, Trained, Path],
) -> None:
    _, trained, saved = overshot
    model, _ = training.build(tiny.problem(build=overshooting), tiny.SIGNATURE, tiny.BASELINE, 48)
    model.optimizer.build(model.trainable_variables)
    model.load_weights(saved)
    assert validation_scores(model)["loss"] == pytest.approx(
        trained.curves["val_loss"][3], rel=1e-5
    )


def test_of_equal_epochs_the_first_is_the_best() -> None:
    # Learnt perfectly in a few epochs, and in all that follow.
    trained = training.run_trial(job(epochs=12, values=tiny.BASELINE | {"rate": 0.1, "adam": True}))
    scores = trained.curves["val_accuracy"]
    assert scores.count(trained.score) > 1
    assert trained.best_epoch == scores.index(trained.score) + 1


# Batch normalisation


def test_statistics_of_batches_together_are_those_of_all_images() -> None:
    values = np.random.default_rng(1).normal(3, 2, (10, 4))
    parts = np.split(values, [3, 7])
    statistics = [(part.mean(axis=0), part.var(axis=0)) for part in parts]
    mean, variance = pooled(statistics, [len(part) for part in parts])
    assert_allclose(mean, values.mean(axis=0))
    assert_allclose(variance, values.var(axis=0))


@EAGERLY
def test_batch_normalisation_is_set_in_parts_where_all_images_do_not_fit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The first layer that is normalised sees the same images, however they are divided."""
    whole, _ = training.train(job(epochs=1))
    monkeypatch.setattr("study.networks.memory.rows_that_fit", lambda *_: 20)
    parts, _ = training.train(job(epochs=1))
    for one, other in zip(whole.get_weights(), parts.get_weights(), strict=True):
        assert_allclose(one, other, rtol=1e-5, atol=1e-6)


# What fails


@EAGERLY
@pytest.mark.parametrize(("images", "loss"), [(48, "training"), (16, "validation")])
def test_a_loss_that_is_no_number_fails(images: int, loss: str) -> None:
    """With one step an epoch the training loss is still finite when the weights no longer are."""
    values = tiny.BASELINE | {"rate": 1e38}
    with pytest.raises(Diverged, match=f"the {loss} loss became nan in epoch 1"):
        training.train(job(values=values, max_images=images, epochs=1))


@pytest.mark.parametrize(
    ("losses", "lost"),
    [([1.0, 4.1], True), ([1.0, 3.9], False), ([5.0, 9.9], False), ([5.0, 4.0, 10.1], True)],
)
def test_a_loss_far_above_guessing_and_the_first_epoch_is_a_lost_trial(
    losses: list[float], lost: bool
) -> None:
    epoch = len(losses)
    if lost:
        with pytest.raises(Diverged, match=rf"rose from {losses[0]:.3g} to .* in epoch {epoch}"):
            divergence.check_converging(losses, 2.0, epoch)
    else:
        divergence.check_converging(losses, 2.0, epoch)


def test_guessing_is_a_coin_for_one_neuron_and_a_die_for_six() -> None:
    two = tiny.two_heads().build(keras_tuner.HyperParameters(), tiny.SIGNATURE, 1)
    one = tiny.problem().build(keras_tuner.HyperParameters(), tiny.SIGNATURE, 1)
    assert divergence.loss_of_guessing(two) == pytest.approx(np.log(3) + np.log(2))
    assert divergence.loss_of_guessing(one) == pytest.approx(np.log(6))


@pytest.mark.slow
@EAGERLY
def test_a_trial_that_is_thrown_off_fails_and_a_retraining_keeps_its_best_epoch(
    setup: Setup,
) -> None:
    setup(tiny.problem(build=overshooting))
    _, kept = training.train(job(epochs=4, batch_size=4, keep_best=True))
    assert kept.curves["loss"][-1] > 2 * np.log(6)
    with pytest.raises(Diverged, match="the training loss rose from"):
        training.run_trial(job(epochs=4, batch_size=4))


@EAGERLY
def test_hyperparameters_that_make_no_network_fail_in_keras_s_words(setup: Setup) -> None:
    def impossible(*_: Any) -> keras.Model:
        pixels = keras.Input((6, 6, 1))
        return keras.Model(pixels, keras.layers.Conv2D(1, 9)(pixels))

    setup(tiny.problem(build=impossible))
    with pytest.raises(ValueError, match="zero or negative"):
        training.run_trial(job())


# Continuing


@pytest.mark.slow
def test_a_continued_trial_goes_on_as_if_never_interrupted(tmp_path: Path) -> None:
    """Same images in the same order, same weights, and the optimizer's own state."""
    values = tiny.BASELINE | {"adam": True}
    whole = training.run_trial(job(epochs=4, values=values))
    saved = tmp_path / "trial_0001" / "checkpoint.weights.h5"
    training.train(job(epochs=2, values=values, checkpoint=saved))
    told: list[int] = []
    model, rest = training.train(
        job(epochs=4, values=values, first_epoch=2, load_from=saved),
        lambda epoch, _: told.append(epoch),
    )
    assert told == [3, 4]
    assert rest.best_epoch in (3, 4)
    assert model.optimizer.iterations.numpy() == 12
    for name, curve in rest.curves.items():
        assert_allclose(curve, whole.curves[name][2:], rtol=1e-4, err_msg=name)


@EAGERLY
def test_a_trial_does_not_go_on_from_damaged_weights(tmp_path: Path) -> None:
    saved = tmp_path / "checkpoint.weights.h5"
    saved.write_bytes(b"half of a file")
    with pytest.raises(CorruptRecord, match="cannot be read"):
        training.run_trial(job(epochs=4, first_epoch=2, load_from=saved))


# Data


@EAGERLY
def test_training_never_looks_at_the_test_part(setup: Setup) -> None:
    untouchable = replace(tiny.dataset(), test=Untouchable())
    setup(tiny.problem(), untouchable)
    assert training.run_trial(job(epochs=1)).score > 0


@EAGERLY
def test_a_trial_of_few_images_sees_the_first_ones_only(setup: Setup) -> None:
    whole = tiny.dataset()
    few = replace(whole, train=training.first_images(whole.train, 20))
    assert len(few.train) == 20
    assert {len(labels) for labels in few.train.labels.values()} == {20}
    limited = training.run_trial(job(max_images=20))
    setup(tiny.problem(), few)
    assert training.run_trial(job()).curves == limited.curves
    assert (
        training.first_images(whole.train, None)
        is training.first_images(whole.train, 10**6)
        is whole.train
    )


def test_a_worker_loads_its_data_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    loaded = []
    monkeypatch.setattr(training, "load_dataset", lambda name, **_: loaded.append(name) or object())
    training.cached_dataset.cache_clear()
    options = Options(images_per_class=5)
    assert training.cached_dataset("lines", 7, options) is training.cached_dataset(
        "lines", 7, options
    )
    training.cached_dataset("lines", 8, options)
    training.cached_dataset.cache_clear()
    assert loaded == ["lines", "lines"]


@pytest.mark.slow
def test_a_real_problem_trains(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    small = {"filters": 16, "dense_units": 64, "downsampling": "stride", "decay": "cosine"}
    options = Options(images_per_class=5)
    known = signature("multihead")
    trained = training.run_trial(
        job(problem="multihead", signature=known, values=small, data=options, epochs=1)
    )
    assert 0 <= trained.score <= 1
    assert trained.curves["loss"][0] > 0
    assert list(trained.curves)[:5] == ["loss", "length", "width", "color", "angle"]
