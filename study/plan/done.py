"""Which steps of a run are done: they are recorded, and forgotten before they are repeated.

A step writes its record into study.json when everything else that it writes or removes is done. The
record of a step that is repeated is removed before anything that it refers to changes.
"""

import time
from collections.abc import Sequence

from study.machine.shell import command
from study.records.study import Stage, StageName, Step, StudyRecord
from study.run.store import Run


def trials_at_once(study: StudyRecord) -> int:
    """How many trials the run's searches train at once, whatever workers it continues on.

    In runs of earlier versions it is the number of workers recorded with the hardware.
    """
    return study.trials_at_once or max(1, int(study.hardware.get("workers", 1)))


def to_do(run: Run) -> list[Step]:
    """The steps of the run's plan that are not finished, in order."""
    return run.study().to_do()


def needs_workers(run: Run) -> bool:
    """Whether a step other than the report is left to do."""
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
        problem: The problem that the step was done for.
        name: The step.
        started: Time of `time.perf_counter` at which the step started.
        trained: Seconds that workers trained for the step, needed because this process has seen
            only the end of a step that was interrupted.
    """
    least = trained / trials_at_once(run.study())
    record_step(run, problem, name, max(least, time.perf_counter() - started))


def forget_steps(run: Run, problems: Sequence[str | None], *names: StageName) -> None:
    """Remove the records of these steps, because their results are about to be replaced.

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
    """The command that repeats a step."""
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
