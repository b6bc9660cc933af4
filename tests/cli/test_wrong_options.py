"""Wrong use: one line on standard error, exit code 2, no traceback unless --debug."""

from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.cli.presets import preset
from tests.command import TINY


def test_unknown_problem_is_refused_with_those_there_are(command: Command) -> None:
    line = command.refused("run", "cifar")
    assert "'cifar'" in line
    assert "line, mnist, multihead" in line


def test_unknown_tuner_is_refused_with_those_there_are(command: Command) -> None:
    line = command.refused("search", "line", "--tuner", "genetic")
    assert "tuner" in line
    assert "'genetic'" in line
    assert "hyperband" in line


@pytest.mark.parametrize("seed", ["0", "-3"])
def test_seed_below_one_is_refused(command: Command, seed: str) -> None:
    line = command.refused("run", "line", "--seed", seed)
    assert "--seed" in line
    assert f"got {seed}" in line


@pytest.mark.parametrize("name", ["../escape", "a/b", "/tmp/x", "..", "", ".hidden"])
def test_run_name_that_is_a_path_is_refused(command: Command, name: str, tmp_path: Path) -> None:
    line = command.refused("run", "line", "--preset", TINY, "--name", name)
    assert "run name" in line
    assert not (tmp_path / "results").exists()


def test_unknown_preset_is_refused(command: Command) -> None:
    assert "full or quick" in command.refused("run", "--preset", "huge")


def test_unknown_preset_key_is_named(command: Command, tmp_path: Path) -> None:
    mine = preset(tmp_path, "[search]\nmax_trial = 3\n")
    line = command.refused("run", "--preset", mine)
    assert "search.max_trial" in line
    assert "max_trials" in line


def test_preset_value_out_of_range_is_named_before_anything_starts(
    command: Command, tmp_path: Path
) -> None:
    mine = preset(tmp_path, "[evaluation]\nseeds = 1\n")
    line = command.refused("run", "--preset", mine)
    assert "evaluation.seeds" in line
    assert "got 1" in line
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize(
    ("option", "value"), [("--max-trials", "0"), ("--max-epochs", "0"), ("--time-limit", "soon")]
)
def test_search_budget_out_of_range_is_refused(command: Command, option: str, value: str) -> None:
    line = command.refused("search", "line", option, value)
    assert option.strip("-").replace("-", "_") in line
    assert value in line


def test_number_that_is_none_is_refused(command: Command) -> None:
    assert "many" in command.refused("search", "line", "--max-trials", "many")


@pytest.mark.parametrize("name", ["evaluate", "report", "resume", "show", "draw"])
def test_unknown_run_is_refused(command: Command, name: str) -> None:
    assert "no run 'nope'" in command.refused(name, "nope")
