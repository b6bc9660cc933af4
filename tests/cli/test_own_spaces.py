"""`--space`: what is refused, in one line, before anything is begun."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from study.problem import own_space
from tests.cli.conftest import Command
from tests.command import TINY
from tests.own_files import CIRCLE


@pytest.fixture(autouse=True)
def _own_notes(
    command: Command, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    assert command
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
    Path("circle.py").write_text(CIRCLE)
    yield
    own_space.use([])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["search"], "search: expected one problem: give its name, or a file by --space"),
        (["search", "line", "--space", "circle.py"], "search: expected one problem: give its name"),
        (["run", "--space", "no.py"], "--space: no.py: cannot be read: No such file or directory"),
        (["search", "--space", "circle"], "--space: expected the path of a .py file, got circle"),
        (["run", "square", "--space", "circle.py"], "no problem 'square'; there are: circle, line"),
    ],
)
def test_wrong_use_is_refused(command: Command, arguments: list[str], said: str) -> None:
    assert command.refused(*arguments, "--preset", TINY).startswith(f"error: {said}")
    assert not Path("results").exists()


@pytest.mark.parametrize(
    ("line", "instead", "said"),
    [
        ('DATA = "lines"', 'DATA = "circles"', "no data set 'circles'; there are: lines, mnist"),
        ("adam", "no such", "circle.py: build fails for the defaults: ValueError: "),
        ("(hp, steps", "(steps", "circle.py: build fails for the defaults: TypeError: "),
        ('HEADS = ("class",)', 'HEADS = ("side",)', "circle.py: expected HEADS = "),
    ],
)
def test_a_file_that_makes_no_search_is_refused(
    command: Command, monkeypatch: pytest.MonkeyPatch, line: str, instead: str, said: str
) -> None:
    from contextlib import nullcontext

    from study.cli import commands
    from tests import tiny

    monkeypatch.setattr(commands, "_engine", lambda *_: nullcontext(tiny.InstantEngine()))
    monkeypatch.setattr("study.search.search._run", lambda _: pytest.fail("trained"))
    assert line in CIRCLE
    Path("circle.py").write_text(CIRCLE.replace(line, instead))
    refused = command.refused("run", "--space", "circle.py", "--preset", TINY, "--name", "mine")
    assert refused.startswith(f"error: {said}")


def test_the_study_s_own_problems_are_not_among_those_run_beside_a_file(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    from study.cli import commands

    asked: list[list[str]] = []
    monkeypatch.setattr(commands, "_carry_out", lambda _, work, *__: asked.append(work.problems))
    command("run", "--space", "circle.py", "--preset", TINY)
    command("run", "mnist", "--space", "circle.py", "--preset", TINY)
    command("search", "--space", "circle.py", "--preset", TINY)
    assert asked == [["circle"], ["mnist", "circle"], ["circle"]]
