"""How far a run is that goes on."""

from dataclasses import replace

from study.records.study import Stage
from study.report import ReportInput
from study.report.sections import sections
from study.report.underway import Progress, progress
from tests.report.inputs import finished, live, problem, study

AT = "2026-11-22T08:30:00+00:00"


def test_run_that_has_ended_makes_no_progress() -> None:
    assert progress(finished()) is None


def test_trials_best_scores_and_the_step_under_way_are_said() -> None:
    assert progress(live()) == Progress(
        "3 trials",
        "Still running: 3 trials so far, 1 of them failed; best on validation: 90.00% on line. "
        "0 of 3 steps done; now: the search of line.",
        AT,
    )


def test_figures_are_drawn_when_all_else_is_done() -> None:
    plan = ["search", "evaluate", "figures"]
    ended = [
        Stage(problem="line", stage=stage, seconds=1, command="")
        for stage in ("search", "evaluate")
    ]
    record = study(problems=["line", "mnist"], plan=plan, stages=ended)
    found = progress(ReportInput(record, (problem("line"),), live_at=AT))
    assert found is not None
    assert found.words.endswith("2 of 6 steps done; now: the search of mnist.")
    others = [stage.model_copy(update={"problem": "mnist"}) for stage in ended]
    record = record.model_copy(update={"stages": [*ended, *others]})
    found = progress(ReportInput(record, (problem("line"),), live_at=AT))
    assert found is not None
    assert found.words.endswith("4 of 6 steps done; now: the figures.")


def test_tab_of_the_browser_says_how_many_trials_there_are() -> None:
    assert sections(live()).title == "3 trials: Does tuning help? Study first"
    assert sections(replace(live(), live_at=None)).title == "Does tuning help? Study first"
