"""Which code in run folders may be run: files that this user has given, by command or in Python.

A run keeps a copy of a search space from outside the repository, and a run folder may come from
anywhere. So a copy is run only if its digest was noted here when the user gave that very file. The
notes are in the user's own folder and not in results/, which may be passed on as a whole.
"""

import os
from contextlib import suppress
from pathlib import Path


def trust(digest: str) -> None:
    """Note that the user has given code with this digest, if notes can be kept."""
    with suppress(OSError, RuntimeError):  # no home folder, or one without write permission
        _folder().mkdir(parents=True, exist_ok=True)
        (_folder() / digest).touch()


def is_trusted(digest: str) -> bool:
    """Whether the user has given code with this digest, in this or in an earlier process."""
    with suppress(OSError, RuntimeError):
        return (_folder() / digest).is_file()
    return False


def _folder() -> Path:
    """The folder with one empty file per digest; see the XDG Base Directory Specification."""
    state = os.environ.get("XDG_STATE_HOME", "")
    base = Path(state) if Path(state).is_absolute() else Path.home() / ".local" / "state"
    return base / "tuning-study" / "trusted-code"
