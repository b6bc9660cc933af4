"""The report while a run goes on: written when there is news, never in the way."""

import logging
import threading
from collections.abc import Callable
from itertools import pairwise

import pytest

from study.cli import live
from study.cli.live import PAUSE_PER_BUILD, PAUSE_S, build, live_report, records_state
from study.plan import work as plan
from study.problem.settings import Settings, Work
from study.records.study import Stage
from study.run.store import Run
from tests.factories import trial

pytestmark = pytest.mark.usefixtures("workplace")

RELOADS = 'http-equiv="refresh"'


@pytest.fixture
def run() -> Run:
    """A search of mnist that has just begun."""
    work = Work(problems=["mnist"], settings=Settings(), seed=1, plan=["search"])
    return plan.create_run("demo", work, "python -m study search mnist", workers=1)


def end_search(run: Run) -> None:
    done = Stage(problem="mnist", stage="search", seconds=1, command="")
    run.write_study(run.study().model_copy(update={"stages": [done]}))


def waits(*happenings: Callable[[], object]) -> tuple[Callable[[float], bool], list[float]]:
    """A `wait` in which these happen one after the other, and the seconds it is asked for."""
    left, asked = list(happenings), []

    def wait(seconds: float) -> bool:
        asked.append(seconds)
        if not left:
            return True
        left.pop(0)()
        return False

    return wait, asked


def test_report_is_there_from_the_beginning_and_reloads_until_the_end(run: Run) -> None:
    shown = threading.Event()

    def built(run: Run, live: bool) -> None:
        build(run, live)
        shown.set()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(live, "build", built)
        with live_report(run):
            assert shown.wait(60)
            assert RELOADS in run.report_path.read_text()
            run.append_trial("mnist", trial(0))
            end_search(run)
    page = run.report_path.read_text()
    assert RELOADS not in page
    assert "1 trial" in page
    assert "not ended" not in page


def test_interrupted_run_has_a_report_that_says_so_and_does_not_reload(run: Run) -> None:
    def stopped() -> None:
        with live_report(run):
            run.append_trial("mnist", trial(0))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    page = run.report_path.read_text()
    assert RELOADS not in page
    assert "This run has not ended" in page
    assert "python -m study resume demo" in page


def test_it_is_written_again_only_when_records_change(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    built: list[int] = []
    monkeypatch.setattr(live, "build", lambda run, **_: built.append(len(run.trials("mnist"))))
    wait, asked = waits(
        lambda: None,
        lambda: run.append_trial("mnist", trial(0)),
        lambda: None,
        lambda: run.append_trial("mnist", trial(1)),
    )
    live._keep(run, wait)
    assert built == [0, 1, 2]
    assert asked == [PAUSE_S] * 5


def test_a_report_that_is_slow_to_build_is_built_less_often(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [0.0]

    def slow(*_: object, **__: object) -> None:
        clock[0] += 3

    monkeypatch.setattr(live, "build", slow)
    monkeypatch.setattr(live.time, "perf_counter", lambda: clock[0])
    wait, asked = waits()
    live._keep(run, wait)
    assert asked == [3 * PAUSE_PER_BUILD]


def test_a_report_that_cannot_be_built_stops_nothing(
    run: Run, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ValueError("no such template")

    monkeypatch.setattr(live, "report_step", broken)
    with caplog.at_level(logging.WARNING), live_report(run):
        run.append_trial("mnist", trial(0))
    assert len(run.trials("mnist")) == 1
    assert "the report of demo could not be built: ValueError: no such template" in caplog.text


def test_news_of_every_stage_is_seen(run: Run) -> None:
    seen = [records_state(run)]
    for happens in (
        lambda: run.append_trial("mnist", trial(0)),
        lambda: run.write_pictures("mnist", []),
        lambda: end_search(run),
    ):
        happens()
        seen.append(records_state(run))
    assert all(before != after for before, after in pairwise(seen))
