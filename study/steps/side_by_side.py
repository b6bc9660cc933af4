"""Parts of a step that workers do side by side, in no order."""

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from study.errors import CannotWrite, StudyFailed, one_line
from study.run.store import Run
from study.steps.observer import Observer

Made = TypeVar("Made")


class Workers(Protocol):
    """Who does the parts: a `study.workers.engine.Engine`, or this process."""

    def submit(self, function: Callable[..., Any], *args: Any, key: str) -> "Future[Any]":
        """Have the function called."""

    def wait_for(self, future: "Future[Any]") -> Any:
        """What it returns.

        Raises:
            StudyError: it failed.
        """


class ThisProcess:
    """Does a part when it is handed in; enough where parts take seconds."""

    def submit(self, function: Callable[..., Any], *args: Any, key: str) -> "Future[Any]":  # noqa: ARG002  # no other job is told from it
        """Call the function; what it raises is raised here."""
        future: Future[Any] = Future()
        future.set_result(function(*args))
        return future

    def wait_for(self, future: "Future[Any]") -> Any:
        """What it returned."""
        return future.result()


class Part(NamedTuple):
    """What one worker does."""

    problem: str
    name: str


@dataclass(frozen=True)
class Timed(Generic[Made]):
    """What came of all parts of a step."""

    made: dict[Part, Made]
    seconds: dict[str, float]
    """Problem -> its share of the time that the step took."""


def side_by_side(
    run: Run,
    title: str,
    parts: Sequence[Part],
    work: Callable[[Run, Part], Made],
    workers: Workers,
    observer: Observer,
) -> Timed[Made]:
    """Have all parts done.

    Args:
        run: Handed to the work as one that a process in any folder finds.
        title: What the step does, such as "figures".
        parts: One at least.
        work: Importable on a worker by its name.
        workers: Who does it.
        observer: Told of every part that is done.

    Raises:
        StudyFailed: one failed.
    """
    began, seconds = time.perf_counter(), defaultdict[str, float](float)
    made: dict[Part, Made] = {}
    with observer.stage(title, "part", len(parts), 1) as shown:
        futures = {}
        for part in parts:
            key = f"{part.problem}-{title}-{part.name}"
            shown.propose(key, 1)
            futures[part] = workers.submit(_timed, work, run.absolute(), title, part, key=key)
        for part, future in futures.items():
            made[part], took = workers.wait_for(future)
            seconds[part.problem] += took
            words = f"{part.problem}: {part.name} done"
            shown.finish(f"{part.problem}-{title}-{part.name}", None, words)
    wall, total = time.perf_counter() - began, sum(seconds.values())
    return Timed(made, {name: wall * share / total for name, share in seconds.items()})


def _timed(
    work: Callable[[Run, Part], Made], run: Run, title: str, part: Part
) -> tuple[Made, float]:
    """On a worker: what comes of one part, and seconds."""
    began = time.perf_counter()
    try:
        made = work(run, part)
    except CannotWrite:
        raise
    except Exception as error:
        reason = f"{part.problem}: {title} of {part.name} failed: {one_line(error)}"
        raise StudyFailed(reason) from error
    return made, time.perf_counter() - began
