"""Commands that people copy are read by a shell as they were meant."""

import shlex
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from study.machine.shell import command


def test_what_needs_no_quotes_has_none() -> None:
    assert command("show", "my-run", "--top", "3") == "python -m study show my-run --top 3"


@pytest.mark.parametrize(
    ("file", "typed"),
    [("bin/study", "study"), ("study/__main__.py", "python -m study"), (None, "python -m study")],
)
def test_a_command_is_given_as_this_one_was(
    monkeypatch: pytest.MonkeyPatch, file: str | None, typed: str
) -> None:
    main = SimpleNamespace(__file__=str(Path(file).absolute())) if file else SimpleNamespace()
    monkeypatch.setitem(sys.modules, "__main__", main)
    assert command("list") == f"{typed} list"


@pytest.mark.slow
@given(st.lists(st.text()))
def test_a_shell_reads_what_was_meant(arguments: list[str]) -> None:
    assert shlex.split(command(*arguments)) == ["python", "-m", "study", *arguments]
