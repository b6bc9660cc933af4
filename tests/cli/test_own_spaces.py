"""`--space`: what is refused, in one line, before anything is begun."""

from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest

from study.cli.commands import opening, run_commands
from study.plan import work as plan
from study.plan.space_files import give
from study.problem import own_space
from study.problem.preset_files import load_preset
from study.problem.settings import Work
from tests import tiny
from tests.cli.conftest import Command
from tests.command import TINY
from tests.factories import trial
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
        (["search"], "search: expected one problem: give its name, or a file with --space"),
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
        ("(hp, ", "(", "circle.py: build fails for the defaults: TypeError: "),
        (
            'HEADS = ("class",)',
            'HEADS = ("side",)',
            "circle.py: expected HEADS to name label columns",
        ),
    ],
)
def test_a_file_that_makes_no_search_is_refused(
    command: Command, monkeypatch: pytest.MonkeyPatch, line: str, instead: str, said: str
) -> None:
    monkeypatch.setattr(opening, "workers_for", lambda *_: nullcontext(tiny.InstantEngine()))
    monkeypatch.setattr("study.search.search._run", lambda _: pytest.fail("trained"))
    assert line in CIRCLE
    Path("circle.py").write_text(CIRCLE.replace(line, instead))
    refused = command.refused("run", "--space", "circle.py", "--preset", TINY, "--name", "mine")
    assert refused.startswith(f"error: {said}")
    assert not Path("results").exists()  # so that the name is free when the file is mended


def test_the_study_s_own_problems_are_not_among_those_run_beside_a_file(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []
    monkeypatch.setattr(run_commands, "carry_out", lambda _, work, *__: asked.append(work.problems))
    command("run", "--space", "circle.py", "--preset", TINY)
    command("run", "mnist", "--space", "circle.py", "--preset", TINY)
    command("search", "--space", "circle.py", "--preset", TINY)
    assert asked == [["circle"], ["mnist", "circle"], ["circle"]]


def test_code_of_a_run_from_elsewhere_is_not_run(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither to go on nor to draw; what does without it needs no trust."""
    Path("circle.py").write_text(f"{CIRCLE}\nopen('ran', 'w').close()\n")
    names = give([Path("circle.py")])
    work = Work(
        problems=names,
        settings=load_preset(TINY),
        seed=1,
        plan=["search"],
        spaces={space.name: space.digest for space in own_space.used()},
    )
    plan.create_run("mine", work, "none", workers=1).append_trial("circle", trial())
    own_space.use([])
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "another-user"))
    for verb in ("resume", "draw"):
        refused = command.refused(verb, "mine")
        assert "circle.py is code, and you have not given it to the study yet" in refused
    for verb in ("show", "report"):
        assert command(verb, "mine")[0] == 0
    assert "Circles: round or not." in Path("reports/mine.html").read_text()
    assert not Path("ran").exists()
    other = command.refused("resume", "mine", "--space", "missing.py")
    assert other.startswith("error: --space: missing.py: cannot be read")
