"""Run the command line as a user would: another process, another folder."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.zygote import ROOT, Launched, Zygote

TINY = str(Path(__file__).parent / "tiny.toml")
DTYPE = os.environ.get("STUDY_TEST_DTYPE", "auto")
"""What searches train in that do not say it themselves: `make test DTYPE=mixed_bfloat16`."""


def study(
    folder: Path, *arguments: str, expect: int = 0, zygote: Zygote | None = None
) -> subprocess.CompletedProcess[str]:
    """`python -m study ARGUMENTS` in that folder; its exit code must be the one expected."""
    if zygote:
        return _completed(begin(folder, *arguments, zygote=zygote), expect)
    return python(folder, "-m", "study", *_in_dtype(arguments), expect=expect)


def python(folder: Path, *arguments: str, expect: int = 0) -> subprocess.CompletedProcess[str]:
    """`python ARGUMENTS` in that folder, with the project importable."""
    return _completed(_begin(folder, *arguments), expect)


def begin(folder: Path, *arguments: str, zygote: Zygote) -> Launched:
    """`python -m study ARGUMENTS` in that folder, still going on."""
    return zygote.launch(folder, "study", _in_dtype(arguments), _environment())


def script(folder: Path, code: str, zygote: Zygote) -> str:
    """What `python -c CODE` prints in that folder, with the project importable."""
    begun = zygote.launch(folder, "", [], _environment(), script=code)
    return _completed(begun, 0).stdout


def _completed(
    process: "subprocess.Popen[str] | Launched", expect: int
) -> subprocess.CompletedProcess[str]:
    output, errors = process.communicate(timeout=1200)
    assert process.returncode == expect, f"exit {process.returncode}:\n{output}\n{errors}"
    return subprocess.CompletedProcess([], process.returncode, output, errors)


def _environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(ROOT)}


def _in_dtype(arguments: tuple[str, ...]) -> tuple[str, ...]:
    searches = arguments[0] in ("run", "search") and "--dtype" not in arguments
    return (*arguments, "--dtype", DTYPE) if searches else arguments


def _begin(folder: Path, *arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, *arguments],
        cwd=folder,
        env=_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # so that Ctrl-C can be pressed for it, and all it began, alone
        preexec_fn=hear_control_c,
    )


def contents(folder: Path) -> dict[Path, bytes]:
    """Every file below the folder, and every folder, which has no bytes.

    But the locks: whoever is refused may have had to take one in order to see that.
    """
    return {
        path: path.read_bytes() if path.is_file() else b""
        for path in folder.rglob("*")
        if path.name != ".lock"
    }


def hear_control_c() -> None:
    """In a new process: a shell that starts the tests in the background has it ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
