"""A temporary folder of this process's own, and what earlier ones left behind.

Sockets, Dask's files and TensorFlow's generated code are in it, so that removing it leaves nothing
behind. The process holds a lock on it, which is released however the process ends; the next process
removes folders without a lock, and the semaphores of their processes.
"""

import fcntl
import os
import shutil
import tempfile
from contextlib import suppress
from multiprocessing import util
from pathlib import Path

import psutil

from study.errors import WrongUse

_PREFIX = "study-"
_PID_FILE = "pid"

_LONGEST_SOCKET = 103
"""Largest number of characters of a socket's path: 107 on Linux (unix(7)), 103 on macOS."""

_SOCKET_NAME = len("/study-12345678/pymp-12345678/listener-12345678")
"""Number of characters that this module and `multiprocessing` add to a temporary folder's path."""

_SHARED_MEMORY = Path("/dev/shm")
"""Where Linux keeps semaphores."""

_AFTER_MULTIPROCESSING = -200
"""Priority at Python's exit, after `multiprocessing` (-100) has removed its folder in this one."""

_own: tuple[Path, int] | None = None
"""The folder and the process that made it; a process forked from that one has no folder yet."""


def folder() -> Path:
    """This process's folder, which no other user may enter; it is made on first use.

    Raises:
        WrongUse: TMPDIR is too long for sockets, and there is no other folder.
    """
    global _own
    if _own is None or _own[1] != os.getpid():
        parent = _parent()
        remove_stale(parent)
        _own = _make(parent), os.getpid()
        util.Finalize(None, remove, exitpriority=_AFTER_MULTIPROCESSING)
    return _own[0]


def use() -> None:
    """Make all temporary files of this process go there."""
    tempfile.tempdir = str(folder())


def remove() -> None:
    """Remove this process's folder, if it has one."""
    global _own
    if _own and _own[1] == os.getpid():
        shutil.rmtree(_own[0], ignore_errors=True)
        _own = None


def sweep() -> None:
    """Remove what killed processes left in the place of this process's folder."""
    remove_stale(_parent())


def remove_stale(parent: Path) -> None:
    """Remove what ended processes of this user have left in `parent`."""
    for path in parent.glob(f"{_PREFIX}*"):
        with suppress(OSError):  # it belongs to another user, or has just been removed
            if path.lstat().st_uid != os.getuid():
                continue
            handle = _open(path)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _remove_semaphores(path)
                shutil.rmtree(path)
            finally:
                os.close(handle)


def _make(parent: Path) -> Path:
    """Make the folder under a hidden name, which it keeps until it is locked."""
    hidden = Path(tempfile.mkdtemp(dir=parent, prefix=f".{_PREFIX}"))
    (hidden / _PID_FILE).write_text(str(os.getpid()))
    fcntl.flock(_open(hidden), fcntl.LOCK_EX)  # stays open as long as the process lives
    return hidden.rename(hidden.with_name(hidden.name[1:]))


def _open(path: Path) -> int:
    return os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)


def _remove_semaphores(stale: Path) -> None:
    """Remove a process's semaphores, which joblib, imported by Keras Tuner, names by process."""
    pid = (stale / _PID_FILE).read_text()
    if not psutil.pid_exists(int(pid)):
        for semaphore in _SHARED_MEMORY.glob(f"sem.loky-{pid}-*"):
            semaphore.unlink(missing_ok=True)


def _parent() -> Path:
    usual = tempfile.gettempdir()
    for path in (usual, "/tmp", "/var/tmp", str(_SHARED_MEMORY)):
        if len(path) + _SOCKET_NAME <= _LONGEST_SOCKET and os.access(path, os.W_OK | os.X_OK):
            return Path(path)
    raise WrongUse(
        f"TMPDIR: expected a folder of {_LONGEST_SOCKET - _SOCKET_NAME} characters at most, got "
        f"{len(usual)}: sockets of the worker processes lie there; set TMPDIR to a shorter one"
    )
