"""What of a run is done: its steps are recorded, and forgotten before they are done again.

A step leaves its record in study.json when all else that it has to write or to remove is done. A
step that is done again loses its record before anything that it refers to is changed.
"""

import time
from collections.abc import Sequence

from study.machine.shell import command
from study.records.study import Stage, StageName, Step, StudyRecord
from study.run.store import Run


def trials_at_once(study: StudyRecord) -> int:
    """How many trials the run's searches train at once, on however many workers it goes on.

    Runs of earlier versions say it with their hardware only: as many as there were workers.
    """
    return study.trials_at_once or max(1, int(study.hardware.get("workers", 1)))


def to_do(run: Run) -> list[Step]:
    """What of the run's plan has not been finished, in order."""
    return run.study().to_do()


def needs_workers(run: Run) -> bool:
    """Whether something other than the report is to do."""
    return any(step != "report" for _, step in to_do(run))


def record_step(run: Run, problem: str | None, name: StageName, seconds: float) -> None:
    """Note that a step is finished."""
    study = run.study()
    done = Stage(
        problem=problem, stage=name, seconds=round(seconds, 2), command=step_command(run, name)
    )
    others = [old for old in study.stages if (old.problem, old.stage) != (problem, name)]
    run.write_study(study.model_copy(update={"stages": [*others, done]}))


def record_training_step(
    run: Run, problem: str, name: StageName, started: float, trained: float
) -> None:
    """Note that a step in which networks were trained is finished.

    Args:
        run: The run.
        problem: Whose step it was.
        name: The step.
        started: By `time.perf_counter`.
        trained: Seconds that workers trained for it: of an interrupted step, this process has seen
            the end only.
    """
    least = trained / trials_at_once(run.study())
    record_step(run, problem, name, max(least, time.perf_counter() - started))


def forget_steps(run: Run, problems: Sequence[str | None], *names: StageName) -> None:
    """Remove the records of these steps: what they have left is about to be replaced.

    Args:
        run: The run.
        problems: Whose steps they are; None: the whole run's.
        names: The steps.
    """
    study = run.study()
    left = [old for old in study.stages if old.stage not in names or old.problem not in problems]
    if left != study.stages:
        run.write_study(study.model_copy(update={"stages": left}))


def step_command(run: Run, name: StageName) -> str:
    """The command that makes a step's records again."""
    match name:
        case "evaluate":
            return command("evaluate", run.name, "--again")
        case "explain":
            return command("draw", run.name, "--again")
        case "figures":
            return command("draw", run.name)
        case "report":
            return command("report", run.name)
    return run.study().command
