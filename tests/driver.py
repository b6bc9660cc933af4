"""A search as `study search` does it, on the tiny problem, with faults on order: a real process.

python -m tests.driver FOLDER SETTINGS-JSON FAULTS-JSON [WORKERS]

Faults: {"TRIAL": "raise" | "nan" | "hog"}. Every epoch that ends adds a line "TRIAL EPOCH" to
FOLDER/epochs, so that a test can see what was done twice.
"""

import json
import os
import resource
import sys
import time
from pathlib import Path
from typing import Any

from rich.console import Console

from study import runs, search, train
from study.engine import Engine, local_engine
from study.errors import StudyError
from study.problems import Problem
from study.records import Trial
from study.settings import Settings, Work, validated
from study.store import Run
from study.train import Job, Trained

EPOCH_SECONDS = 0.15
"""Epochs of the tiny problem would be over before a test could do any harm."""

HOG_LIMIT = 1_500_000_000
"""Bytes of memory for all workers, if one is to take too much."""


def use_tiny_problem() -> Problem:
    """Have this process train the tiny problem on the tiny data."""
    from tests import tiny

    train.load_problem = lambda _: tiny.problem()  # type: ignore[assignment]
    train.cached_dataset = lambda *_: tiny.dataset()  # type: ignore[assignment]
    return tiny.problem()


def run_with_faults(job: Job) -> Trained | str:
    """In place of `study.search._run`, on a worker."""
    use_tiny_problem()
    number = job.seed - 1
    fault = json.loads(os.environ["FAULTS"]).get(str(number))
    search.report_epoch = slowly(Path(os.environ["EPOCHS"]), number, fault)  # type: ignore[assignment]
    return search._run(job)  # in this process, it is the real one


def slowly(log: Path, number: int, fault: str | None) -> Any:
    """An `on_epoch` that takes its time, notes the epoch, and does the harm that was ordered."""

    def on_epoch(epoch: int, score: float) -> None:
        from study.engine import report_epoch

        time.sleep(EPOCH_SECONDS)
        with log.open("a") as file:
            file.write(f"{number} {epoch}\n")
        harm(fault)
        report_epoch(epoch, score)

    return on_epoch


def harm(fault: str | None) -> None:
    """Do it."""
    if fault == "raise":
        raise RuntimeError("ordered")
    if fault == "nan":
        raise train.Diverged("the training loss became nan in epoch 1")
    if fault == "hog":
        taken = []
        while True:
            taken.append(b"x" * 50_000_000)
            time.sleep(0.05)  # the nanny looks ten times a second


def main(folder: Path, settings: Settings, faults: dict[str, str], workers: int) -> None:
    """Begin the run in the folder, or go on with it."""
    os.chdir(folder)
    os.environ |= {"FAULTS": json.dumps(faults), "EPOCHS": str(folder / "epochs")}
    if "hog" in faults.values():
        resource.setrlimit(resource.RLIMIT_RSS, (HOG_LIMIT, HOG_LIMIT))
    search._run = run_with_faults
    run = Run("demo")
    if not run.folder.exists():
        work = Work(problems=["tiny"], settings=settings, seed=1, plan=["search"])
        runs.create_run("demo", work, "none", workers)
    with run.in_use(), local_engine(workers, settings.search.retries) as engine:
        ready(folder, engine)
        from study import stages  # slow, and so are the workers

        problem = use_tiny_problem()
        stages.load_problem = lambda _: problem  # type: ignore[attr-defined]
        stages.carry_out(run, engine, Console())


def ready(folder: Path, engine: Engine) -> None:
    """Say which processes the workers are."""
    pids = engine._client.run(os.getpid)
    (folder / "workers").write_text(json.dumps(list(pids.values())))


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
