"""Contestants are timed from outside, and do not outlive the race."""

import os
from itertools import islice
from pathlib import Path

import pytest

from benchmarks.task import watch

CONTESTANT = """
import json, os, time
open("pid", "w").write(str(os.getpid()))
for score in (0.5, None, 0.7):
    print(json.dumps({"score": score}), file=open("scores", "a"))
"""


def test_results_come_in_order_with_their_time(tmp_path: Path) -> None:
    found = list(watch(["-c", CONTESTANT], tmp_path, tmp_path / "scores", limit=60))
    assert [result for _, result in found] == [{"score": one} for one in (0.5, None, 0.7)]
    assert [seconds for seconds, _ in found] == sorted(seconds for seconds, _ in found)


def test_a_contestant_is_stopped_when_nobody_waits_for_it(tmp_path: Path) -> None:
    endless = CONTESTANT + "\ntime.sleep(600)"
    watched = watch(["-c", endless], tmp_path, tmp_path / "scores", limit=60)
    assert len(list(islice(watched, 3))) == 3
    watched.close()
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_a_contestant_that_fails_is_no_result(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        list(watch(["-c", "1 / 0"], tmp_path, tmp_path / "scores", limit=60))
