"""From the arguments to the exit code: errors become one line on standard error."""

import logging
import re
import signal
import sys
import traceback

import typer

from study.cli.commands import app
from study.errors import Interrupted, StudyError


def main() -> None:
    """Run the command line; errors become one line on standard error and an exit code."""
    arguments = repeated_options(sys.argv[1:])
    debug = "--debug" in arguments
    arguments = [argument for argument in arguments if argument != "--debug"]
    logging.basicConfig(format="%(message)s", stream=sys.stderr, level=logging.WARNING)
    # As Ctrl-C: what a cluster sends when time is up.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        code = app(arguments, standalone_mode=False, prog_name="python -m study")
    except typer.TyperException as error:  # what Typer itself refuses
        message = error.format_message().replace("Value error, ", "").rstrip(".")
        _fail(message + _given(message, arguments), 2, debug)
    except StudyError as error:
        _fail(str(error), error.exit_code, debug)
    except (KeyboardInterrupt, typer.Abort):
        code = Interrupted.exit_code
    except OSError as error:
        _fail(f"{error.filename or 'file system'}: {error.strerror or error}", 1, debug)
    except Exception as error:  # a bug: one line all the same, the traceback with --debug
        _fail(f"unexpected {type(error).__name__}: {error}; --debug shows where", 1, debug)
    if code == Interrupted.exit_code:  # so does Typer return from KeyboardInterrupt
        _fail("interrupted; what was finished is in results/", code, debug)


def _fail(message: str, code: int, debug: bool) -> None:
    if debug:
        traceback.print_exc()
    print(f"error: {' '.join(message.split())}", file=sys.stderr)
    sys.exit(code)


def _given(message: str, arguments: list[str]) -> str:
    """What came for the option that the message is about; Typer says only what was expected."""
    named = re.search(r"'(--[a-z-]+)'", message)
    if not named or named[1] not in arguments[:-1]:
        return ""
    came = repr(arguments[arguments.index(named[1]) + 1])
    return "" if came in message else f", got {came}"


def repeated_options(arguments: list[str]) -> list[str]:
    """`--image a b` -> `--image a --image b`, for the options that take several values."""
    several = ("--image", "--layer", "--kind", "--method")
    expanded: list[str] = []
    option = ""
    for argument in arguments:
        if argument.startswith("-"):
            option = argument if argument in several else ""
        elif option and expanded[-1] != option:
            expanded.append(option)
        expanded.append(argument)
    return expanded
