"""Studies that are begun from Python: the command line in another process."""

import inspect
import json
import logging
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from typer.main import get_command

import study
from study.cli.main import app
from study.data import dataset_names, default_options
from study.data.dataset import CommandLine
from study.errors import Interrupted, StudyFailed, WrongUse
from study.plan import work as plan
from study.problem.settings import Settings, Work

pytestmark = pytest.mark.usefixtures("workplace")

BEGIN = """#!{python}
import json, pathlib, signal, sys, time
pathlib.Path("given.json").write_text(json.dumps(sys.argv[1:]))
"""


def in_place_of_python(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """What is launched notes its arguments, then does this."""
    program = Path("program")
    program.write_text(BEGIN.format(python=sys.executable) + code)
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program.absolute()))


def a_run() -> None:
    work = Work(problems=["mnist"], settings=Settings(), seed=1, plan=["search"])
    plan.create_run("mine", work, "none", workers=1)


def test_what_is_given_are_the_command_s_options(monkeypatch: pytest.MonkeyPatch) -> None:
    a_run()
    in_place_of_python(monkeypatch, "print('one'); print('two')")
    heard: list[str] = []
    run = study.run_study(
        ["line", "mnist"], name="mine", workers=2, tell=heard.append, line_dir="my lines"
    )
    assert run.name == "mine"
    assert heard == ["one", "two"]
    given = json.loads(Path("given.json").read_text())
    options = ["--name=mine", "--preset=quick", "--seed=1", "--workers=2", "--line-dir=my lines"]
    assert given == ["-m", "study", "run", *options, "--", "line", "mnist"]


@pytest.mark.parametrize(("verb", "call"), [("run", study.run_study), ("search", study.run_search)])
def test_every_option_of_the_command_can_be_given(verb: str, call: Callable[..., object]) -> None:
    commands = get_command(app).commands  # type: ignore[attr-defined]
    options = {
        option.removeprefix("--").replace("-", "_")
        for parameter in commands[verb].params
        if parameter.param_type_name == "option"
        for option in parameter.opts
    }
    of_data = {
        field
        for name in dataset_names()
        for field, info in type(default_options(name)).model_fields.items()
        if any(isinstance(mark, CommandLine) for mark in info.metadata)
    }
    parameters = inspect.signature(call).parameters
    assert parameters["data"].kind is inspect.Parameter.VAR_KEYWORD
    assert of_data < options
    given = {*parameters} - {"problem", "problems", "tell", "data"}
    assert given == options - of_data - {"help", "live"}


@pytest.mark.parametrize(
    ("code", "kind"), [(2, WrongUse), (1, StudyFailed), (130, Interrupted), (-9, StudyFailed)]
)
def test_an_error_is_raised_with_its_message_and_warnings_are_logged(
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    code: int,
    kind: type[study.StudyError],
) -> None:
    end = "import os; os.kill(os.getpid(), 9)" if code < 0 else f"sys.exit({code})"
    said = "" if code < 0 else "print('error: no room', file=sys.stderr)"
    warn = "print('a worker died', file=sys.stderr)"
    in_place_of_python(monkeypatch, f"{warn}\n{said}\nsys.stderr.flush()\n{end}")
    with caplog.at_level(logging.WARNING), pytest.raises(kind) as raised:
        study.run_search("line", name="mine")
    assert type(raised.value) is kind
    assert str(raised.value) == ("no room" if said else "the study ended with exit code -9")
    assert caplog.messages == ["a worker died"]


def test_whoever_stops_listening_stops_the_study(monkeypatch: pytest.MonkeyPatch) -> None:
    in_place_of_python(monkeypatch, "print('begun', flush=True)\ntime.sleep(60)")

    def stop(_: str) -> None:
        raise KeyboardInterrupt

    before, started = {*psutil.Process().children()}, time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        study.run_study(name="mine", tell=stop)
    assert time.monotonic() - started < 30
    assert {*psutil.Process().children()} <= before


def test_the_real_command_refuses_in_its_own_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHONPATH", raising=False)
    with pytest.raises(WrongUse, match=r"^no problem 'nothing'; there are: line, mnist"):
        study.run_study("nothing", name="mine")
    with pytest.raises(WrongUse, match=r"^No such option: --no-such"):
        study.run_study("line", name="mine", no_such=1)
    assert not [*Path().iterdir()]
