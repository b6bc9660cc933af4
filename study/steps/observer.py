"""Observers of a run's steps: the command line, which shows their progress, or any other."""

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
        """A job has ended: its score in [0, 1] if it has one, a message, its seconds."""


class Observer(Protocol):
    """Is told of a run's stages."""

    def say(self, words: str) -> None:
        """News that belongs to no job."""

    def stage(
        self, title: str, unit: str, jobs: int, epochs_each: int
    ) -> AbstractContextManager[StageObserver]:
        """A stage lasts for the length of the block.

        Args:
            title: Name of the stage, such as "mnist: search".
            unit: Name of a job, such as "trial".
            jobs: Expected number of jobs, 1 or more.
            epochs_each: Epochs that a job is expected to take.
        """
