"""A few rounds of `make chaos`: a study disturbed at random moments completes all the same."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.chaos import plan
from tests.chaos.play import Game
from tests.zygote import Zygote

pytestmark = pytest.mark.slow(minutes=3)

SEED = 13
PATIENCE = 3
"""Factor on bounds of time: other tests run beside."""


def rounds_of_every_kind() -> list[plan.Round]:
    """A whole run disturbed while it evaluates, and as few searches as have every other fault."""
    rounds = [one for one in plan.rounds(SEED, 100, tuners=("asha",)) if not one.cold]
    whole = [one for one in rounds if one.command == "run" and one.step == "evaluate"]
    chosen = [next(one for one in whole if (one.workers, one.cluster) == (2, False))]
    searches = [one for one in rounds if one.command == "search"]
    while missing := set(plan.KINDS).difference(*map(kinds, chosen)):
        chosen.append(max(searches, key=lambda one: len(kinds(one) & missing)))
    return chosen


def kinds(one: plan.Round) -> set[str]:
    return {fault.kind for faults in one.launches for fault in faults}


def test_the_rounds_of_a_seed_are_the_same_however_many() -> None:
    assert plan.rounds(SEED, 20)[:7] == plan.rounds(SEED, 7)
    assert plan.rounds(SEED, 7) != plan.rounds(SEED + 1, 7)


def test_hundred_rounds_have_every_kind_with_every_step_tuner_and_place() -> None:
    rounds = plan.rounds(1, 100)
    assert set().union(*map(kinds, rounds)) == set(plan.KINDS)
    assert {(one.tuner, one.step) for one in rounds} == {
        (tuner, step) for tuner in plan.TUNERS for step in plan.STEPS
    }
    assert {(one.workers, one.cluster) for one in rounds} == set(plan.PLACES)


def test_the_rounds_played_here_are_few_and_have_every_fault_and_place() -> None:
    rounds = rounds_of_every_kind()
    assert len(rounds) <= 7
    assert set().union(*map(kinds, rounds)) == set(plan.KINDS)
    assert {(one.workers, one.cluster) for one in rounds} == set(plan.PLACES)


def test_a_study_disturbed_at_random_moments_completes_as_if_it_had_not_been(
    tmp_path: Path, zygote: Zygote
) -> None:
    game = Game(zygote, tmp_path, PATIENCE)
    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(game.play, rounds_of_every_kind()))
    assert {str(one.round): one.wrong for one in outcomes if one.wrong} == {}
