"""The benchmark's page says what was measured, and whether what was wanted is reached."""

import math

import pytest

from benchmarks import readme
from benchmarks.good_network import CONTESTANTS, Race
from benchmarks.growth import Growth
from benchmarks.matrix_peak import Share
from benchmarks.overhead import Overhead
from benchmarks.ranking import Ranking
from benchmarks.results import Results
from benchmarks.rungs import RungRanks
from benchmarks.throughput import Throughput

OURS, OTHER, RANDOM, BAYESIAN, OPTUNA = (
    "study asha",
    "study random",
    "Keras Tuner RandomSearch",
    "Keras Tuner BayesianOptimization",
    "Optuna TPE, MedianPruner",
)


def races(**seconds: list[float | None]) -> list[Race]:
    """Races of the contestants OURS, RANDOM, ... by their names here."""
    return [
        Race(
            task="mnist",
            contestant=globals()[name],
            seed=seed,
            target=0.95,
            seconds=one,
            results=seed,
        )
        for name, all_of in seconds.items()
        for seed, one in enumerate(all_of, start=1)
    ]


def results(**parts: object) -> Results:
    names = ("tensorflow", "keras", "keras-tuner", "optuna", "distributed")
    made = {
        "measured": {"races": {"date": "2026-11-22T12:00:00+00:00", "commit": "0123456789"}},
        "hardware": {"processor": "a processor", "cores": 2, "memory_gib": 8},
        "versions": dict.fromkeys(names, "1.0"),
    }
    return Results.model_validate(made | parts)


def test_parts_measured_on_another_day_or_of_other_code_are_told_apart() -> None:
    old = {"date": "2026-11-21T12:00:00+00:00", "commit": "0123456789"}
    new = {"date": "2026-11-22T12:00:00+00:00", "commit": "9876543210-dirty"}
    page = readme.render(results(measured={"ranking": old, "races": new, "peak": old}))
    assert (
        "Measured: ranking, peak: 2026-11-21, commit 0123456; "
        "races: 2026-11-22, commit 9876543-dirty.\n"
    ) in page


def test_a_search_that_did_not_get_there_counts_as_endless() -> None:
    found = readme.medians(races(OURS=[10, None, 20], RANDOM=[None, None, 5]))
    assert found == {OURS: 20, RANDOM: math.inf}


def test_contestants_of_the_races_are_those_of_the_table() -> None:
    assert {OURS, RANDOM, BAYESIAN, OPTUNA} <= set(CONTESTANTS)


def test_the_best_of_the_peers_is_what_counts() -> None:
    page = readme.render(
        results(races=races(OURS=[10] * 3, RANDOM=[50] * 3, BAYESIAN=[40] * 3, OPTUNA=[9] * 3))
    )
    assert "4.0 times as fast as the best of Keras Tuner (wanted: 3; reached)" in page
    assert "0.9 times as fast as the best of Optuna (wanted: 1; NOT reached)" in page
    assert f"| {RANDOM} | 50 | 50, 50, 50 | 5.0 |" in page


def test_each_of_our_searches_is_compared_that_was_run() -> None:
    page = readme.render(results(races=races(OURS=[40] * 3, OTHER=[20] * 3, RANDOM=[80] * 3)))
    assert "`study search --tuner asha` is 2.0 times as fast as the best of Keras Tuner" in page
    assert "`study search --tuner random` is 4.0 times as fast as the best of Keras Tuner" in page
    alone = readme.render(results(races=races(OURS=[40] * 3, RANDOM=[80] * 3)))
    assert "--tuner random` is" not in alone


def test_a_peer_that_never_got_there_is_at_least_so_much_slower() -> None:
    page = readme.render(results(races=races(OURS=[30] * 3, RANDOM=[None] * 3, OPTUNA=[84] * 3)))
    assert "at least 6.7 times as fast as the best of Keras Tuner" in page
    assert "> 200" in page


@pytest.mark.parametrize(("overhead", "word"), [(0.8, "reached"), (1.2, "NOT reached")])
def test_the_worst_overhead_is_what_counts(overhead: float, word: str) -> None:
    measured = [
        Overhead(network="baseline", epoch=2, overhead=overhead, memory_mb=1),
        Overhead(network="tuned", epoch=2, overhead=0.5, memory_mb=1),
    ]
    page = readme.render(results(overhead=measured))
    assert f"under 1 s; {word}." in page
    assert (readme.WHY_OVERHEAD in page) == (word == "NOT reached")


def ranks(*rung: float) -> Ranking:
    """Of networks that score 1 to 4 after 20 epochs."""
    return Ranking(task="line", rung_epochs=1, full_epochs=20, rung=list(rung), full=[1, 2, 3, 4])


@pytest.mark.slow
def test_every_part_that_was_measured_is_on_the_page() -> None:
    growth = {"workers": 2, "ms_a_trial": 1.0, "memory_mb": 3}
    page = readme.render(
        results(
            ranking=[
                Ranking(
                    task="mnist",
                    rung_epochs=1,
                    full_epochs=3,
                    rung=[0.1, 0.2, 0.3, 0.4],
                    full=[0.2, 0.1, 0.3, 0.4],
                )
            ],
            rungs=[
                RungRanks(
                    task="line",
                    growing=ranks(2, 1, 3, 4),
                    full_strength=ranks(4, 2, 3, 1),
                    own_schedule=ranks(1, 2, 3, 4),
                )
            ],
            throughput=[Throughput(task="mnist", seed=1, study=1500, keras_tuner=1000)],
            growth=[
                Growth(tuner="random", trials=10, finished=10, ms_a_trial_at_the_end=2, **growth),
                Growth(tuner="bayesian", trials=99, finished=9, ms_a_trial_at_the_end=70, **growth),
            ],
            peak=[Share(network="baseline", peak_gflops=80, gflops=40, images_per_second=900)],
        )
    )
    assert "| `mnist` | 1 of 3 | 0.80 |" in page
    assert "| `line` | 1 of 20 | grows | of the whole training | 0.80 |" in page
    assert "| `line` | 1 of 20 | full | of the whole training | -0.80 |" in page
    assert "| `line` | 1 of 20 | grows | of the rung | 1.00 |" in page
    assert "Median ratio 1.50 (wanted: 1.5; reached)" in page
    assert "What stops scaling first: `bayesian`, 70 ms per trial at 9 trials" in page
    assert "| baseline | 900 | 40.0 | 80.0 | 50% |" in page
    assert "Time to a good network" not in page
