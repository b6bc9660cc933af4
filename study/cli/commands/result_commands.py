"""Commands that show and export what there is in a run, in all runs, or in a data set."""

import shlex
from pathlib import Path
from typing import Annotated, Literal, Optional

import typer

from study.cli.commands.opening import (
    import_tensorflow,
    known_problems,
    open_run,
    print_comparisons,
    problems_of,
    settings_from,
)
from study.cli.data_options import Given, with_data_options
from study.cli.options import ExistingRun, Preset, Seed, expanded, user_path
from study.cli.terminal import console, say

ExportKind = Literal["optuna", "tensorboard", "csv"]


def report(
    runs: Annotated[list[str], typer.Argument(parser=expanded, metavar="RUN...")],
) -> None:
    """Build the HTML report from what the run has so far; for several runs, a comparison.

    Example: python -m study report my-run
    """
    from study.steps import report_step

    opened = [open_run(run) for run in runs]
    if len(opened) == 1:
        report_step.report_step(opened[0])
        say(f"report: {opened[0].report_path}")
        return
    path = report_step.comparison_step(opened)
    say(f"comparison: {path}")


def export(
    run: ExistingRun,
    to: Annotated[ExportKind, typer.Option(help="optuna, tensorboard or csv.")],
    problem: Annotated[
        Optional[str], typer.Option(help="Problem of the run; default: all.")
    ] = None,
    out: Annotated[
        Optional[Path],
        typer.Option(
            parser=user_path,
            metavar="FOLDER",
            help="Folder to write to; default: results/RUN/export.",
        ),
    ] = None,
) -> None:
    """Export a run's trials for Optuna's dashboard or TensorBoard, or as CSV tables.

    Example: python -m study export my-run --to optuna
    """
    from study.run import export as exports

    opened = open_run(run)
    if out is None:
        opened.check_writable()
    folder = out or opened.export_folder
    written = exports.export(opened, problems_of(opened, problem), to, folder)
    for path in written:
        say(str(path))
    if viewer := exports.viewer(to, written[0]):
        say(f"open it with: {shlex.join(viewer)}")


def list_all() -> None:
    """List problems, tuners, presets and runs.

    Example: python -m study list
    """
    from study.cli import tables

    console.print(tables.everything(), soft_wrap=False)


def show(
    run: ExistingRun,
    problem: Annotated[
        Optional[str], typer.Option(help="Problem of the run; default: all.")
    ] = None,
    top: Annotated[int, typer.Option(min=1, help="Trials to show, best first.")] = 10,
) -> None:
    """Show the leaderboard of a run's searches, and the comparison if it was evaluated.

    Example: python -m study show my-run --top 20
    """
    from study.cli import tables

    opened = open_run(run)
    names = problems_of(opened, problem)
    for name in names:
        for line in tables.leaderboard(opened, name, top, console.width):
            say(line)
    print_comparisons(opened, names)


@with_data_options
def data(
    problem: str,
    export: Annotated[
        Optional[Path],
        typer.Option(
            parser=user_path,
            metavar="FOLDER",
            help="Write the images as PNG files into this folder.",
        ),
    ] = None,
    preset: Preset = "quick",
    seed: Seed = 1,
    *,
    data: Given,
) -> None:
    """Show what a problem's data set holds; with --export, write its images as files.

    Example: python -m study data line --export my-lines
    """
    from study.data import export_dataset, load_dataset
    from study.problem.preset_files import check_seed

    (problem,) = known_problems([problem])
    settings = settings_from(preset, data)
    import_tensorflow()  # because problems import it
    from study.problem.problem import load_problem

    source = load_problem(problem).data
    options = settings.data.of(source)
    if export is not None:
        count = export_dataset(source, export, seed=check_seed(seed), options=options)
        say(f"{count} images written to {export}")
        return
    from study.cli import tables

    dataset = load_dataset(source, seed=check_seed(seed), options=options)
    console.print(tables.data_set(dataset), soft_wrap=False)
