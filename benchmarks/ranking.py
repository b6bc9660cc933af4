"""Do short trainings rank networks as long ones do? And what is a good network here?

Random configurations are trained in full, and for the epochs of the lowest rung. The target of the
races is the score that one in ten of them reaches: random search then needs about ten trials.
"""

import tempfile
from pathlib import Path

import numpy as np
from pydantic import BaseModel
from scipy import stats

from benchmarks.task import BATCH_SIZE, TASKS, Task
from study.errors import Failed
from study.plan.work import WORKERS_NEED
from study.problem.settings import SearchSettings
from study.records.base import Value
from study.search.asha import rungs
from study.search.oracles import make_oracle, split_values
from study.search.search import _run
from study.training.job import Job, Trained
from study.workers.engine import Engine
from study.workers.local import local_engine

CONFIGURATIONS = 20
SEED = 1000
"""Not one of the races'."""


class Ranking(BaseModel):
    """Scores of some configurations after little and after full training."""

    task: str
    rung_epochs: int
    full_epochs: int
    rung: list[float]
    full: list[float]

    @property
    def correlation(self) -> float:
        """Spearman's."""
        return float(stats.spearmanr(self.rung, self.full).statistic)

    @property
    def interval(self) -> tuple[float, float]:
        """95% by bootstrap over the configurations."""
        rng, size = np.random.default_rng(1), len(self.full)
        first, full = np.array(self.rung), np.array(self.full)
        samples = rng.integers(size, size=(2000, size))
        found = [
            stats.spearmanr(first[rows], full[rows]).statistic
            for rows in samples
            if np.ptp(first[rows]) and np.ptp(full[rows])  # else there is nothing to rank
        ]
        low, high = np.quantile(found, [0.025, 0.975])
        return float(low), float(high)

    @property
    def target(self) -> float:
        """The score that one in ten reaches."""
        return float(np.quantile(self.full, 0.9))


def rankings() -> list[Ranking]:
    """One a task."""
    with local_engine(None, 0, WORKERS_NEED["imports"]) as engine:
        return [_ranking(task, engine) for task in TASKS.values()]


def _ranking(task: Task, engine: Engine) -> Ranking:
    low, full = rungs(task.epochs)[0], task.epochs
    values = configurations(task)
    futures = {
        (epochs, number): engine.submit(
            _run,
            Job(
                task.problem,
                task.signature(),
                one,
                SEED + number,
                task.data,
                data_seed=1,
                epochs=epochs,
                batch_size=BATCH_SIZE,
                decay_epochs=full,
            ),
            key=f"{task.problem}-{epochs}-{number}",
        )
        for number, one in enumerate(values)
        for epochs in (low, full)
    }
    best = {key: _best(engine.wait_for(future)) for key, future in futures.items()}
    return Ranking(
        task=task.problem,
        rung_epochs=low,
        full_epochs=full,
        rung=[best[low, number] for number in range(len(values))],
        full=[best[full, number] for number in range(len(values))],
    )


def _best(outcome: Trained | Failed) -> float:
    return 0.0 if isinstance(outcome, Failed) else outcome.score


def configurations(task: Task) -> list[dict[str, Value]]:
    """As random search would draw them."""
    settings = SearchSettings(tuner="random", max_trials=CONFIGURATIONS + 1)
    with tempfile.TemporaryDirectory() as folder:
        oracle = make_oracle(task.load(), task.signature(), settings, SEED, Path(folder) / "search")
        drawn = [oracle.create_trial(str(n)) for n in range(CONFIGURATIONS + 1)]
    return [split_values(one.hyperparameters.values)[0] for one in drawn[1:]]  # not the baseline
