"""Trainings that come to nothing."""

from typing import Any

import keras
import keras_tuner
import numpy as np
import pytest

from study.records.recipe import Budget
from study.training import divergence, training
from study.training.divergence import Diverged
from tests import tiny
from tests.training.jobs import EAGERLY, Setup, job, overshooting

pytestmark = pytest.mark.usefixtures("setup")


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
    two = tiny.two_heads().build(keras_tuner.HyperParameters(), tiny.SIGNATURE, Budget(1))
    one = tiny.problem().build(keras_tuner.HyperParameters(), tiny.SIGNATURE, Budget(1))
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
