"""What all charts of a search share."""

import math

from study.figures.search import searched
from study.records.trial import SearchSpace
from tests.factories import curves, trial
from tests.figures.search.six_trials import choice, number, of, six, varied
from tests.trials.test_excerpt import long_search


def test_trials_are_in_order_and_the_best_is_the_one_that_the_study_takes() -> None:
    found = of(trial(2, 0.9, parameters=1000), trial(1, 0.9, parameters=2000), trial(0, 0.5))
    assert [one.number for one in found.trials] == [0, 1, 2]
    assert found.best == 2  # of equals the smaller network
    assert found.equal == {0: 0.5, 1: 0.9, 2: 0.9}


def test_score_that_is_no_number_is_none() -> None:
    found = of(trial(0, math.nan), trial(1, 0.5).model_copy(update={"status": "failed"}))
    assert [one.score for one in found.trials] == [None, None]
    assert (found.best, found.equal, found.failed) == (None, {}, (0, 1))


def test_scores_after_as_many_epochs_as_all_had_are_compared() -> None:
    found = of(
        trial(0, 0.8, epochs=1, curves=curves(0.8, 1)),
        trial(1, 0.9, epochs=3, curves=curves(0.9, 3)),
    )
    assert found.epochs == 1
    assert {n: round(score, 6) for n, score in found.equal.items()} == {0: 0.8, 1: 0.7}
    assert found.fair == " Scores are compared after 1 epoch, which all trials had."
    assert six().fair == ""


def test_hyperparameters_that_did_not_vary_are_not_named() -> None:
    same, other = choice("same", 3, 5), choice("x", 0, 1)
    trials = [trial(n, 0.9, hyperparameters={"same": 3, "x": n}) for n in (0, 1)]
    assert of(*trials, hyperparameters=(same, other)).names == ("x",)
    assert six().names[0] == six().importances.ped_anova[0].name
    assert {*six().names} == {"filters", "rate", "norm", "momentum"}


def test_without_a_space_there_are_no_hyperparameters_and_the_curves_tell_the_objective() -> None:
    found = searched([trial(0, 0.9, curves={"val_joint": [0.9]}), trial(1, 0.8)], None)
    assert found.space == SearchSpace(objective="joint", hyperparameters=[])
    assert found.score == "validation joint accuracy"
    assert found.notes == (
        "The search space was not recorded, so there are no charts of the hyperparameters.",
    )


def test_value_outside_of_the_space_is_said_and_costs_the_hyperparameters() -> None:
    found = varied(choice("x", 1, 2), 1, 2, 3)
    assert found.names == ()
    assert found.notes == (
        "The trials do not fit the recorded search space: ValueError: x = 3 in trial 2",
    )
    assert varied(number("x", 0, 1), 0.5, 1.5).notes[0].endswith("x = 1.5 in trial 1")
    assert varied(number("x", 0, 1), 0.5, "half").notes[0].endswith("x = 'half' in trial 1")


def test_of_a_long_search_it_is_said_how_much_is_drawn() -> None:
    found = of(*long_search(3_000))
    assert (len(found.trials), len(found.scored), len(found.drawn)) == (3_000, 2_850, 500)
    assert found.sampled == (
        " Only 500 of the 2,850 trials with a score are drawn: see the note above the charts."
    )
    assert six().sampled == ""
