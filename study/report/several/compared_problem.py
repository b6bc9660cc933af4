"""One problem of several runs, side by side."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from study.records.base import NetworkName
from study.report.answer import AnswerRow, answer, whiskers
from study.report.charts import Explore, explore
from study.report.gallery import HEADINGS, Figure, FigureRow, Group, read_figure
from study.report.inputs import ProblemInput, ReportInput
from study.report.problem_section import heatmap_warning, without_twins
from study.report.problem_tables import (
    GapRow,
    MetricRow,
    SeedRow,
    TrialTable,
    gap_rows,
    metric_rows,
    networks,
    seed_rows,
    table_of,
)
from study.report.sections import anchor
from study.wording import DASH, listed, metric_name, percent, value


@dataclass(frozen=True)
class Difference:
    """A setting or hyperparameter that is not the same in all runs."""

    name: str
    """Dotted, a setting as in its preset: "search.tuner", "versions.keras"."""
    values: tuple[str, ...]
    """One value per run, as written; a dash if a run lacks it."""


@dataclass(frozen=True)
class ComparedRow:
    """One run's answer for a problem."""

    label: str
    row: AnswerRow


@dataclass(frozen=True)
class ComparedFigures:
    """Figures with the same file name; `row` holds those of the runs in `labels`."""

    labels: tuple[str, ...]
    row: FigureRow


@dataclass(frozen=True)
class ComparedGroup(Group):
    """A heading and the figures below it."""

    figures: tuple[ComparedFigures, ...]
    warnings: tuple[str, ...] = ()
    """Warnings on the runs some of whose heatmaps are not to be trusted."""


@dataclass(frozen=True)
class ComparedSearch:
    """One run's search: what the templates of charts and trials know as `problem`."""

    label: str
    name: str
    """Name of the problem and the run."""
    anchor: str
    explore: Explore | None
    trials: TrialTable


@dataclass(frozen=True)
class ComparedResults:
    """One run's tables of the test part, as a problem's section has them."""

    label: str
    name: str
    """Name of the problem and the run."""
    metrics: tuple[MetricRow, ...]
    metric: str
    seeds: tuple[SeedRow, ...]
    gaps: tuple[GapRow, ...]


@dataclass(frozen=True)
class ComparedProblem:
    """One problem in all runs that have it."""

    name: str
    anchor: str
    description: str
    sentence: str | None
    notes: tuple[str, ...]
    labels: tuple[str, ...]
    """Labels of the runs that have the problem."""
    rows: tuple[ComparedRow, ...]
    networks: tuple[Difference, ...]
    """The tuned networks' hyperparameters that differ, one value for each of `labels`."""
    groups: tuple[ComparedGroup, ...]
    searches: tuple[ComparedSearch, ...]
    """Shown in the group "search"; none if only one run has the problem."""
    results: tuple[ComparedResults, ...]
    """Shown in the group "results"; none if only one run has the problem."""


def compare_problem(
    name: str, runs: Mapping[str, tuple[ReportInput, ProblemInput]]
) -> ComparedProblem:
    """One problem in all runs that have it.

    Args:
        name: The problem's name.
        runs: Label -> the run and what it has of the problem.
    """
    place = f"problem-{anchor(name)}"
    several = len(runs) > 1
    searches = _searches(name, place, runs) if several else ()
    results = _results(name, runs) if several else ()
    tables = {"search": searches, "results": results}
    explored = {search.label: search.explore for search in searches}
    groups, notes = _groups(
        {
            label: replace(problem, pictures=without_twins(problem.pictures, explored.get(label)))
            for label, (_, problem) in runs.items()
        },
        {key for key, shown in tables.items() if shown},
    )
    given = [f"{label}: {note}" for label, (_, p) in runs.items() for note in p.notes]
    if len(runs) == 1:
        notes = [f"Only run {next(iter(runs))} has this problem; there is nothing to compare."]
    rows = _rows(place, runs)
    return ComparedProblem(
        name=name,
        anchor=place,
        description=next((p.description for _, p in runs.values() if p.description), ""),
        sentence=_sentence(rows),
        notes=(*given, *notes),
        labels=tuple(runs),
        rows=rows,
        networks=differing([_tuned(problem) for _, problem in runs.values()]),
        groups=groups,
        searches=searches,
        results=results,
    )


def _searches(
    name: str, place: str, runs: Mapping[str, tuple[ReportInput, ProblemInput]]
) -> tuple[ComparedSearch, ...]:
    """The searches of the runs that have trials."""
    return tuple(
        ComparedSearch(
            label,
            f"{name} in {label}",
            f"{place}-{label}",
            explore(problem, report.study.name),
            table,
        )
        for label, (report, problem) in runs.items()
        if (table := table_of(problem.trials, report.study.name))
    )


def _results(
    name: str, runs: Mapping[str, tuple[ReportInput, ProblemInput]]
) -> tuple[ComparedResults, ...]:
    """The results of the runs that have read the test part."""
    return tuple(
        ComparedResults(
            label,
            f"{name} in {label}",
            metric_rows(found),
            found.metric,
            seed_rows(found),
            gap_rows(found),
        )
        for label, (_, problem) in runs.items()
        if (found := problem.evaluation)
    )


def _rows(
    place: str, runs: Mapping[str, tuple[ReportInput, ProblemInput]]
) -> tuple[ComparedRow, ...]:
    """One row per run, with all differences on one axis."""
    rows = [answer(report, [problem], [place]).rows[0] for report, problem in runs.values()]
    marks = whiskers([row.comparison for row in rows])
    return tuple(
        ComparedRow(label, replace(row, whisker=mark))
        for label, row, mark in zip(runs, rows, marks, strict=True)
    )


def _sentence(rows: Sequence[ComparedRow]) -> str | None:
    """The tuned networks' scores, best first; None unless two are known by the same metric."""
    known = [(one.row.tuned.mean, one) for one in rows if one.row.tuned is not None]
    metrics = {one.row.metric for _, one in known}
    if len(known) < 2 or len(metrics) > 1:
        return None
    ranked = sorted(known, key=lambda pair: -pair[0])
    scores = [f"{percent(mean)} in {one.label}" for mean, one in ranked]
    metric = metric_name(str(known[0][1].row.metric))
    return (
        f"The tuned network's {metric} on the test part: {listed(scores)}. Differences between "
        "runs were not tested: where the intervals overlap, chance may explain the order."
    )


def _tuned(problem: ProblemInput) -> dict[str, str]:
    """The tuned network's hyperparameters as written, or the best trial's before the evaluation."""
    both = networks(problem)
    if both is None:
        return {}
    return {row.name: value(row.tuned) for row in both.rows if row.tuned is not None}


def _groups(
    runs: Mapping[str, ProblemInput], wanted: Collection[str]
) -> tuple[tuple[ComparedGroup, ...], list[str]]:
    """The figures that more than one run has, by heading; and notes on unreadable ones.

    Headings in `wanted` are there even without figures.
    """
    notes: list[str] = []
    groups = []
    for key, heading in HEADINGS.items():
        found: dict[tuple[str, NetworkName | None], dict[str, Figure]] = {}
        for label, problem in runs.items():
            for file in problem.pictures:
                if file.picture.section != key:
                    continue
                figure = read_figure(file)
                if isinstance(figure, str):
                    notes.append(f"{label}: {figure}")
                else:
                    shown = (file.picture.kind, file.picture.network)
                    found.setdefault(shown, {})[label] = figure
        shared = tuple(_shared(found.values()))
        if shared or key in wanted:
            warnings = {label: heatmap_warning(one.sanity, key) for label, one in runs.items()}
            said = tuple(f"{label}: {warning}" for label, warning in warnings.items() if warning)
            groups.append(ComparedGroup(key, heading, shared, said))
    return tuple(groups), notes


def _shared(files: Iterable[Mapping[str, Figure]]) -> Iterable[ComparedFigures]:
    for figures in files:
        if len(figures) > 1:
            yield ComparedFigures(tuple(figures), FigureRow(tuple(figures.values())))


def differing(runs: Sequence[Mapping[str, str]]) -> tuple[Difference, ...]:
    """Names whose values are not the same in all runs, in the order of their first appearance."""
    names = dict.fromkeys(name for run in runs for name in run)
    rows = (Difference(name, tuple(run.get(name, DASH) for run in runs)) for name in names)
    return tuple(row for row in rows if len(set(row.values)) > 1)
