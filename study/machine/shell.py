"""Commands that people copy, quoted so that a shell reads what was meant."""

import shlex
import sys
from pathlib import Path


def command(*arguments: str) -> str:
    """The study's command line with these arguments, as it is typed."""
    return shlex.join([*program(), *arguments])


def program() -> list[str]:
    """The beginning of a command line: `study` if this process was started so, else Python's."""
    begun = getattr(sys.modules["__main__"], "__file__", None) or ""
    return ["study"] if Path(begun).name == "study" else ["python", "-m", "study"]
