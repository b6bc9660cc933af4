import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from study.records.trial import Trial
from study.trials import excerpt
from study.trials.excerpt import BEST, MOST_TRIALS, MOST_WITHOUT_SCORE, front, said_of, shown
from study.trials.ranking import best_trials
from tests.factories import trial


def long_search(count: int, failing: int = 20) -> list[Trial]:
    """One trial in `failing` fails, each with an error of ten; costs and scores as they come."""
    rng = np.random.default_rng(7)
    made = []
    for number in range(count):
        costs = {
            "parameters": int(rng.integers(1_000, 1_000_000)),
            "seconds": float(rng.uniform(1, 99)),
        }
        failed = number % failing == 1
        costs["latency"] = None if failed else float(rng.uniform(1e-4, 1e-3))
        changes = {"error": f"error {number // failing % 10}"} if failed else {}
        score = None if failed else float(rng.uniform(0.1, 0.9))
        made.append(trial(number, score, **costs, **changes))
    return made


LONG = long_search(3_000)


def beaten(one: Trial, other: Trial, cost: str) -> bool:
    mine, its = getattr(one, cost), getattr(other, cost)
    assert one.score is not None
    assert other.score is not None
    return other.score >= one.score and its <= mine and (other.score, its) != (one.score, mine)


def test_a_search_within_the_limits_is_shown_whole() -> None:
    trials = [trial(number, 0.5) for number in range(MOST_TRIALS)]
    trials += [trial(MOST_TRIALS + number, None) for number in range(MOST_WITHOUT_SCORE)]
    assert shown(trials) == trials


def test_of_a_long_search_what_matters_is_always_shown() -> None:
    found = shown(LONG)
    numbers = {one.number for one in found}
    scored = [one for one in LONG if one.score is not None]
    assert [one.number for one in found] == sorted(numbers)
    assert sum(one.score is not None for one in found) == MOST_TRIALS
    assert 0 in numbers
    assert {one.number for one in best_trials(LONG, BEST)} <= numbers
    assert {one.number for one in LONG if one.status == "failed"} <= numbers
    for cost in excerpt.COSTS:
        best = {
            one.number for one in scored if not any(beaten(one, other, cost) for other in scored)
        }
        assert best <= numbers


def test_the_same_trials_are_shown_every_time() -> None:
    assert shown(LONG) == shown([*LONG])


def test_those_drawn_at_random_are_spread_over_the_search() -> None:
    kept = {one.number for one in best_trials(LONG, BEST)}
    others = [one.number for one in shown(LONG) if one.score is not None and one.number not in kept]
    quarters = np.bincount(np.array(others) // 750)
    assert quarters.min() > 60
    assert len({number % 8 for number in others}) == 8  # no stride: grid search repeats itself


def test_of_too_many_failed_trials_each_error_is_shown() -> None:
    trials = [trial(0, 0.5)]
    for number in range(1, 3 * MOST_WITHOUT_SCORE):
        error = "rare" if number == 2_222 else f"error {number % 3}"
        trials.append(trial(number, None, error=error))
    found = shown(trials)
    assert len(found) == 1 + MOST_WITHOUT_SCORE
    assert 2_222 in {one.number for one in found}
    assert said_of(trials, found) == (
        f"the 1 trial with a score and {MOST_WITHOUT_SCORE:,} of the "
        f"{len(trials) - 1:,} that failed"
    )


def test_what_is_left_out_is_said() -> None:
    assert said_of(LONG, shown(LONG)) == (
        "500 of the 2,850 trials with a score (the baseline, the best 100, those on the Pareto "
        "fronts, and others drawn at random, so that good trials are more frequent than in the "
        "search) and the 150 that failed"
    )


def test_nothing_is_said_of_failures_where_there_are_none() -> None:
    trials = [trial(number, 0.5) for number in range(2)]
    assert said_of(trials, trials) == "the 2 trials with a score"


POINTS = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=25)


@given(POINTS)
def test_the_front_is_what_no_other_beats(points: list[tuple[int, int]]) -> None:
    costs, scores = np.array(points, dtype=float).T
    expected = [
        not any(c <= cost and s >= score and (c, s) != (cost, score) for c, s in points)
        for cost, score in points
    ]
    assert front(costs, scores).tolist() == expected


@pytest.mark.parametrize("count", [1, 2, 7, 200, 201, 999, 10_000])
def test_steps_hold_both_ends_and_the_half(count: int) -> None:
    found = excerpt.steps(count).tolist()
    assert found == sorted(set(found))
    assert found[0] == 1
    assert found[-1] == count
    assert max(count // 2, 1) in found
    assert len(found) == count or len(found) <= excerpt.MOST_STEPS + 1
