"""Records -> the report as a tree of plain data, which the templates write out."""

import re
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from study.machine.shell import command
from study.problem.preset_files import flattened
from study.records.study import Stage, plan_of_today
from study.report.answer import Answer, answer
from study.report.gallery import Group
from study.report.inputs import ProblemInput, ReportInput
from study.report.problem_section import ProblemSection, problem_section
from study.report.underway import Progress, progress
from study.wording import DASH, listed, value


@dataclass(frozen=True)
class Entry:
    """A line of the table of contents."""

    anchor: str
    title: str
    entries: "tuple[Entry, ...]" = ()


@dataclass(frozen=True)
class Comparisons:
    """A way to compare the networks and the problems it was used for."""

    problems: str
    method: str


@dataclass(frozen=True)
class Reproduce:
    """What it takes to run the study again."""

    created: str
    command: str
    commands: tuple[str, ...]
    """Commands that lead from the code of the commit to the report."""
    git_commit: str | None
    changed: bool
    """Whether the code differed from that of the commit."""
    version: str | None
    """The study's version."""
    seeds: tuple[tuple[str, str], ...]
    stages: tuple[Stage, ...]
    seconds: float
    versions: tuple[tuple[str, str], ...]
    hardware: tuple[tuple[str, str], ...]
    settings: tuple[tuple[str, str], ...]
    records: tuple[tuple[str, str], ...]
    """File -> what in the report comes from it."""


@dataclass(frozen=True)
class Report:
    """The whole page."""

    name: str
    created: str
    answer: Answer
    problems: tuple[ProblemSection, ...]
    comparisons: tuple[Comparisons, ...]
    reproduce: Reproduce
    progress: Progress | None
    """None if the run has ended."""

    @property
    def title(self) -> str:
        """Title of the browser's tab."""
        running = f"{self.progress.short}: " if self.progress else ""
        return f"{running}Does tuning help? Study {self.name}"

    @property
    def description(self) -> str:
        """A sentence that sums up the page."""
        return self.answer.headline

    @property
    def contents(self) -> tuple[Entry, ...]:
        """The table of contents."""
        return (
            Entry("answer", "The answer"),
            *(problem_entry(p.anchor, p.name, p.groups) for p in self.problems),
            Entry("method", "How to read the numbers"),
            Entry("reproduce", "How to reproduce it"),
        )


def problem_entry(anchor: str, name: str, groups: Iterable[Group]) -> Entry:
    """A problem's line, with a line for each heading below it."""
    return Entry(anchor, name, tuple(Entry(f"{anchor}-{g.key}", g.heading) for g in groups))


def sections(report: ReportInput) -> Report:
    """The report of a run, finished or not."""
    study = report.study
    problems = _all_problems(report)
    anchors = [f"problem-{anchor(problem.name)}" for problem in problems]
    return Report(
        name=study.name,
        created=study.created,
        answer=answer(report, problems, anchors),
        problems=tuple(
            problem_section(
                problem,
                place,
                study.name,
                [stage for name, stage in study.to_do() if name == problem.name],
                live=report.live_at is not None,
            )
            for problem, place in zip(problems, anchors, strict=True)
        ),
        comparisons=comparisons(problems),
        reproduce=reproduce(report, problems),
        progress=progress(report),
    )


def _all_problems(report: ReportInput) -> list[ProblemInput]:
    """The problems in the study's order, including those for which there is nothing yet."""
    given = {problem.name: problem for problem in report.problems}
    names = dict.fromkeys([*report.study.problems, *given])
    return [given.get(name, ProblemInput(name)) for name in names]


def anchor(name: str) -> str:
    """A name as part of an id in the page: only letters, digits and dashes."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def comparisons(problems: list[ProblemInput]) -> tuple[Comparisons, ...]:
    """Each method of comparison once, with the problems it was used for."""
    users: dict[str, list[str]] = {}
    for problem in problems:
        if problem.evaluation is not None:
            users.setdefault(problem.evaluation.comparison.method, []).append(problem.name)
    return tuple(Comparisons(listed(names), method) for method, names in users.items())


def flat(settings: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    """Nested settings as dotted names and written values."""
    return tuple(
        (name, DASH if setting == {} else value(setting))
        for name, setting in flattened(settings).items()
    )


def reproduce(report: ReportInput, problems: list[ProblemInput]) -> Reproduce:
    """What was run, with which seeds, settings and hardware, and where the records are."""
    study = report.study
    commit = study.git_commit and study.git_commit.removesuffix("-dirty")
    checkout = [shlex.join(["git", "checkout", commit])] if commit else []
    later = [
        stage.command.removesuffix(" --again")
        for stage in study.stages
        if stage.stage not in plan_of_today(study.plan)
    ]
    if "figures" not in study.plan:
        later.append(command("report", study.name))
    seeds = [("the run (data and search)", str(study.seed))]
    for problem in problems:
        if problem.evaluation is None:
            continue
        for name, network in problem.evaluation.networks.items():
            used = ", ".join(str(seed.seed) for seed in network.seeds)
            seeds.append((f"{problem.name}: {name} network retrained", used))
    folder = f"results/{study.name}"
    return Reproduce(
        created=study.created,
        command=study.command,
        commands=(*checkout, study.command, *dict.fromkeys(later)),
        git_commit=commit,
        changed=commit != study.git_commit,
        version=study.version,
        seeds=tuple(seeds),
        stages=tuple(study.stages),
        seconds=sum(stage.seconds for stage in study.stages),
        versions=tuple(study.versions.items()),
        hardware=(
            *((name, value(what)) for name, what in study.hardware.items()),
            *((("arithmetic of the searches", study.dtype_policy),) if study.dtype_policy else ()),
        ),
        settings=flat(study.settings),
        records=(
            (f"{folder}/study.json", "settings, seeds, versions, hardware, seconds per stage"),
            (f"{folder}/PROBLEM/space.json", "what the search could choose from"),
            (
                f"{folder}/PROBLEM/trials.jsonl",
                "the trials: scores, epochs, parameters, seconds, hyperparameters, errors",
            ),
            (
                f"{folder}/PROBLEM/evaluation.json",
                "test results of both networks, their difference, its interval, p-value and "
                "verdict",
            ),
            (
                f"{folder}/PROBLEM/predictions.npz",
                "the test labels and predicted probabilities behind the confusion matrices",
            ),
            (f"{folder}/PROBLEM/models/", "the networks behind the activations and heatmaps"),
            (
                f"{folder}/PROBLEM/findings/*.json",
                "scores of the heatmaps and whether they can be trusted; robustness; filters",
            ),
            (f"{folder}/PROBLEM/figures/figures.json", "the figures' titles and captions"),
        ),
    )
