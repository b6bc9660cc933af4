"""ASHA: who goes up, when, and how many; against the paper's algorithm, worked by hand."""

from collections import Counter
from pathlib import Path
from typing import Any

import keras_tuner
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from study.problem.settings import SearchSettings
from study.search import oracles
from study.search.asha import ETA, AshaOracle, rungs
from study.search.oracles import make_oracle
from tests import tiny

Stay = tuple[int, int]
"""(configuration, rung); configurations are numbered in the order they were drawn."""


@pytest.fixture(autouse=True)
def _unchecked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Points are not built to see whether they fit: thousands are drawn, and all do."""
    monkeypatch.setattr(oracles, "why_unfit", lambda *_, **__: None)


class Driver:
    """Asks the oracle and tells it what the test says."""

    def __init__(self, folder: Path, configurations: int, max_epochs: int) -> None:
        budget = SearchSettings(tuner="asha", max_trials=configurations, max_epochs=max_epochs)
        self.oracle = make_oracle(tiny.problem(), tiny.SIGNATURE, budget, 1, folder / "search")
        assert isinstance(self.oracle, AshaOracle)
        self.trials: dict[Stay, Any] = {}
        self.configuration: dict[str, int] = {}
        self.asked = 0

    def ask(self) -> Stay | str:
        """What is to be trained next, or the oracle's status."""
        self.asked += 1
        trial = self.oracle.create_trial(f"worker{self.asked}")
        if trial.status != "RUNNING":
            return str(trial.status)
        values = trial.hyperparameters.values
        parent = values.get("tuner/trial_id")
        number = (
            len(set(self.configuration.values()))
            if parent is None
            else self.configuration[str(parent)]
        )
        self.configuration[trial.trial_id] = number
        stay = (number, int(values["tuner/round"]))
        self.trials[stay] = trial
        return stay

    def tell(self, stay: Stay, score: float | None) -> None:
        """The score of a stay; None if it failed."""
        trial = self.trials[stay]
        if score is not None:
            self.oracle.update_trial(trial.trial_id, {"val_accuracy": score}, step=1)
        trial.status = "COMPLETED" if score is not None else "FAILED"
        self.oracle.end_trial(trial)


@pytest.fixture
def nine(tmp_path: Path) -> Driver:
    """Nine configurations, rungs of 1, 3 and 9 epochs."""
    return Driver(tmp_path, 9, 9)


@pytest.mark.parametrize(
    ("max_epochs", "expected"),
    [(1, [1]), (2, [1, 2]), (3, [1, 3]), (4, [1, 4]), (8, [1, 3, 8]), (9, [1, 3, 9]),
     (20, [1, 2, 7, 20]), (27, [1, 3, 9, 27])],
)  # fmt: skip
def test_rungs_end_at_the_full_budget(max_epochs: int, expected: list[int]) -> None:
    assert rungs(max_epochs) == expected


def test_one_worker_as_the_paper_s_algorithm_by_hand(nine: Driver) -> None:
    """Three on the bottom rung let one go up, at once, before any other is drawn."""
    scores = {0: 0.5, 1: 0.7, 2: 0.6, 3: 0.9, 4: 0.1, 5: 0.2, 6: 0.3, 7: 0.4, 8: 0.8}
    order = []
    while isinstance(stay := nine.ask(), tuple):
        order.append(stay)
        nine.tell(stay, scores[stay[0]] + stay[1] / 1000)
    assert stay == "STOPPED"
    assert order == [
        (0, 0), (1, 0), (2, 0), (1, 1),  # 1 is the best of three
        (3, 0), (4, 0), (5, 0), (3, 1),  # of six two may go: 3 is the best of those that stay
        (6, 0), (7, 0), (8, 0), (8, 1),  # 8 is now ahead of 2
        (3, 2),                          # three on the middle rung: one goes to the top
    ]  # fmt: skip


def test_no_rung_waits_for_a_straggler(nine: Driver) -> None:
    stays = [nine.ask() for _ in range(4)]
    assert stays == [(0, 0), (1, 0), (2, 0), (3, 0)]
    for number in (1, 2, 3):  # 0 never comes back
        nine.tell((number, 0), number / 10)
    assert nine.ask() == (3, 1)
    assert nine.ask() == (4, 0)


def test_the_higher_rung_goes_first(nine: Driver) -> None:
    for _ in range(9):
        nine.ask()
    for number in range(9):
        nine.tell((number, 0), number / 10)
    ups = [nine.ask() for _ in range(3)]
    assert ups == [(8, 1), (7, 1), (6, 1)]
    nine.tell((8, 1), 0.8)
    nine.tell((7, 1), 0.9)
    assert nine.ask() == "IDLE"  # two are too few, and one is still running
    nine.tell((6, 1), 0.7)
    assert nine.ask() == (7, 2)


def test_a_promotion_goes_on_where_the_rung_below_ended(nine: Driver) -> None:
    for number in range(3):
        nine.tell(nine.ask(), number / 10)  # type: ignore[arg-type]
    stay = nine.ask()
    assert stay == (2, 1)
    below, above = (nine.trials[2, rung].hyperparameters.values for rung in (0, 1))
    assert (below["tuner/initial_epoch"], below["tuner/epochs"]) == (0, 1)
    assert (above["tuner/initial_epoch"], above["tuner/epochs"]) == (1, 3)
    assert above["tuner/trial_id"] == nine.trials[2, 0].trial_id
    own = {name for name in above if name.startswith("tuner/")}
    assert {name: above[name] for name in above if name not in own} == {
        name: below[name] for name in below if name not in own
    }


def test_a_failed_trial_is_on_no_rung(nine: Driver) -> None:
    for number in range(3):
        nine.tell(nine.ask(), None if number == 2 else number / 10)  # type: ignore[arg-type]
    assert nine.ask() == (3, 0)


def test_one_overtaken_after_it_went_up_still_counts(nine: Driver) -> None:
    """The difference to the paper, whose rule would let three of six go up here."""
    for number, score in enumerate([0.1, 0.0, 0.0]):
        nine.ask()
        nine.tell((number, 0), score)
    assert nine.ask() == (0, 1)
    for number, score in enumerate([0.8, 0.9, 0.7], start=3):
        nine.ask()
        nine.tell((number, 0), score)
    assert nine.ask() == (4, 1)
    assert nine.ask() == (6, 0)


def test_the_space_may_be_smaller_than_the_budget(tmp_path: Path) -> None:
    driver = Driver(tmp_path, 500, 1)

    def small(hp: keras_tuner.HyperParameters, _: int) -> None:
        hp.Choice("units", [8, 16], default=8)

    space = keras_tuner.HyperParameters()
    small(space, 1)
    driver.oracle = AshaOracle(
        500,
        1,
        baseline={"units": 8},
        folder=tmp_path,
        why_unfit=lambda _: None,
        objective=driver.oracle.objective,
        hyperparameters=space,
    )
    drawn = 0
    while isinstance(stay := driver.ask(), tuple):
        driver.tell(stay, 0.5)
        drawn += 1
    assert (stay, drawn) == ("STOPPED", 2)


@st.composite
def schedules(draw: st.DrawFn) -> tuple[int, int, int, list[int]]:
    """(configurations, max epochs, workers, which of the running trials is done next)."""
    configurations = draw(st.integers(1, 40))
    picks = draw(st.lists(st.integers(0, 10), min_size=150, max_size=150))
    return configurations, draw(st.integers(1, 27)), draw(st.integers(1, 8)), picks


def sizes(folder: Path, schedule: tuple[int, int, int, list[int]]) -> Counter[int]:
    """Trials on each rung after a whole search; checks what must hold at every step."""
    configurations, max_epochs, workers, picks = schedule
    driver = Driver(folder, configurations, max_epochs)
    running: list[Stay] = []
    completed: Counter[int] = Counter()
    begun: Counter[int] = Counter()
    seen: set[Stay] = set()
    for pick in picks:
        while len(running) < workers and isinstance(stay := driver.ask(), tuple):
            assert stay not in seen  # no configuration goes up twice
            seen.add(stay)
            begun[stay[1]] += 1
            if stay[1]:
                assert begun[stay[1]] <= completed[stay[1] - 1] // ETA
            running.append(stay)
        if not running:
            break
        stay = running.pop(pick % len(running))
        completed[stay[1]] += 1
        driver.tell(stay, (stay[0] * 7919 % 101) / 101)
    assert not running
    return completed


@pytest.mark.slow
@settings(deadline=None, max_examples=30)
@given(schedule=schedules())
def test_never_more_than_one_in_eta_goes_up_and_none_twice(
    tmp_path_factory: pytest.TempPathFactory, schedule: tuple[int, int, int, list[int]]
) -> None:
    folder = tmp_path_factory.mktemp("asha")
    configurations, max_epochs, _, picks = schedule
    parallel = sizes(folder / "parallel", schedule)
    assert parallel == sizes(folder / "sequential", (configurations, max_epochs, 1, picks))
    expected = [configurations // ETA**rung for rung in range(len(rungs(max_epochs)))]
    assert [parallel[rung] for rung in range(len(expected))] == expected


def test_who_may_go_up_keeps_its_weights(nine: Driver) -> None:
    for _ in range(9):
        nine.ask()
    for number in range(6):
        nine.tell((number, 0), number / 10)
    oracle, ids = nine.oracle, {stay: trial.trial_id for stay, trial in nine.trials.items()}
    assert [number for number in range(6) if oracle.may_go_up(ids[number, 0])] == [3, 4, 5]
    assert nine.ask() == (5, 1)
    assert not oracle.may_go_up(ids[5, 0])  # it has
    nine.tell((5, 1), 0.5)
    assert oracle.may_go_up(nine.trials[5, 1].trial_id)
