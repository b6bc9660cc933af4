"""Dask's scheduler and workers without their web servers, which would serve anybody.

The classes have a module of their own because worker processes find them by name.
"""

from typing import Any

from distributed import Scheduler, Worker


class SilentScheduler(Scheduler):
    """A scheduler that listens only to peers with its certificate."""

    def start_http_server(self, *_: Any, **__: Any) -> None:
        """Start no web server."""


class SilentWorker(Worker):
    """A worker that listens only to peers with its certificate."""

    def start_http_server(self, *_: Any, **__: Any) -> None:
        """Start no web server."""
