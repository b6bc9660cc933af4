"""The tree of the whole report."""

from study.records.study import Stage
from study.report import ProblemInput, ReportInput, render
from study.report.sections import Comparisons, Entry, anchor, comparisons, flat, sections
from tests.factories import evaluation
from tests.report.inputs import finished, half_finished, problem, study


def test_contents_of_a_finished_run() -> None:
    report = sections(ReportInput(study(), (problem(),)))
    assert report.contents == (
        Entry("answer", "The answer"),
        Entry(
            "problem-mnist",
            "mnist",
            (
                Entry("problem-mnist-search", "The search"),
                Entry("problem-mnist-training", "Training"),
                Entry("problem-mnist-results", "Results on the test part"),
                Entry("problem-mnist-filters", "What the filters look for"),
            ),
        ),
        Entry("method", "How to read the numbers"),
        Entry("reproduce", "How to reproduce it"),
    )


def test_problems_keep_the_order_of_the_study_and_missing_ones_have_a_section() -> None:
    report = sections(half_finished())
    assert [section.name for section in report.problems] == ["line", "mnist", "multihead"]
    assert [row.problem for row in report.answer.rows] == ["line", "mnist", "multihead"]
    assert report.problems[2].notes


def test_problem_the_study_does_not_name_is_shown_all_the_same() -> None:
    report = sections(ReportInput(study(), (problem("line"), problem("mnist"))))
    assert [section.name for section in report.problems] == ["mnist", "line"]


def test_anchor_is_safe_in_an_id() -> None:
    assert anchor('My "lines" <2>') == "my-lines-2"


def test_each_method_is_told_once_with_its_problems() -> None:
    other = evaluation()
    other = other.model_copy(
        update={"comparison": other.comparison.model_copy(update={"method": "McNemar"})}
    )
    problems = [
        ProblemInput("a", evaluation=evaluation()),
        ProblemInput("b", evaluation=other),
        ProblemInput("c", evaluation=evaluation()),
        ProblemInput("d"),
    ]
    assert comparisons(problems) == (
        Comparisons("a and c", "paired bootstrap"),
        Comparisons("b", "McNemar"),
    )


def test_nested_settings_become_dotted_names() -> None:
    settings = {"a": 1, "b": {"c": None, "d": {"e": [1, 2]}, "f": {}}}
    assert list(flat(settings)) == [("a", "1"), ("b.c", "–"), ("b.d.e", "1, 2"), ("b.f", "–")]  # noqa: RUF001


def test_reproduction_has_commands_seeds_and_records() -> None:
    again = sections(finished()).reproduce
    assert again.commands[:2] == ("git checkout 0123abc", "python -m study run --name first")
    assert again.seeds[:2] == (
        ("the run (data and search)", "1"),
        ("line: baseline network retrained", "1, 2"),
    )
    assert again.hardware == (("cores", "2"), ("memory_gib", "23.5"))
    assert again.seconds == 192
    assert again.records[0][0] == "results/first/study.json"


def test_reproduction_names_the_commands_that_came_after_the_first() -> None:
    later = [
        Stage(problem="mnist", stage="evaluate", seconds=1, command="evaluate first --again"),
        Stage(problem="mnist", stage="figures", seconds=1, command="draw first"),
    ]
    whole = study(plan=["search", "evaluate", "figures"], stages=[*study().stages, *later])
    parts = whole.model_copy(update={"plan": ["search"]})
    commands = [
        sections(ReportInput(one, (problem(),))).reproduce.commands for one in (whole, parts)
    ]
    assert commands[0] == ("git checkout 0123abc", "python -m study run --name first")
    assert commands[1] == (
        *commands[0], "evaluate first", "draw first", "python -m study report first"
    )  # fmt: skip


def test_without_a_commit_there_is_nothing_to_check_out() -> None:
    assert sections(half_finished()).reproduce.commands[0] == "python -m study run --name first"


def test_code_that_was_changed_is_said_to_be_and_its_commit_can_be_checked_out() -> None:
    report = ReportInput(study(git_commit="0123abc-dirty"), (problem(),))
    again = sections(report).reproduce
    assert (again.git_commit, again.changed) == ("0123abc", True)
    assert again.commands[0] == "git checkout 0123abc"
    assert "with changes that were not committed" in render(report)
    assert "with changes" not in render(ReportInput(study(), (problem(),)))
