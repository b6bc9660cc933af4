"""Which trial is best, and that trials which continue others are one configuration."""

from typing import Any

import pytest

from study.records.trial import Trial
from study.trials.ranking import best_trial, configurations, ended_early
from tests.factories import curves, trial


def stay(number: int, score: float | None, epochs: int, parent: int | None = None) -> Trial:
    """A trial on a rung that ends after so many epochs."""
    tuner: dict[str, Any] = {"tuner/epochs": epochs}
    if parent is not None:
        tuner["tuner/trial_id"] = f"{parent:04}"
    if score is None:
        return trial(number, None, tuner=tuner)
    own = epochs - (1 if parent is not None else 0)
    return trial(
        number, score, tuner=tuner, epochs=epochs, best_epoch=epochs, curves=curves(score, own)
    )


def test_trials_that_continue_none_stay_as_they_are() -> None:
    trials = [trial(0), trial(1, None), trial(2)]
    assert configurations(trials) == trials
    assert ended_early(trials) == set()


def test_a_continued_trial_has_all_its_epochs_and_seconds() -> None:
    first, other, then = stay(0, 0.5, 1), stay(1, 0.4, 1), stay(2, 0.8, 3, parent=0)
    one, two = configurations([first, other, then])
    assert two == other
    assert (one.number, one.trial_id) == (0, "0000")
    assert (one.score, one.epochs, one.best_epoch) == (0.8, 3, 3)
    assert one.curves["val_accuracy"] == [
        *first.curves["val_accuracy"],
        *then.curves["val_accuracy"],
    ]
    assert one.seconds == first.seconds + then.seconds
    assert ended_early([one, two]) == {1}


def test_a_longer_training_may_be_worse() -> None:
    (one,) = configurations([stay(0, 0.9, 1), stay(1, 0.8, 3, parent=0)])
    assert (one.score, one.best_epoch, one.epochs) == (0.9, 1, 3)


def test_over_three_rungs() -> None:
    (one,) = configurations([stay(0, 0.1, 1), stay(1, 0.2, 2, 0), stay(2, 0.3, 3, 1)])
    assert (one.number, one.score, one.epochs) == (0, 0.3, 3)


def test_a_continuation_that_failed_is_shown_and_costs_no_score() -> None:
    one, failed = configurations([stay(0, 0.5, 1), stay(1, None, 3, parent=0)])
    assert (one.score, one.epochs) == (0.5, 1)
    assert (failed.number, failed.status) == (1, "failed")


def test_a_failed_trial_has_not_ended_early() -> None:
    assert ended_early([trial(0, None), stay(1, 0.5, 3)]) == set()


def test_the_best_trial_has_the_highest_score() -> None:
    trials = [trial(0, 0.7), trial(1, 0.9), trial(2, 0.8)]
    assert best_trial(trials) is trials[1]


def test_of_equals_the_one_with_the_lower_loss_at_its_best_epoch_is_best() -> None:
    def losing(number: int, *losses: float) -> Trial:
        return trial(number, 0.9, curves={"val_loss": list(losses)}, parameters=number)

    assert best_trial([losing(1, 0.1, 0.4), losing(2, 0.9, 0.3)]) == losing(2, 0.9, 0.3)


def test_of_equals_in_all_the_smaller_network_is_best() -> None:
    trials = [
        trial(0, 0.9, parameters=3000),
        trial(1, 0.9, parameters=1000),
        trial(2, 0.9, parameters=2000),
    ]
    assert best_trial(trials) is trials[1]


def test_a_failed_trial_is_never_the_best() -> None:
    trials = [trial(0, None), trial(1, 0.0)]
    assert best_trial(trials) is trials[1]


def test_of_equals_in_all_the_earlier_is_best() -> None:
    assert best_trial([trial(2, 0.9), trial(1, 0.9), trial(0, 0.5)]) == trial(1, 0.9)


@pytest.mark.parametrize("trials", [[], [trial(0, None)]])
def test_without_a_completed_trial_there_is_no_best(trials: list[Trial]) -> None:
    assert best_trial(trials) is None
