"""Several runs -> one page that shows them side by side: what differs first, then the answers."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from study.figures.wording import DASH, listed, percent, value
from study.records.base import StudyRecord
from study.report.answer import AnswerRow, answer, whiskers
from study.report.charts import Explore, explore
from study.report.gallery import HEADINGS, Figure, FigureRow, Group, read_figure
from study.report.inputs import ProblemInput, ReportInput
from study.report.page.formats import metric_name
from study.report.problem_section import (
    GapRow,
    MetricRow,
    SeedRow,
    TrialTable,
    gap_rows,
    heatmap_warning,
    metric_rows,
    names_in_order,
    networks,
    seed_rows,
    table_of,
    without_twins,
)
from study.report.sections import Entry, anchor, flat, problem_entry

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True)
class RunHead:
    """One of the runs."""

    label: str
    """Short, for the headings of columns: "A", "B", ..."""
    name: str
    created: str
    command: str
    headline: str
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Difference:
    """What is not the same in all runs."""

    name: str
    """Dotted, a setting as in its preset: "search.tuner", "versions.keras"."""
    values: tuple[str, ...]
    """One a run, as written; a dash where a run lacks it."""


@dataclass(frozen=True)
class ComparedRow:
    """One run's answer for a problem."""

    label: str
    row: AnswerRow


@dataclass(frozen=True)
class ComparedFigures:
    """Figures of one file name; `figures` are those of the runs of `labels`."""

    labels: tuple[str, ...]
    row: FigureRow


@dataclass(frozen=True)
class ComparedGroup(Group):
    """A heading and the figures below it."""

    figures: tuple[ComparedFigures, ...]
    warnings: tuple[str, ...] = ()
    """Of the runs whose heatmaps are in part not to be trusted."""


@dataclass(frozen=True)
class ComparedSearch:
    """One run's search, to explore: what the templates of charts and trials know as `problem`."""

    label: str
    name: str
    """The problem's and the run's."""
    anchor: str
    explore: Explore | None
    trials: TrialTable


@dataclass(frozen=True)
class ComparedResults:
    """One run's tables of the test part, as a problem's section has them."""

    label: str
    name: str
    """The problem's and the run's."""
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
    """Of the runs that have it."""
    rows: tuple[ComparedRow, ...]
    networks: tuple[Difference, ...]
    """The tuned networks' hyperparameters that differ, one value for each of `labels`."""
    groups: tuple[ComparedGroup, ...]
    searches: tuple[ComparedSearch, ...]
    """Shown in the group "search"; of a problem that one run alone has, none."""
    results: tuple[ComparedResults, ...]
    """Shown in the group "results", as the searches."""


@dataclass(frozen=True)
class RunComparison:
    """The whole page."""

    runs: tuple[RunHead, ...]
    notes: tuple[str, ...]
    differences: tuple[Difference, ...]
    problems: tuple[ComparedProblem, ...]
    progress: None = None
    """A comparison never reloads itself."""

    @property
    def name(self) -> str:
        """The runs with their letters in one line."""
        return listed([f"{run.label} {run.name}" for run in self.runs])

    @property
    def title(self) -> str:
        """Of the browser's tab."""
        return f"Runs compared: {listed([run.name for run in self.runs])}"

    @property
    def description(self) -> str:
        """The page in a sentence."""
        return (
            f"{self.name}: settings that differ; answers, results, searches and figures side by "
            "side."
        )

    @property
    def contents(self) -> tuple[Entry, ...]:
        """The table of contents."""
        return (
            Entry("answer", "The runs"),
            Entry("differences", "What differs"),
            *(problem_entry(p.anchor, p.name, p.groups) for p in self.problems),
        )


def compare(reports: Sequence[ReportInput]) -> RunComparison:
    """The comparison of two runs or more, in their order."""
    labels = [LETTERS[n] if n < len(LETTERS) else str(n + 1) for n in range(len(reports))]
    given = [
        {problem.name: problem for problem in report.problems if problem.trials or problem.pictures}
        for report in reports
    ]
    names = names_in_order(dict.fromkeys(mine, 0) for mine in given)
    common = [name for name in names if sum(name in mine for mine in given) > 1]
    different = differences([report.study for report in reports])
    notes = []
    if not common:
        notes.append("No problem was searched by more than one of these runs.")
    if any(d.name == "seed" or d.name.startswith("data.") for d in different):
        notes.append(
            "Seed or data settings differ, so the runs may have been measured on other test images."
        )
    return RunComparison(
        runs=tuple(map(_head, labels, reports)),
        notes=tuple(notes),
        differences=different,
        problems=tuple(
            compare_problem(
                name,
                {
                    label: (report, mine[name])
                    for label, report, mine in zip(labels, reports, given, strict=True)
                    if name in mine
                },
            )
            for name in names
        ),
    )


def _head(label: str, report: ReportInput) -> RunHead:
    problems = list(report.problems)
    found = answer(report, problems, [problem.name for problem in problems])
    study = report.study
    return RunHead(label, study.name, study.created, study.command, found.headline, found.warnings)


def differences(studies: Sequence[StudyRecord]) -> tuple[Difference, ...]:
    """What the runs' records of seed, code, settings, versions and hardware do not share."""
    return _differing([_facts(study) for study in studies])


def _facts(study: StudyRecord) -> dict[str, str]:
    return dict(
        flat(
            {
                "seed": study.seed,
                "problems": study.problems,
                "plan": study.plan,
                **{k: v for k, v in study.settings.items() if k != "description"},
                "git_commit": study.git_commit,
                "dtype_policy": study.dtype_policy,
                "versions": study.versions,
                "hardware": study.hardware,
            }
        )
    )


def _differing(runs: Sequence[Mapping[str, str]]) -> tuple[Difference, ...]:
    """Names whose values are not the same in all, in the order of their first appearance."""
    names = dict.fromkeys(name for run in runs for name in run)
    rows = (Difference(name, tuple(run.get(name, DASH) for run in runs)) for name in names)
    return tuple(row for row in rows if len(set(row.values)) > 1)


def compare_problem(
    name: str, runs: Mapping[str, tuple[ReportInput, ProblemInput]]
) -> ComparedProblem:
    """One problem.

    Args:
        name: The problem's.
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
        notes = [f"Only run {next(iter(runs))} has it; there is nothing to compare."]
    rows = _rows(place, runs)
    return ComparedProblem(
        name=name,
        anchor=place,
        description=next((p.description for _, p in runs.values() if p.description), ""),
        sentence=_sentence(rows),
        notes=(*given, *notes),
        labels=tuple(runs),
        rows=rows,
        networks=_differing([_tuned(problem) for _, problem in runs.values()]),
        groups=groups,
        searches=searches,
        results=results,
    )


def _searches(
    name: str, place: str, runs: Mapping[str, tuple[ReportInput, ProblemInput]]
) -> tuple[ComparedSearch, ...]:
    """Of the runs that have trials."""
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
    """Of the runs that have read the test part."""
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
    """One a run, differences on one axis."""
    rows = [answer(report, [problem], [place]).rows[0] for report, problem in runs.values()]
    marks = whiskers([row.comparison for row in rows])
    return tuple(
        ComparedRow(label, replace(row, whisker=mark))
        for label, row, mark in zip(runs, rows, marks, strict=True)
    )


def _sentence(rows: Sequence[ComparedRow]) -> str | None:
    """The tuned networks' scores, best first; None before two of them are known by one metric."""
    known = [(one.row.tuned.mean, one) for one in rows if one.row.tuned is not None]
    metrics = {one.row.metric for _, one in known}
    if len(known) < 2 or len(metrics) > 1:
        return None
    ranked = sorted(known, key=lambda pair: -pair[0])
    scores = [f"{percent(mean)} in {one.label}" for mean, one in ranked]
    metric = metric_name(str(known[0][1].row.metric))
    return (
        f"The tuned network's {metric} on the test part: {listed(scores)}. Between runs nothing "
        "was tested: where the intervals overlap, chance may explain the order."
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
    """The figures that more than one run has, by heading; and notes of unreadable ones.

    Headings that are `wanted` are there without figures too.
    """
    notes: list[str] = []
    groups = []
    for key, heading in HEADINGS.items():
        found: dict[str, dict[str, Figure]] = {}
        for label, problem in runs.items():
            for file in problem.pictures:
                if file.picture.section != key:
                    continue
                figure = read_figure(file)
                if isinstance(figure, str):
                    notes.append(f"{label}: {figure}")
                else:
                    found.setdefault(file.picture.file, {})[label] = figure
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
