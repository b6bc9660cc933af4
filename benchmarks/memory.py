"""Memory of a worker over many small trials of different architectures, each drawn at random.

python -m benchmarks.memory [TRIALS]    # 300 take about five minutes

Prints the resident memory of the one worker after its first trial and after every twentieth, and
its process, which is another one where it was begun anew (see `study.workers.worker_process`).
"""

import os
import random
import sys

import psutil

from study.data import load_dataset
from study.data.sets.lines import Options
from study.libraries.quiet_import import import_tensorflow
from study.plan.work import WORKERS_NEED
from study.problem.problem import load_problem, signature
from study.records.recipe import Budget
from study.search.search import _run
from study.training.job import Job
from study.workers.engine import Engine
from study.workers.local import local_engine

SMALL = Options(images_per_class=6)
EVERY = 20


def main(trials: int) -> None:
    """Train so many networks of the lines' space, an epoch each."""
    import_tensorflow()
    import keras_tuner

    rng = random.Random(1)
    with local_engine(1, 0, WORKERS_NEED["imports"]) as engine:
        space = keras_tuner.HyperParameters()
        problem = load_problem("line")
        known = signature(problem, load_dataset(problem.data, seed=1, options=SMALL))
        problem.build(space, known, Budget(steps=1))
        for number in range(1, trials + 1):
            values = {one.name: one.random_sample(rng.randrange(2**31)) for one in space.space}
            job = Job("line", known, values, number, SMALL, 1, epochs=1, batch_size=64)
            engine.wait_for(engine.submit(_run, job, key=f"trial-{number}"))
            if number == 1 or number % EVERY == 0:
                _print(engine, number)


def _print(engine: Engine, number: int) -> None:
    for pid, rss in engine.everywhere(_memory):  # none while it is begun anew
        print(f"trial {number}: {rss / 1e6:.0f} MB, process {pid}", flush=True)


def _memory() -> tuple[int, int]:
    """On the worker."""
    return os.getpid(), psutil.Process().memory_info().rss


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 300)
