"""Dask's scheduler and workers without their web servers, which serve whoever asks.

A module of its own: worker processes find the class by its name.
"""

from typing import Any

from distributed import Scheduler, Worker


class SilentScheduler(Scheduler):
    """A scheduler that listens to those with its certificate alone."""

    def start_http_server(self, *_: Any, **__: Any) -> None:
        """Start none."""


class SilentWorker(Worker):
    """A worker that listens to those with its certificate alone."""

    def start_http_server(self, *_: Any, **__: Any) -> None:
        """Start none."""
