"""The answer in words and the rows of its table."""

import pytest

from study.evaluation.retrainings import warning
from study.records.evaluation import Comparison, Evaluation, Verdict
from study.report import ProblemInput, ReportInput
from study.report.answer import Answer, AnswerRow, Whisker, answer, whiskers
from tests.factories import evaluation, trained, trial
from tests.report.inputs import half_finished, live, problem, study


def found(
    verdict: Verdict, difference: float = 0.1, epochs: tuple[int, int] = (2, 2)
) -> Evaluation:
    """An evaluation with that verdict; `epochs` are those kept and trained of every retraining."""
    compared = Comparison(
        difference=difference,
        ci95=(difference - 0.02, difference + 0.02),
        p_value=0.0004 if verdict != "no significant difference" else 0.4,
        method="paired bootstrap",
        verdict=verdict,
    )
    return trained(evaluation(comparison=compared), *epochs)


BETTER = found("tuned is better")
SAME = found("no significant difference", 0.01)
WORSE = found("baseline is better", -0.1)


def answered(*evaluations: Evaluation | None) -> Answer:
    names = ["line", "mnist", "multihead"][: len(evaluations)]
    problems = [ProblemInput(n, evaluation=e) for n, e in zip(names, evaluations, strict=True)]
    return answer(ReportInput(study(), tuple(problems)), problems, names)


@pytest.mark.parametrize(
    ("evaluations", "headline"),
    [
        ([BETTER], "Yes, here: the tuned network is better than the baseline on line@."),
        (
            [BETTER] * 2,
            "Yes, here: the tuned network is better than the baseline on both problems@.",
        ),
        (
            [BETTER] * 3,
            "Yes, here: the tuned network is better than the baseline on all three problems@.",
        ),
        (
            [BETTER, BETTER, None],
            "Yes, here: the tuned network is better than the baseline on both problems evaluated@.",
        ),
        (
            [BETTER, SAME, BETTER],
            "The tuned network is better than the baseline on two of three problems@: line and "
            "multihead.",
        ),
        (
            [BETTER, SAME, WORSE],
            "The tuned network is better than the baseline on one of three problems@: line. On "
            "multihead the baseline is better.",
        ),
        (
            [WORSE],
            "No: the tuned network is better on no problem@. On line the baseline is better.",
        ),
        (
            [SAME] * 3,
            "No significant difference between the tuned network and the baseline on all three "
            "problems@.",
        ),
        ([None, None, None], "No answer yet: no problem has been evaluated."),
    ],
)
def test_headline_follows_from_the_verdicts(
    evaluations: list[Evaluation | None], headline: str
) -> None:
    """And says for how long the networks were trained."""
    found = answered(*evaluations)
    assert found.headline == headline.replace("@", " after 2 epochs of training")


def test_the_headline_names_no_epochs_that_differ() -> None:
    longer = found("tuned is better", epochs=(3, 5))
    assert answered(BETTER, longer).headline.endswith("on both problems.")


def test_what_was_tested_is_said_beside_an_answer_only() -> None:
    tested = answered(BETTER, None).tested
    assert tested
    assert "the one network that this search found, on this split" in tested
    assert answered(None).tested is None


def test_networks_that_were_still_improving_are_warned_of_beside_the_verdict() -> None:
    done = answered(found("tuned is better", epochs=(3, 5)))
    assert (done.rows[0].caution, done.warnings[:-1]) == (None, ())
    assert answered(BETTER).warnings[0] == (
        "On line both networks were still improving when training ended after 2 epochs (4 of 4 "
        "retrainings kept their last epoch), so the verdict may be different with more epochs."
    )


def test_gains_say_how_much_and_whether_it_is_real() -> None:
    assert answered(BETTER, SAME).gains == (
        "The difference, tuned minus baseline in percentage points: +10.00 on line (95% interval "
        "+8.00 to +12.00, p < 0.001); +1.00 on mnist (95% interval −1.00 to +3.00, "  # noqa: RUF001
        "p = 0.400), which chance alone could explain."
    )


def test_nothing_is_gained_before_the_evaluation() -> None:
    assert answered(None).gains is None


def test_row_of_a_finished_problem() -> None:
    given = problem()
    assert given.evaluation is not None
    row = answer(ReportInput(study(), (given,)), [given], ["there"]).rows[0]
    assert row == AnswerRow(
        problem="mnist",
        anchor="there",
        metric="accuracy",
        baseline=given.evaluation.networks["baseline"].test["accuracy"],
        tuned=given.evaluation.networks["tuned"].test["accuracy"],
        comparison=given.evaluation.comparison,
        epochs=2,
        caution=warning(given.evaluation),
        whisker=Whisker(low=53.32, middle=73.21, high=93.1, zero=6.9),
        baseline_parameters=1000,
        tuned_parameters=1000,
        trials=3,
        failed=1,
        search_seconds=192,
    )


def test_row_of_a_problem_under_way_has_its_trials_only() -> None:
    given = problem("line", evaluation=None)
    row = answer(ReportInput(study(), (given,)), [given], ["there"]).rows[0]
    assert row == AnswerRow("line", "there", trials=3, failed=1)


def test_whiskers_share_one_axis_with_zero() -> None:
    above, missing, below = whiskers([BETTER.comparison, None, WORSE.comparison])
    assert missing is None
    assert above is not None
    assert below is not None
    assert above.zero == below.zero == 50
    assert above.middle - 50 == pytest.approx(50 - below.middle)
    for mark in (above, below):
        assert 0 < mark.low < mark.middle < mark.high < 100


def test_whiskers_of_equal_networks_are_in_the_middle() -> None:
    nothing = Comparison(
        difference=0,
        ci95=(0, 0),
        p_value=1,
        method="",
        verdict="no significant difference",
    )
    assert whiskers([nothing]) == [Whisker(50, 50, 50, 50)]


def test_failed_trials_and_missing_evaluations_are_warned_of() -> None:
    report = half_finished()
    problems = [*report.problems, ProblemInput("multihead", trials=(trial(0, None),))]
    assert answer(report, problems, ["a", "b", "c"]).warnings == (
        "2 of 4 trials failed: 1 on line and 1 on multihead. They are kept, with their errors, in "
        "the tables of trials.",
        "Not evaluated yet: line, mnist and multihead.",
        "This run has not ended; the sections below say what is missing. If it was interrupted, "
        "`python -m study resume first` continues it.",
    )


def test_run_that_goes_on_is_not_called_interrupted() -> None:
    report = live()
    warnings = answer(report, list(report.problems), ["a", "b"]).warnings
    assert not any("not ended" in warning for warning in warnings)
