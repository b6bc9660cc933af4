"""Findings about the networks, computed and kept: a step of a run.

The figures of networks are drawn from these findings alone. Each finding is written whole; the
record of the step says that all of them are there.
"""

from collections.abc import Sequence
from functools import partial

from study.errors import WrongName
from study.machine.shell import command
from study.plan.done import forget_steps, record_step
from study.plan.work import settings_of, signature_of
from study.problem.problem import load_problem
from study.records.base import NETWORKS, Record
from study.run.finding_arrays import write_arrays
from study.run.store import Run
from study.steps.observer import Observer
from study.steps.side_by_side import Part, side_by_side
from study.workers.engine import Engine


def explain_step(run: Run, names: Sequence[str], engine: Engine, observer: Observer) -> None:
    """Explain the networks of all these problems, side by side on the workers.

    Raises:
        WrongName: A network of an evaluated problem is gone.
    """
    if not names:
        return
    _check_networks(run, names)
    from study.explanation import findings  # imports TensorFlow

    parts = [
        Part(name, part)
        for name in names
        for part in findings.parts(evaluated=run.evaluation(name) is not None)
    ]
    forget_steps(run, names, "explain")
    found = side_by_side(run, "explain", parts, explain, engine, observer)
    for name in names:
        kept = {finding for part in parts if part.problem == name for finding in found.made[part]}
        _remove_others(run, name, kept)
        record_step(run, name, "explain", found.seconds[name])


def _check_networks(run: Run, names: Sequence[str]) -> None:
    """Check that the saved networks are there, before any finding is replaced."""
    for name in names:
        for network in NETWORKS if run.evaluation(name) else ():
            path = run.model_path(name, network)
            if not path.is_file():
                again = command("evaluate", run.name, "--again")
                raise WrongName(f"{path} is not there: {again} makes it")


def _remove_others(run: Run, problem: str, kept: set[str]) -> None:
    """Remove findings of an earlier explanation that this one did not make again."""
    for path in run.findings_folder(problem).glob("*.*"):
        if path.stem not in kept:
            path.unlink()


def unexplained(run: Run, names: Sequence[str]) -> list[str]:
    """The problems whose findings are not complete."""
    study = run.study()
    return [name for name in names if not study.is_done(name, "explain")]


def explain(run: Run, part: Part) -> list[str]:
    """Compute and keep the findings of one part, on a worker; returns their names."""
    from study.explanation import findings
    from study.training.training import cached_dataset

    settings, seed, name = settings_of(run), run.study().seed, part.problem
    problem = load_problem(name)
    subject = findings.Subject(
        problem=problem,
        signature=signature_of(run, problem),
        dataset=cached_dataset(problem.data, seed, settings.data.of(problem.data)),
        budget=settings.figures,
        seed=seed,
        trials=run.trials(name),
        search_folder=run.search_folder(name),
        models={network: run.model_path(name, network) for network in NETWORKS},
        predictions=partial(run.predictions, name),
    )
    made = findings.find(subject, part.name)
    for finding, found in made.items():
        if isinstance(found, Record):
            run.write_finding(name, finding, found)
        else:
            write_arrays(run, name, finding, found)
    return list(made)
