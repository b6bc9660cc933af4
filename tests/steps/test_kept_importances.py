"""Importances are found as the search is drawn, and kept for the page."""

from pathlib import Path

import pytest

from study.plan import work as plan
from study.problem.settings import Settings, Work
from study.run.store import Run
from study.steps.draw_step import draw
from study.steps.report_step import report_step
from study.steps.side_by_side import Part
from study.trials import importances
from tests.factories import signature, trial
from tests.report.inputs import searched


@pytest.fixture
def run(workplace: Path) -> Run:
    """A run of six trials whose search has been drawn."""
    work = Work(problems=["mnist"], settings=Settings(), seed=1, plan=["search", "figures"])
    known = {"mnist": signature("mnist")}
    made = plan.create_run("demo", work, "python -m study run", workers=1, signatures=known)
    found = searched()
    assert found.space
    made.write_space("mnist", found.space)
    for one in found.trials:
        made.append_trial("mnist", one)
    made.figures_folder("mnist").mkdir()
    draw(made, Part("mnist", "search"))
    assert workplace == Path.cwd()
    return made


def page(run: Run) -> str:
    report_step(run)
    return run.report_path.read_text(encoding="utf-8")


def kept(run: Run) -> Path:
    return run.findings_folder("mnist") / "importances.json"


def test_the_page_is_the_same_with_and_without_them(run: Run) -> None:
    with_them = page(run)
    kept(run).unlink()
    assert page(run) == with_them


def test_the_page_does_not_find_them_again(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importances, "importances", None)
    assert "Importance of the hyperparameters" in page(run)


def test_trials_that_came_since_count(run: Run) -> None:
    values = {"filters": 64, "rate": 0.1, "norm": True, "momentum": 0.2}
    run.append_trial("mnist", trial(9, 0.95, hyperparameters=values))
    with_old_ones = page(run)
    kept(run).unlink()
    assert page(run) == with_old_ones
    assert "over resamples of 6 trials" in with_old_ones


def test_a_damaged_record_is_named_and_they_are_found_again(run: Run) -> None:
    kept(run).write_text('{"fanova": [{"name": "rate", "share": NaN}]}')
    text = page(run)
    assert "findings/importances.json: " in text
    assert "Importance of the hyperparameters" in text
