"""The commands: each reads its options, has the work done and prints what came out."""

import json
import logging
import os
import shlex
import sys
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Optional

import typer

from study.cli.options import (
    DtypeChoice,
    ExistingRun,
    KindOption,
    LineDir,
    Live,
    MethodOption,
    Preset,
    RunName,
    Scheduler,
    Seed,
    Spaces,
    Target,
    TrustedSpaces,
    Workers,
    expanded,
    user_path,
)
from study.cli.progress import Screen
from study.cli.terminal import console, say, waiting
from study.errors import Interrupted, WrongName, WrongUse
from study.machine import stopping
from study.machine.foreign_text import utf8
from study.machine.shell import command
from study.problem.problem import problem_data, problem_names
from study.records.base import NetworkName

if TYPE_CHECKING:
    from collections.abc import Iterator

    from study.problem.settings import Settings, Work
    from study.records.base import DtypePolicy, FigureKind, Method, Signature, StageName
    from study.run.store import Run
    from study.steps.any_network import SavedModel
    from study.workers.engine import Engine

app = typer.Typer(
    help="How much better is a network whose hyperparameters were searched, and is it real?",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


def _print_version(wanted: bool) -> None:
    if not wanted:
        return
    from study import __version__
    from study.run import provenance

    say(f"study {__version__}")
    say(f"commit {provenance.git_commit() or 'unknown'}")
    for package, version in provenance.versions().items():
        say(f"{package} {version}")
    raise typer.Exit


ExportKind = Literal["optuna", "tensorboard", "csv"]


@dataclass
class Asked:
    """What is asked before the command."""

    debug: bool = False


@app.callback()
def before_the_command(
    context: typer.Context,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show where in the program an error came from.")
    ] = False,
    version: Annotated[  # noqa: ARG001  # its callback prints it
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Version, commit, packages."
        ),
    ] = False,
) -> None:
    context.obj.debug = debug


@app.command()
def run(
    problems: Annotated[
        Optional[list[str]], typer.Argument(metavar="[PROBLEM]...", help="Default: all.")
    ] = None,
    space: Spaces = None,
    preset: Preset = "quick",
    name: RunName = None,
    seed: Seed = 1,
    dtype: DtypeChoice = None,
    workers: Workers = None,
    scheduler: Scheduler = None,
    line_dir: LineDir = None,
    live: Live = False,
) -> None:
    """Search, evaluate, draw and report: the whole study, for all problems if none is named.

    Interrupted, the same command goes on where it was.

    Example: python -m study run mnist --preset quick --seed 7
    """
    own = _given_spaces(space)
    names = _known_problems([*(problems or []), *own] or problem_names())
    from study.problem.settings import changed

    settings = _settings(preset, line_dir)
    budget = changed(settings.search, dtype=dtype)
    settings = settings.model_copy(update={"search": budget})
    work = _work(names, settings, seed, ["search", "evaluate", "figures", "report"])
    _carry_out(_run_for(work, name, Path(preset).stem), work, workers, scheduler, live)


@app.command()
def search(
    problem: Annotated[
        Optional[str], typer.Argument(help="A problem of the study; or give your own by --space.")
    ] = None,
    space: Annotated[
        Optional[Path],
        typer.Option(
            parser=user_path,
            metavar="FILE.py",
            help="A search space of your own, code that you trust, in place of PROBLEM.",
        ),
    ] = None,
    tuner: Annotated[
        Optional[str], typer.Option(help="random, grid, bayesian, hyperband or asha.")
    ] = None,
    max_trials: Annotated[
        Optional[int], typer.Option(help="Trials, the baseline included.")
    ] = None,
    max_epochs: Annotated[Optional[int], typer.Option(help="Epochs of a trial at most.")] = None,
    time_limit: Annotated[
        Optional[str], typer.Option(help="Start no trial after this time: 90s, 10m, 1h30m.")
    ] = None,
    batch_size: Annotated[Optional[int], typer.Option(help="Images an optimizer step.")] = None,
    keep: Annotated[
        Optional[int], typer.Option(help="Trials whose weights stay on disk, the best.")
    ] = None,
    retries: Annotated[
        Optional[int], typer.Option(help="How often a trial whose worker died is taken up again.")
    ] = None,
    preset: Preset = "quick",
    name: RunName = None,
    seed: Seed = 1,
    dtype: DtypeChoice = None,
    workers: Workers = None,
    scheduler: Scheduler = None,
    line_dir: LineDir = None,
    live: Live = False,
) -> None:
    """A search alone. What is not given comes from the preset.

    random, grid, bayesian and hyperband are Keras Tuner's; asha gives more epochs to the best
    third of the trials, again and again, without waiting for stragglers. Interrupted, the same
    command goes on where it was.

    Example: python -m study search line --tuner bayesian --max-trials 30 --time-limit 10m
    """
    from study.problem.settings import changed

    named = [*([problem] if problem else []), *_given_spaces([space] if space else None)]
    if len(named) != 1:
        raise WrongUse("search: expected one problem: give its name, or a file by --space")
    (problem,) = _known_problems(named)
    settings = _settings(preset, line_dir)
    budget = changed(
        settings.search,
        tuner=tuner,
        max_trials=max_trials,
        max_epochs=max_epochs,
        time_limit=time_limit,
        batch_size=batch_size,
        keep=keep,
        retries=retries,
        dtype=dtype,
    )
    settings = settings.model_copy(update={"search": budget})
    work = _work([problem], settings, seed, ["search"])
    _carry_out(_run_for(work, name, f"{problem}-search"), work, workers, scheduler, live)


@app.command()
def resume(
    run: ExistingRun,
    space: TrustedSpaces = None,
    workers: Workers = None,
    scheduler: Scheduler = None,
    live: Live = False,
) -> None:
    """Go on with a `run` or `search` that was interrupted, however it ended.

    Running trials go on from their last epoch; nothing finished is done again.

    Example: python -m study resume my-run
    """
    from study.machine import scratch
    from study.run.plan import to_do, what_to_read, work_of

    scratch.sweep()
    opened = _open_run(run)
    if not to_do(opened):
        say(f"{opened.folder} is finished: nothing to go on with")
        say(what_to_read(opened))
        return
    _take_up_spaces(opened, space)
    _carry_out(opened, work_of(opened), workers, scheduler, live)


@app.command()
def evaluate(
    run: ExistingRun,
    problem: Annotated[Optional[str], typer.Option(help="Default: all of the run.")] = None,
    again: Annotated[
        bool, typer.Option("--again", help="Reproduce an evaluation that is there already.")
    ] = False,
    space: TrustedSpaces = None,
    workers: Workers = None,
    scheduler: Scheduler = None,
) -> None:
    """Retrain baseline and tuned on several seeds and compare them: reads the test part.

    Example: python -m study evaluate my-run
    """
    opened = _open_run(run)
    names = _problems_of(opened, problem)
    for name in names:
        if (name, "search") in opened.study().to_do():
            raise WrongUse(
                f"the search of {name} in {opened.name!r} is not finished, and the test part is "
                f"read after it: resume it first, {command('resume', opened.name)}"
            )
        done = opened.study().is_done(name, "evaluate")
        if opened.evaluation(name) and done and not again:
            raise WrongUse(
                f"{name} of {opened.name!r} is evaluated already, and the test part is read once; "
                "pass --again to reproduce the numbers"
            )
        if not opened.trials(name):
            raise WrongUse(f"{name} of {opened.name!r} has no trials yet: search it first")
    from study.run.plan import work_of

    _take_up_spaces(opened, space)
    _warn_of_other_conditions(opened)
    work = work_of(opened).model_copy(update={"problems": names})
    with _alone(opened), _engine(work.settings, workers, scheduler) as engine:
        with waiting("loading data"):
            _load_data(work)
        from study import stages

        for name in names:
            stages.evaluate_stage(opened, name, engine, Screen(console))
    _print_comparisons(opened, names)


@app.command()
def visualize(
    target: Target,
    image: Annotated[
        Optional[list[Path]],
        typer.Option(
            parser=user_path, metavar="FILE", help="An image to look at. [dim]Repeatable.[/]"
        ),
    ] = None,
    layer: Annotated[
        Optional[list[str]], typer.Option(help="A layer; default: all. [dim]Repeatable.[/]")
    ] = None,
    kind: Annotated[
        Optional[list[KindOption]], typer.Option(help="Default: all three. [dim]Repeatable.[/]")
    ] = None,
    problem: Annotated[Optional[str], typer.Option(help="Of a run; default: all.")] = None,
    network: Annotated[Optional[NetworkName], typer.Option(help="Of a run; default: both.")] = None,
    out: Annotated[
        Optional[Path],
        typer.Option(
            parser=user_path,
            metavar="FOLDER",
            help="Folder for the figures; default: beside the model.",
        ),
    ] = None,
    method: Annotated[
        Optional[list[MethodOption]],
        typer.Option(help="Of heatmaps; default: gradcam. [dim]Repeatable.[/]"),
    ] = None,
    head: Annotated[
        Optional[str], typer.Option(help="Of heatmaps: one output; default: all.")
    ] = None,
    chosen_class: Annotated[
        Optional[str],
        typer.Option("--class", help="Of heatmaps: name or index; default: the predicted."),
    ] = None,
    resize: Annotated[
        bool, typer.Option("--resize", help="Convert images that do not fit.")
    ] = False,
    invert: Annotated[
        bool, typer.Option("--invert", help="Turn light and dark of the images.")
    ] = False,
    space: TrustedSpaces = None,
    workers: Workers = None,
) -> None:
    """Activations, filters and class heatmaps of saved networks, for any images and layers.

    A run alone: all its figures again. With any option that says what to draw: only that.

    Example: python -m study visualize my-run --problem line --image mine.png --layer conv1
    """
    asked = bool(image or layer or kind or network or out or method or head or chosen_class)
    if not target.endswith(".keras") and not asked:
        from study.run.plan import work_of

        opened = _open_run(target)
        names = _problems_of(opened, problem)
        _take_up_spaces(opened, space)
        work = work_of(opened).model_copy(update={"problems": names})
        with _alone(opened), _engine(work.settings, workers) as engine:
            with waiting("loading data"):
                _load_data(work)
            from study import stages

            stages.figures_stage(opened, names, engine, Screen(console))
        for name in names:
            say(f"figures: {opened.figures_folder(name)}")
        return
    if space:
        raise WrongUse("--space: expected a run and no option that says what to draw")
    _import_tensorflow()
    from study.steps import any_network as visualize

    models = _models(target, problem, network)
    if not (out or target.endswith(".keras")):
        _open_run(target).check_writable()
    kinds: list[FigureKind] = [one.value for one in kind or KindOption]
    methods: list[Method] = [one.value for one in method or [MethodOption.gradcam]]
    asked_of = (kinds, layer or [], image or [], resize, invert, methods, head, chosen_class)
    # All are checked before the first is drawn.
    for model, draw in [(one, visualize.drawing(one, *asked_of)) for one in models]:
        folder = out or visualize.figures_folder(model.path)
        if out and len(models) > 1:
            folder = out / model.label
        for picture in draw(folder):
            say(str(folder / picture.file))


@app.command()
def predict(
    target: Target,
    images: Annotated[list[Path], typer.Argument(parser=user_path, metavar="IMAGE...")],
    problem: Annotated[
        Optional[str], typer.Option(help="Of a run; needed if it has several.")
    ] = None,
    network: Annotated[NetworkName, typer.Option(help="Of a run.")] = "tuned",
    top: Annotated[int, typer.Option(min=1, help="Classes to show, likeliest first.")] = 3,
    resize: Annotated[
        bool, typer.Option("--resize", help="Convert images that do not fit.")
    ] = False,
    invert: Annotated[
        bool, typer.Option("--invert", help="Turn light and dark of the images.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Class and probabilities of image files.

    Example: python -m study predict my-run --problem mnist digit.png
    """
    _import_tensorflow()
    from study.networks.opened import likeliest

    models = _models(target, problem, network)
    if len(models) > 1:
        several = ", ".join(model.label for model in models)
        raise WrongUse(f"{target!r} has several networks ({several}): choose one with --problem")
    opened = models[0].opened()
    probabilities = opened.predict(opened.pixels(images, resize, invert))
    for index, path in enumerate(images):
        answer = {
            head: likeliest(p[index], opened.class_names(head), top)
            for head, p in probabilities.items()
        }
        if as_json:
            say(json.dumps({"image": utf8(str(path)), **answer}))
        else:
            for head, ranked in answer.items():
                shares = "  ".join(f"{name} {share:.2%}" for name, share in ranked.items())
                say(f"{path}: {head}: {shares}")


@app.command()
def report(
    runs: Annotated[list[str], typer.Argument(parser=expanded, metavar="RUN...")],
) -> None:
    """Build the HTML report from what the run has so far; of several runs, one that compares them.

    Example: python -m study report my-run
    """
    opened = [_open_run(run) for run in runs]
    if len(opened) == 1:
        _report(opened[0])
        return
    from study import stages

    path = stages.comparison_stage(opened)
    say(f"comparison: {path}")


@app.command()
def export(
    run: ExistingRun,
    to: Annotated[ExportKind, typer.Option(help="optuna, tensorboard or csv.")],
    problem: Annotated[Optional[str], typer.Option(help="Default: all of the run.")] = None,
    out: Annotated[
        Optional[Path],
        typer.Option(
            parser=user_path,
            metavar="FOLDER",
            help="Folder to write to; default: results/RUN/export.",
        ),
    ] = None,
) -> None:
    """A run's trials for other programs: Optuna's dashboard, TensorBoard, or tables.

    Example: python -m study export my-run --to optuna
    """
    from study.run import export as exports

    opened = _open_run(run)
    if out is None:
        opened.check_writable()
    folder = out or opened.export_folder
    written = exports.export(opened, _problems_of(opened, problem), to, folder)
    for path in written:
        say(str(path))
    if viewer := exports.viewer(to, written[0]):
        say(f"open it with: {shlex.join(viewer)}")


@app.command("list")
def list_all() -> None:
    """Problems, tuners, presets and runs.

    Example: python -m study list
    """
    from study.cli import tables

    console.print(tables.everything(), soft_wrap=False)


@app.command()
def show(
    run: ExistingRun,
    problem: Annotated[Optional[str], typer.Option(help="Default: all of the run.")] = None,
    top: Annotated[int, typer.Option(min=1, help="Trials to show, best first.")] = 10,
) -> None:
    """The leaderboard of a run's searches, and the comparison if it was evaluated.

    Example: python -m study show my-run --top 20
    """
    from study.cli import tables

    opened = _open_run(run)
    names = _problems_of(opened, problem)
    for name in names:
        for line in tables.leaderboard(opened, name, top, console.width):
            say(line)
    _print_comparisons(opened, names)


@app.command()
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
    line_dir: LineDir = None,
) -> None:
    """What a problem's data set holds; with --export, its images as files (lines only).

    Example: python -m study data line --export my-lines
    """
    from study.data import export_dataset, load_dataset
    from study.problem.settings import check_seed

    (problem,) = _known_problems([problem])
    settings = _settings(preset, line_dir)
    options = settings.data
    source = problem_data(problem)
    if export is not None:
        count = export_dataset(source, export, seed=check_seed(seed), options=options)
        say(f"{count} images written to {export}")
        return
    from study.cli import tables

    dataset = load_dataset(source, seed=check_seed(seed), options=options)
    console.print(tables.data_set(dataset), soft_wrap=False)


def _given_spaces(files: list[Path] | None) -> list[str]:
    """Problems of the user's own files, which this process knows from now on."""
    from study.run.space_files import give

    return give(files or [])


def _take_up_spaces(run: "Run", files: list[Path] | None) -> None:
    from study.run.space_files import take_up

    take_up(run, files or [])


def _known_problems(names: list[str]) -> list[str]:
    for name in names:
        if name not in problem_names():
            raise WrongName(f"no problem {name!r}; there are: {', '.join(problem_names())}")
    return list(dict.fromkeys(names))


def _settings(preset: str, line_dir: Path | None) -> "Settings":
    from study.problem.settings import changed, load_preset

    settings = load_preset(preset)
    line_dir = line_dir or settings.data.line_dir
    whole = user_path(str(line_dir)).resolve() if line_dir else None
    if whole and _recorded(str(whole)) != str(whole):
        raise WrongUse(
            f"--line-dir: expected a path that can be recorded in UTF-8, got {str(whole)!r}; if it "
            "looks right in the terminal, set PYTHONUTF8=1"
        )
    data = changed(settings.data, line_dir=whole)
    return settings.model_copy(update={"data": data})


def _recorded(argument: str) -> str:
    """As UTF-8 can say it: file names may be any bytes, and so may what a terminal sends."""
    return os.fsencode(argument).decode(errors="replace")


def _work(problems: list[str], settings: "Settings", seed: int, plan: "list[StageName]") -> "Work":
    from study.problem import own_space
    from study.problem.settings import Work, check_seed

    return Work(
        problems=problems,
        settings=settings,
        seed=check_seed(seed),
        plan=plan,
        spaces={space.name: space.digest for space in own_space.used()},
    )


def _run_for(work: "Work", name: str | None, prefix: str) -> "Run":
    from study.machine import scratch
    from study.run.plan import run_for

    scratch.sweep()  # also if there is nothing to do
    run = run_for(work, name, prefix)
    if run.is_there():
        say(
            f"{run.folder} was interrupted and goes on (another --name begins anew)",
        )
    return run


def _carry_out(
    run: "Run", work: "Work", workers: int | None, scheduler: str | None, live: bool
) -> None:
    """Do what of the work is to do, in a new run if need be, and say what came out."""
    from study.run.plan import create_run, needs_workers, record_signatures

    with ExitStack() as alone:
        new = not run.is_there()
        if not new:
            alone.enter_context(_alone(run))
        if new or needs_workers(run):
            if not new:
                _warn_of_other_conditions(run)
            with _engine(work.settings, workers, scheduler) as engine:
                with waiting("loading data"):
                    signatures = _load_data(work)
                if new:
                    from study.problem.problem import load_problem
                    from study.problem.space import declared
                    from study.training import precision

                    for own in work.spaces:
                        declared(load_problem(own))
                    policy = precision.resolve(work.settings.search.dtype, engine)
                    again = _command_again(policy)
                    create_run(run.name, work, again, engine.workers, policy, signatures)
                    alone.enter_context(_alone(run))
                from study import stages

                stages.check_spaces(run)  # of all problems, before the first search and a report
                with _live(run) if live else nullcontext():
                    stages.carry_out(run, engine, Screen(console))
                # Of a run that had none, now that it was not refused.
                record_signatures(run, signatures)
        from study import stages

        with waiting("building the report"):
            stages.finish_report(run)
    if "figures" in work.plan:
        say(f"report: {run.report_path}")
        return
    from study.cli import tables

    for problem in work.problems:
        for line in tables.leaderboard(run, problem, 5, console.width):
            say(line)
    say(f"next: {command('evaluate', run.name)}")


@contextmanager
def _live(run: "Run") -> "Iterator[None]":
    from study.steps.live import live_report

    with live_report(run):
        say(f"live report: {run.report_path}")
        yield


def _command_again(policy: "DtypePolicy") -> str:
    """The command that was given, with its arithmetic: the same on every processor."""
    given = [_recorded(argument) for argument in sys.argv[1:]]
    named = any(argument.partition("=")[0] == "--dtype" for argument in given)
    return command(*given) if named else command(*given, "--dtype", policy)


def _warn_of_other_conditions(run: "Run") -> None:
    from study.run.plan import other_conditions

    if others := other_conditions(run):
        logging.warning(
            "%s was begun under other conditions, and numbers may differ: %s",
            run.folder,
            "; ".join(others),
        )


def _load_data(work: "Work") -> "dict[str, Signature]":
    """Wrong images, heads that do not fit them, no network: say so before anything starts.

    Returns:
        What the networks of each problem take and tell apart.
    """
    from study.data import load_dataset
    from study.problem.problem import check_heads, load_problem, signature

    loaded = {
        source: load_dataset(source, seed=work.seed, options=work.settings.data)
        for source in {problem_data(problem) for problem in work.problems}
    }
    signatures = {}
    for name in work.problems:
        problem = load_problem(name)
        check_heads(problem, loaded[problem.data])
        signatures[name] = signature(problem, loaded[problem.data])
    return signatures


def _open_run(name: str) -> "Run":
    from study.run.store import open_run

    return open_run(name)


def _problems_of(run: "Run", problem: str | None) -> list[str]:
    if problem is None:
        return run.problems()
    if problem not in run.problems():
        raise WrongName(
            f"no problem {problem!r} in run {run.name!r}; there are: {', '.join(run.problems())}"
        )
    return [problem]


def _models(target: str, problem: str | None, network: NetworkName | None) -> "list[SavedModel]":
    from study.steps.any_network import models_of_run, saved_model

    if target.endswith(".keras"):
        return [saved_model(Path(target))]
    opened = _open_run(target)
    return models_of_run(opened, _problems_of(opened, problem), network)


@contextmanager
def _engine(
    settings: "Settings", workers: int | None, scheduler: str | None = None
) -> "Iterator[Engine]":
    """Workers, here or on a running cluster."""
    from study.machine import scratch
    from study.workers.cluster import remote_engine
    from study.workers.local import local_engine

    scratch.use()
    retries = settings.search.retries
    with ExitStack() as stack:
        with waiting("importing TensorFlow, waiting for workers"):
            engine = stack.enter_context(
                remote_engine(scheduler, workers, Path.cwd(), retries, settings.data.line_dir)
                if scheduler
                else local_engine(workers, retries)
            )
        if scheduler:
            say(f"workers of {scheduler}: {engine.workers}")
        yield engine


@contextmanager
def _alone(run: "Run") -> "Iterator[None]":
    """Nobody else works on the run; whoever is stopped can go on."""
    with run.in_use():
        try:
            with stopping.heeded():
                yield
        except KeyboardInterrupt:
            raise Interrupted(
                f"{run.folder} was stopped; what is finished is kept, and what was running at its "
                "last epoch; the same command goes on from there"
            ) from None


def _import_tensorflow() -> None:
    from study.libraries.quiet_import import import_tensorflow
    from study.machine import scratch

    scratch.use()
    import_tensorflow()


def _report(run: "Run") -> None:
    from study import stages

    stages.report_stage(run)
    say(f"report: {run.report_path}")


def _print_comparisons(run: "Run", problems: list[str]) -> None:
    from study.cli import tables

    for problem in problems:
        if evaluation := run.evaluation(problem):
            line = tables.comparison_line(problem, evaluation)
            say(line)
