"""results/ and reports/: the folders that runs and pages are in."""

import hashlib
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from study.errors import WrongName, WrongUse
from study.machine.files import is_leftover, naming

RESULTS = Path("results")
REPORTS = Path("reports")

HALF_MADE = ".new"
"""Folder in results/ in which a run is made."""


def check_folder(path: Path) -> None:
    """Check that results/ or reports/, if it exists, is a folder.

    Raises:
        WrongUse: It is something else.
    """
    if os.path.lexists(path) and not path.is_dir():
        raise WrongUse(
            f"{path}: expected a folder, got {not_a_folder(path)}; remove it or move it away"
        )


def not_a_folder(path: Path) -> str:
    """What is in the place of a folder, in words."""
    return f"a link to nowhere ({path.readlink()})" if not path.exists() else "a file"


def remove_half_made(results: Path) -> None:
    """Remove a run whose making was killed half way; not one that is being made."""
    hidden = results / HALF_MADE
    if hidden.exists():
        with suppress(Timeout), FileLock(results / ".lock", timeout=0):
            shutil.rmtree(hidden, ignore_errors=True)


def is_run(folder: Path) -> bool:
    """Whether there is a run in that place.

    Raises:
        WrongName: There is something else; an empty folder counts as nothing.
    """
    if holds_a_run(folder):
        return True
    if not os.path.lexists(folder):
        return False
    if folder.is_dir() and all(map(is_leftover, folder.iterdir())):
        return False  # left by a version that made a run's folder before its records
    what = "a folder without study.json" if folder.is_dir() else not_a_folder(folder)
    raise WrongName(
        f"{folder} is not a run but {what}; remove it, or start a run with another --name"
    )


def holds_a_run(folder: Path) -> bool:
    """Whether the folder has a study.json, readable or not."""
    try:
        (folder / "study.json").lstat()
    except PermissionError:  # a folder without permission to look into
        return True
    except OSError:
        return False
    return True


LONGEST_JOINED = 150
"""Largest number of characters of several runs' names in one file name."""


_PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def is_plain(name: str) -> bool:
    """Whether a run may have this name."""
    return _PLAIN_NAME.fullmatch(name) is not None


def check_name(name: str) -> str:
    """The run name, if it is a plain name: letters, digits, '.', '_', '-', at most 64, no path.

    Raises:
        WrongName: It is not a plain name.
    """
    if not is_plain(name):
        raise WrongName(
            f"run name: expected letters, digits, '.', '_' and '-', beginning with a letter or "
            f"digit, 64 at most and no path, got {name!r}"
        )
    return name


def plain_name(text: str, longest: int) -> str:
    """The text as a plain name: "my preset" -> "my-preset"; "run" if nothing is left of it."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip("._-")
    return plain[:longest] or "run"


def given_name(text: str) -> str:
    """The run name that somebody gave, as a name or as the path that shells complete.

    Raises:
        WrongName: The text is neither a plain name nor the path of a folder in results/.
    """
    folder = Path(text)
    if "/" in text and folder.parent.resolve() == RESULTS.resolve():
        return check_name(folder.name)
    return check_name(text)


def comparison_path(names: Sequence[str]) -> Path:
    """reports/A-vs-B.html for several runs' names.

    No run's own report and no comparison of other runs has this path: if the joined names could
    belong to one of these, or are too long for a file name, a mark with "~" is appended, which no
    run's name contains.

    Raises:
        WrongUse: A name comes twice.
    """
    for name in names:
        if names.count(name) > 1:
            raise WrongUse(f"expected different runs to compare, got {name!r} twice")
    joined = "-vs-".join(names)
    ambiguous = (RESULTS / joined).exists() or any("-vs-" in name for name in names)
    if ambiguous or len(joined) > LONGEST_JOINED:
        mark = hashlib.sha256("/".join(names).encode()).hexdigest()[:8]
        joined = f"{joined[:LONGEST_JOINED]}~{mark}"
    return REPORTS / f"{joined}.html"


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """No other process works in the folder of a run for the length of the block.

    The lock is the operating system's: it is released when the process ends, however it ends.

    Raises:
        WrongUse: Another process is working there.
        CannotWrite: The disk is full.
    """
    path = folder / ".lock"
    try:
        with ExitStack() as stack:
            with naming(path):
                stack.enter_context(FileLock(path, timeout=0))
            yield
    except Timeout:
        raise WrongUse(
            f"{folder} is in use by another process; wait until it is done, or stop it"
        ) from None
