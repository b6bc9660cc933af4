"""What every contestant is given: the same space, images, budget and clock."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from study.data import load_dataset
from study.data.dataset import DataOptions
from study.data.sets import lines, mnist
from study.problem import problem as problems
from study.problem.problem import Problem, load_problem
from study.records.recipe import Budget
from study.records.study import Signature

if TYPE_CHECKING:
    import keras_tuner

Result = tuple[float, dict[str, Any]]
"""Seconds since the contestant's process began, and what it told, with a "score"."""

ROOT = Path(__file__).parents[1]
BATCH_SIZE = 64
ENVIRONMENT = os.environ.copy()
"""As the benchmark was started with it: engines set threads and more for their workers."""


@dataclass(frozen=True)
class Task:
    """A search, small enough that dozens of them can be waited for."""

    problem: str
    data: DataOptions
    epochs: int
    """Of a trial that is not ended early."""

    def load(self) -> Problem:
        """Its search space."""
        return load_problem(self.problem)

    def arrays(
        self, seed: int
    ) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
        """(images, one-hot labels) of the training and of the validation part.

        Args:
            seed: Of the search: `study search --seed` draws its images by it.
        """
        dataset = load_dataset(self.load().data, seed=seed, options=self.data)
        parts = (dataset.train, dataset.validation)
        classes = np.eye(len(dataset.columns["class"]), dtype=np.float32)
        train, validation = ((part.images, classes[part.labels["class"]]) for part in parts)
        return train, validation

    def signature(self) -> Signature:
        """What its networks take and tell apart."""
        return _signature(self.problem, self.data)

    def batch_size(self, hp: "keras_tuner.HyperParameters") -> int:
        """Images per optimizer step at that point of the space."""
        recipe = self.load().recipe(hp, self.signature(), self.epochs)
        return recipe.batch_size or BATCH_SIZE

    def budget(self, hp: "keras_tuner.HyperParameters", images: int) -> Budget:
        """Of a whole trial on so many images."""
        return Budget(-(-images // self.batch_size(hp)) * self.epochs, self.epochs)


@cache
def _signature(name: str, data: DataOptions) -> Signature:
    problem = load_problem(name)
    return problems.signature(problem, load_dataset(problem.data, seed=1, options=data))


TASKS = {
    # 1,500 images for training, 1,000 for validation.
    "mnist": Task("mnist", mnist.Options(images=2500, validation=0.4), epochs=3),
    # 2,765 images for training, 691 for validation.
    "line": Task("line", lines.Options(images_per_class=60, validation=0.2), epochs=3),
}


@contextmanager
def running(command: list[str], folder: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """A contestant in a process group of its own, which does not outlive the block."""
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, *command],
            cwd=folder,
            env=ENVIRONMENT | {"PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def watch(command: list[str], folder: Path, scores: Path, limit: float) -> Generator[Result]:
    """Run a contestant and yield its results as `scores` grows.

    Args:
        scores: The file it adds a line of JSON with a "score" to; inside `folder`.
        limit: Seconds after which it is stopped.

    Raises:
        RuntimeError: it failed.
    """
    started, seen = time.perf_counter(), 0
    with running(command, folder) as process:
        while (now := time.perf_counter() - started) < limit:
            ended = process.poll() is not None
            lines = scores.read_bytes().split(b"\n")[:-1] if scores.exists() else []
            for line in lines[seen:]:
                yield now, json.loads(line)
            seen = len(lines)
            if ended:
                if process.returncode:
                    raise RuntimeError(f"{command}: {(folder / 'log').read_text()[-2000:]}")
                return
            time.sleep(0.05)
