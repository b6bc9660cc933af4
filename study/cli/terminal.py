"""What is written to the terminal: lines and tables, in which nothing from outside is obeyed."""

from rich.console import Console
from rich.status import Status
from rich.text import Text

from study.machine.foreign_text import visible

console = Console(markup=False, emoji=False, highlight=False, soft_wrap=True)
"""What is printed are names, paths and messages: brackets, colons and lengths are theirs."""


def say(text: str, to: Console = console) -> None:
    """Print a line, however long."""
    to.print(Text(visible(text)), soft_wrap=True)


def waiting(words: str, at: Console = console) -> Status:
    """A sign of life and the words, on a terminal and for the length of a `with` block."""
    return at.status(words, spinner="line" if at.options.ascii_only else "dots")
