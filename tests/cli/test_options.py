"""Options: what they take, and refuse."""

import re
import shutil
from pathlib import Path
from typing import get_args

import pytest

from study.cli.options import KindOption, MethodOption, worker_count
from study.records.finding import METHODS
from study.records.picture import FigureKind
from tests.cli.conftest import Command
from tests.command import ROOT, TINY


@pytest.mark.parametrize("workers", ["0", "-1", "two", "1.5"])
def test_workers_are_auto_or_a_number(command: Command, workers: str) -> None:
    refused = command.refused("run", "line", "--workers", workers)
    assert "'--workers': expected auto or a whole number, 1 or more" in refused
    assert f"got '{workers}'" in refused


def test_auto_is_a_worker_a_core() -> None:
    assert (worker_count("auto"), worker_count("3")) == (None, 3)


def test_methods_offered_are_those_there_are() -> None:
    assert tuple(option.value for option in MethodOption) == METHODS
    assert tuple(option.value for option in KindOption) == get_args(FigureKind)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    return folder


@pytest.mark.slow
def test_a_tilde_is_the_user_s_folder_wherever_a_path_is_given(
    command: Command, home: Path
) -> None:
    """What is not there is named with its whole path."""
    for arguments in (
        ("run", "line", "--preset=~/mine.toml"),
        ("run", "line", "--preset", TINY, "--line-dir=~/lines"),
        ("search", "line", "--preset", TINY, "--line-dir=~/lines"),
        ("data", "line", "--line-dir=~/lines"),
        ("predict", "~/some.keras", "~/a.png"),
        ("explain", "~/some.keras", "--kind", "filters"),
    ):
        assert str(home) in command.refused(*arguments)


def test_a_tilde_is_the_user_s_folder_for_what_is_written(command: Command, home: Path) -> None:
    assert command("data", "line", "--preset", TINY, "--export=~/lines")[0] == 0
    assert len(list((home / "lines").iterdir())) > 96
    shutil.copytree(ROOT / "results/example", "results/example")
    assert command("export", "~/../results/example", "--to", "csv", "--out=~/tables")[0] == 0
    assert (home / "tables/example-mnist.csv").is_file()


def test_a_line_folder_in_a_preset_may_have_a_tilde_too(command: Command, home: Path) -> None:
    Path("mine.toml").write_text('[data.lines]\nline_dir = "~/lines"\n')
    assert f"{home}/lines" in command.refused("data", "line", "--preset", "mine.toml")


def test_a_tilde_of_nobody_is_refused(command: Command) -> None:
    line = command.refused("data", "line", "--line-dir=~nobody-of-that-name/lines")
    assert "'--line-dir': there is no such user; for a file" in line


@pytest.mark.parametrize("file", ["my preset.toml", "größer.toml", "-x.toml"])
def test_a_preset_may_have_any_file_name(command: Command, file: str) -> None:
    """A run without a name is called after it, as far as a name can be."""
    Path(file).write_text("[data.lines]\nline_dir = 'nowhere'\n")
    line = command.refused("run", "line", f"--preset={file}")
    assert "run name" not in line
    assert "nowhere" in line


@pytest.mark.slow
@pytest.mark.parametrize("given", ["{}", "results/{}", "results/{}/", "./results/{}"])
def test_a_folder_is_as_good_as_a_name_for_every_command(command: Command, given: str) -> None:
    two = shutil.ignore_patterns("line", "multihead")  # one problem's charts take time enough
    shutil.copytree(ROOT / "results/example", "results/example", ignore=two)
    run = given.format("example")
    for arguments in (("show", run), ("report", run), ("export", run, "--to", "csv")):
        assert command(*arguments)[0] == 0
    assert "already evaluated" in command.refused("evaluate", run)
    assert "is finished" in command("resume", run)[1]
    assert "started with other settings" in command.refused("run", "line", "--name", run)
    assert "layer 'nope'" in command.refused(
        "explain", run, "--network", "tuned", "--kind", "filters", "--layer", "nope"
    )


@pytest.mark.parametrize("name", ["run", "search", "data"])
def test_what_data_sets_declare_is_an_option_of_each_command_that_loads_data(
    command: Command, name: str
) -> None:
    code, printed, _ = command(name, "--help")
    assert code == 0
    assert "--line-dir" in printed
    assert "--images-per-class" in printed
    assert "--drawing" in printed
    assert "--validation" not in printed  # not declared


def test_what_is_given_for_a_data_set_goes_before_its_preset(command: Command) -> None:
    code, printed, _ = command("data", "line", "--preset", TINY, "--images-per-class", "6")
    assert code == 0
    rows = dict(line.split(maxsplit=1) for line in printed.splitlines() if line.strip())
    assert sum(int(rows[part]) for part in ("train", "validation", "test")) == 6 * 96


@pytest.mark.parametrize(
    ("value", "said"), [("4", "images_per_class: .* equal to 5, got 4"), ("x", "--images-per-cl")]
)
def test_a_wrong_value_for_a_data_set_is_refused(command: Command, value: str, said: str) -> None:
    line = command.refused("data", "line", "--images-per-class", value)
    assert re.search(said, line)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--drawing", "odd"], "drawing: input should be 'plain' or 'varied', got 'odd'"),
        (
            ["--drawing", "varied", "--line-dir", "mine"],
            "drawing: expected 'plain' where lines are read from line_dir and not drawn",
        ),
    ],
)
def test_a_drawing_that_cannot_be_is_refused(command: Command, given: list[str], said: str) -> None:
    assert said in command.refused("data", "line", *given)
