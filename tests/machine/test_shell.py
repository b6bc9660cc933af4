"""Commands that people copy are read by a shell as they were meant."""

import shlex

from hypothesis import given
from hypothesis import strategies as st

from study.machine.shell import command


def test_what_needs_no_quotes_has_none() -> None:
    assert command("show", "my-run", "--top", "3") == "python -m study show my-run --top 3"


@given(st.lists(st.text()))
def test_a_shell_reads_what_was_meant(arguments: list[str]) -> None:
    assert shlex.split(command(*arguments)) == ["python", "-m", "study", *arguments]
