"""The example run that visitors see without training: results/example, reports/example.html."""

import shutil
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import expect

from study.problem.problem import problem_names
from study.records.base import NETWORKS
from study.run.store import Run
from study.steps.report_step import report_step
from tests.browser import browser, browser_page, page_problems
from tests.command import ROOT

LARGEST = 8_000_000
"""Bytes of all of the run's files that are committed."""
LARGEST_REPORT = 15_000_000
"""Bytes of its report: it can still be sent by mail."""
SHOWN = ROOT / "reports/example.html"


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


def test_every_class_of_every_head_has_its_scores(example: Run) -> None:
    for name in problem_names():
        evaluation, signature = example.evaluation(name), example.signature(name)
        assert evaluation
        assert signature
        classes = {head: len(names) for head, names in signature.heads.items()}
        for network in evaluation.networks.values():
            assert {head: len(found.f1) for head, found in network.per_head.items()} == classes


@pytest.mark.slow
def test_its_report_is_built_from_its_records(example: Run) -> None:
    report_step(example)
    page = example.report_path.read_text()
    assert "No answer yet" not in page
    assert "not been compared yet" not in page
    for name in problem_names():
        assert f'id="problem-{name}"' in page


def test_the_report_shown_is_of_this_run(example: Run) -> None:
    shown = SHOWN.read_text()
    assert example.study().created in shown
    assert "<h1>Does tuning help?</h1>" in shown


def test_the_report_shown_is_small() -> None:
    assert SHOWN.stat().st_size < LARGEST_REPORT


@pytest.mark.slow
def test_the_report_shown_needs_nothing_but_itself() -> None:
    with browser() as started, browser_page(started, SHOWN) as visit:
        chart = visit.page.locator(".explore .chart").first
        chart.scroll_into_view_if_needed()  # its library is unpacked only now
        expect(chart.locator(".main-svg").first).to_be_visible(timeout=60_000)
        assert page_problems(visit) == []
