"""The command line, called in this process."""

import sys
from pathlib import Path

import pytest

from study.cli.main import main


@pytest.fixture
def command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> "Command":
    """The command line in an empty folder, in this process."""
    monkeypatch.chdir(tmp_path)
    return Command(monkeypatch, capsys)


class Command:
    """Calls the command line and hands back its exit code and what it printed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.monkeypatch, self.capsys = monkeypatch, capsys

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        self.monkeypatch.setattr(sys, "argv", ["study", *arguments])
        code = 0
        try:
            main()
        except SystemExit as stop:
            code = int(stop.code or 0)
        printed = self.capsys.readouterr()
        return code, printed.out, printed.err

    def refused(self, *arguments: str) -> str:
        """The one line with which wrong use is refused."""
        code, _, errors = self(*arguments)
        assert code == 2, errors
        (line,) = errors.splitlines()
        assert line.startswith("error: ")
        return line
