"""A process's temporary folder: its own, gone after its end, however it ended."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from study.machine import scratch
from tests.command import ROOT

MAKE = """
import joblib, sys
from multiprocessing import get_context, util
from study.machine import scratch
print(scratch.folder(), flush=True)
"""
AND_WAIT = """
lock = get_context("spawn").Lock()
print(lock._semlock.name, flush=True)
sys.stdin.read()
"""


def begin(folder: Path, script: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", script],
        env=os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(folder)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def test_at_the_end_of_the_process_it_is_gone_with_all_that_is_in_it(short_folder: Path) -> None:
    use = """
import tempfile
scratch.use()
tempfile.mkstemp(); print(util.get_temp_dir())
"""
    printed, errors = begin(short_folder, MAKE + use).communicate(timeout=60)
    own, sockets = map(Path, printed.split())
    assert errors == ""
    assert own.parent == short_folder
    assert sockets.parent == own
    assert list(short_folder.iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="semaphores are files on Linux only")
def test_what_a_killed_process_left_the_next_one_removes_and_nothing_of_a_living_one(
    short_folder: Path,
) -> None:
    """kill -9 of all, the tracker of its semaphores too."""
    process = begin(short_folder, MAKE + AND_WAIT)
    assert process.stdout
    own = Path(process.stdout.readline().strip())
    semaphore = Path("/dev/shm/sem." + process.stdout.readline().strip().lstrip("/"))
    assert own.stat().st_mode & 0o777 == 0o700
    scratch.remove_stale(short_folder)
    assert own.exists()
    assert semaphore.exists()
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert own.exists()
    scratch.remove_stale(short_folder)
    assert list(short_folder.iterdir()) == []
    assert not semaphore.exists()


def test_a_folder_of_another_kind_or_user_is_left_alone(short_folder: Path) -> None:
    (short_folder / "study-notes").write_text("mine")
    (short_folder / "study-link").symlink_to(short_folder)
    scratch.remove_stale(short_folder)
    assert {path.name for path in short_folder.iterdir()} == {"study-notes", "study-link"}


@pytest.fixture
def short_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sockets fit in it, whatever the test is called."""
    return tmp_path_factory.mktemp("s")
