"""The trials of a search between the oracle's proposal and the moment it is told the result.

Oracles are told results in the order in which they proposed the trials, and always with the same
number of trials in between, so that their proposals depend on the results and never on which worker
was faster: the same seed and number of workers give the same trials. ASHA is the exception: by
default it receives each result immediately, so that no rung waits for a slow trial.
"""

import warnings
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from study.errors import Failed, StudyFailed, WorkerDied
from study.problem.settings import SearchSettings
from study.records.base import Value
from study.records.trial import Trial
from study.search.oracles import split_values
from study.search.trial_records import record_of, tell
from study.training.job import Job, Trained
from study.workers.engine import Engine

if TYPE_CHECKING:
    from concurrent.futures import Future

    from study.search.study_oracle import StudyOracle

Train = Callable[[int, Job], "Future[Trained | Failed]"]
"""(trial's number, job) -> future result of the training: hands the job to the workers."""


@dataclass
class Proposed:
    """A trial that the oracle has proposed and whose result it has not been told."""

    number: int
    trial: Any
    """`keras_tuner.engine.trial.Trial`"""
    job: Job
    rejected: list[str]
    """Why points that were drawn before this one were rejected."""
    future: "Future[Trained | Failed] | None" = None
    """None as long as finished trials are read, because this may be one of them."""

    @property
    def is_done(self) -> bool:
        """Whether the result is there and waits to be told."""
        return self.future is not None and self.future.done()


@dataclass(frozen=True)
class Window:
    """How many trials are proposed before one of them is told, and which is told first.

    ==========================  =============================  =================================
    oracle                      trials in the window           told first
    ==========================  =============================  =================================
    listens, told in order      proposed and not told          the oldest
    does not listen (random)    the same, but while the        the oldest
                                oldest still runs, those
                                that are done do not count
    told at once (ASHA)         proposed and not told          whichever is done
    ==========================  =============================  =================================
    """

    size: int
    """Number of trials in the window: twice the workers if results are told in order, so that no
    worker waits while the oldest trial is still running; with a time limit only as many as workers,
    so that none is left to start when time is up."""
    in_order: bool
    """Whether results are told in the order of proposals."""
    listens: bool
    """Whether the oracle's proposals depend on results. Then trials that are done but not told
    count, or proposals would depend on which worker is faster. Else nothing waits for a slow
    trial."""

    @classmethod
    def of(cls, settings: SearchSettings, workers: int) -> "Window":
        """The window of a search that was started with this many workers."""
        in_advance = settings.tells_in_order and workers > 1 and not settings.time_limit
        size = 2 * workers if in_advance else workers
        return cls(size, settings.tells_in_order, settings.tuner != "random")

    def has_room(self, proposed: Sequence[Proposed]) -> bool:
        """Whether another trial may be proposed beside these, oldest first."""
        going_on = [one for one in proposed if not one.is_done]
        straggler = bool(going_on) and going_on[0] is proposed[0]
        counted = going_on if straggler and not self.listens else proposed
        return len(counted) < self.size

    def tellable(self, proposed: Sequence[Proposed]) -> Sequence[Proposed]:
        """Those of these trials, oldest first, that may be told next if they are done."""
        return proposed[:1] if self.in_order else proposed


class TrialQueue:
    """The trials that were proposed and not told, oldest first.

    As long as there are records of finished trials, results come from these, so the oracle proposes
    the same trials as before an interruption. Meanwhile nothing is written or trained.
    """

    def __init__(
        self,
        oracle: "StudyOracle",
        window: Window,
        make_job: Callable[[int, Any], Job],
        train: Train,
        may_start: Callable[[], bool],
        finished: Sequence[Trial],
    ) -> None:
        """An empty queue for a search that starts or continues.

        Args:
            oracle: The oracle, which proposes trials and is told their results.
            window: How many trials the oracle proposes in advance.
            make_job: (trial's number, Keras Tuner's trial) -> the job for a worker.
            train: Hands a job to the workers.
            may_start: Says whether there is time for a further trial.
            finished: Records of the trials that were told before, in that order.
        """
        self._oracle, self._window = oracle, window
        self._make_job, self._train, self._may_start = make_job, train, may_start
        self._finished = deque(finished)
        self._last_known = max((trial.number for trial in finished), default=-1)
        self._proposed: dict[int, Proposed] = {}
        self._number = 0
        """Number of the next trial."""

    @property
    def replays(self) -> bool:
        """Whether the next result belongs to a trial that was finished before."""
        return bool(self._finished)

    def running(self) -> list[dict[str, Value]]:
        """Values of the trials in the queue."""
        return [one.trial.hyperparameters.values for one in self._proposed.values()]

    def begin(self) -> None:
        """Start training the trials that are in the queue after all records have been read."""
        for one in self._proposed.values():
            one.future = self._train(one.number, one.job)

    def propose(self) -> bool:
        """Fill the window with new trials, and have them trained unless records are being read.

        Returns:
            Whether the result of any trial is still to come.
        """
        while self._has_room():
            trial = _ask(self._oracle, self._number)
            if trial.status != "RUNNING":
                break  # the oracle has no more to try, or waits for results
            rejected = list(self._oracle.rejected)
            self._oracle.rejected.clear()
            one = Proposed(self._number, trial, self._make_job(self._number, trial), rejected)
            self._proposed[one.number] = one
            if not self.replays:
                one.future = self._train(one.number, one.job)
            self._number += 1
        return bool(self._proposed or self._finished)

    def _has_room(self) -> bool:
        known = self._number <= self._last_known
        return self._window.has_room([*self._proposed.values()]) and (known or self._may_start())

    def next_result(self, engine: Engine) -> tuple[Proposed, Trial] | None:
        """Take the trial that is to be told next out of the queue, with its record.

        Returns:
            None if a trial other than the oldest is done, so that its worker may get a new one.

        Raises:
            StudyFailed: The oracle did not propose the trial that is next on record.
        """
        if self._finished:
            record = self._finished.popleft()
            return _same(self._proposed.pop(record.number, None), record), record
        one = self._next_done(engine)
        if one is None:
            return None
        del self._proposed[one.number]
        return one, record_of(one.number, one.trial, one.job, one.rejected, _outcome(one, engine))

    def _next_done(self, engine: Engine) -> Proposed | None:
        """Wait until any trial is done, and return the one that is to be told."""
        proposed = [*self._proposed.values()]
        tellable = self._window.tellable(proposed)
        if not any(one.is_done for one in tellable):
            engine.wait_any([one.future for one in proposed if one.future and not one.is_done])
        return next((one for one in tellable if one.is_done), None)

    def tell(self, one: Proposed, record: Trial) -> None:
        """Tell the oracle the result of a trial that was taken out of the queue."""
        tell(self._oracle, one.trial, record, one.job.first_epoch)


def _ask(oracle: "StudyOracle", number: int) -> Any:
    """Keras Tuner's next trial; its status is not RUNNING if there is none now."""
    with warnings.catch_warnings():
        # With few trials a Gaussian process may end at the bounds of its kernel, which is harmless.
        warnings.filterwarnings("ignore", module="sklearn.gaussian_process")
        return oracle.create_trial(f"worker{number}")


def _same(one: Proposed | None, record: Trial) -> Proposed:
    """The proposal to which the record of a finished trial belongs.

    Raises:
        StudyFailed: The oracle proposed something else this time.
    """
    if one is not None:
        values, tuner = split_values(one.trial.hyperparameters.values)
        if record.tuner == tuner and record.hyperparameters.items() <= values.items():
            return one
    raise StudyFailed(
        f"trial {record.number} in trials.jsonl is not what this search proposes: the search "
        "space or Keras Tuner has changed since; start a new run"
    )


def _outcome(one: Proposed, engine: Engine) -> Trained | Failed:
    assert one.future
    try:
        outcome: Trained | Failed = engine.wait_for(one.future)
    except WorkerDied as error:
        return Failed(str(error))
    return outcome
