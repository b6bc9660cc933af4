"""Runs from Python."""

from pathlib import Path

import pandas as pd
import pytest

import study
from study.errors import WrongName, WrongUse
from study.plan import work as plan
from study.problem.settings import Settings, Work
from tests.factories import evaluation, predictions, trial

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "results/example"


@pytest.fixture(scope="module")
def example() -> study.StudyRun:
    return study.open_run(EXAMPLE)


def begun(name: str = "mine", problems: tuple[str, ...] = ("mnist",)) -> study.StudyRun:
    """A run in the current folder whose searches have one trial each."""
    work = Work(problems=[*problems], settings=Settings(), seed=1, plan=["search"])
    run = plan.create_run(name, work, "none", workers=1)
    for problem in problems:
        run.append_trial(problem, trial())
    return study.open_run(name)


def test_trials_are_a_table_with_a_column_per_hyperparameter(example: study.StudyRun) -> None:
    trials = example.trials("line")
    assert isinstance(trials, pd.DataFrame)
    assert trials.index.name == "trial"
    assert trials.index[0] == 0
    assert {"status", "score", "epochs", "parameters", "depth", "optimizer"} <= {*trials.columns}
    assert trials["score"].between(0, 1).all()
    assert trials["depth"].dtype == "Int64"


def test_curves_have_a_row_per_epoch(example: study.StudyRun) -> None:
    curves = example.curves("mnist")
    assert [*curves.columns] == ["trial", "metric", "epoch", "value"]
    assert {*curves["trial"]} == {*example.trials("mnist").index}


def test_a_comparison_is_what_the_evaluation_says(example: study.StudyRun) -> None:
    found = example.comparison("line")
    assert found.verdict == "tuned is better"
    assert found.difference == pytest.approx(found.tuned.mean - found.baseline.mean, abs=1e-6)
    assert found.ci95[0] < found.difference < found.ci95[1]
    assert len(found.seeds["tuned"]) == 3
    assert str(found).startswith("line: test accuracy 9")
    assert found.caution
    assert found.caution in found._repr_html_()


def test_a_run_shows_itself_as_a_table(example: study.StudyRun) -> None:
    assert repr(example) == "<StudyRun example: line, mnist, multihead>"
    shown = example._repr_html_()
    assert shown.count("<tr>") == 4
    assert "tuned is better" in shown
    assert "Run example, started 20" in shown


@pytest.mark.usefixtures("workplace")
def test_a_run_that_is_not_evaluated_says_so() -> None:
    run = begun()
    with pytest.raises(WrongName, match="is not evaluated yet: python -m study evaluate mine"):
        run.comparison()
    with pytest.raises(WrongName, match=r"tuned\.keras is not there: evaluate 'mine' first"):
        run.network()
    assert "not evaluated yet" in run._repr_html_()
    assert "; not finished</caption>" in run._repr_html_()


@pytest.mark.usefixtures("workplace")
def test_the_problem_must_be_said_if_there_are_several() -> None:
    run = begun(problems=("line", "mnist"))
    assert len(begun("other").trials()) == 1
    with pytest.raises(WrongUse, match=r"'mine' has 2 problems: name one of them: line, mnist"):
        run.trials()
    with pytest.raises(WrongName, match="no problem 'x' in run 'mine'; there are: line, mnist"):
        run.trials("x")


def test_a_run_is_opened_by_name_or_by_its_folder_wherever_it_lies(
    workplace: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = begun()
    assert named.folder == workplace / "results/mine"
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    assert len(named.trials()) == 1  # it stays the run that it was
    assert study.open_run(workplace / "results/mine").folder == named.folder
    for missing in ("mine", "results/mine", workplace / "results/no"):
        with pytest.raises(WrongName, match="no run"):
            study.open_run(missing)


def test_the_report_goes_beside_the_results_or_where_it_is_wanted(workplace: Path) -> None:
    run = begun()
    assert run.report() == workplace / "reports/mine.html"
    assert run.report("page.html") == Path("page.html")
    assert Path("page.html").read_text() == (workplace / "reports/mine.html").read_text()


@pytest.mark.usefixtures("workplace")
def test_nothing_in_records_is_html_in_a_notebook() -> None:
    run = begun()
    folder = plan.Run("mine")
    record = folder.study()
    folder.write_study(record.model_copy(update={"created": "<script>alert(1)</script>\x1b[2J"}))
    shown = run._repr_html_()
    assert "<script" not in shown
    assert "\x1b" not in shown
    assert "&lt;script&gt;alert(1)" in shown


@pytest.mark.usefixtures("workplace")
def test_an_evaluated_problem_is_compared() -> None:
    run = begun()
    plan.Run("mine").write_evaluation("mnist", evaluation(), predictions({"class": 3}), {})
    assert str(run.comparison()).startswith("mnist: test ")
    assert "best validation" in run._repr_html_()
