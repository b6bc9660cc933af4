"""What commands share: they begin by opening a run, problems, data and workers."""

import logging
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from study.cli.data_options import Given
from study.cli.terminal import say, waiting
from study.errors import Interrupted, WrongName
from study.machine import stopping
from study.problem.problem import problem_names

if TYPE_CHECKING:
    from study.problem.settings import Settings, Work
    from study.records.study import Signature, StageName
    from study.run.store import Run
    from study.workers.engine import Engine


def given_spaces(files: list[Path] | None) -> list[str]:
    """Names of the problems in the user's own files, which this process knows from now on.

    See `study.plan.space_files.give`.
    """
    from study.plan.space_files import give

    return give(files or [])


def take_up_spaces(run: "Run", files: list[Path] | None) -> None:
    """Have this process know the run's own search spaces; see `study.plan.space_files.take_up`."""
    from study.plan.space_files import take_up

    take_up(run, files or [])


def known_problems(names: list[str]) -> list[str]:
    """These names, each once.

    Raises:
        WrongName: There is no problem of one of these names.
    """
    for name in names:
        if name not in problem_names():
            raise WrongName(f"no problem {name!r}; there are: {', '.join(problem_names())}")
    return list(dict.fromkeys(names))


def settings_from(preset: str, data: Given) -> "Settings":
    """The preset's settings, with the command line's options of data sets."""
    from study.problem.preset_files import changed, load_preset

    settings = load_preset(preset)
    of_data = {name: changed(settings.data.of(name), **given) for name, given in data.items()}
    return settings.model_copy(update={"data": settings.data.model_copy(update=of_data)})


def recorded(argument: str) -> str:
    """The argument in valid UTF-8: file names and a terminal's input may be any bytes."""
    return os.fsencode(argument).decode(errors="replace")


def load_data(work: "Work") -> "dict[str, Signature]":
    """Load the data and check that images, heads and networks fit, before anything starts.

    Returns:
        Problem -> the images that its networks take and the classes that they tell apart.
    """
    from study.data import load_dataset
    from study.problem.problem import check_heads, load_problem, signature

    options = work.settings.data
    problems = [load_problem(name) for name in work.problems]
    loaded = {
        source: load_dataset(source, seed=work.seed, options=options.of(source))
        for source in {problem.data for problem in problems}
    }
    signatures = {}
    for problem in problems:
        check_heads(problem, loaded[problem.data])
        signatures[problem.name] = signature(problem, loaded[problem.data])
    return signatures


def open_run(name: str) -> "Run":
    """The run of that name, or in that folder of results/; see `study.run.store`."""
    from study.run.listing import open_run as opened

    return opened(name)


def problems_of(run: "Run", problem: str | None) -> list[str]:
    """That problem of the run, or all whose search has started.

    Raises:
        WrongName: The run has no such problem.
    """
    if problem is None:
        return run.problems()
    if problem not in run.problems():
        raise WrongName(
            f"no problem {problem!r} in run {run.name!r}; there are: {', '.join(run.problems())}"
        )
    return [problem]


@contextmanager
def workers_for(
    settings: "Settings", workers: int | None, scheduler: str | None = None
) -> "Iterator[Engine]":
    """Workers, here or on a running cluster."""
    from study.machine import scratch
    from study.plan.work import WORKERS_NEED
    from study.workers.cluster import remote_engine
    from study.workers.local import local_engine

    scratch.use()
    retries = settings.search.retries
    with ExitStack() as stack:
        with waiting("importing TensorFlow and waiting for workers"):
            engine = stack.enter_context(
                remote_engine(
                    scheduler, workers, Path.cwd(), retries, WORKERS_NEED, settings.data.folders()
                )
                if scheduler
                else local_engine(workers, retries, WORKERS_NEED["imports"])
            )
        if scheduler:
            say(f"workers of {scheduler}: {engine.workers}")
        yield engine


@contextmanager
def alone(run: "Run") -> "Iterator[None]":
    """No other process works on the run; if this one is stopped, the run can be continued."""
    with run.in_use():
        try:
            with stopping.heeded():
                yield
        except KeyboardInterrupt:
            raise Interrupted(
                f"{run.folder} was stopped; finished work is kept, running trials up to their last "
                "epoch; the same command continues from there"
            ) from None


def import_tensorflow() -> None:
    """Import TensorFlow in this process, silently, with temporary files in the study's folder."""
    from study.libraries import quiet_import
    from study.machine import scratch

    scratch.use()
    quiet_import.import_tensorflow()


def print_comparisons(run: "Run", problems: list[str]) -> None:
    """Print how the networks of each evaluated problem compare."""
    from study.cli import tables

    for problem in problems:
        if evaluation := run.evaluation(problem):
            line = tables.comparison_line(problem, evaluation)
            say(line)


def work_from(
    problems: list[str], settings: "Settings", seed: int, plan: "list[StageName]"
) -> "Work":
    """What a command is to do.

    Raises:
        WrongSetting: The seed is out of range.
    """
    from study.problem import own_space
    from study.problem.preset_files import check_seed
    from study.problem.settings import Work

    return Work(
        problems=problems,
        settings=settings,
        seed=check_seed(seed),
        plan=plan,
        spaces={space.name: space.digest for space in own_space.used()},
    )


def run_for_work(work: "Work", name: str | None, prefix: str) -> "Run":
    """The interrupted run that continues the work, which is printed, or one still to be made.

    See `study.plan.work.run_for`.
    """
    from study.machine import scratch
    from study.plan.work import run_for

    scratch.sweep()  # also if there is nothing to do
    run = run_for(work, name, prefix)
    if run.is_there():
        say(f"{run.folder} was interrupted and continues (another --name starts a new run)")
    return run


def warn_of_other_conditions(run: "Run") -> None:
    """Log the conditions that numbers depend on and that have changed since the run started."""
    from study.plan.work import other_conditions

    if others := other_conditions(run):
        logging.warning(
            "%s was started under other conditions, so numbers may differ: %s",
            run.folder,
            "; ".join(others),
        )
