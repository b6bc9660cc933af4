"""A network is trained by the recipe that its search space gives."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_array_equal

from study.records.recipe import Augmentation, Recipe
from study.training import checkpoint, training
from study.training.job import Job
from tests import tiny
from tests.training import jobs

STRONG = Augmentation(shift=0.3, noise=0.2, contrast=0.5, half_turn=True)


class Killed(Exception):
    pass


def job(**changes: Any) -> Job:
    fields = {"values": tiny.BASELINE | {"adam": True}, "epochs": 2}
    return jobs.job(**(fields | changes))


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Have jobs train the tiny problem by this recipe."""
    monkeypatch.setattr(training, "cached_dataset", lambda *_: tiny.dataset())

    def use(recipe: Recipe) -> None:
        problem = tiny.problem(recipe=lambda *_: recipe)
        monkeypatch.setattr(training, "load_problem", lambda _: problem)

    return use


def weights(trained: tuple[keras.Model, Any]) -> list[np.ndarray]:
    return [variable.numpy() for variable in trained[0].weights]


def differ(some: list[np.ndarray], others: list[np.ndarray]) -> bool:
    return not all(np.array_equal(one, other) for one, other in zip(some, others, strict=True))


def test_a_batch_size_of_its_own_counts_before_that_of_the_settings(use: Any) -> None:
    use(Recipe(batch_size=8))
    eight, _ = training.train(job(batch_size=16))
    assert eight.optimizer.iterations.numpy() == 2 * 48 // 8
    use(Recipe())
    sixteen, _ = training.train(job(batch_size=16))
    assert sixteen.optimizer.iterations.numpy() == 2 * 48 // 16


@pytest.mark.parametrize(
    "recipe", [Recipe(augmentation=STRONG), Recipe(averaging=0.5)], ids=["augmented", "averaged"]
)
def test_a_recipe_changes_the_training_and_follows_from_the_seed(use: Any, recipe: Recipe) -> None:
    use(Recipe())
    plain = weights(training.train(job()))
    use(recipe)
    first, again = weights(training.train(job())), weights(training.train(job()))
    assert not differ(first, again)
    assert differ(first, plain)


def test_images_are_changed_in_training_and_never_when_a_network_is_scored(
    use: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []
    monkeypatch.setattr(
        "study.training.epoch.augmentation.augmented",
        lambda pixels, *_: seen.append(pixels.shape) or tf.zeros_like(pixels, tf.float32),
    )
    use(Recipe(augmentation=STRONG))
    model, trained = training.train(job(epochs=1, values=tiny.BASELINE | {"rate": 1e-9}))
    assert seen == [(16, 6, 6, 1)]  # the graph of a step, traced once
    expected = np.asarray(model(tiny.dataset().validation.images, training=False))
    right = expected.argmax(axis=1) == tiny.dataset().validation.labels["class"]
    assert trained.score == right.mean()


@pytest.mark.parametrize("stop_after", [1, 2])
def test_a_training_that_was_killed_sees_the_same_images_and_averages(
    use: Any, tmp_path: Path, stop_after: int
) -> None:
    use(Recipe(augmentation=STRONG, averaging=0.3, batch_size=12))
    whole, expected = training.train(job(epochs=3))

    def kill(epoch: int, _: float) -> None:
        if epoch == stop_after:
            raise Killed

    path = tmp_path / checkpoint.FILE
    with pytest.raises(Killed):
        training.run_trial(job(epochs=3, checkpoint=path), kill)
    model, trained = training.train(job(epochs=3, checkpoint=path))
    assert trained.curves == expected.curves
    for one, other in zip(
        [*model.weights, *model.optimizer.variables],
        [*whole.weights, *whole.optimizer.variables],
        strict=True,
    ):
        assert_array_equal(one.numpy(), other.numpy())


def test_nothing_of_the_recipe_is_in_the_network(use: Any) -> None:
    use(Recipe(augmentation=STRONG, averaging=0.3))
    model, _ = training.train(job(epochs=1))
    use(Recipe())
    plain, _ = training.train(job(epochs=1))
    assert [type(one) for one in model.layers] == [type(one) for one in plain.layers]


def test_a_recipe_is_for_the_epochs_of_the_job(monkeypatch: pytest.MonkeyPatch, use: Any) -> None:
    asked: list[int] = []

    def recipe(_: Any, __: Any, epochs: int) -> Recipe:
        asked.append(epochs)
        return Recipe()

    use(Recipe())
    problem = tiny.problem(recipe=recipe)
    monkeypatch.setattr(training, "load_problem", lambda _: problem)
    training.run_trial(job(epochs=1, decay_epochs=9))
    assert set(asked) == {1}
