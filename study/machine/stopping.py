"""Being asked to stop: Ctrl-C, a terminal that closes, and what a cluster sends when time is up.

This is the only place that handles signals. However often a process is asked, the main thread
gets one KeyboardInterrupt, so that nothing disturbs the clean-up. Where that is swallowed, as by
packages that catch whatever is raised while they are imported, `asked` still says so.
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
"""Seconds to stop by oneself in."""

SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)

_asked = threading.Event()

_AGAIN_S = 0.05
"""Seconds until an interrupt that was lost is raised again."""

_lost = False
"""Whether Python dropped the KeyboardInterrupt, as in a callback of its garbage collector."""


def heed(overdue: Callable[[], None]) -> None:
    """From now on, stop when asked to; a signal that is ignored already stays ignored.

    Args:
        overdue: Called in another thread when the process goes on GRACE_S later: the main thread
            may have swallowed the interrupt, or wait for something that never comes.
    """
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _stop)
    sys.unraisablehook = _note_lost
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    # Written to at once, even while the main thread is not in Python.
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    threading.Thread(
        target=_watch, args=(reading, overdue), name="stopping in time", daemon=True
    ).start()


def asked() -> bool:
    """Whether the process was asked to stop."""
    return _asked.is_set()


@contextmanager
def heeded() -> Iterator[None]:
    """Who asks to stop is heard, at the end of the block if not at once.

    Raises:
        KeyboardInterrupt: the process was asked to stop, whatever the block made of that.
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
    """What is left to do takes no time: no KeyboardInterrupt from here on."""
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
    """What is raised where nothing can be is printed by Python, and dropped."""
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
"""Seconds for an engine, its client and its workers to close, each; who has died never answers."""


class _Closable(Protocol):
    def close(self) -> Any: ...


Closable = TypeVar("Closable", bound=_Closable)


@contextmanager
def closed_in_time(one: Closable) -> Iterator[Closable]:
    """It for the length of the block; at its end it is closed, or left to itself in `_CLOSE_S`."""

    def close() -> None:
        with suppress(Exception):  # whoever was to answer is gone
            one.close()

    try:
        yield one
    finally:
        closing = threading.Thread(target=close, name="closing", daemon=True)
        closing.start()
        closing.join(_CLOSE_S)
