"""Does a low rung throw out what helps only long trainings?

Random configurations of the general space are trained in full, for as many epochs as it takes for
regularisation to have its full strength, and for the epochs of the lowest rung:

- with the strength that the space gives to so short a training, as a search does it,
- with full strength, which is what the full training scores after so many epochs,
- with the strength of a short training, and with a schedule of the learning rate that spans it;
  the other two follow the schedule of the full training.
"""

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import replace

from pydantic import BaseModel

from benchmarks.ranking import SEED, Ranking, configurations
from benchmarks.task import BATCH_SIZE, TASKS, Task
from search_spaces._recipe import FULL_EPOCHS
from study.errors import Failed
from study.plan.work import WORKERS_NEED
from study.search.asha import rungs
from study.search.search import _run
from study.training.job import Job, Trained
from study.workers.engine import Engine
from study.workers.local import local_engine


class RungRanks(BaseModel):
    """How the lowest rung ranks configurations, in three ways of training on it."""

    task: str
    growing: Ranking
    full_strength: Ranking
    own_schedule: Ranking


def rung_ranks() -> list[RungRanks]:
    """One per task."""
    with local_engine(None, 0, WORKERS_NEED["imports"]) as engine:
        return [_of_task(replace(task, epochs=FULL_EPOCHS), engine) for task in TASKS.values()]


def _of_task(task: Task, engine: Engine) -> RungRanks:
    low, full = rungs(task.epochs)[0], task.epochs
    whole: list[Future[Trained | Failed]] = []
    short: list[Future[Trained | Failed]] = []
    annealed: list[Future[Trained | Failed]] = []
    for number, values in enumerate(configurations(task)):
        job = Job(
            task.problem, task.signature(), values, SEED + number, task.data, 1, full, BATCH_SIZE
        )
        whole.append(engine.submit(_run, job, key=f"{task.problem}-whole-{number}"))
        first = replace(job, epochs=low, decay_epochs=full)
        short.append(engine.submit(_run, first, key=f"{task.problem}-short-{number}"))
        alone = replace(job, epochs=low)
        annealed.append(engine.submit(_run, alone, key=f"{task.problem}-annealed-{number}"))
    curves = [_curve(engine.wait_for(future)) for future in whole]

    def ranking(rung: Sequence[float]) -> Ranking:
        return Ranking(
            task=task.problem,
            rung_epochs=low,
            full_epochs=full,
            rung=list(rung),
            full=[max(curve) for curve in curves],
        )

    return RungRanks(
        task=task.problem,
        growing=ranking([max(_curve(engine.wait_for(future))) for future in short]),
        full_strength=ranking([max(curve[:low]) for curve in curves]),
        own_schedule=ranking([max(_curve(engine.wait_for(future))) for future in annealed]),
    )


def _curve(outcome: Trained | Failed) -> list[float]:
    return [0.0] if isinstance(outcome, Failed) else outcome.curves["val_accuracy"]
