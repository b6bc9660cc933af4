"""Errors are one line on standard error and an exit code; no traceback unless --debug."""

from pathlib import Path

import pytest

from study.cli import commands
from study.cli.main import repeated_options
from tests.cli.conftest import Command
from tests.command import python


def test_unknown_command_is_refused(command: Command) -> None:
    assert "trian" in command.refused("trian")


def test_missing_argument_is_refused(command: Command) -> None:
    assert "PROBLEM" in command.refused("search").upper()


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (
            ("visualize", "run", "--method", "foo"),
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

    monkeypatch.setattr(commands, "_import_tensorflow", interrupt)
    code, printed, errors = command("predict", "model.keras", "image.png")
    assert (code, printed) == (130, "")
    assert errors == "error: interrupted; what was finished is in results/\n"


def test_option_takes_several_values() -> None:
    given = ["visualize", "run", "--image", "a.png", "b.png", "--layer", "conv1", "--resize"]
    assert repeated_options(given) == [
        *("visualize", "run", "--image", "a.png", "--image", "b.png"),
        *("--layer", "conv1", "--resize"),
    ]


def test_help_does_not_import_tensorflow(tmp_path: Path) -> None:
    script = (
        "import sys, study.cli.main\n"
        "assert not {'tensorflow', 'keras', 'matplotlib', 'pandas', 'distributed'}"
        " & set(sys.modules)"
    )
    python(tmp_path, "-c", script)
