"""The example run that visitors see without training: results/example, reports/example.html."""

import shutil
import subprocess
from pathlib import Path

import pytest

from study.problems import problem_names
from study.records import NETWORKS
from study.stages import report_stage
from study.store import Run
from tests.command import ROOT

LARGEST = 8_000_000
"""Bytes of all of the run's files that are committed."""


@pytest.fixture
def example(workplace: Path) -> Run:
    """A copy in a folder of its own."""
    shutil.copytree(ROOT / "results/example", workplace / "results/example")
    return Run("example")


def committed() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "results/example"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [ROOT / line for line in listed.stdout.splitlines()]


def test_it_is_small_and_has_no_checkpoints() -> None:
    files = committed()
    assert sum(file.stat().st_size for file in files) < LARGEST
    assert not [file for file in files if "search" in file.parts]


def test_it_holds_every_problem_to_the_end(example: Run) -> None:
    assert sorted(example.study().problems) == problem_names()
    for name in problem_names():
        evaluation = example.evaluation(name)
        assert evaluation
        assert set(evaluation.networks) == set(NETWORKS)
        assert example.trials(name)
        assert example.space(name)
        pictures = example.pictures(name)
        assert {picture.section for picture in pictures} >= {"search", "results", "heatmaps"}
        assert all((example.figures_folder(name) / one.file).is_file() for one in pictures)


def test_its_report_is_built_from_its_records(example: Run) -> None:
    report_stage(example)
    page = example.report_path.read_text()
    assert "No answer yet" not in page
    assert "not been compared yet" not in page
    for name in problem_names():
        assert f'id="problem-{name}"' in page


def test_the_report_shown_is_of_this_run(example: Run) -> None:
    shown = (ROOT / "reports/example.html").read_text()
    assert example.study().created in shown
    assert "<h1>Does tuning help?</h1>" in shown
