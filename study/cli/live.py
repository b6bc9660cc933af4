"""A run's report, kept up to date while the run is going."""

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
"""Seconds between two looks at the run's records."""
PAUSE_PER_BUILD = 50
"""Seconds of pause after each second of building, so that it takes at most 2% of a core's time."""

State = dict[str, tuple[int, int]]
"""Path of a record -> its size and the time of its last change."""


@contextmanager
def live_report(run: Run) -> Iterator[None]:
    """Write the run's report now, whenever its records change, and once more at the end.

    The last report is left out if the block ends normally and the report is the run's own next
    step.

    A thread watches the records on disk, so the work in the block neither waits for the report nor
    stops if it cannot be built.
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
    """Build the report again and again until `wait`, called with seconds, returns True."""
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
    """Write the report; an error is logged and not raised."""
    try:
        report_step(run, live=live)
    except Exception as error:
        log.warning("the report of %s could not be built: %s", run.name, one_line(error))


def records_state(run: Run) -> State:
    """The state of the records on disk, which changes when there is news."""
    state: State = {}
    for pattern in ("study.json", "*/trials.jsonl", "*/evaluation.json", "*/figures/figures.json"):
        for path in run.folder.glob(pattern):
            try:
                found = path.stat()
            except FileNotFoundError:  # the file is being replaced
                continue
            state[str(path)] = (found.st_size, found.st_mtime_ns)
    return state
