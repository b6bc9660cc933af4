"""What is no file, and how that is refused."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from study.errors import StudyError

GIVEN_UP = pytest.mark.usefixtures("_never_waits")


def folder(path: Path) -> None:
    path.mkdir()


def pipe(path: Path) -> None:
    os.mkfifo(path)


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def huge(path: Path) -> None:
    """A terabyte that takes no room on the disk."""
    with path.open("wb") as file:
        file.truncate(2**40)


def loop(path: Path) -> None:
    path.symlink_to(path.name)


ODD = [folder, pipe, device, huge]


@contextmanager
def refused(kind: type[StudyError], *words: str) -> Iterator[None]:
    with pytest.raises(kind) as caught:
        yield
    message = str(caught.value)
    assert message.isprintable()
    assert len(message) < 500
    for word in words:
        assert word in message
