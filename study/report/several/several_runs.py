"""Several runs -> one page that shows them side by side: what differs first, then the answers."""

from collections.abc import Sequence
from dataclasses import dataclass

from study.records.study import StudyRecord
from study.report.answer import answer
from study.report.inputs import ReportInput
from study.report.problem_tables import (
    names_in_order,
)
from study.report.sections import Entry, flat, problem_entry
from study.report.several.compared_problem import (
    ComparedProblem,
    Difference,
    compare_problem,
    differing,
)
from study.wording import listed

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
        """The runs, each with its letter, in one line."""
        return listed([f"{run.label} {run.name}" for run in self.runs])

    @property
    def title(self) -> str:
        """Title of the browser's tab."""
        return f"Runs compared: {listed([run.name for run in self.runs])}"

    @property
    def description(self) -> str:
        """A sentence that sums up the page."""
        return (
            f"{self.name}: the settings that differ, and answers, results, searches and figures "
            "side by side."
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
    """The comparison of two or more runs, in their order."""
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
            "Seeds or data settings differ, so the runs may have been measured on different test "
            "images."
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
    """What differs between the runs' records of seed, code, settings, versions and hardware."""
    return differing([_facts(study) for study in studies])


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
