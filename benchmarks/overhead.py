"""Overhead: seconds a trial adds beyond its epochs, from a worker's second trial on.

Trials of one epoch and of three are done in turn, without checkpoints; the difference gives an
epoch. What a trial of one epoch with its checkpoint takes beyond that, as the driver sees it, is
overhead: build, trace, checkpoint, scheduling.
"""

import statistics
import tempfile
import time
from pathlib import Path

import psutil
from pydantic import BaseModel

from benchmarks.matrix_peak import TYPICAL
from benchmarks.task import BATCH_SIZE, TASKS
from study.errors import Failed
from study.plan.work import WORKERS_NEED
from study.problem.problem import load_problem
from study.records.base import Value
from study.search.search import _run
from study.training.job import Job
from study.workers.engine import Engine
from study.workers.local import local_engine

REPEATS = 8


class Overhead(BaseModel):
    """Seconds, medians."""

    network: str
    epoch: float
    overhead: float
    memory_mb: float
    """By which the worker grew over the last two thirds of the trials."""


def overheads() -> list[Overhead]:
    """Of trials of the baseline and of a typical tuned network."""
    baseline = load_problem("mnist").baseline
    with (
        local_engine(1, 0, WORKERS_NEED["imports"]) as engine,
        tempfile.TemporaryDirectory() as folder,
    ):
        return [
            _overhead(engine, Path(folder), name, values)
            for name, values in (("baseline", baseline), ("tuned", TYPICAL))
        ]


def _overhead(engine: Engine, folder: Path, name: str, values: dict[str, Value]) -> Overhead:
    took: dict[str, list[float]] = {"short": [], "long": [], "kept": []}
    memory = []
    for repeat in range(REPEATS + 1):
        for kind, seconds in took.items():
            key = f"{name}-{kind}-{repeat}"
            job = Job(
                "mnist",
                TASKS["mnist"].signature(),
                values,
                1 + repeat,
                TASKS["mnist"].data,
                1,
                epochs=3 if kind == "long" else 1,
                batch_size=BATCH_SIZE,
                checkpoint=folder / f"{key}.weights.h5" if kind == "kept" else None,
            )
            started = time.perf_counter()
            outcome = engine.wait_for(engine.submit(_run, job, key=key))
            assert not isinstance(outcome, Failed), outcome
            if repeat:  # a worker's first trials load the data and warm up
                seconds.append(time.perf_counter() - started)
        memory += engine.everywhere(_memory)
    short, long, kept = (statistics.median(seconds) for seconds in took.values())
    epoch = (long - short) / 2
    return Overhead(
        network=name,
        epoch=epoch,
        overhead=kept - epoch,
        memory_mb=(memory[-1] - memory[len(memory) // 3]) / 1e6,
    )


def _memory() -> int:
    """On the worker: bytes it takes."""
    resident: int = psutil.Process().memory_info().rss
    return resident
