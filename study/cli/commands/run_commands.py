"""Commands that work on a run: start it, continue it, do one of its steps."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from study.cli.commands import opening
from study.cli.commands.opening import (
    alone,
    given_spaces,
    known_problems,
    open_run,
    print_comparisons,
    problems_of,
    run_for_work,
    settings_from,
    take_up_spaces,
    warn_of_other_conditions,
    work_from,
)
from study.cli.commands.running import carry_out
from study.cli.data_options import Given, with_data_options
from study.cli.options import (
    DtypeChoice,
    ExistingRun,
    Live,
    Preset,
    RunName,
    Scheduler,
    Seed,
    Spaces,
    TrustedSpaces,
    Workers,
    user_path,
)
from study.cli.progress import Screen
from study.cli.terminal import console, say, waiting
from study.errors import WrongName, WrongUse
from study.machine.shell import command
from study.problem.problem import problem_names

if TYPE_CHECKING:
    pass


@with_data_options
def run(
    problems: Annotated[
        Optional[list[str]], typer.Argument(metavar="[PROBLEM]...", help="Default: all problems.")
    ] = None,
    space: Spaces = None,
    preset: Preset = "quick",
    name: RunName = None,
    seed: Seed = 1,
    dtype: DtypeChoice = None,
    workers: Workers = None,
    scheduler: Scheduler = None,
    live: Live = False,
    *,
    data: Given,
) -> None:
    """Run the whole study: search, evaluate, explain, draw, report; default: all problems.

    After an interruption, the same command continues where it stopped.

    Example: python -m study run mnist --preset quick --seed 7
    """
    own = given_spaces(space)
    names = known_problems([*(problems or []), *own] or problem_names())
    from study.problem.preset_files import changed

    settings = settings_from(preset, data)
    budget = changed(settings.search, dtype=dtype)
    settings = settings.model_copy(update={"search": budget})
    work = work_from(names, settings, seed, ["search", "evaluate", "explain", "figures", "report"])
    carry_out(run_for_work(work, name, Path(preset).stem), work, workers, scheduler, live)


@with_data_options
def search(
    problem: Annotated[
        Optional[str], typer.Argument(help="A problem of the study; or give your own with --space.")
    ] = None,
    space: Annotated[
        Optional[Path],
        typer.Option(
            parser=user_path,
            metavar="FILE.py",
            help="A search space of your own, as code that you trust, instead of PROBLEM.",
        ),
    ] = None,
    tuner: Annotated[
        Optional[str], typer.Option(help="random, grid, bayesian, hyperband or asha.")
    ] = None,
    max_trials: Annotated[
        Optional[int], typer.Option(help="Number of trials, including the baseline.")
    ] = None,
    max_epochs: Annotated[
        Optional[int], typer.Option(help="Largest number of epochs per trial.")
    ] = None,
    time_limit: Annotated[
        Optional[str], typer.Option(help="Start no trials after this time: 90s, 10m, 1h30m.")
    ] = None,
    keep: Annotated[
        Optional[int], typer.Option(help="Number of best trials whose weights stay on disk.")
    ] = None,
    retries: Annotated[
        Optional[int], typer.Option(help="How often a trial is tried again after its worker died.")
    ] = None,
    preset: Preset = "quick",
    name: RunName = None,
    seed: Seed = 1,
    dtype: DtypeChoice = None,
    workers: Workers = None,
    scheduler: Scheduler = None,
    live: Live = False,
    *,
    data: Given,
) -> None:
    """Only search. Options that are not given come from the preset.

    random, grid, bayesian and hyperband are Keras Tuner's; asha repeatedly gives more epochs to
    the best third of the trials, without waiting for slow ones. After an interruption, the same
    command continues where it stopped.

    Example: python -m study search line --tuner bayesian --max-trials 30 --time-limit 10m
    """
    from study.problem.preset_files import changed

    named = [*([problem] if problem else []), *given_spaces([space] if space else None)]
    if len(named) != 1:
        raise WrongUse("search: expected one problem: give its name, or a file with --space")
    (problem,) = known_problems(named)
    settings = settings_from(preset, data)
    budget = changed(
        settings.search,
        tuner=tuner,
        max_trials=max_trials,
        max_epochs=max_epochs,
        time_limit=time_limit,
        keep=keep,
        retries=retries,
        dtype=dtype,
    )
    settings = settings.model_copy(update={"search": budget})
    work = work_from([problem], settings, seed, ["search"])
    carry_out(run_for_work(work, name, f"{problem}-search"), work, workers, scheduler, live)


def resume(
    run: ExistingRun,
    space: TrustedSpaces = None,
    workers: Workers = None,
    scheduler: Scheduler = None,
    live: Live = False,
) -> None:
    """Continue a `run` or `search` that was interrupted, however it ended.

    Running trials continue from their last epoch; finished work is not repeated.

    Example: python -m study resume my-run
    """
    from study.machine import scratch
    from study.plan.done import to_do
    from study.plan.work import what_to_read, work_of

    scratch.sweep()
    opened = open_run(run)
    if not to_do(opened):
        say(f"{opened.folder} is finished: there is nothing left to do")
        say(what_to_read(opened))
        return
    take_up_spaces(opened, space)
    carry_out(opened, work_of(opened), workers, scheduler, live)


def evaluate(
    run: ExistingRun,
    problem: Annotated[
        Optional[str], typer.Option(help="Problem of the run; default: all.")
    ] = None,
    again: Annotated[
        bool, typer.Option("--again", help="Reproduce an existing evaluation.")
    ] = False,
    space: TrustedSpaces = None,
    workers: Workers = None,
    scheduler: Scheduler = None,
) -> None:
    """Retrain both networks on several seeds and compare them; this reads the test part.

    Example: python -m study evaluate my-run
    """
    opened = open_run(run)
    names = problems_of(opened, problem)
    for name in names:
        if (name, "search") in opened.study().to_do():
            raise WrongUse(
                f"the search of {name} in {opened.name!r} is not finished, and the test part is "
                f"read after it: resume it first, {command('resume', opened.name)}"
            )
        done = opened.study().is_done(name, "evaluate")
        if opened.evaluation(name) and done and not again:
            raise WrongUse(
                f"{name} of {opened.name!r} is already evaluated, and the test part is read once; "
                "pass --again to reproduce the numbers"
            )
        if not opened.trials(name):
            raise WrongUse(f"{name} of {opened.name!r} has no trials yet: run its search first")
    from study.plan.work import work_of

    take_up_spaces(opened, space)
    warn_of_other_conditions(opened)
    work = work_of(opened).model_copy(update={"problems": names})
    with alone(opened), opening.workers_for(work.settings, workers, scheduler) as engine:
        with waiting("loading data"):
            opening.load_data(work)
        from study.steps.evaluate_step import evaluate_step

        for name in names:
            evaluate_step(opened, name, engine, Screen(console))
    print_comparisons(opened, names)


def draw(
    run: ExistingRun,
    problem: Annotated[
        Optional[str], typer.Option(help="Problem of the run; default: all.")
    ] = None,
    again: Annotated[
        bool, typer.Option("--again", help="Compute anew what the figures show.")
    ] = False,
    space: TrustedSpaces = None,
    workers: Workers = None,
) -> None:
    """Draw a run's figures again, from the findings about its networks.

    Findings that are missing are computed first, which takes minutes.

    Example: python -m study draw my-run
    """
    from study.plan.work import work_of

    opened = open_run(run)
    names = problems_of(opened, problem)
    if not names:
        raise WrongName(f"{opened.name!r} has nothing to draw yet: run a search first")
    from study.steps.draw_step import draw_step
    from study.steps.explain_step import explain_step, unexplained
    from study.steps.side_by_side import ThisProcess

    with alone(opened):
        if todo := names if again else unexplained(opened, names):
            take_up_spaces(opened, space)
            work = work_of(opened).model_copy(update={"problems": todo})
            with opening.workers_for(work.settings, workers) as engine:
                with waiting("loading data"):
                    opening.load_data(work)
                explain_step(opened, todo, engine, Screen(console))
                draw_step(opened, names, engine, Screen(console))
        else:
            draw_step(opened, names, ThisProcess(), Screen(console))
    for name in names:
        say(f"figures: {opened.figures_folder(name)}")
