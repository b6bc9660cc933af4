"""Growth: what the driver spends a trial as trials and workers become many.

Oracles, Dask's scheduling and the store are the real ones; training is a stub that takes no time,
and the workers are threads of this process. So nothing but the driver's own work is timed.

    python -m benchmarks.growth TUNER TRIALS WORKERS    # one cell; prints it as JSON
"""

import json
import os
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Iterator
from contextlib import suppress

import psutil
from pydantic import BaseModel

from benchmarks.task import ROOT, TASKS
from study.libraries.quiet_import import import_tensorflow
from study.plan import work as plan
from study.problem.preset_files import validated
from study.problem.problem import load_problem
from study.problem.settings import Settings, Work
from study.records.base import now
from study.records.trial import Trial
from study.search import search
from study.training.job import Job, Trained
from study.workers.engine import Engine

LIMIT = 300.0
"""Seconds after which a cell is stopped, wherever it is."""

CELLS = [
    *[("random", trials, workers) for workers in (2, 64, 512) for trials in (10, 100, 1000)],
    *[(tuner, trials, 64) for tuner in ("asha", "bayesian") for trials in (10, 100, 1000)],
    *[(tuner, 10_000, 64) for tuner in ("random", "asha")],
]


QUIET_WORKERS = {
    "distributed.worker.profile.enabled": False,
    "distributed.admin.system-monitor.interval": "1h",
    "distributed.admin.tick.interval": "1h",
}
"""Of Dask: hundreds of workers that watch themselves, fifty times a second each, in one process
leave the driver no time."""


class Growth(BaseModel):
    """One search with stubs for training."""

    tuner: str
    trials: int
    workers: int
    finished: int
    """Results that were recorded, within LIMIT."""
    ms_a_trial: float
    """Over the whole search."""
    ms_a_trial_at_the_end: float
    """Over its last tenth."""
    memory_mb: float
    """By which the driver, scheduler and workers grew."""


class TimeIsUp(Exception):
    """LIMIT."""


def growths() -> Iterator[Growth]:
    """One process a cell, so that none inherits the memory of another."""
    for cell in CELLS:
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.growth", *map(str, cell)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        yield Growth.model_validate_json(done.stdout.splitlines()[-1])


def measure(tuner: str, trials: int, workers: int) -> Growth:
    """In a working directory of its own."""
    import dask
    from distributed import Client, LocalCluster

    import_tensorflow()  # as `local_engine` does, not while hundreds of workers want the processor
    search._run = instantly
    budget = {"tuner": tuner, "max_trials": trials, "max_epochs": 9, "keep": 0}
    settings = validated(Settings, {"search": budget}, source="growth")
    work = Work(problems=["mnist"], settings=settings, seed=1, plan=["search"])
    ends: list[float] = []
    with (
        dask.config.set(QUIET_WORKERS),
        LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=False,
            dashboard_address="127.0.0.1:0",
            memory_limit=0,  # they share one memory, each would think it its own
        ) as cluster,
        Client(cluster) as client,
    ):
        engine = Engine(client, retries=0)
        run = plan.create_run("growth", work, "growth", workers)
        memory = psutil.Process().memory_info().rss
        started = time.perf_counter()

        def keep(trial: Trial) -> None:
            run.append_trial("mnist", trial)
            ends.append(time.perf_counter() - started)
            if ends[-1] > LIMIT:
                raise TimeIsUp

        with suppress(TimeIsUp):
            search.search(
                load_problem("mnist"),
                TASKS["mnist"].signature(),
                settings.search,
                settings.data.of("mnist"),
                1,
                workers,
                "float32",
                run.search_folder("mnist"),
                engine,
                [],
                on_begin=lambda: None,
                on_proposal=lambda *_: None,
                on_trial=keep,
            )
        grown = psutil.Process().memory_info().rss - memory
    tenth = max(1, len(ends) // 10)
    last = (ends[-1] - ends[-1 - tenth]) / tenth if len(ends) > tenth else ends[-1] / len(ends)
    return Growth(
        tuner=tuner,
        trials=trials,
        workers=workers,
        finished=len(ends),
        ms_a_trial=1000 * ends[-1] / len(ends),
        ms_a_trial_at_the_end=1000 * last,
        memory_mb=grown / 1e6,
    )


def instantly(job: Job) -> Trained:
    """In place of training: a score that depends on the hyperparameters alone."""
    score = zlib.crc32(json.dumps(job.values, sort_keys=True).encode()) / 2**32
    names = [f"{part}{name}" for part in ("", "val_") for name in ("loss", "accuracy")]
    curves = {name: [score] * (job.epochs - job.first_epoch) for name in names}
    return Trained(curves, job.epochs, score, 100_000, job.values, 1.0, 1e-3, now())


if __name__ == "__main__":
    # By this name, Dask sends workers `instantly` as a reference, like `search._run`; that of
    # __main__ it would pickle whole, anew for every trial.
    from benchmarks import growth

    os.environ.setdefault("DASK_LOGGING__DISTRIBUTED", "critical")
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        found = growth.measure(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
        os.chdir(ROOT)
    print(found.model_dump_json())
