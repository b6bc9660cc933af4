"""The best epoch is kept, and the last one is what a trial goes on from."""

from pathlib import Path

import keras
import pytest
from numpy.testing import assert_allclose

from study.errors import CorruptRecord
from study.networks.prediction import predict
from study.problem import metrics
from study.records.recipe import Budget
from study.training import building, training
from study.training.job import Trained
from tests import tiny
from tests.training.jobs import EAGERLY, job, overshooting

pytestmark = pytest.mark.usefixtures("setup")


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
    model, _ = building.build(
        tiny.problem(build=overshooting), tiny.SIGNATURE, tiny.BASELINE, Budget(48)
    )
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
