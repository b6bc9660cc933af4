"""Text from outside the program, fit to be shown: a person reads it, and nothing obeys it.

Names of files, classes and layers, errors of other packages and all texts of a run's records may
hold whatever somebody put there: commands to a terminal, a line of their own, letters that turn the
others around. Whoever shows text, on a terminal, on a page or in a picture, has it from here.
"""

import html
import unicodedata
from pathlib import Path


def visible(what: str | Path) -> str:
    r"""The text or path in one line, each character that has no looks of its own as its number.

    Such are what terminals obey, ends of lines, what turns text around or takes no room, halves of
    characters (of file names that are no UTF-8), and what Unicode has not given a meaning. They are
    written as Python does: a newline is `\n`, an escape `\x1b`. Spaces of any width are spaces.
    """
    text = str(what)
    if text.isprintable():
        return text
    return "".join(letter if _is_seen(letter) else _number(letter) for letter in text)


def visible_lines(text: str) -> str:
    """As `visible`, of a text that has lines, as a traceback has."""
    return "\n".join(map(visible, text.split("\n")))


def plotly_text(text: str) -> str:
    """As `visible`, for plotly, which reads all text as HTML: `<` and `&` stay what they are."""
    return html.escape(visible(text), quote=False)


def spreadsheet_text(text: str) -> str:
    """As `visible`, for a cell of a table: spreadsheets compute what begins like a formula."""
    shown = visible(text)
    return f"'{shown}" if shown.lstrip().startswith(("=", "+", "-", "@")) else shown


def utf8(text: str) -> str:
    r"""The text with what UTF-8 cannot say, parts of a file name that is no UTF-8, as `\udcff`."""
    return text.encode(errors="backslashreplace").decode()


def _is_seen(letter: str) -> bool:
    return letter.isprintable() or unicodedata.category(letter) == "Zs"


def _number(letter: str) -> str:
    return letter.encode("unicode_escape").decode("ascii")
