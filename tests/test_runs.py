"""What a run is to do, and what has changed since it was begun."""

from pathlib import Path

import pytest

from study import environment, runs
from study.settings import Settings, Work

pytestmark = pytest.mark.usefixtures("workplace")

WORK = Work(problems=["mnist"], settings=Settings(), seed=1, plan=["search"])


def test_packages_of_another_version_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    run = runs.create_run("demo", WORK, "none", workers=1)
    assert runs.other_versions(run) == []
    now = environment.versions() | {"keras": "9.9", "new": "1.0"}
    monkeypatch.setattr(environment, "versions", lambda: now)
    then = run.study().versions["keras"]
    assert runs.other_versions(run) == [f"keras: {then} then, 9.9 now"]


def test_other_settings_are_named(workplace: Path) -> None:
    run = runs.create_run("demo", WORK, "none", workers=1)
    other = WORK.model_copy(update={"seed": 2})
    assert runs.differences(run, WORK) == []
    assert runs.differences(run, other) == ["seed: 1 there, 2 here"]
    assert (workplace / "results/demo/study.json").exists()
