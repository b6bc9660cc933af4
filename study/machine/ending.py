"""The end of a command: its exit code, whatever still runs or waits."""

import os
import sys
from contextlib import suppress
from typing import NoReturn

from study.errors import Interrupted
from study.machine.foreign_text import visible

INTERRUPTED = "interrupted; what was finished is in results/"

_SHOW_CURSOR = "\x1b[?25h"
"""A progress bar hides it."""

_leaving: int | None = None
"""The exit code, once it is certain."""


def say(message: str) -> None:
    """The one line of standard error; a terminal that is closed does not hear it."""
    with suppress(OSError):
        line = visible(" ".join(message.split()))
        print(f"error: {line}", file=sys.stderr, flush=True)


def give_up() -> NoReturn:
    """End a process that was asked to stop and does not, from another thread.

    What it writes is whole or not there, as if the machine had stopped.
    """
    if _leaving is not None:  # and hangs in that
        os._exit(_leaving)
    if sys.stderr and sys.stderr.isatty():
        with suppress(OSError):
            os.write(sys.stderr.fileno(), _SHOW_CURSOR.encode())
    say(INTERRUPTED)
    leave(Interrupted.exit_code)


def leave(code: int) -> NoReturn:
    """End the process and those it began, now.

    Nothing that packages would do at Python's end is needed, and some of it waits for threads and
    processes that are gone.
    """
    global _leaving
    _leaving = code
    _end_children()
    if scratch := sys.modules.get("study.machine.scratch"):
        scratch.remove()
    for stream in filter(None, (sys.stdout, sys.stderr)):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def _end_children() -> None:
    """All but the one that ends by itself, when it has removed the semaphores of the others."""
    if "multiprocessing.forkserver" not in sys.modules:
        return
    import psutil

    with suppress(psutil.Error):
        for child in psutil.Process().children(recursive=True):
            with suppress(psutil.Error):
                if not any("resource_tracker" in word for word in child.cmdline()):
                    child.kill()
