"""A run that was disturbed, held against one that was not: all is the same but times."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from study.records.study import StudyRecord
from tests.factories import TIMES

MAY_DIFFER = {"demo/.lock", "demo/study.json"}
"""Files that are there or not as it goes; study.json is looked at by itself."""

OF_TIMES = {"search_latency.png", "search_seconds.png", "search_timeline.png"}
"""Figures that show how long trials took."""
TOLD = {"caption", "alt"}
"""What of a figure is told in its numbers."""


def differences(folder: Path, whole: Path) -> list[str]:
    """In what the finished run in `folder` differs from the one in `whole`, in words."""
    ours, theirs = folder / "results", whole / "results"
    wrong = _study(ours / "demo", theirs / "demo")
    names, expected = _files(ours), _files(theirs)
    wrong += [f"{name} is left" for name in sorted(names - expected - MAY_DIFFER)]
    wrong += [f"{name} is missing" for name in sorted(expected - names - MAY_DIFFER)]
    for name in sorted(names & expected - MAY_DIFFER):
        if not _same(ours / name, theirs / name):
            wrong.append(f"{name} is not that of the undisturbed run")
    reports = [sorted(path.name for path in one.glob("reports/*")) for one in (folder, whole)]
    if reports[0] != reports[1]:
        wrong.append(f"reports/ holds {reports[0]}, expected {reports[1]}")
    return wrong


def is_finished(folder: Path) -> bool:
    """Whether the run says that all it was to do is done."""
    path = folder / "results/demo/study.json"
    return path.exists() and not StudyRecord.model_validate_json(path.read_bytes()).to_do()


def _files(folder: Path) -> set[str]:
    """All files, and the folders that hold none."""
    return {
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() or not any(path.iterdir())
    }


def _study(ours: Path, theirs: Path) -> list[str]:
    done, whole = (
        StudyRecord.model_validate_json((folder / "study.json").read_bytes())
        for folder in (ours, theirs)
    )
    steps = [(stage.problem, stage.stage) for stage in done.stages]
    expected = [(stage.problem, stage.stage) for stage in whole.stages]
    wrong = [] if steps == expected else [f"study.json: finished are {steps}"]
    return wrong + [f"study.json: {step} is to do" for step in done.to_do()]


def _same(one: Path, other: Path) -> bool:
    if one.name == "trials.jsonl":
        return _trials(one) == _trials(other)
    if one.suffix == ".npz":
        with np.load(one) as ours, np.load(other) as theirs:
            return ours.files == theirs.files and all(
                np.array_equal(ours[name], theirs[name]) for name in ours.files
            )
    if one.suffix == ".json" and "search" not in one.parts:
        return _without_times(json.loads(one.read_text())) == _without_times(
            json.loads(other.read_text())
        )
    return one.stat().st_size > 0 or other.stat().st_size == 0


def _trials(path: Path) -> Any:
    return [_without_times(json.loads(line)) for line in path.read_text().splitlines()]


def _without_times(record: Any) -> Any:
    if isinstance(record, dict):
        told = TOLD if record.get("file") in OF_TIMES else set()
        left_out = TIMES | told
        return {key: _without_times(one) for key, one in record.items() if key not in left_out}
    if isinstance(record, list):
        return [_without_times(one) for one in record]
    return record
