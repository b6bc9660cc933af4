"""Writes files whole or not at all, with the permissions of the process's umask."""

import errno
import os
import re
import secrets
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from study.errors import CannotWrite

_FULL = [errno.ENOSPC, errno.EDQUOT, errno.EFBIG]
"""Error numbers of the operating system when no more can be written."""
_FULL_WORDS = (*map(os.strerror, _FULL), "database or disk is full")
"""The same errors in words: HDF5 and TensorFlow pass on no number, SQLite has its own words."""


_HIDDEN = ".new"
"""Of `filling`, in the folder that is filled."""


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary file that takes the place of `path` if the block succeeds, else vanishes.

    Raises:
        CannotWrite: The disk is full.
    """
    with naming(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f"{_prefix(path)}{secrets.token_hex(4)}{''.join(path.suffixes)}")
        temporary.touch(exist_ok=False)
        try:
            yield temporary
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


@contextmanager
def replacing_folder(path: Path) -> Iterator[Path]:
    """A temporary folder that takes the place of `path` if the block succeeds, else vanishes.

    Raises:
        CannotWrite: The disk is full.
    """
    temporary = path.with_name(f".{path.name}.new")
    with naming(path), temporary_folder(temporary):
        yield temporary
        shutil.rmtree(path, ignore_errors=True)
        temporary.rename(path)


@contextmanager
def temporary_folder(path: Path) -> Iterator[None]:
    """An empty folder for the length of the block, without leftovers of a killed process."""
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    try:
        yield
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextmanager
def filling(folder: Path, names: Collection[str]) -> Iterator[Path]:
    """A hidden place whose files come into the folder if the block succeeds, else vanish.

    Args:
        folder: It is there, and `can_be_filled`.
        names: Of all files that the block makes.

    Raises:
        CannotWrite: the disk is full.
    """
    hidden = folder / _HIDDEN
    with naming(folder):
        hidden.mkdir(exist_ok=True)
        try:
            yield hidden
            for name in names:
                (hidden / name).replace(folder / name)
        except BaseException:
            for name in names:
                (folder / name).unlink(missing_ok=True)
            raise
        finally:  # last: as long as it is there, what is beside it is not the user's
            shutil.rmtree(hidden)


def can_be_filled(folder: Path, names: Collection[str]) -> bool:
    """Whether the folder is empty, or holds only what a process left that was killed filling it."""
    there = {path.name for path in folder.iterdir()}
    hidden = folder / _HIDDEN
    left = {_HIDDEN, *names} if hidden.is_dir() and not hidden.is_symlink() else set()
    return there <= left


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """If the disk is full, say what was being written, which the operating system often does not.

    Raises:
        CannotWrite: The disk was found to be full in the block.
    """
    try:
        yield
    except Exception as error:  # each library has its own error
        if not _says_full(error):
            raise
        raise CannotWrite(
            f"the disk is full: {path} cannot be written; free space and give the same command "
            "again"
        ) from error


def _says_full(error: Exception) -> bool:
    number = error.errno if isinstance(error, OSError) else None
    return number in _FULL or any(words in str(error) for words in _FULL_WORDS)


def is_leftover(path: Path) -> bool:
    """Whether the name is that of a temporary file of `replacing`."""
    return re.fullmatch(r"\..+-[a-z0-9_]{8}(\..*)?", path.name) is not None


def check_room(path: Path, size: int) -> None:
    """Check that a file of this many bytes can be written there; leaves an empty file.

    HDF5 would crash the process if it found out by itself.

    Raises:
        OSError: The disk is full, or files may not be that large.
    """
    with path.open("wb") as file:
        if hasattr(os, "posix_fallocate"):  # not on macOS
            os.posix_fallocate(file.fileno(), 0, size)
            file.truncate()


def remove_leftovers(path: Path) -> None:
    """Remove what a process that was killed while it replaced `path` left beside it."""
    suffixes = re.escape("".join(path.suffixes))
    # A further dash belongs to another file whose name begins like this one; it may be in use.
    own = re.compile(rf"{re.escape(_prefix(path))}[a-z0-9_]+{suffixes}")
    for beside in path.parent.glob(".*"):
        if own.fullmatch(beside.name):
            beside.unlink(missing_ok=True)


def remove_leftovers_below(folder: Path) -> None:
    """Remove all temporary files of killed processes in the folder and in those below it."""
    for path in folder.rglob(".*"):
        if is_leftover(path) and path.is_file():
            path.unlink(missing_ok=True)


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def write_text(path: Path, content: str) -> None:
    """Write a UTF-8 file whole or not at all."""
    write_bytes(path, content.encode())


def _prefix(path: Path) -> str:
    return f".{path.name.split('.')[0]}-"
