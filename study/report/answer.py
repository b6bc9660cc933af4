"""The answer the report opens with: one row a problem, and what the rows say in words."""

from collections.abc import Iterable
from dataclasses import dataclass

from study.records import Comparison, Estimate, Stage
from study.report.formats import (
    listed,
    p_equation,
    percent,
    points,
    points_range,
    several,
)
from study.report.inputs import ProblemInput, ReportInput

COUNTS = ("none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


@dataclass(frozen=True)
class Whisker:
    """Where to draw a difference and its interval, in % of an axis that all rows share."""

    low: float
    middle: float
    high: float
    zero: float


@dataclass(frozen=True)
class AnswerRow:
    """One problem's line in the table of the answer; what is not known yet is None."""

    problem: str
    anchor: str
    metric: str | None = None
    baseline: Estimate | None = None
    tuned: Estimate | None = None
    comparison: Comparison | None = None
    whisker: Whisker | None = None
    baseline_parameters: int | None = None
    tuned_parameters: int | None = None
    trials: int = 0
    failed: int = 0
    search_seconds: float | None = None


@dataclass(frozen=True)
class Answer:
    """What the study found."""

    headline: str
    details: tuple[str, ...]
    warnings: tuple[str, ...]
    rows: tuple[AnswerRow, ...]


def whiskers(comparisons: list[Comparison | None]) -> list[Whisker | None]:
    """The differences on one axis that holds zero and all the intervals."""
    known = [comparison for comparison in comparisons if comparison is not None]
    low = min([0.0, *(comparison.ci95[0] for comparison in known)])
    high = max([0.0, *(comparison.ci95[1] for comparison in known)])
    margin = 0.08 * (high - low) or 1.0
    low, high = low - margin, high + margin

    def place(number: float) -> float:
        return round(100 * (number - low) / (high - low), 2)

    return [
        Whisker(
            place(comparison.ci95[0]),
            place(comparison.difference),
            place(comparison.ci95[1]),
            place(0.0),
        )
        if comparison
        else None
        for comparison in comparisons
    ]


def search_seconds(problem: str, stages: Iterable[Stage]) -> float | None:
    """Wall time of the problem's search, all sittings together; None if it has not ended."""
    seconds = [s.seconds for s in stages if s.problem == problem and s.stage == "search"]
    return sum(seconds) if seconds else None


def _row(
    problem: ProblemInput, anchor: str, whisker: Whisker | None, seconds: float | None
) -> AnswerRow:
    failed = sum(trial.status == "failed" for trial in problem.trials)
    found = problem.evaluation
    if found is None:
        return AnswerRow(
            problem.name,
            anchor,
            trials=len(problem.trials),
            failed=failed,
            search_seconds=seconds,
        )
    baseline, tuned = found.networks.get("baseline"), found.networks.get("tuned")
    return AnswerRow(
        problem=problem.name,
        anchor=anchor,
        metric=found.metric,
        baseline=baseline.test.get(found.metric) if baseline else None,
        tuned=tuned.test.get(found.metric) if tuned else None,
        comparison=found.comparison,
        whisker=whisker,
        baseline_parameters=baseline.parameters if baseline else None,
        tuned_parameters=tuned.parameters if tuned else None,
        trials=len(problem.trials),
        failed=failed,
        search_seconds=seconds,
    )


def _word(number: int) -> str:
    return COUNTS[number] if number < len(COUNTS) else str(number)


def _problems(number: int) -> str:
    return "problem" if number == 1 else "problems"


def _headline(rows: list[AnswerRow]) -> str:
    """One sentence: does tuning help?"""
    verdicts = {row.problem: row.comparison.verdict for row in rows if row.comparison}
    better = [name for name, verdict in verdicts.items() if verdict == "tuned is better"]
    worse = [name for name, verdict in verdicts.items() if verdict == "baseline is better"]
    total = len(verdicts)
    if not total:
        return "No answer yet: no problem has been evaluated."
    harm = f" On {listed(worse)} the baseline is better." if worse else ""
    if len(better) == total:
        which = f"on {better[0]}" if total == 1 else f"on all {_word(total)} problems"
        return f"Yes, tuning helps {which}, and by more than chance explains."
    if better:
        return (
            f"Tuning helps on {_word(len(better))} of {_word(total)} problems: "
            f"{listed(better)}.{harm}"
        )
    if worse:
        return f"No, tuning does not help.{harm}"
    return (
        f"No difference that chance could not explain: tuning shows no clear gain "
        f"on the {_word(total) + ' ' if total > 1 else ''}{_problems(total)} evaluated."
    )


def _detail(row: AnswerRow) -> str:
    """One problem in a sentence: by how much, and is it real?"""
    assert row.comparison is not None
    found = row.comparison
    levels = ""
    if row.baseline and row.tuned:
        levels = f" from {percent(row.baseline.mean)} to {percent(row.tuned.mean)}"
    evidence = f"95% interval {points_range(found.ci95)}, {p_equation(found.p_value)}"
    sentence = (
        f"{row.problem}: the {row.metric} goes{levels}, "
        f"{points(found.difference)} percentage points ({evidence})"
    )
    if found.verdict == "no significant difference":
        sentence += ", a difference that chance alone can explain"
    return sentence + "."


def _warnings(rows: list[AnswerRow]) -> list[str]:
    """What the reader should know before believing the table."""
    warnings = []
    failed = [row for row in rows if row.failed]
    if failed:
        trials = sum(row.trials for row in rows)
        where = listed([f"{row.failed} on {row.problem}" for row in failed])
        warnings.append(
            f"{sum(row.failed for row in failed)} of {several(trials, 'trial')} failed: {where}. "
            "They are kept, with their errors, in the tables of the variations tried."
        )
    waiting = [row.problem for row in rows if row.comparison is None]
    if waiting:
        warnings.append(f"Not evaluated yet: {listed(waiting)}.")
    return warnings


def answer(report: ReportInput, problems: list[ProblemInput], anchors: list[str]) -> Answer:
    """The answer for these problems of a run, in their order; `anchors` are their sections' ids."""
    found = [problem.evaluation for problem in problems]
    marks = whiskers([evaluation.comparison if evaluation else None for evaluation in found])
    rows = [
        _row(problem, anchor, mark, search_seconds(problem.name, report.study.stages))
        for problem, anchor, mark in zip(problems, anchors, marks, strict=True)
    ]
    return Answer(
        headline=_headline(rows),
        details=tuple(_detail(row) for row in rows if row.comparison),
        warnings=(*report.notes, *_warnings(rows)),
        rows=tuple(rows),
    )
