"""A search as `study search` does it, on the tiny problem, with faults on order: a real process.

python -m tests.driver FOLDER SETTINGS-JSON FAULTS-JSON [WORKERS]

Faults: {"TRIAL": "raise" | "nan" | "hog" | "hang"}. Every epoch that ends adds a line
"TRIAL EPOCH WORKER" to FOLDER/epochs, so that a test can see what was done twice, and by whom. A
worker that hangs has made FOLDER/hanging.
"""

import json
import os
import resource
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console

from study.cli.progress import Screen
from study.data.dataset import DataOptions
from study.errors import Failed, StudyError
from study.plan import work as plan
from study.problem import settings as settings_module
from study.problem.preset_files import validated
from study.problem.problem import Problem
from study.problem.settings import Settings, Work
from study.records.base import Value
from study.records.trial import Trial
from study.run.store import Run
from study.search import search
from study.training import checkpoint, training
from study.training.job import Job, Trained
from study.workers.local import local_engine

EPOCH_SECONDS = 0.15
"""Epochs of the tiny problem would be over before a test could do any harm."""

HANGS_IN = 2
"""The epoch that a worker hangs in; the one before is on disk."""

PATIENCE = 120
"""Seconds after which a process is taken to hang."""

TOO_FAST: dict[str, Value] = {"rate": 1e38}
"""Hyperparameters with which the loss is no number after a step."""

HOG_LIMIT = 1_500_000_000
"""Bytes of memory for all workers, if one is to take too much."""


def use_tiny_problem() -> Problem:
    """Have this process train the tiny problem on the tiny data."""
    from tests import tiny

    settings_module.default_options = lambda _: DataOptions()
    training.load_problem = lambda _: tiny.problem()  # type: ignore[assignment]
    training.cached_dataset = lambda *_: tiny.dataset()  # type: ignore[assignment]
    return tiny.problem()


def run_with_faults(job: Job) -> Trained | Failed:
    """In place of `study.search.search._run`, on a worker."""
    use_tiny_problem()
    number = job.seed - 1
    fault, folder = json.loads(os.environ["FAULTS"]).get(str(number)), Path(os.environ["FOLDER"])
    if fault == "hang":
        hang_once(folder / "hanging")
    if fault == "nan":
        job = replace(job, values=job.values | TOO_FAST)
    search.report_epoch = slowly(folder / "epochs", number, fault)  # type: ignore[assignment]
    return search._run(job)  # in this process, it is the real one


def hang_once(begun: Path) -> None:
    """Have the first worker that gets here hang in an epoch, until it is killed."""
    save = checkpoint.save

    def hang(path: Path, model: Any, saved: checkpoint.Saved) -> None:
        if len(saved.progress.curves["loss"]) == HANGS_IN and not begun.exists():
            begun.touch()
            threading.Event().wait(PATIENCE)
        save(path, model, saved)

    checkpoint.save = hang


def slowly(log: Path, number: int, fault: str | None) -> Any:
    """An `on_epoch` that takes its time, notes the epoch, and does the harm that was ordered."""

    def on_epoch(epoch: int, score: float) -> None:
        from study.workers.worker_process import report_epoch

        time.sleep(EPOCH_SECONDS)
        with log.open("a") as file:
            file.write(f"{number} {epoch} {os.getpid()}\n")
        harm(fault)
        report_epoch(epoch, score)

    return on_epoch


def harm(fault: str | None) -> None:
    """Do it."""
    if fault == "raise":
        raise RuntimeError("ordered")
    if fault == "hog":
        taken = []
        while True:
            taken.append(b"x" * 50_000_000)
            time.sleep(0.05)  # the nanny looks ten times a second


def main(folder: Path, settings: Settings, faults: dict[str, str], workers: int) -> None:
    """Begin the run in the folder, or go on with it."""
    os.chdir(folder)
    os.environ |= {"FAULTS": json.dumps(faults), "FOLDER": str(folder)}
    if "hog" in faults.values():
        resource.setrlimit(resource.RLIMIT_RSS, (HOG_LIMIT, HOG_LIMIT))
    search._run = run_with_faults
    run = Run("demo")
    if not run.folder.exists():
        work = Work(problems=["tiny"], settings=settings, seed=1, plan=["search"])
        dtype = settings.search.dtype
        assert dtype != "auto"  # else what a test expects would depend on the processor
        from tests import tiny

        plan.create_run("demo", work, "none", workers, dtype, {"tiny": tiny.SIGNATURE})
    retries, imports = settings.search.retries, plan.WORKERS_NEED["imports"]
    with run.in_use(), local_engine(workers, retries, imports) as engine:
        from study.steps import carry_out, search_step  # slow, and so are the workers

        problem = use_tiny_problem()
        search_step.load_problem = lambda _: problem  # type: ignore[attr-defined]
        carry_out.carry_out(run, engine, Screen(Console()))


def finished(folder: Path) -> list[Trial]:
    """The trials of the run in that folder."""
    lines = (folder / "results/demo/tiny/trials.jsonl").read_text().splitlines()
    return [Trial.model_validate_json(line) for line in lines]


if __name__ == "__main__":
    try:
        main(
            Path(sys.argv[1]),
            validated(Settings, json.loads(sys.argv[2]), source="test"),
            json.loads(sys.argv[3]),
            int(sys.argv[4]),
        )
    except StudyError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
