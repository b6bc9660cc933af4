"""Training one network: the same seed gives the same numbers, and what is told of them."""

import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from numpy.testing import assert_allclose

from study.data.dataset import Part
from study.data.sets.lines import Options
from study.problem import metrics
from study.records.recipe import Budget
from study.records.study import Signature
from study.training import building, training
from study.training.epoch.epoch_loop import epoch_order, fitting_batch_size
from study.training.job import Trained
from tests import tiny
from tests.factories import signature
from tests.training.jobs import EAGERLY, Setup, job

pytestmark = pytest.mark.usefixtures("setup")


class Untouchable(Part):
    """A part that nobody may look at."""

    def __init__(self) -> None:
        pass

    def __getattribute__(self, name: str) -> Any:
        raise AssertionError(f"the test part was touched: {name}")

    def __len__(self) -> int:
        raise AssertionError("the test part was counted")


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

    def meddled(hp: Any, signature: Signature, budget: Budget) -> keras.Model:
        random.random()
        return tiny.build(hp, signature, budget)

    weights = []
    for problem in (tiny.problem(), tiny.problem(build=meddled)):
        building.seed_keras(1)
        random.random()
        weights.append(
            building.build(problem, tiny.SIGNATURE, tiny.BASELINE, Budget(1))[0].get_weights()
        )
    building.seed_keras(2)
    other = building.build(tiny.problem(), tiny.SIGNATURE, tiny.BASELINE, Budget(1))[
        0
    ].get_weights()
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

    building.seed_keras(1)
    untrained, _ = building.build(tiny.two_heads(), tiny.SIGNATURE, values, Budget(1))
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
