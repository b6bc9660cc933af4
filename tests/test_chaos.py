"""Ten rounds of `make chaos`: a study disturbed at random moments completes all the same."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.chaos import plan
from tests.chaos.play import Game
from tests.zygote import Zygote

SEED = 7
PATIENCE = 3
"""Factor on bounds of time: other tests run beside."""


def ten_rounds() -> list[plan.Round]:
    """Eight of a search and two of a whole run, of one tuner, on two workers if it is whole."""
    searches, whole = [], []
    for one in plan.rounds(SEED, 60, tuners=("asha",)):
        if one.command == "search" and not one.cold:
            searches.append(one)
        elif one.workers == 2 and not one.cold:
            whole.append(one)
    return [*whole[:2], *searches[:8]]


def test_the_rounds_of_a_seed_are_the_same_however_many() -> None:
    assert plan.rounds(SEED, 20)[:7] == plan.rounds(SEED, 7)
    assert plan.rounds(SEED, 7) != plan.rounds(SEED + 1, 7)


def test_hundred_rounds_have_every_kind_with_every_step_tuner_and_place() -> None:
    rounds = plan.rounds(1, 100)
    kinds = [fault.kind for one in rounds for faults in one.launches for fault in faults]
    assert set(kinds) == set(plan.KINDS)
    assert {(one.tuner, one.step) for one in rounds} == {
        (tuner, step) for tuner in plan.TUNERS for step in plan.STEPS
    }
    assert {(one.workers, one.cluster) for one in rounds} == set(plan.PLACES)


def test_a_study_disturbed_at_random_moments_completes_as_if_it_had_not_been(
    tmp_path: Path, zygote: Zygote
) -> None:
    game = Game(zygote, tmp_path, PATIENCE)
    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(game.play, ten_rounds()))
    assert {str(one.round): one.wrong for one in outcomes if one.wrong} == {}
