"""Share of a core's matrix peak that training reaches: all else is memory traffic and overhead.

The peak is the fastest product of two large float32 matrices on one worker. Counted are the
multiplications and additions of convolutions and dense layers, forward and backward; the backward
pass has twice those of the forward pass, but the first layer needs no gradient of its input.
"""

import time
from typing import TYPE_CHECKING

import numpy as np
from pydantic import BaseModel

from benchmarks.task import BATCH_SIZE, TASKS
from study.plan.work import WORKERS_NEED
from study.problem.network_size import layer_operations, operations
from study.problem.problem import load_problem
from study.records.base import Value
from study.records.recipe import Budget
from study.training.building import build
from study.training.job import Job
from study.training.training import run_trial
from study.workers.engine import Engine
from study.workers.local import local_engine

if TYPE_CHECKING:
    import keras

SIZE = 2048
EPOCHS = (1, 5)
REPEATS = 3

TYPICAL: dict[str, Value] = {
    "kernel_first": 5,
    "filters": 32,
    "depth": 3,
    "kernel": 3,
    "growth": 1.5,
    "downsampling": "max",
    "batch_norm": True,
    "summary": "flatten",
    "dense_units_deep": 256,
    "dropout_at": "features",
    "dropout": 0.2,
    "optimizer": "adam",
    "learning_rate": 1.5e-3,
    "schedule": "cosine",
}
"""A network like those that searches on MNIST choose."""


class Share(BaseModel):
    """How much of the peak one network's training reaches, on one worker."""

    network: str
    peak_gflops: float
    gflops: float
    images_per_second: float

    @property
    def share(self) -> float:
        """Of the peak, in [0, 1]."""
        return self.gflops / self.peak_gflops


def shares() -> list[Share]:
    """Of the baseline and of a typical tuned network."""
    baseline = load_problem("mnist").baseline
    with local_engine(1, 0, WORKERS_NEED["imports"]) as engine:
        return [_share(engine, "baseline", baseline), _share(engine, "tuned", TYPICAL)]


def _share(engine: Engine, name: str, values: dict[str, Value]) -> Share:
    task = TASKS["mnist"]
    peak = engine.wait_for(engine.submit(measure_peak, key=f"peak-{name}"))
    took = {
        epochs: min(_seconds(engine, name, values, epochs, n) for n in range(REPEATS))
        for epochs in EPOCHS
    }
    (train, _), (validation, _) = task.arrays(seed=1)
    epoch = (took[EPOCHS[1]] - took[EPOCHS[0]]) / (EPOCHS[1] - EPOCHS[0])
    model, _ = build(task.load(), task.signature(), values, Budget(steps=1))
    forward, first = flops(model)
    work = len(train) * (3 * forward - first) + len(validation) * forward
    return Share(
        network=name,
        peak_gflops=peak,
        gflops=work / epoch / 1e9,
        images_per_second=len(train) / epoch,
    )


def _seconds(
    engine: Engine, name: str, values: dict[str, Value], epochs: int, repeat: int
) -> float:
    task = TASKS["mnist"]
    job = Job("mnist", task.signature(), values, 1, task.data, 1, epochs, BATCH_SIZE)
    key = f"{name}-{epochs}-{repeat}"
    seconds: float = engine.wait_for(engine.submit(run_trial, job, key=key)).seconds
    return seconds


def measure_peak() -> float:
    """On a worker: GFlop/s of the fastest of some products of two SIZE x SIZE matrices."""
    import tensorflow as tf

    one = tf.constant(np.random.default_rng(1).random((SIZE, SIZE), dtype=np.float32))
    times = []
    for _ in range(12):
        started = time.perf_counter()
        tf.matmul(one, one).numpy()
        times.append(time.perf_counter() - started)
    return 2 * SIZE**3 / min(times) / 1e9


def flops(model: "keras.Model") -> tuple[int, int]:
    """Multiplications and additions of an image's forward pass: (all, the first layer's)."""
    first = next(layer for layer in model.layers if hasattr(layer, "kernel"))
    return 2 * operations(model), 2 * layer_operations(first)
