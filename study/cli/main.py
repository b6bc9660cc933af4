"""Runs the command line, from arguments to exit code; errors become one line on standard error."""

import io
import logging
import os
import re
import signal
import sys
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from study.cli.commands import network_commands, result_commands, run_commands
from study.cli.terminal import say
from study.errors import Interrupted, StudyError
from study.machine import ending, stopping
from study.machine.foreign_text import visible, visible_lines
from study.machine.shell import program

CLOSED_PIPE = 128 + signal.SIGPIPE
"""Exit code of programs that end, like coreutils, because nobody reads their output."""


app = typer.Typer(
    help="Does a hyperparameter search make a network better, and is the difference real?",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


def _print_version(wanted: bool) -> None:
    if not wanted:
        return
    from study import __version__
    from study.plan import provenance

    say(f"study {__version__}")
    say(f"commit {provenance.git_commit() or 'unknown'}")
    for package, version in provenance.versions().items():
        say(f"{package} {version}")
    raise typer.Exit


@dataclass
class Asked:
    """Options given before the command."""

    debug: bool = False


@app.callback()
def before_the_command(
    context: typer.Context,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show where in the program an error came from.")
    ] = False,
    version: Annotated[  # noqa: ARG001  # its callback prints it
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Version, commit, packages."
        ),
    ] = False,
) -> None:
    context.obj.debug = debug


for function in (
    run_commands.run,
    run_commands.search,
    run_commands.resume,
    run_commands.evaluate,
    run_commands.draw,
    network_commands.explain,
    network_commands.predict,
    result_commands.report,
    result_commands.export,
    result_commands.show,
    result_commands.data,
):
    app.command()(function)
app.command("list")(result_commands.list_all)
app.command("visualize", hidden=True)(run_commands.draw)  # its name in runs of older versions


def main() -> None:
    """Run the command line; errors become one line on standard error and an exit code."""
    _open_closed_streams()
    _print_anything()
    _log_to_standard_error()
    try:
        _run(sys.argv[1:])
        if sys.stdout:
            sys.stdout.flush()
    except BrokenPipeError:
        _leave_pipes()


def _run(arguments: list[str]) -> None:
    asked = Asked()
    try:
        with stopping.heeded():
            code = app(arguments, standalone_mode=False, prog_name=" ".join(program()), obj=asked)
    except SystemExit:  # Typer and rich turn a closed pipe into this
        raise BrokenPipeError from None
    except typer.TyperException as error:  # wrong use that Typer itself detects
        message = error.format_message().replace("Value error, ", "").rstrip(".")
        _fail(message + _given(message, arguments), 2, asked.debug)
    except StudyError as error:
        _fail(str(error), error.exit_code, asked.debug)
    except (KeyboardInterrupt, typer.Abort):
        code = Interrupted.exit_code
    except OSError as error:
        _fail(f"{error.filename or 'file system'}: {error.strerror or error}", 1, asked.debug)
    except Exception as error:  # a bug: still one line, with --debug the traceback
        _fail(f"unexpected {type(error).__name__}: {error}; --debug shows where", 1, asked.debug)
    if code == Interrupted.exit_code:  # Typer returns it after a KeyboardInterrupt
        _fail(ending.INTERRUPTED, code, asked.debug)


def _open_closed_streams() -> None:
    """Lead standard streams that the shell closed (`>&-`) to the null device.

    Python has None for such a stream; the first file opened would get its descriptor, and with it
    whatever other code prints.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:  # in this order each stream gets its own descriptor
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115


def _print_anything() -> None:
    """Print characters that the terminal's encoding lacks as their numbers instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


class _Visible(logging.Formatter):
    """Writes a message as one line and a traceback, from other packages, as several."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # logging's name
        return visible(super().formatMessage(record))

    def formatException(self, exc_info: Any) -> str:
        return visible_lines(super().formatException(exc_info))


def _log_to_standard_error() -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Visible("%(message)s"))
    logging.basicConfig(handlers=[handler], level=logging.WARNING)


def _leave_pipes() -> NoReturn:
    """Nobody reads the output any more: end silently, without Python's own message at exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nowhere, stream)
    sys.exit(CLOSED_PIPE)


def _fail(message: str, code: int, debug: bool) -> NoReturn:
    if debug:
        print(visible_lines(traceback.format_exc()), file=sys.stderr)
    ending.say(message)
    sys.exit(code)


def _given(message: str, arguments: list[str]) -> str:
    """The value given for the option in the message; Typer says only what was expected."""
    if "unexpected extra argument" in message and any(one.startswith("--") for one in arguments):
        return "; an option takes one value; repeat it for more: --image a.png --image b.png"
    named = re.search(r"'(--[a-z-]+)'", message)
    if not named or named[1] not in arguments[:-1]:
        return ""
    came = repr(arguments[arguments.index(named[1]) + 1])
    return "" if came in message else f", got {came}"
