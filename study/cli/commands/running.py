"""Have a run's work done: workers, data, a live report, and the results."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from typing import TYPE_CHECKING

from study.cli.commands import opening
from study.cli.commands.opening import (
    alone,
    recorded,
    warn_of_other_conditions,
)
from study.cli.progress import Screen
from study.cli.terminal import console, say, waiting
from study.machine.shell import command

if TYPE_CHECKING:
    from study.problem.settings import Work
    from study.records.study import DtypePolicy
    from study.run.store import Run


def carry_out(
    run: "Run", work: "Work", workers: int | None, scheduler: str | None, live: bool
) -> None:
    """Do what is left of the work, in a new run if necessary, and print the results."""
    from study.plan.done import needs_workers
    from study.plan.work import create_run, record_signatures

    with ExitStack() as held:
        new = not run.is_there()
        if not new:
            held.enter_context(alone(run))
        if new or needs_workers(run):
            if not new:
                warn_of_other_conditions(run)
            with opening.workers_for(work.settings, workers, scheduler) as engine:
                with waiting("loading data"):
                    signatures = opening.load_data(work)
                if new:
                    from study.problem.problem import load_problem
                    from study.problem.space import declared
                    from study.training import precision

                    for own in work.spaces:
                        declared(load_problem(own), signatures[own])
                    policy = precision.resolve(work.settings.search.dtype, engine)
                    again = _command_again(policy)
                    create_run(run.name, work, again, engine.workers, policy, signatures)
                    held.enter_context(alone(run))
                from study.steps import carry_out

                carry_out.check_spaces(run)  # before the first search and a live report
                with _live(run) if live else nullcontext():
                    carry_out.carry_out(run, engine, Screen(console))
                # For runs of older versions, which have none; only now, as nothing was refused.
                record_signatures(run, signatures)
        from study.steps.report_step import finish_report

        with waiting("building the report"):
            finish_report(run)
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
    from study.cli.live import live_report

    with live_report(run):
        say(f"live report: {run.report_path}")
        yield


def _command_again(policy: "DtypePolicy") -> str:
    """The command that was given, with its arithmetic, so that it is the same everywhere."""
    given = [recorded(argument) for argument in sys.argv[1:]]
    named = any(argument.partition("=")[0] == "--dtype" for argument in given)
    return command(*given) if named else command(*given, "--dtype", policy)
