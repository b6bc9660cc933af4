"""Parts of a step that workers do side by side, in any order."""

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
    """What does the parts: a `study.workers.engine.Engine`, or this process."""

    def submit(self, function: Callable[..., Any], *args: Any, key: str) -> "Future[Any]":
        """Have the function called with these arguments."""

    def wait_for(self, future: "Future[Any]") -> Any:
        """The result of the function.

        Raises:
            StudyError: The function failed.
        """


class ThisProcess:
    """Does each part as soon as it is submitted, which is enough if parts take seconds."""

    def submit(self, function: Callable[..., Any], *args: Any, key: str) -> "Future[Any]":  # noqa: ARG002  # jobs need no name here
        """Call the function; its exceptions are raised here."""
        future: Future[Any] = Future()
        future.set_result(function(*args))
        return future

    def wait_for(self, future: "Future[Any]") -> Any:
        """The result of the function."""
        return future.result()


class Part(NamedTuple):
    """The work of one worker."""

    problem: str
    name: str


@dataclass(frozen=True)
class Timed(Generic[Made]):
    """The results of all parts of a step."""

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
        run: The run; the work gets it with an absolute path.
        title: Name of the step, such as "figures".
        parts: The parts, at least one.
        work: A function that workers can import by its name.
        workers: What does the parts.
        observer: Told of every part that is done.

    Raises:
        StudyFailed: A part failed.
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
    """Do one part, on a worker; returns its result and its seconds."""
    began = time.perf_counter()
    try:
        made = work(run, part)
    except CannotWrite:
        raise
    except Exception as error:
        reason = f"{part.problem}: {title} of {part.name} failed: {one_line(error)}"
        raise StudyFailed(reason) from error
    return made, time.perf_counter() - began
