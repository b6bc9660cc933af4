"""How long work is going: counted in epochs, said in plain lines where there is no terminal."""

from io import StringIO
from itertools import count
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from study.cli import progress
from study.cli.progress import Screen, Work, clock
from study.workers.engine import Tick


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (45.4, "45 s"),
        (59.6, "1 min 0 s"),
        (200, "3 min 20 s"),
        (3599.7, "1 h 0 min"),
        (4000, "1 h 6 min"),
        (100_000, "27 h 46 min"),
    ],
)
def test_clock_speaks(seconds: float, words: str) -> None:
    assert clock(seconds) == words


def test_share_counts_epochs_and_not_jobs() -> None:
    work = Work(expected=2, epochs_each=10)
    work.propose("short", 5)
    work.propose("long", 15)
    for _ in range(5):
        work.tick("short")
    assert work.share == 5 / 20


def test_jobs_not_yet_proposed_count_with_the_epochs_expected() -> None:
    work = Work(expected=4, epochs_each=3)
    work.propose("first", 3)
    work.tick("first")
    assert work.share == 1 / 12


def test_nothing_to_do_is_no_progress() -> None:
    assert Work(expected=0, epochs_each=3).share == 0


def test_more_jobs_than_expected_leave_a_share_of_at_most_one() -> None:
    work = Work(expected=1, epochs_each=1)
    for key in ("a", "b"):
        work.propose(key, 1)
        work.finish(key, 0.5)
    assert work.share == 1


def test_a_job_that_ends_early_is_done() -> None:
    work = Work(expected=1, epochs_each=8)
    work.propose("failed", 8)
    work.tick("failed")
    work.finish("failed", None)
    assert (work.share, work.finished, work.best) == (1, 1, None)


def test_late_and_unknown_ticks_change_nothing() -> None:
    work = Work(expected=1, epochs_each=2)
    work.tick("of another stage")
    work.propose("job", 2)
    work.finish("job", 0.5)
    work.tick("job")
    assert work.share == 1
    assert work.trained == {"job": 2}


def test_best_is_the_highest_score() -> None:
    work = Work(expected=3, epochs_each=1)
    for key, score in (("a", 0.5), ("b", 0.9), ("c", 0.7)):
        work.propose(key, 1)
        work.finish(key, score)
    assert work.best == 0.9


def test_a_score_of_zero_is_a_score() -> None:
    work = Work(expected=1, epochs_each=1)
    work.propose("bad", 1)
    work.finish("bad", 0.0)
    assert work.best == 0.0


def test_time_left_follows_the_pace_so_far() -> None:
    work = Work(expected=1, epochs_each=4)
    work.propose("job", 4)
    assert work.seconds_left(elapsed=10) is None
    work.tick("job")
    assert work.seconds_left(elapsed=10) == 30
    work.finish("job", 1.0)
    assert work.seconds_left(elapsed=20) == 0


@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from(["tick", "finish"])), max_size=60))
def test_progress_never_goes_back(news: list[tuple[int, str]]) -> None:
    work = Work(expected=4, epochs_each=3)
    before = 0.0
    for number, event in news:
        key = str(number)
        if key not in work.proposed:
            work.propose(key, 3)
        work.tick(key) if event == "tick" else work.finish(key, None)
        assert before <= work.share <= 1
        before = work.share


def lines_of(output: StringIO) -> list[str]:
    return output.getvalue().splitlines()


def test_piped_output_gets_a_plain_line_a_job(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = SimpleNamespace(monotonic=count(step=30).__next__)  # half a minute a look
    monkeypatch.setattr(progress, "time", seconds)
    output = StringIO()
    screen = Screen(Console(file=output, width=40))
    with screen.stage("mnist: search", "trial", 2, 2) as shown:
        shown.propose("a", 2)
        shown.tick(Tick("a", 1, 0.5))
        shown.finish("a", 0.95, "trial 0 scored 95.00%", 12.3)
        shown.propose("b", 2)
        shown.finish("b", None, "trial 1 failed: ValueError: the images are [too] [/small]")
    start, first, second, end = lines_of(output)
    assert start == "mnist: search: started"
    assert first == (
        "mnist: search: trial 0 scored 95.00% in 12 s; trial 1/2, best 95.00%, about 30 s left"
    )
    assert second == (
        "mnist: search: trial 1 failed: ValueError: the images are [too] [/small]; "
        "trial 2/2, best 95.00%"
    )
    assert end == "mnist: search: done in 1 min 30 s"
    assert "\x1b" not in output.getvalue()


def test_a_stage_that_fails_is_not_called_done() -> None:
    output = StringIO()
    with (
        pytest.raises(RuntimeError, match="out of luck"),
        Screen(Console(file=output)).stage("line: search", "trial", 1, 1),
    ):
        raise RuntimeError("out of luck")
    assert lines_of(output) == ["line: search: started"]


def test_a_terminal_gets_a_bar_and_no_line_a_job() -> None:
    output = StringIO()
    console = Console(file=output, force_terminal=True, width=100)
    with Screen(console).stage("line: search", "trial", 1, 1) as shown:
        shown.propose("a", 1)
        shown.finish("a", 0.5, "trial 0 scored 50.00%")
    assert "trial 0 scored" not in output.getvalue()
    assert "trial 1/1, best 50.00%" in output.getvalue()
    assert "line: search: done in" in output.getvalue()
