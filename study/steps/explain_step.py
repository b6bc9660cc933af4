"""What is found out about networks, and kept: a step of a run.

Findings are all that the figures of networks are drawn from. They are written whole; the record of
the step says that all of them are there.
"""

import shutil
from collections.abc import Sequence
from functools import partial

from study.machine.files import naming
from study.problem.problem import load_problem
from study.records.base import NETWORKS, Record
from study.run.finding_arrays import write_arrays
from study.run.plan import forget_steps, record_step, settings_of
from study.run.store import Run
from study.steps.observer import Observer
from study.steps.side_by_side import Part, side_by_side
from study.workers.engine import Engine


def explain_step(run: Run, names: Sequence[str], engine: Engine, observer: Observer) -> None:
    """Explain the networks of all these problems, side by side on the workers."""
    if not names:
        return
    from study.explanation import findings  # brings TensorFlow

    parts = [
        Part(name, part)
        for name in names
        for part in findings.parts(evaluated=run.evaluation(name) is not None)
    ]
    forget_steps(run, names, "explain")
    for name in names:
        folder = run.findings_folder(name)
        shutil.rmtree(folder, ignore_errors=True)
        with naming(folder):
            folder.mkdir(parents=True)
    found = side_by_side(run, "explain", parts, explain, engine, observer)
    for name in names:
        record_step(run, name, "explain", found.seconds[name])


def unexplained(run: Run, names: Sequence[str]) -> list[str]:
    """Those of the problems whose findings are not all there."""
    study = run.study()
    return [name for name in names if not study.is_done(name, "explain")]


def explain(run: Run, part: Part) -> None:
    """On a worker: find one part out, and keep it."""
    from study.explanation import findings
    from study.training.training import cached_dataset

    settings, seed, name = settings_of(run), run.study().seed, part.problem
    problem = load_problem(name)
    subject = findings.Subject(
        problem=problem,
        dataset=cached_dataset(problem.data, seed, settings.data.of(problem.data)),
        budget=settings.figures,
        seed=seed,
        trials=run.trials(name),
        search_folder=run.search_folder(name),
        models={network: run.model_path(name, network) for network in NETWORKS},
        predictions=partial(run.predictions, name),
    )
    for finding, found in findings.find(subject, part.name).items():
        if isinstance(found, Record):
            run.write_finding(name, finding, found)
        else:
            write_arrays(run, name, finding, found)
