"""results/ and reports/: the folders that runs and pages are in."""

import os
import shutil
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

from study.errors import WrongUse

RESULTS = Path("results")
REPORTS = Path("reports")

HALF_MADE = ".new"
"""In results/: where a run is made."""


def check_folder(path: Path) -> None:
    """Whether results/ or reports/, if it is there, is a folder.

    Raises:
        WrongUse: it is not.
    """
    if os.path.lexists(path) and not path.is_dir():
        raise WrongUse(
            f"{path}: expected a folder, got {not_a_folder(path)}; remove it or move it away"
        )


def not_a_folder(path: Path) -> str:
    """What has the place of a folder, in words."""
    return f"a link to nowhere ({path.readlink()})" if not path.exists() else "a file"


def remove_half_made(results: Path) -> None:
    """A run that a process was killed over while it made it; not one that is being made."""
    hidden = results / HALF_MADE
    if hidden.exists():
        with suppress(Timeout), FileLock(results / ".lock", timeout=0):
            shutil.rmtree(hidden, ignore_errors=True)


def holds_a_run(folder: Path) -> bool:
    """Whether there is a study.json in it, readable or not."""
    try:
        (folder / "study.json").lstat()
    except PermissionError:  # a folder that may not be looked into
        return True
    except OSError:
        return False
    return True
