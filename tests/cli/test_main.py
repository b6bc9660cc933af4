"""Errors are one line on standard error and an exit code; no traceback unless --debug."""

import json
import os
import pty
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from importlib import metadata
from pathlib import Path

import pytest

from study.cli.commands import network_commands
from tests.cli.conftest import Command
from tests.command import ROOT, TINY, hear_control_c, python, study


def test_unknown_command_is_refused(command: Command) -> None:
    assert "trian" in command.refused("trian")


def test_missing_argument_is_refused(command: Command) -> None:
    assert "PROBLEM" in command.refused("search").upper()


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (
            ("explain", "run", "--method", "foo"),
            "'--method': 'foo' is not one of 'gradcam', 'gradcam++', 'scorecam', 'smoothgrad'",
        ),
        (
            ("search", "line", "--time-limit", "soon"),
            "options: time_limit: expected a time like 90s, 10m or 1h30m, got 'soon'",
        ),
    ],
)
def test_what_came_is_said_once(command: Command, asked: tuple[str, ...], told: str) -> None:
    assert command.refused(*asked).endswith(told)


def test_traceback_is_shown_with_debug_only(command: Command) -> None:
    assert "Traceback" not in command("show", "nope")[2]
    assert "Traceback" in command("--debug", "show", "nope")[2]


def test_ctrl_c_at_any_moment_is_said_and_ends_with_130(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(network_commands, "import_tensorflow", interrupt)
    code, printed, errors = command("predict", "model.keras", "image.png")
    assert (code, printed) == (130, "")
    assert errors == "error: interrupted; finished work is in results/\n"


LATE = """
import contextlib, os, runpy, signal, sys, threading
from study.machine import stopping
from study.steps import report_step as stages
stopping.GRACE_S = 0.3
then = sys.argv.pop()
def report(run):
    for _ in range(5):
        with contextlib.suppress(BaseException):
            signal.raise_signal(signal.SIGINT)
    if then == "waits":
        threading.Event().wait()
stages.report_step = report
runpy.run_module("study", run_name="__main__")
"""


@pytest.mark.slow
@pytest.mark.parametrize("then", ["goes-on", "waits"])
def test_ctrl_c_that_a_command_swallows_ends_it_all_the_same(tmp_path: Path, then: str) -> None:
    some_run(tmp_path)
    done = python(tmp_path, "-c", LATE, "report", "example", then, expect=130)
    assert done.stderr == "error: interrupted; finished work is in results/\n"


@pytest.mark.slow
def test_ctrl_c_in_a_terminal_five_times_while_packages_are_imported(tmp_path: Path) -> None:
    """All that the terminal shows is one line, and nothing is left in TMPDIR."""
    temporary = tmp_path / "t"
    temporary.mkdir()
    command = [sys.executable, "-m", "study", "search", "line", "--preset", TINY]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(temporary)}
    process, terminal = pty.fork()
    if process == 0:
        os.chdir(tmp_path)
        hear_control_c()
        os.execve(sys.executable, command, environment)
    shown = until(terminal, b"importing TensorFlow")
    pressed = time.monotonic()
    for _ in range(5):
        os.write(terminal, b"\x03")
        time.sleep(0.05)
    shown += until(terminal, None)
    _, status = os.waitpid(process, 0)
    assert os.waitstatus_to_exitcode(status) == 130
    assert time.monotonic() - pressed < 10
    assert shown.count(b"error: interrupted; finished work is in results/") == 1
    assert b"Traceback" not in shown
    assert b"Exception ignored" not in shown
    assert list(temporary.iterdir()) == []


def until(terminal: int, words: bytes | None) -> bytes:
    """What a terminal shows, until these words come, or all of it."""
    shown = b""
    with suppress(OSError):  # so does Linux say that nobody is on the other side any more
        while words is None or words not in shown:
            more = os.read(terminal, 4096)
            if not more:
                break
            shown += more
    return shown


def test_an_option_takes_one_value_and_says_so(command: Command) -> None:
    line = command.refused("explain", "run", "--image", "a.png", "b.png")
    assert "(b.png); an option takes one value; repeat it for more" in line
    assert "no run 'model'" in command.refused("explain", "--image", "a.png", "model")


def test_debug_and_version_are_told_of_and_work(command: Command) -> None:
    code, printed, _ = command("--help")
    assert code == 0
    assert "--debug" in printed
    assert "--version" in printed
    code, printed, errors = command("--version")
    assert (code, errors) == (0, "")
    assert re.match(r"study \d+\.\d+\.\d+\ncommit ", printed)
    assert f"keras {metadata.version('keras')}" in printed.splitlines()


def some_run(folder: Path) -> None:
    """A run of three problems in the folder: the example."""
    shutil.copytree(ROOT / "results/example", folder / "results/example")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "unbuffered"),
    [
        (("show", "example"), ""),
        (("show", "example"), "1"),
        (("list",), ""),
        (("export", "example", "--to", "csv"), "1"),
        (("--help",), ""),
        (("--help",), "1"),
    ],
)
def test_nobody_has_to_read_the_output(
    tmp_path: Path, arguments: tuple[str, ...], unbuffered: str
) -> None:
    """As `study show example | head -1`, if head is done at once."""
    some_run(tmp_path)
    done = to_closed_pipe(tmp_path, *arguments, PYTHONUNBUFFERED=unbuffered)
    assert (done.returncode, done.stderr) == (128 + signal.SIGPIPE, "")


def to_closed_pipe(
    folder: Path, *arguments: str, **environment: str
) -> "subprocess.CompletedProcess[str]":
    """The command, with a standard output that nobody reads."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        return subprocess.run(
            [sys.executable, "-m", "study", *arguments],
            cwd=folder,
            env=os.environ | {"PYTHONPATH": str(ROOT)} | environment,
            stdout=writing,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    finally:
        os.close(writing)


@pytest.mark.slow
def test_nobody_has_to_read_the_errors(tmp_path: Path) -> None:
    script = "python -m study show nope 2>&1 >/dev/null | true; echo ${PIPESTATUS[0]}"
    script = script.replace("python", shlex.quote(sys.executable))
    printed = subprocess.run(
        ["bash", "-c", script],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    # Whether `true` was gone by then is chance: it is wrong use, or nobody was told.
    assert printed.stdout.strip() in ("2", str(128 + signal.SIGPIPE))
    assert printed.stderr == ""


ASCII_ONLY = [
    {"PYTHONIOENCODING": "ascii", "LANG": "C.UTF-8"},
    {"LC_ALL": "C", "PYTHONUTF8": "0"},
]


PRINTING = (
    ("list",),
    ("report", "example"),
    ("export", "example", "--to", "csv", "--out", "größer"),
    ("data", "line", "--preset", TINY),
    ("explain", "--help"),
)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("environment", "printing"), [(ASCII_ONLY[0], PRINTING[:1]), (ASCII_ONLY[1], PRINTING)]
)
def test_terminals_that_know_no_more_than_ascii_are_served(
    tmp_path: Path,
    environment: dict[str, str],
    printing: tuple[tuple[str, ...], ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where their encoding says so; where the whole locale does, files have other names, too."""
    for name, value in (environment | {"COLUMNS": "200"}).items():
        monkeypatch.setenv(name, value)
    some_run(tmp_path)
    record = tmp_path / "results/example/line/trials.jsonl"
    text = record.read_text(encoding="utf-8").splitlines()
    failed = json.loads(text[-1]) | {"status": "failed", "error": "ValueError: größer als ∞ …"}
    failed |= {"score": None, "curves": {}}
    record.write_text("\n".join([*text[:-1], json.dumps(failed, ensure_ascii=False), ""]), "utf-8")
    shown = study(tmp_path, "show", "example").stdout
    assert "gr\\xf6\\xdfer als \\u221e \\u2026" in shown
    assert shown.isascii()
    for arguments in printing:
        assert study(tmp_path, *arguments).stdout.isascii()
        if "export" in arguments:
            assert (tmp_path / "größer/example-line.csv").is_file()
    assert study(tmp_path, "show", "größer", expect=2).stderr.isascii()


@pytest.mark.slow
def test_a_search_in_ascii_runs_and_refuses_what_it_could_not_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in ASCII_ONLY[-1].items():
        monkeypatch.setenv(name, value)
    search = ("search", "line", "--preset", TINY, "--max-trials", "1", "--workers", "1")
    study(tmp_path, "data", "line", "--preset", TINY, "--export", "größer")
    assert "set PYTHONUTF8=1" in study(tmp_path, *search, "--line-dir", "größer", expect=2).stderr
    assert not (tmp_path / "results").exists()
    shutil.copy(TINY, tmp_path / "größer.toml")
    done = study(tmp_path, *search, "--preset", "größer.toml", "--name", "own")
    assert done.stdout.isascii()
    assert done.stderr == ""
    recorded = json.loads((tmp_path / "results/own/study.json").read_text(encoding="utf-8"))
    assert "--preset größer.toml" in recorded["command"].replace("'", "")


def test_help_does_not_import_tensorflow(tmp_path: Path) -> None:
    script = (
        "import sys, study.cli.main\n"
        "assert not {'tensorflow', 'keras', 'matplotlib', 'pandas', 'distributed'}"
        " & set(sys.modules)"
    )
    python(tmp_path, "-c", script)
