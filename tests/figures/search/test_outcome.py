"""What a search found, and at what cost."""

import re

import numpy as np
import pytest

from study.figures.search.outcome import (
    LATENCY,
    PARAMETERS,
    SECONDS,
    Cost,
    CostInfo,
    cost_info,
    cost_words,
    distribution_info,
    distribution_words,
    importances_info,
    importances_words,
    more_trials_info,
    more_trials_words,
)
from study.figures.search.searched import Searched
from tests.factories import trial
from tests.figures.search.six_trials import number, of, scored, six


def test_distribution_says_how_many_reach_what() -> None:
    found = distribution_info(six())
    assert found
    assert (found.scores[0], found.scores[-1]) == (0.6, 0.9)
    assert (found.shares[0], found.shares[-1], found.trials) == (0.2, 1, 5)
    said = distribution_words(six(), found).caption
    assert "Half of the trials reach 80.00%, the best tenth 88.00%" in said
    assert distribution_info(scored(0.9, None)) is None


def cost_caption(search: Searched, cost: Cost) -> str:
    info = cost_info(search, cost)
    assert info
    return cost_words(search, info).caption


def test_front_has_the_trials_that_none_beats_in_both() -> None:
    assert cost_info(six(), PARAMETERS) == CostInfo(
        cost=PARAMETERS,
        numbers=(5, 1, 7, 0, 4),
        costs=(1000, 2000, 4000, 4000, 8000),
        scores=(0.9, 0.6, 0.7, 0.8, 0.85),
        front=(0,),
        counted=5,
    )
    assert cost_caption(six(), PARAMETERS) == (
        "Of 5 trials, no other is both as small and as good as trial 5 (1,000 parameters, 90.00%)."
    )
    quick = cost_info(six(), SECONDS)
    assert quick
    assert [quick.numbers[place] for place in quick.front] == [0, 4, 5]
    assert cost_caption(six(), SECONDS) == (
        "Of 5 trials, 3 are on the front: for each of them, no other trial is both as quick to "
        "train and as good. The front runs from trial 0 (10.0 s, 80.00%) to trial 5 (15.0 s, "
        "90.00%)."
    )
    assert cost_caption(six(), LATENCY) == (
        "Of 5 trials, no other is both as quick to predict and as good as trial 5 (1 ms, 90.00%)."
    )


def test_trials_that_do_not_say_their_cost_are_left_out() -> None:
    tried = [(0.8, 0.002), (0.9, 0.004), (0.7, 0.003), (0.95, None)]
    search = of(*(trial(n, score, latency=latency) for n, (score, latency) in enumerate(tried)))
    found = cost_info(search, LATENCY)
    assert found
    assert (found.numbers, found.front, found.counted) == ((0, 2, 1), (0, 2), 3)
    assert cost_info(of(*search.trials[2:]), LATENCY) is None


def synthetic(trials: int, effect: float) -> Searched:
    """Scores that `a` moves by so much, beside some noise; `b` does nothing."""
    rng = np.random.default_rng(1)
    made = []
    for place in range(trials):
        a, b = (float(value) for value in rng.random(2))
        score = min(0.4 + effect * a + 0.02 * float(rng.random()), 1)
        made.append(trial(place, score, hyperparameters={"a": a, "b": b}))
    return of(*made, hyperparameters=(number("a", 0, 1), number("b", 0, 1)))


def test_hyperparameter_that_decides_alone_is_named_by_both_methods() -> None:
    search = synthetic(40, 0.5)
    info = importances_info(search)
    assert info
    for method in (info.ped_anova, info.fanova):
        assert [(one.name, one.settled) for one in method] == [("a", True), ("b", False)]
        assert method[0].share > 0.8
    said = importances_words(search, info).caption
    assert re.search(r"fANOVA: a \d+% \(\d+% to \d+%\); too few trials to tell for b\.", said)
    assert re.search(r"PED-ANOVA: a \d+% \(\d+% to \d+%\); too few trials to tell for b", said)


def test_few_trials_of_noise_say_nothing_of_importance() -> None:
    search = synthetic(6, 0)
    info = importances_info(search)
    assert info
    said = importances_words(search, info).caption
    assert "fANOVA: too few trials to tell for any hyperparameter." in said
    assert "PED-ANOVA: too few trials to tell for any hyperparameter." in said


def test_fanova_says_what_it_leaves_out() -> None:
    info = importances_info(six())
    assert info
    words = importances_words(six(), info)
    assert "fANOVA leaves out hyperparameters that some trials lack: momentum." in words.caption
    assert "the values of the best 3 trials differ from those of all" in words.reading
    assert importances_info(scored(0.8, 0.9)) is None


def more_trials(scores: list[float | None], tuner: str = "random") -> str:
    """The caption of a search that found these after its baseline."""
    search = scored(0.99, *scores, tuner=tuner)
    info = more_trials_info(search)
    assert info
    return more_trials_words(search, info).caption


def test_caption_says_what_half_of_the_drawn_trials_would_have_found() -> None:
    said = more_trials([0.6, None, 0.8, 0.7, 0.9])
    # Of the six pairs of 60, 70, 80 and 90% three have 90 as their best, two 80, one 70.
    assert said.startswith("2 trials would have found 83.33% on average, all 4 found 90.00%: ")
    assert "the second half brought +6.67 points" in said
    assert "3.333 points per trial" in said
    assert "99" not in said  # the baseline was not drawn


@pytest.mark.parametrize("scores", [[0.9] * 8, [0.1 * n for n in range(1, 10)]])
def test_caption_says_what_random_draws_allow_and_no_more(scores: list[float | None]) -> None:
    said = more_trials(scores)
    assert f"{len(scores)} more random trials" in said
    assert "a probability of one half" in said
    assert "helped" not in said


@pytest.mark.parametrize("tuner", ["grid", "bayesian", "hyperband", "asha"])
def test_of_a_search_that_does_not_draw_nothing_is_claimed(tuner: str) -> None:
    said = more_trials([0.6, 0.8, 0.7, 0.9], tuner)
    assert f"trials of {tuner} search are not independent draws" in said
    assert "probability" not in said
    assert "chance" not in said
    assert "per trial" not in said


@pytest.mark.parametrize("scores", [[], [0.9], [0.5, 0.6, 0.7], [0.5, 0.6, 0.7, None]])
def test_too_few_scored_trials_say_nothing_of_fewer(scores: list[float | None]) -> None:
    assert more_trials_info(scored(0.9, *scores)) is None
