"""The end of a command: it exits with its code, whatever is still running or waiting."""

import os
import sys
from contextlib import suppress
from typing import NoReturn

from study.errors import Interrupted
from study.machine.foreign_text import visible

INTERRUPTED = "interrupted; finished work is in results/"

_SHOW_CURSOR = "\x1b[?25h"
"""Terminal code that shows the cursor, which a progress bar hides."""

_leaving: int | None = None
"""The exit code, once it is certain."""


def say(message: str) -> None:
    """Print the single line on standard error, unless the terminal is closed."""
    with suppress(OSError):
        line = visible(" ".join(message.split()))
        print(f"error: {line}", file=sys.stderr, flush=True)


def give_up() -> NoReturn:
    """End a process that was asked to stop but does not, from another thread.

    Files are whole or absent, as if the machine had stopped.
    """
    if _leaving is not None:  # the process hangs while leaving
        os._exit(_leaving)
    if sys.stderr and sys.stderr.isatty():
        with suppress(OSError):
            os.write(sys.stderr.fileno(), _SHOW_CURSOR.encode())
    say(INTERRUPTED)
    leave(Interrupted.exit_code)


def leave(code: int) -> NoReturn:
    """End the process and its children immediately.

    Nothing that packages do at Python's exit is needed, and some of it would wait for threads and
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
    """End all child processes but the one that removes their semaphores and ends by itself."""
    if "multiprocessing.forkserver" not in sys.modules:
        return
    import psutil

    with suppress(psutil.Error):
        for child in psutil.Process().children(recursive=True):
            with suppress(psutil.Error):
                if not any("resource_tracker" in word for word in child.cmdline()):
                    child.kill()
