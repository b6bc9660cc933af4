"""Makes text from outside the program safe to show: people can read it, and nothing interprets it.

Names of files, classes and layers, errors of other packages and all texts in a run's records may
contain anything: commands to a terminal, line breaks, letters that reverse the direction of others.
All code that shows text, on a terminal, on a page or in a picture, passes it through here.
"""

import html
import unicodedata
from pathlib import Path


def visible(what: str | Path) -> str:
    r"""The text or path in one line, with every invisible character written as its number.

    Invisible are control characters, ends of lines, characters that reverse text or have no width,
    halves of characters (in file names that are not UTF-8), and characters without a meaning in
    Unicode. They are written as in Python: a newline is `\n`, an escape `\x1b`. Spaces of any width
    are kept.
    """
    text = str(what)
    if text.isprintable():
        return text
    return "".join(letter if _is_seen(letter) else _number(letter) for letter in text)


def visible_lines(text: str) -> str:
    """Like `visible`, for a text with several lines, such as a traceback."""
    return "\n".join(map(visible, text.split("\n")))


def plotly_text(text: str) -> str:
    """Like `visible`, for plotly, which reads all text as HTML: `<` and `&` are escaped."""
    return html.escape(visible(text), quote=False)


def spreadsheet_text(text: str) -> str:
    """Like `visible`, for a cell of a table: text that begins like a formula gets an apostrophe."""
    shown = visible(text)
    return f"'{shown}" if shown.lstrip().startswith(("=", "+", "-", "@")) else shown


def utf8(text: str) -> str:
    r"""The text with parts that are not valid UTF-8, as in some file names, written as `\udcff`."""
    return text.encode(errors="backslashreplace").decode()


def _is_seen(letter: str) -> bool:
    return letter.isprintable() or unicodedata.category(letter) == "Zs"


def _number(letter: str) -> str:
    return letter.encode("unicode_escape").decode("ascii")
