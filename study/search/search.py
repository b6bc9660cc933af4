"""Ask an oracle what to try, have it trained, tell the oracle how it went.

Keras Tuner decides; its own training loop is not used, because it keeps only the best epoch's
numbers and trains one network at a time. Its project folder is written as it would write it.

Oracles are told results in the order they proposed the trials, and always with the same number of
trials in between, so that what they propose depends on the results and never on which worker was
faster: the same seed and number of workers give the same trials. Not so ASHA, unless it is asked
to: it is told each result at once, and no rung waits for a straggler.

An interrupted search goes on by doing it all again, except that the trials it had finished are
not trained but read from its records: the oracle proposes what it would have proposed. If it does
not, the search is refused, and nothing has been written, removed or trained yet.
"""

import shutil
import time
import warnings
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from study.data.dataset import DataOptions
from study.errors import CannotWrite, StudyFailed, WorkerDied, one_line
from study.problem.problem import Problem
from study.problem.settings import SearchSettings, seconds
from study.records.base import DtypePolicy, Signature, Trial, Value
from study.search.oracles import begin_writing, make_oracle, save, split_values
from study.training import checkpoint
from study.training.training import Job, Trained, run_trial
from study.workers.engine import Engine, report_epoch

if TYPE_CHECKING:
    from concurrent.futures import Future

    import keras_tuner

MAX_CONSECUTIVE_FAILURES = 5
"""So many failed trials in a row mean that something other than a hyperparameter is wrong."""

OnTrial = Callable[[Trial], None]
OnProposal = Callable[[int, str, int], None]
"""Called with a proposed trial's number, job key and epochs."""


@dataclass(frozen=True)
class _Running:
    number: int
    trial: Any  # keras_tuner.engine.trial.Trial
    job: Job
    rejected: list[str]
    """Why points that were drawn before it were not taken."""
    future: "Future[Trained | str] | None" = None
    """None as long as finished trials are read: this may be one of them."""


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
    """Search `problem`'s space; every newly finished trial, failed ones too, goes to `on_trial`.

    Args:
        problem: What is searched.
        signature: Of the problem's images and classes.
        workers: 1 or more; how many the search was begun with. Says how many trials are proposed
            before the first is told, and so what is proposed.
        folder: Keras Tuner's project folder.
        finished: What this search gave to `on_trial` before it was interrupted, in that order.
        on_begin: Called when `finished` were all found to be trials of this search, before
            anything is written.
        on_proposal: Called when a trial is handed to the workers.

    Raises:
        StudyFailed: MAX_CONSECUTIVE_FAILURES trials failed in a row, or none succeeded, or
            `finished` are not trials of this search.
        CannotWrite: a checkpoint could not be written.
    """
    oracle = make_oracle(problem, signature, settings, seed, folder)
    at_once = _trials_at_once(settings, workers)
    in_time = _clock(settings, finished, workers)
    listens = settings.tuner != "random"
    to_replay = deque(finished)
    last_known = max((trial.number for trial in finished), default=-1)
    running: dict[int, _Running] = {}
    kept = _Kept(settings.keep, oracle, folder)
    failures = completed = number = 0

    def begin(one: _Running) -> None:
        key = job_key(problem.name, one.number)
        running[one.number] = replace(one, future=engine.submit(_run, one.job, key=key))
        on_proposal(one.number, key, one.job.epochs - one.job.first_epoch)

    def begin_all() -> None:
        on_begin()
        begin_writing(oracle)
        for one in list(running.values()):
            begin(one)

    if not to_replay:
        begin_all()
    while True:
        while _in_line(running, listens) < at_once and (number <= last_known or in_time()):
            proposal = _propose(oracle, number)
            if proposal.status != "RUNNING":
                break  # the oracle has no more to try, or waits for results
            job = _job(
                problem, signature, settings, data, seed, dtype_policy, folder, number, proposal
            )
            running[number] = _Running(number, proposal, job, list(oracle.rejected))
            oracle.rejected.clear()
            if not to_replay:
                begin(running[number])
            number += 1
        if not running and not to_replay:
            break
        replayed = bool(to_replay)
        if replayed:
            record = to_replay.popleft()
            one = _same(running.pop(record.number, None), record)
        else:
            next_told = _next(running, engine, settings.tells_in_order)
            if next_told is None:
                continue
            one = running.pop(next_told)
            record = _record(one, _outcome(one, engine))
            on_trial(record)
        _tell(oracle, one.trial, record, one.job.first_epoch)
        kept.note(record)
        completed += record.status == "completed"
        failures = failures + 1 if record.status == "failed" else 0
        # Whoever goes on after that may have put it right: with fewer workers, say.
        if failures >= MAX_CONSECUTIVE_FAILURES and not replayed:
            raise StudyFailed(
                f"{problem.name}: {failures} trials failed in a row, the last with: {record.error}"
            )
        if replayed and not to_replay:
            begin_all()
        if not to_replay:
            kept.settle([one.trial.hyperparameters.values for one in running.values()])
    kept.settle_all()
    save(oracle)
    if not completed:
        raise StudyFailed(
            f"{problem.name}: no trial of the search succeeded; see trials.jsonl, and begin anew "
            "with another --name"
        )


def job_key(problem: str, number: int) -> str:
    """How the workers and the progress bar call a trial."""
    return f"{problem}-search-{number}"


def _trials_at_once(settings: SearchSettings, workers: int) -> int:
    """How many trials are proposed before the first of them is told.

    Where results are told in order, twice as many as workers, so that none waits while the oldest
    trial is still running. With a time limit no more than workers, so that none is left to start
    when time is up.
    """
    in_advance = settings.tells_in_order and workers > 1 and not settings.time_limit
    return 2 * workers if in_advance else workers


def _in_line(running: dict[int, _Running], listens: bool) -> int:
    """Trials that count as going on.

    Where the oracle listens to results, so do those that are done and wait for an older one to be
    told: or what is proposed would depend on which worker is faster. Where it does not, nobody
    waits for a straggler.
    """
    going_on = [one for one in running.values() if one.future is None or not one.future.done()]
    straggler = bool(going_on) and going_on[0] is next(iter(running.values()))
    return len(going_on) if straggler and not listens else len(running)


def _clock(settings: SearchSettings, finished: Sequence[Trial], workers: int) -> Callable[[], bool]:
    """Whether a further trial may start; before an interruption, workers were always busy."""
    if settings.time_limit is None:
        return lambda: True
    spent = sum(trial.seconds for trial in finished) / workers
    deadline = time.monotonic() + seconds(settings.time_limit) - spent
    return lambda: time.monotonic() < deadline


def _propose(oracle: "keras_tuner.Oracle", number: int) -> Any:
    """Keras Tuner's next trial; its status is not RUNNING if there is none now."""
    with warnings.catch_warnings():
        # On few trials a Gaussian process ends at the bounds of its kernel, as it may.
        warnings.filterwarnings("ignore", module="sklearn.gaussian_process")
        return oracle.create_trial(f"worker{number}")


def _job(
    problem: Problem,
    signature: Signature,
    settings: SearchSettings,
    data: DataOptions,
    seed: int,
    dtype_policy: DtypePolicy,
    folder: Path,
    number: int,
    proposal: Any,
) -> Job:
    values, tuner = split_values(proposal.hyperparameters.values)
    parent = tuner.get("tuner/trial_id")
    return Job(
        problem=problem.name,
        signature=signature,
        values=values,
        seed=seed + number,
        data=data,
        data_seed=seed,
        epochs=int(tuner.get("tuner/epochs", settings.max_epochs)),
        batch_size=settings.batch_size,
        max_images=settings.max_images,
        # On a low rung, too: with a rate that had decayed by its end, trials that go up came out
        # worse than those that never stopped.
        decay_epochs=settings.max_epochs,
        dtype_policy=dtype_policy,
        first_epoch=int(tuner.get("tuner/initial_epoch", 0)),
        load_from=checkpoint_path(folder, str(parent)) if parent is not None else None,
        checkpoint=checkpoint_path(folder, proposal.trial_id),
    )


def checkpoint_path(folder: Path, trial_id: str) -> Path:
    """Where Keras Tuner itself keeps a trial's weights."""
    return folder.resolve() / f"trial_{trial_id}" / checkpoint.FILE


def _run(job: Job) -> Trained | str:
    """On a worker: train, or say why not. What is the trial's fault fails it and not the search."""
    try:
        return run_trial(job, report_epoch)
    except CannotWrite:
        raise
    except Exception as error:
        return one_line(error)


def _same(one: _Running | None, record: Trial) -> _Running:
    """The proposal that the record of a finished trial is about.

    Raises:
        StudyFailed: the oracle proposed something else this time.
    """
    if one is not None:
        values, tuner = split_values(one.trial.hyperparameters.values)
        if record.tuner == tuner and record.hyperparameters.items() <= values.items():
            return one
    raise StudyFailed(
        f"trial {record.number} in trials.jsonl is not what this search proposes: the search "
        "space, or Keras Tuner, has changed since; begin a new run"
    )


def _next(running: dict[int, _Running], engine: Engine, in_order: bool) -> int | None:
    """Wait until a trial is done, and say which one is to be told next: the oldest, or any.

    None: another than the oldest is done. Its worker may have a new trial.
    """
    futures = {number: one.future for number, one in running.items() if one.future}
    if not in_order:
        engine.wait_any(list(futures.values()))
        return next(number for number, future in futures.items() if future.done())
    oldest = next(iter(futures))
    if not futures[oldest].done():
        engine.wait_any([future for future in futures.values() if not future.done()])
    return oldest if futures[oldest].done() else None


def _outcome(one: _Running, engine: Engine) -> Trained | str:
    assert one.future
    try:
        outcome: Trained | str = engine.wait_for(one.future)
    except WorkerDied as error:
        return str(error)
    return outcome


def _record(running: _Running, outcome: Trained | str) -> Trial:
    values, tuner = split_values(running.trial.hyperparameters.values)
    trial = Trial(
        number=running.number,
        trial_id=running.trial.trial_id,
        hyperparameters=values,
        tuner=tuner,
        status="failed",
        seed=running.job.seed,
        rejected=running.rejected,
    )
    if isinstance(outcome, str):
        return trial.model_copy(update={"error": outcome})
    return trial.model_copy(
        update={
            "status": "completed",
            "hyperparameters": outcome.hyperparameters,
            "score": outcome.score,
            "best_epoch": outcome.best_epoch,
            "epochs": running.job.epochs,
            "curves": outcome.curves,
            "parameters": outcome.parameters,
            "seconds": outcome.seconds,
            "latency": outcome.latency,
            "finished": outcome.finished,
        }
    )


def _tell(oracle: "keras_tuner.Oracle", trial: Any, record: Trial, first_epoch: int) -> None:
    if record.status == "completed":
        # Not by `update_trial` every epoch, which writes the trial's file every time: with nine
        # epochs that was half of what the driver spends a trial.
        told = oracle.get_trial(trial.trial_id)
        told.metrics = type(told.metrics).from_config(_metrics(record, first_epoch))
        trial.status = "COMPLETED"
    else:
        trial.status, trial.message = "FAILED", record.error
    oracle.end_trial(trial)


def _metrics(record: Trial, first_epoch: int) -> dict[str, Any]:
    """The trial's curves as Keras Tuner writes them."""
    return {
        "metrics": {
            name: {
                "direction": "min" if name.endswith("loss") else "max",
                "observations": [
                    {"value": [value], "step": epoch}
                    for epoch, value in enumerate(curve, start=first_epoch + 1)
                ],
            }
            for name, curve in record.curves.items()
        }
    }


class _Kept:
    """Removes the checkpoints that nobody needs any more.

    Needed are those of running trials, of the best trials, and of those that may go up a rung.
    """

    def __init__(self, keep: int, oracle: "keras_tuner.Oracle", folder: Path) -> None:
        from study.search.asha import AshaOracle

        self._keep, self._folder, self._trials = keep, folder, oracle.trials
        self._may_go_up: Callable[[str], bool] = (
            oracle.may_go_up
            if isinstance(oracle, AshaOracle)
            else partial(_may_go_up_a_bracket, oracle)
        )
        self._completed: dict[str, Trial] = {}
        """Trials that still have a checkpoint, by trial id."""
        self._failed: list[str] = []
        """Trial ids of those that may still have one."""

    def note(self, record: Trial) -> None:
        """After a trial was told; removes nothing yet."""
        if record.status == "completed":
            self._completed[record.trial_id] = record
        else:
            self._failed.append(record.trial_id)

    def settle(self, running: Sequence[dict[str, Value]]) -> None:
        """While trials with the values `running` are being trained."""
        while self._failed:
            self._remove(self._failed.pop())
        continued = {str(values.get("tuner/trial_id")) for values in running}
        self._remove_all_but(lambda one: one.trial_id in continued or self._may_go_up(one.trial_id))

    def settle_all(self) -> None:
        """After the search.

        Trials that were begun before an interruption and not again, for lack of time, go whole:
        Keras Tuner would take them for running.
        """
        self._remove_all_but(lambda _: False)
        for trial in self._folder.glob("trial_*"):
            if trial.name.removeprefix("trial_") not in self._trials:
                shutil.rmtree(trial)

    def _remove_all_but(self, needed: Callable[[Trial], bool]) -> None:
        ranked = sorted(self._completed.values(), key=lambda one: (-(one.score or 0), one.number))
        for record in ranked[self._keep :]:
            if not needed(record):
                del self._completed[record.trial_id]
                self._remove(record.trial_id)

    def _remove(self, trial_id: str) -> None:
        checkpoint_path(self._folder, trial_id).unlink(missing_ok=True)


def _may_go_up_a_bracket(oracle: "keras_tuner.Oracle", trial_id: str) -> bool:
    """Whether the trial is in an unfinished bracket of Hyperband, below the top and not gone up.

    Keras Tuner shows its brackets to nobody. Those that are finished it forgets when next asked.
    """
    for bracket in getattr(oracle, "_brackets", ()):
        for below, above in pairwise(bracket["rounds"]):
            if trial_id in {one["id"] for one in below} - {one["past_id"] for one in above}:
                return True
    return False
