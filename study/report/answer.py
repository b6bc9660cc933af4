"""The answer the report opens with: one row per problem, and what the rows say in words."""

from collections.abc import Iterable
from dataclasses import dataclass

from study.evaluation import retrainings
from study.machine.shell import command
from study.records.base import Estimate
from study.records.evaluation import Comparison
from study.records.study import Stage
from study.report.inputs import ProblemInput, ReportInput
from study.wording import listed, p_equation, points, points_range, several

TESTED = (
    "The comparison is between the baseline and the one network that this search found, on this "
    "split of the data. Another search, another split or more epochs may give a different answer."
)
COUNTS = ("none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


@dataclass(frozen=True)
class Whisker:
    """Where to draw a difference and its interval, in % of an axis shared by all rows."""

    low: float
    middle: float
    high: float
    zero: float


@dataclass(frozen=True)
class AnswerRow:
    """One problem's row in the table of answers; what is not yet known is None."""

    problem: str
    anchor: str
    metric: str | None = None
    baseline: Estimate | None = None
    tuned: Estimate | None = None
    comparison: Comparison | None = None
    epochs: int | None = None
    """Number of epochs for which both networks were trained before the comparison."""
    caution: str | None = None
    """What a reader of the verdict must know about the networks."""
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
    gains: str | None
    tested: str | None
    """What was compared, and so what the answer is about."""
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
    """Wall time of the problem's search; None if it has not ended."""
    timed = (s.seconds for s in stages if s.problem == problem and s.stage == "search")
    return next(timed, None)


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
        epochs=retrainings.epochs(found),
        caution=retrainings.warning(found),
        whisker=whisker,
        baseline_parameters=baseline.parameters if baseline else None,
        tuned_parameters=tuned.parameters if tuned else None,
        trials=len(problem.trials),
        failed=failed,
        search_seconds=seconds,
    )


def _word(number: int) -> str:
    return COUNTS[number] if number < len(COUNTS) else str(number)


def _all_of(names: list[str], rows: list[AnswerRow]) -> str:
    """ "all three problems", "both problems evaluated" (of three), "line" (of one)."""
    if len(names) == 1:
        return names[0]
    which = "both" if len(names) == 2 else f"all {_word(len(names))}"
    return f"{which} problems" + (" evaluated" if len(names) < len(rows) else "")


def _headline(rows: list[AnswerRow]) -> str:
    """One sentence: is the tuned network better than the baseline?"""
    verdicts = {row.problem: row.comparison.verdict for row in rows if row.comparison}
    better = [name for name, verdict in verdicts.items() if verdict == "tuned is better"]
    worse = [name for name, verdict in verdicts.items() if verdict == "baseline is better"]
    total = len(verdicts)
    if not total:
        return "No answer yet: no problem has been evaluated."
    after = _after(rows)
    harm = f" On {listed(worse)} the baseline is better." if worse else ""
    if len(better) == total:
        return (
            f"Yes, here: the tuned network is better than the baseline on {_all_of(better, rows)}"
            f"{after}."
        )
    if better:
        return (
            f"The tuned network is better than the baseline on {_word(len(better))} of "
            f"{_word(total)} problems{after}: {listed(better)}.{harm}"
        )
    if worse:
        return f"No: the tuned network is better on no problem{after}.{harm}"
    return (
        "No significant difference between the tuned network and the baseline on "
        f"{_all_of(list(verdicts), rows)}{after}."
    )


def _after(rows: list[AnswerRow]) -> str:
    """How long both networks were trained, if it was the same for all problems."""
    found = {row.epochs for row in rows if row.comparison}
    epochs = found.pop() if len(found) == 1 else None
    return f" after {several(epochs, 'epoch')} of training" if epochs else ""


def _gains(rows: list[AnswerRow]) -> str | None:
    """All differences in one sentence: how large they are, and whether they are real."""
    clear: list[str] = []
    unclear: list[str] = []
    for row in rows:
        if row.comparison is None:
            continue
        found = row.comparison
        evidence = f"95% interval {points_range(found.ci95)}, {p_equation(found.p_value)}"
        gain = f"{points(found.difference)} on {row.problem} ({evidence})"
        (unclear if found.verdict == "no significant difference" else clear).append(gain)
    chance = f"{listed(unclear)}, which chance alone could explain" if unclear else ""
    if not clear and not unclear:
        return None
    said = "; ".join(filter(None, [listed(clear), chance]))
    return f"The difference, tuned minus baseline in percentage points: {said}."


def _warnings(rows: list[AnswerRow]) -> list[str]:
    """What the reader should know before believing the table."""
    warnings = []
    failed = [row for row in rows if row.failed]
    if failed:
        trials = sum(row.trials for row in rows)
        where = listed([f"{row.failed} on {row.problem}" for row in failed])
        warnings.append(
            f"{sum(row.failed for row in failed)} of {several(trials, 'trial')} failed: {where}. "
            "They are kept, with their errors, in the tables of trials."
        )
    warnings += [f"On {row.problem} {row.caution}." for row in rows if row.caution]
    waiting = [row.problem for row in rows if row.comparison is None]
    if waiting:
        warnings.append(f"Not evaluated yet: {listed(waiting)}.")
    return warnings


def _unfinished(report: ReportInput) -> list[str]:
    """A warning if the run has not ended and nothing will refresh the report when it does."""
    left = {stage for _, stage in report.study.to_do()}
    if not left or report.live_at is not None:
        return []
    return [
        "This run has not ended; the sections below say what is missing. If it was interrupted, "
        f"`{command('resume', report.study.name)}` continues it."
    ]


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
        gains=_gains(rows),
        tested=TESTED if any(row.comparison for row in rows) else None,
        warnings=(*report.notes, *_warnings(rows), *_unfinished(report)),
        rows=tuple(rows),
    )
