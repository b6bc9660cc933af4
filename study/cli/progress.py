"""Progress of the work: a bar in a terminal, plain lines if output is piped."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from study.cli.terminal import say
from study.wording import percent
from study.workers.engine import Tick


@dataclass
class Work:
    """Counts a stage's epochs: how many are done, and how long the rest will take."""

    expected: int
    """Number of jobs in the whole stage."""
    epochs_each: int
    """Epochs that a job is expected to take, as long as it is not proposed."""
    proposed: dict[str, int] = field(default_factory=dict)
    """Job key -> its epochs."""
    trained: dict[str, int] = field(default_factory=dict)
    """Job key -> epochs done so far."""
    finished: int = 0
    best: float | None = None

    def propose(self, key: str, epochs: int) -> None:
        """A job was handed to the workers."""
        self.proposed[key] = epochs
        self.trained.setdefault(key, 0)

    def tick(self, key: str) -> None:
        """A job finished an epoch."""
        if key in self.proposed:
            self.trained[key] = min(self.trained[key] + 1, self.proposed[key])

    def finish(self, key: str, score: float | None) -> None:
        """A job has ended; its score is None if it failed."""
        self.trained[key] = self.proposed[key]
        self.finished += 1
        if score is not None and (self.best is None or score > self.best):
            self.best = score

    @property
    def share(self) -> float:
        """Share of the stage's epochs that are trained, in [0, 1]."""
        unproposed = max(0, self.expected - len(self.proposed)) * self.epochs_each
        total = sum(self.proposed.values()) + unproposed
        return sum(self.trained.values()) / total if total else 0.0

    def seconds_left(self, elapsed: float) -> float | None:
        """Seconds left at the pace so far; None before the first epoch."""
        return elapsed * (1 - self.share) / self.share if self.share else None


class Stage:
    """One stage on the screen; its methods may be called from any thread."""

    def __init__(self, title: str, unit: str, work: Work, console: Console) -> None:
        self._title, self._unit, self._work, self._console = title, unit, work, console
        self._started = time.monotonic()
        self._lock = threading.Lock()
        self._bar = _bar(console) if console.is_terminal else None
        self._task = self._bar.add_task(title, total=1.0, news="starting") if self._bar else None

    def propose(self, key: str, epochs: int) -> None:
        """A job was handed to the workers."""
        with self._lock:
            self._work.propose(key, epochs)
            self._refresh()

    def tick(self, tick: Tick) -> None:
        """A worker finished an epoch."""
        with self._lock:
            self._work.tick(tick.key)
            self._refresh()

    def finish(
        self, key: str, score: float | None, words: str, seconds: float | None = None
    ) -> None:
        """A job has ended; `words` describe its result in the log."""
        took = "" if seconds is None else f" in {clock(seconds)}"
        with self._lock:
            self._work.finish(key, score)
            self._refresh()
            if self._bar is None:
                self._say(f"{words}{took}; {self._news()}")

    def _news(self) -> str:
        work = self._work
        best = f", best {percent(work.best)}" if work.best is not None else ""
        left = work.seconds_left(time.monotonic() - self._started)
        rest = f", about {clock(left)} left" if left and work.finished < work.expected else ""
        return f"{self._unit} {work.finished}/{work.expected}{best}{rest}"

    def _say(self, words: str) -> None:
        say(f"{self._title}: {words}", self._console)

    def _refresh(self) -> None:
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=self._work.share, news=self._news())

    @contextmanager
    def shown(self) -> Iterator["Stage"]:
        """The stage, on the screen for the length of the block."""
        if self._bar is None:
            self._say("started")
            yield self
        else:
            with self._bar:
                yield self
        self._say(f"done in {clock(time.monotonic() - self._started)}")


class Screen:
    """Shows a run's stages: a `study.steps.observer.Observer`."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def say(self, words: str) -> None:
        """Print a line of its own."""
        say(words, self._console)

    @contextmanager
    def stage(self, title: str, unit: str, jobs: int, epochs_each: int) -> Iterator[Stage]:
        """The stage, on the screen for the length of the block."""
        with Stage(title, unit, Work(jobs, epochs_each), self._console).shown() as shown:
            yield shown


def clock(seconds: float) -> str:
    """45 -> "45 s", 200 -> "3 min 20 s", 4000 -> "1 h 6 min"."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def _bar(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        TextColumn("{task.percentage:>3.0f}%"),
        TextColumn("{task.fields[news]}", markup=False),
        console=console,
        transient=True,
    )
