"""The report of a run, or of several: the last step."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from study.errors import CorruptRecord, WrongName
from study.machine.files import remove_leftovers, write_text
from study.plan.done import record_step, step_command, to_do
from study.plan.work import settings_of
from study.problem.problem import problem_description
from study.records.base import now
from study.records.finding import Sanity
from study.records.importance import Importances
from study.report import render, render_comparison
from study.report.inputs import PictureFile, ProblemInput, ReportInput
from study.run.places import comparison_path
from study.run.store import Run
from study.trials.ranking import configurations

Found = TypeVar("Found")


def finish_report(run: Run) -> None:
    """Make the report, the last step of a run, if it is left to do."""
    if (None, "report") in to_do(run):
        started = time.perf_counter()
        report_step(run)
        record_step(run, None, "report", time.perf_counter() - started)


def report_step(run: Run, live: bool = False, path: Path | None = None) -> None:
    """Write the report from whatever the run has so far.

    Args:
        run: The run.
        live: Whether the run is still going, so that the report is rewritten and reloads itself.
        path: Path of the page; None: reports/NAME.html.
    """
    live_at = now() if live else None
    write_text(path or run.report_path, render(replace(report_input(run), live_at=live_at)))


def comparison_step(runs: Sequence[Run]) -> Path:
    """Write one page that shows several runs side by side, and return its path.

    Raises:
        WrongUse: A run is named twice.
    """
    path = comparison_path([run.name for run in runs])
    remove_leftovers(path)
    write_text(path, render_comparison([report_input(run) for run in runs]))
    return path


def report_input(run: Run) -> ReportInput:
    """What the run's report is made of.

    The step that makes the page is left out of it. The run has the name of its folder, which may be
    a copy or have been renamed.
    """
    study, notes = run.study(), []
    stages = [stage for stage in study.stages if stage.problem is not None]
    if study.name != run.name:
        notes.append(
            f"This run was made under the name {study.name} by `{study.command}`; its folder has "
            "been copied or renamed since."
        )
        stages = [
            stage.model_copy(update={"command": step_command(run, stage.stage)}) for stage in stages
        ]
    plan = [step for step in study.plan if step != "report"]
    return ReportInput(
        study.model_copy(update={"name": run.name, "plan": plan, "stages": stages}),
        tuple(_problem_input(run, name) for name in study.problems),
        tuple(notes),
    )


def _problem_input(run: Run, name: str) -> ProblemInput:
    """One problem's records; a record that cannot be read becomes a note in the report."""
    notes: list[str] = []

    def read(records: Callable[[], Found]) -> Found | None:
        try:
            return records()
        except (CorruptRecord, WrongName) as error:
            notes.append(str(error))
            return None

    return ProblemInput(
        name=name,
        description=read(lambda: _description(run, name)) or "",
        tuner=settings_of(run).search.tuner,
        space=read(lambda: run.space(name)),
        signature=read(lambda: run.signature(name)),
        trials=tuple(read(lambda: configurations(run.trials(name))) or ()),
        evaluation=read(lambda: run.evaluation(name)),
        pictures=read(lambda: _picture_files(run, name)) or (),
        outdated=not run.study().is_done(name, "figures"),
        sanity=read(lambda: run.finding(name, "sanity", Sanity)),
        importances=read(lambda: run.finding(name, "importances", Importances)),
        notes=tuple(notes),
    )


def _description(run: Run, name: str) -> str:
    """The problem's description; the user's own space has a recorded one, so no code is run."""
    own = run.study().spaces.get(name)
    return own.description if own else problem_description(name)


def _picture_files(run: Run, name: str) -> tuple[PictureFile, ...]:
    pictures = run.pictures(name)
    contents = run.picture_contents(name, pictures)
    return tuple(map(PictureFile, pictures, contents))
