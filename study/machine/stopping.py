"""Requests to stop: Ctrl-C, a closing terminal, and the signal that clusters send when time is up.

This is the only place that handles signals. However often a process is asked, the main thread gets
one KeyboardInterrupt, so that nothing disturbs the clean-up. If a package swallows it, as some do
while they are imported, `asked` still returns True.
"""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any, Protocol, TypeVar

from study.errors import Interrupted

GRACE_S = 8.0
"""Seconds in which a process must stop by itself."""

SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)

_asked = threading.Event()

_AGAIN_S = 0.05
"""Seconds after which a lost interrupt is raised again."""

_lost = False
"""Whether Python dropped the KeyboardInterrupt, as it does in callbacks of garbage collection."""


def heed(overdue: Callable[[], None]) -> None:
    """From now on, stop when asked to; signals that are already ignored stay ignored.

    Args:
        overdue: Called in another thread if the process is still running after GRACE_S: the main
            thread may have swallowed the interrupt, or wait for something that never comes.
    """
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _stop)
    sys.unraisablehook = _note_lost
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    # Python writes to it immediately, even while the main thread is not in Python code.
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    threading.Thread(
        target=_watch, args=(reading, overdue), name="stopping in time", daemon=True
    ).start()


def asked() -> bool:
    """Whether the process was asked to stop."""
    return _asked.is_set()


@contextmanager
def heeded() -> Iterator[None]:
    """Make sure Ctrl-C is honoured: at once, or at the end of the block if a package swallowed it.

    Raises:
        KeyboardInterrupt: The process was asked to stop, whatever the block did about it.
    """
    try:
        yield
    except Interrupted:
        raise
    except Exception:
        if not asked():
            raise
    if asked():
        raise KeyboardInterrupt


def heed_no_more() -> None:
    """Raise no KeyboardInterrupt from here on, because what is left to do takes no time."""
    global _lost
    _asked.set()
    _lost = False


def _stop(number: int, frame: FrameType | None) -> None:
    global _lost
    if not asked() or _lost:
        _asked.set()
        _lost = False
        signal.default_int_handler(number, frame)


def _note_lost(unraisable: "sys.UnraisableHookArgs") -> None:
    """Note a KeyboardInterrupt that Python only printed because it could not be raised."""
    global _lost
    if asked() and issubclass(unraisable.exc_type, KeyboardInterrupt):
        _lost = True
        threading.Timer(_AGAIN_S, os.kill, (os.getpid(), signal.SIGINT)).start()
    else:
        sys.__unraisablehook__(unraisable)


def _watch(reading: int, overdue: Callable[[], None]) -> None:
    while os.read(reading, 1)[0] not in SIGNALS:
        pass
    time.sleep(GRACE_S)
    overdue()


_CLOSE_S = 3
"""Seconds in which an engine, its client and its workers must each close; the dead never answer."""


class _Closable(Protocol):
    def close(self) -> Any: ...


Closable = TypeVar("Closable", bound=_Closable)


@contextmanager
def closed_in_time(one: Closable) -> Iterator[Closable]:
    """The object for the length of the block; then it is closed, or abandoned after `_CLOSE_S`."""

    def close() -> None:
        with suppress(Exception):  # the other side is gone
            one.close()

    try:
        yield one
    finally:
        closing = threading.Thread(target=close, name="closing", daemon=True)
        closing.start()
        closing.join(_CLOSE_S)
