"""A run's report, kept up to date while the run goes on."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from study.errors import one_line
from study.run.store import Run
from study.steps.report_step import report_step

log = logging.getLogger(__name__)

PAUSE_S = 5.0
"""Between two looks at the run's records."""
PAUSE_PER_BUILD = 50
"""A build of a second is followed by a pause of so many: of one core's time at most 2%."""

State = dict[str, tuple[int, int]]
"""A record's path -> its size and time of change."""


@contextmanager
def live_report(run: Run) -> Iterator[None]:
    """Write the run's report now, whenever its records change, and once more at the end.

    Not so if the block comes to its end and the report is the next step of the run itself.

    A thread looks at the records on disk, so that nothing waits for it: the work in the block
    neither knows of it nor stops when a report cannot be built.
    """
    stop = threading.Event()
    thread = threading.Thread(target=_keep, args=(run, stop.wait), name="live report", daemon=True)
    thread.start()
    made_next = False
    try:
        yield
        made_next = run.study().to_do() == [(None, "report")]
    finally:
        stop.set()
        thread.join()
        if not made_next:
            build(run, live=False)


def _keep(run: Run, wait: Callable[[float], bool]) -> None:
    """Build again and again, until `wait`, given seconds, says that it is over."""
    built: State = {}
    pause = PAUSE_S
    while True:
        state = records_state(run)
        if state != built:
            started = time.perf_counter()
            build(run, live=True)
            pause = max(PAUSE_S, PAUSE_PER_BUILD * (time.perf_counter() - started))
            built = state
        if wait(pause):
            return


def build(run: Run, live: bool) -> None:
    """Write the report; what hinders it is logged, and no more."""
    try:
        report_step(run, live=live)
    except Exception as error:
        log.warning("the report of %s could not be built: %s", run.name, one_line(error))


def records_state(run: Run) -> State:
    """By which it is seen that there is news."""
    state: State = {}
    for pattern in ("study.json", "*/trials.jsonl", "*/evaluation.json", "*/figures/figures.json"):
        for path in run.folder.glob(pattern):
            try:
                found = path.stat()
            except FileNotFoundError:  # replaced at this moment
                continue
            state[str(path)] = (found.st_size, found.st_mtime_ns)
    return state
