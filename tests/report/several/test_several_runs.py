"""Several runs side by side."""

from dataclasses import replace

import pytest

from study.records.base import Estimate
from study.report import ProblemInput, ReportInput, render_comparison
from study.report.problem_section import problem_section
from study.report.sections import Entry
from study.report.several.compared_problem import Difference
from study.report.several.several_runs import compare, differences
from tests.factories import evaluation, network_result, sanity, trial
from tests.report.inputs import finished, other_run, picture, problem, searched, study


def first(**changes: object) -> ReportInput:
    return ReportInput(study(**changes), (problem(),))


def second(given: ProblemInput | None = None, **changes: object) -> ReportInput:
    return ReportInput(study(name="second", **changes), (given or problem(),))


def test_only_what_differs_is_listed_in_the_order_of_the_records() -> None:
    one = study(dtype_policy="float32")
    other = study(
        name="second",
        created="2027-01-01T00:00:00+00:00",
        command="another",
        seed=7,
        settings={
            "description": "words",
            "workers": 2,
            "search": {"tuner": "asha", "time_limit": None, "in_order": True},
        },
        versions={"python": "3.11.7", "keras": "3.16.0"},
        hardware={"cores": 4, "memory_gib": 23.5},
        git_commit="4567def",
    )
    assert differences([one, other, one]) == (
        Difference("seed", ("1", "7", "1")),
        Difference("search.tuner", ("random", "asha", "random")),
        Difference("git_commit", ("0123abc", "4567def", "0123abc")),
        Difference("dtype_policy", ("float32", "–", "float32")),  # noqa: RUF001
        Difference("versions.keras", ("3.15.1", "3.16.0", "3.15.1")),
        Difference("hardware.cores", ("2", "4", "2")),
        Difference("search.in_order", ("–", "yes", "–")),  # noqa: RUF001
    )
    assert differences([one, one]) == ()


def test_answers_of_the_runs_stand_below_each_other_on_one_axis() -> None:
    page = compare([first(), second(problem(evaluation=evaluation(baseline=0.8, tuned=0.95)))])
    (mnist,) = page.problems
    assert [(one.label, one.row.trials, one.row.failed) for one in mnist.rows] == [
        ("A", 3, 1),
        ("B", 3, 1),
    ]
    a, b = (one.row for one in mnist.rows)
    assert a.tuned == Estimate(mean=0.9, ci95=(0.88, 0.92))
    assert a.search_seconds == 192
    assert a.whisker is not None
    assert b.whisker is not None
    assert a.whisker.zero == b.whisker.zero
    assert a.whisker.middle < b.whisker.middle
    assert mnist.sentence is not None
    assert mnist.sentence.startswith(
        "The tuned network's accuracy on the test part: 95.00% in B and 90.00% in A. "
    )


def test_scores_by_different_metrics_are_not_ranked() -> None:
    other = problem(evaluation=evaluation(metrics=("length", "joint")))
    (mnist,) = compare([first(), second(other)]).problems
    assert mnist.sentence is None


def test_run_without_an_evaluation_is_in_the_table_all_the_same() -> None:
    (mnist,) = compare([first(), second(problem(evaluation=None))]).problems
    assert mnist.rows[1].row.comparison is None
    assert mnist.rows[1].row.trials == 3
    assert mnist.sentence is None


def test_tuned_networks_are_told_apart_by_what_differs() -> None:
    networks = {
        "baseline": network_result(0.8),
        "tuned": network_result(0.9, hyperparameters={"filters": 64, "rate": 0.1}),
    }
    other = problem(evaluation=evaluation(networks=networks))
    (mnist,) = compare([first(), second(other)]).problems
    assert mnist.networks == (
        Difference("filters", ("32", "64")),
        Difference("rate", ("–", "0.1")),  # noqa: RUF001
    )


def test_figures_of_one_kind_share_a_row_and_others_are_left_out() -> None:
    other = problem(
        pictures=(
            picture("search_history.png"),
            picture("training.png", 900, 400, section="training"),
            picture("only_here.png"),
        ),
    )
    (mnist,) = compare([first(), second(other), first()]).problems
    (search, training, _, filters) = mnist.groups
    assert search.figures == ()  # each run's search has its charts, and they their pictures
    assert [one.explore is not None and one.explore.drawn for one in mnist.searches] == [True] * 3
    (shown,) = training.figures
    assert shown.labels == ("A", "B", "C")
    assert [figure.width for figure in shown.row.figures] == [1000, 900, 1000]
    assert [shared.labels for shared in filters.figures] == [("A", "C"), ("A", "C")]


def test_heatmaps_that_are_not_to_be_trusted_are_marked_with_their_run() -> None:
    pictures = tuple(picture(f"{one}.png", section=one) for one in ("filters", "heatmaps"))
    reacts, does_not = (
        problem(pictures=pictures, sanity=sanity(0.1, 0.2, end, 0.2)) for end in (0.1, 0.9)
    )
    (mnist,) = compare([ReportInput(study(), (reacts,)), second(does_not)]).problems
    warnings = {group.key: group.warnings for group in mnist.groups}
    (warning,) = warnings.pop("heatmaps")
    assert warning.startswith("B: Not to be trusted here: Score-CAM for the baseline network")
    assert set(warnings.values()) == {()}
    page = render_comparison([ReportInput(study(), (reacts,)), second(does_not)])
    assert "B: Not to be trusted here" in page


def test_problems_keep_their_order_and_one_that_a_single_run_has_is_said_to_be_alone() -> None:
    page = compare([finished(), other_run()])
    assert [one.name for one in page.problems] == ["line", "mnist", "multihead", "fashion"]
    assert page.problems[0].notes == ("Only run A has this problem; there is nothing to compare.",)
    assert page.problems[1].notes == ()
    assert page.contents[:3] == (
        Entry("answer", "The runs"),
        Entry("differences", "What differs"),
        Entry("problem-line", "line"),
    )


def test_runs_without_a_common_problem_are_compared_and_it_is_said() -> None:
    other = ReportInput(study(name="second", problems=["fashion"]), (problem("fashion"),))
    page = compare([first(), other])
    assert "No problem was searched by more than one of these runs." in page.notes
    assert [one.name for one in page.problems] == ["mnist", "fashion"]
    assert page.differences == (Difference("problems", ("mnist", "fashion")),)


@pytest.mark.parametrize(
    ("change", "warned"),
    [
        ({"seed": 2}, True),
        ({"settings": {"workers": 2, "data": {"mnist_images": 10}}}, True),
        ({"settings": {"workers": 3}}, False),
    ],
)
def test_other_test_images_are_warned_of(change: dict[str, object], warned: bool) -> None:
    notes = compare([first(), second(**change)]).notes
    assert any("different test images" in note for note in notes) is warned


def test_each_run_keeps_its_own_headline_and_warnings() -> None:
    unfinished = ReportInput(
        study(name="second", stages=[]),
        (ProblemInput("mnist", trials=(trial(0, 0.9),), notes=("damaged",)),),
    )
    page = compare([first(), unfinished])
    a, b = page.runs
    assert a.headline.startswith(
        "Yes, here: the tuned network is better than the baseline on mnist"
    )
    assert b.headline.startswith("No answer yet")
    assert any("not ended" in warning for warning in b.warnings)
    assert page.problems[0].notes == ("B: damaged",)


def test_unreadable_picture_is_noted_with_its_run() -> None:
    broken = problem(pictures=(replace(picture("bad.png"), png=b""),))
    (mnist,) = compare([first(), second(broken)]).problems
    assert mnist.notes == ("B: The picture bad.png (Title of bad.png) cannot be read as PNG.",)


def test_searches_of_all_runs_that_have_trials_are_there_to_explore() -> None:
    page = compare([first(), second(searched()), second(problem(trials=()), seed=3)])
    (mnist,) = page.problems
    assert [(one.label, one.name, one.anchor) for one in mnist.searches] == [
        ("A", "mnist in A", "problem-mnist-A"),
        ("B", "mnist in B", "problem-mnist-B"),
    ]
    assert [len(one.trials.rows) for one in mnist.searches] == [3, 6]
    assert mnist.searches[1].explore is not None


def test_search_that_one_run_alone_has_is_not_shown() -> None:
    page = compare([first(), ReportInput(study(name="b"), ())])
    (mnist,) = page.problems
    assert mnist.searches == ()


def test_each_run_has_the_tables_of_the_test_part_that_its_own_report_has() -> None:
    given = (
        evaluation(metrics=("length", "joint")),
        evaluation(metrics=("length", "joint"), seeds=3),
    )
    runs = [
        ReportInput(study(name=n), (problem(evaluation=e),))
        for n, e in zip("ab", given, strict=True)
    ]
    (mnist,) = compare(runs).problems
    assert [(one.label, one.name) for one in mnist.results] == [
        ("A", "mnist in A"),
        ("B", "mnist in B"),
    ]
    for found, run in zip(mnist.results, runs, strict=True):
        own = problem_section(run.problems[0], "mnist", run.study.name)
        assert (found.metrics, found.metric) == (own.metrics, own.metric)
        assert found.seeds == own.seeds
    assert [row.metric for row in mnist.results[0].metrics] == ["joint", "length"]
    assert [len(one.seeds) for one in mnist.results] == [4, 6]


def test_run_that_has_not_read_the_test_part_has_no_tables_of_it() -> None:
    (mnist,) = compare([first(), second(problem(evaluation=None, pictures=()))]).problems
    assert [one.label for one in mnist.results] == ["A"]
    assert [(group.key, group.figures) for group in mnist.groups] == [
        ("search", ()),
        ("results", ()),
    ]
    (alone,) = compare([first(), ReportInput(study(name="b"), ())]).problems
    assert alone.results == ()


def test_tables_of_the_runs_are_told_apart_by_name() -> None:
    several = problem(evaluation=evaluation(metrics=("length", "joint")))
    text = render_comparison([first(), second(several)])
    assert text.count('<table class="metrics">') == 1  # the other run has one metric
    for name in ("mnist in A", "mnist in B"):
        assert text.count(f'aria-label="Retrainings, {name}"') == 1
        assert text.count(f'<section aria-label="Results, {name}">') == 1


def test_searches_are_shown_without_shared_figures_too() -> None:
    page = compare([first(), second(problem(pictures=()))])
    (mnist,) = page.problems
    assert [(group.key, group.figures) for group in mnist.groups] == [
        ("search", ()),
        ("results", ()),
    ]
