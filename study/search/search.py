"""Ask an oracle what to try, have it trained, tell the oracle the result.

Keras Tuner decides what to try; its own training loop is not used, because it keeps only the best
epoch's numbers and trains one network at a time. Its project folder is written as Keras Tuner would
write it. `study.search.trial_queue` decides in which order trials are proposed and told.

An interrupted search continues by doing everything again, except that finished trials are not
trained but read from their records, so the oracle proposes the same trials as before. If it does
not, the search is refused before anything is written, removed or trained.
"""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from study.data.dataset import DataOptions
from study.errors import Failed, StudyFailed, attempt
from study.problem.problem import Problem
from study.problem.settings import SearchSettings, seconds
from study.records.study import DtypePolicy, Signature
from study.records.trial import Trial
from study.search.oracles import make_oracle
from study.search.retention import Retention
from study.search.trial_queue import TrialQueue, Window
from study.search.trial_records import job_of
from study.training.job import Job, Trained
from study.training.training import run_trial
from study.workers.engine import Engine
from study.workers.worker_process import report_epoch

if TYPE_CHECKING:
    from concurrent.futures import Future

MAX_CONSECUTIVE_FAILURES = 5
"""This many failed trials in a row mean that something other than a hyperparameter is wrong."""

OnTrial = Callable[[Trial], None]
OnProposal = Callable[[int, str, int], None]
"""Called with a proposed trial's number, job key and epochs."""


def search(
    problem: Problem,
    signature: Signature,
    settings: SearchSettings,
    data: DataOptions,
    seed: int,
    workers: int,
    dtype_policy: DtypePolicy,
    folder: Path,
    engine: Engine,
    finished: Sequence[Trial],
    on_begin: Callable[[], None],
    on_proposal: OnProposal,
    on_trial: OnTrial,
) -> None:
    """Search `problem`'s space; every newly finished trial, even a failed one, goes to `on_trial`.

    Args:
        problem: The problem whose networks are searched.
        signature: The problem's images and classes.
        settings: Settings of the search.
        data: Options of the data to train on.
        seed: Seed of the search, its trials and the data's split.
        workers: Number of workers that the search was started with, 1 or more. It decides how many
            trials are proposed before the first is told, and so which trials are proposed.
        dtype_policy: Arithmetic of the trials.
        folder: Keras Tuner's project folder.
        engine: The workers.
        finished: Records that this search gave to `on_trial` before it was interrupted, in order.
        on_begin: Called when all of `finished` were found to be trials of this search, before
            anything is written.
        on_proposal: Called when a trial is handed to the workers.
        on_trial: Called with the record of a trial before the oracle is told.

    Raises:
        StudyFailed: MAX_CONSECUTIVE_FAILURES trials failed in a row, or none succeeded, or
            `finished` are not trials of this search.
        CannotWrite: A checkpoint could not be written.
    """

    def job(number: int, trial: Any) -> Job:
        return job_of(number, trial, problem, signature, settings, data, seed, dtype_policy, folder)

    def train(number: int, job: Job) -> "Future[Trained | Failed]":
        key = job_key(problem.name, number)
        future = engine.submit(_run, job, key=key)
        on_proposal(number, key, job.epochs - job.first_epoch)
        return future

    def begin() -> None:
        on_begin()
        oracle.begin_writing()
        queue.begin()

    oracle = make_oracle(problem, signature, settings, seed, folder)
    retention = Retention(settings.keep, oracle, folder)
    may_start = _clock(settings, finished, workers)
    queue = TrialQueue(oracle, Window.of(settings, workers), job, train, may_start, finished)
    failures = completed = 0
    if not finished:
        begin()
    while queue.propose():
        replayed = queue.replays
        told = queue.next_result(engine)
        if told is None:
            continue
        one, record = told
        if not replayed:
            on_trial(record)
        queue.tell(one, record)
        retention.note(record)
        completed += record.status == "completed"
        failures = failures + 1 if record.status == "failed" else 0
        # Failures before an interruption do not count: the cause may be gone, e.g. with fewer
        # workers.
        if failures >= MAX_CONSECUTIVE_FAILURES and not replayed:
            raise StudyFailed(
                f"{problem.name}: {failures} trials failed in a row, the last with: {record.error}"
            )
        if replayed and not queue.replays:
            begin()
        if not queue.replays:
            retention.settle(queue.running())
    retention.settle_all()
    oracle.save_now()
    if not completed:
        raise StudyFailed(
            f"{problem.name}: no trial of the search succeeded; see trials.jsonl, and start a new "
            "run with another --name"
        )


def job_key(problem: str, number: int) -> str:
    """The name of a trial for the workers and the progress bar."""
    return f"{problem}-search-{number}"


def _clock(settings: SearchSettings, finished: Sequence[Trial], workers: int) -> Callable[[], bool]:
    """Says whether a further trial may start; before an interruption all workers count as busy."""
    if settings.time_limit is None:
        return lambda: True
    spent = sum(trial.seconds for trial in finished) / workers
    deadline = time.monotonic() + seconds(settings.time_limit) - spent
    return lambda: time.monotonic() < deadline


def _run(job: Job) -> Trained | Failed:
    """Train on a worker, or say why it failed; only the trial fails if it is the trial's fault."""
    return attempt(run_trial, job, report_epoch)
