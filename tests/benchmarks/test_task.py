"""Contestants are timed from outside, and do not outlive the race."""

import os
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from benchmarks.task import TASKS, Task, watch

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


def test_a_contestant_gets_the_environment_from_before_an_engine_set_its_workers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SET_BY_AN_ENGINE", "1")
    contestant = "import json, os\nprint(json.dumps(dict(os.environ)), file=open('scores', 'a'))"
    ((_, given),) = watch(["-c", contestant], tmp_path, tmp_path / "scores", limit=60)
    assert "SET_BY_AN_ENGINE" not in given
    assert given["PATH"] == os.environ["PATH"]


@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
def test_peers_get_the_images_of_the_seed(task: Task) -> None:
    (one, _), _ = task.arrays(seed=1)
    (other, _), _ = task.arrays(seed=2)
    (again, _), _ = task.arrays(seed=2)
    assert one.shape == other.shape
    assert not np.array_equal(one, other)
    assert np.array_equal(again, other)


def test_a_contestant_that_fails_is_no_result(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        list(watch(["-c", "1 / 0"], tmp_path, tmp_path / "scores", limit=60))
