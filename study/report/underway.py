"""The progress of a run that is still going."""

from dataclasses import dataclass

from study.records.study import StageName, Step
from study.report.inputs import ReportInput
from study.trials.ranking import best_trial
from study.wording import percent, several

RELOAD_S = 5
"""Seconds after which the page of a run that is still going reloads itself."""


NOW: dict[StageName, str] = {"search": "the search of {}", "evaluate": "the comparison on {}"}


@dataclass(frozen=True)
class Progress:
    """What the run has done so far and what is still to come."""

    short: str
    """For the browser's tab: "12 trials"."""
    words: str
    at: str
    """When the page was written, ISO 8601 in UTC."""
    reload_s: int = RELOAD_S


def progress(report: ReportInput) -> Progress | None:
    """The progress of a run whose report is refreshed while it is going; None for other runs."""
    if report.live_at is None:
        return None
    trials = [trial for problem in report.problems for trial in problem.trials]
    short = several(len(trials), "trial")
    failed = sum(trial.status == "failed" for trial in trials)
    best = [
        f"{percent(found.score)} on {problem.name}"
        for problem in report.problems
        if (found := best_trial(problem.trials)) is not None
    ]
    so_far = f"{short} so far"
    if failed:
        so_far += f", {failed} of them failed"
    if best:
        so_far += f"; best on validation: {', '.join(best)}"
    study = report.study
    steps = len(study.problems) * len(study.plan)
    to_do = study.to_do()
    done = f"{steps - len(to_do)} of {several(steps, 'step')} done"
    words = f"Still running: {so_far}. {done}{_now(to_do)}."
    return Progress(short, words, report.live_at)


def _now(to_do: list[Step]) -> str:
    """What is being done now: networks are explained and figures drawn last, for all problems."""
    for problem, stage in to_do:
        if stage in NOW:
            return f"; now: {NOW[stage].format(problem)}"
    stages = [stage for _, stage in to_do]
    if "explain" in stages:
        return "; now: the explanation of the networks"
    return "; now: the figures" if stages else ""
