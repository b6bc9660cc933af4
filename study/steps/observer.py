"""Who is told how a run's steps are going: the command line, which shows it, or anybody else."""

from contextlib import AbstractContextManager
from typing import Protocol

from study.workers.engine import Tick


class StageObserver(Protocol):
    """Is told of one stage's jobs, from any thread."""

    def propose(self, key: str, epochs: int) -> None:
        """A job was handed to the workers."""

    def tick(self, tick: Tick) -> None:
        """A worker finished an epoch."""

    def finish(
        self, key: str, score: float | None, words: str, seconds: float | None = None
    ) -> None:
        """A job is done: its score in [0, 1] if it has one, what to say of it, how long it took."""


class Observer(Protocol):
    """Is told of a run's stages."""

    def say(self, words: str) -> None:
        """News that belongs to no job."""

    def stage(
        self, title: str, unit: str, jobs: int, epochs_each: int
    ) -> AbstractContextManager[StageObserver]:
        """A stage of so many jobs goes on for the length of the block.

        Args:
            title: What is done, such as "mnist: search".
            unit: What a job is called, such as "trial".
            jobs: 1 or more, as far as is known before.
            epochs_each: Epochs that a job is expected to take.
        """
