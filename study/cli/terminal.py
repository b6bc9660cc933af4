"""Output to the terminal: lines and tables, in which no text from outside is interpreted."""

from rich.console import Console
from rich.status import Status
from rich.text import Text

from study.machine.foreign_text import visible

console = Console(markup=False, emoji=False, highlight=False, soft_wrap=True)
"""Prints names, paths and messages literally: brackets, colons and lengths stay as they are."""


def say(text: str, to: Console = console) -> None:
    """Print a line of any length."""
    to.print(Text(visible(text)), soft_wrap=True)


def waiting(words: str, at: Console = console) -> Status:
    """Show the words with a spinner, on a terminal and for the length of a `with` block."""
    return at.status(words, spinner="line" if at.options.ascii_only else "dots")
