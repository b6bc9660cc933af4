"""Growth is measured with stubs for training, and everything else real."""

from pathlib import Path

import pytest

from benchmarks import growth
from study.search import search


def test_every_trial_is_done_by_the_real_driver(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(search, "_run", search._run)  # put back afterwards
    found = growth.measure("asha", 9, 2)
    assert found.finished == 9 + 3 + 1
    lines = (tmp_path / "results/growth/mnist/trials.jsonl").read_text().splitlines()
    assert len(lines) == found.finished
