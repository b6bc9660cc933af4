"""How objects show themselves in a notebook: HTML in which all text from outside is escaped."""

import base64
import html
from collections.abc import Sequence

from study.machine.foreign_text import visible


def table(head: Sequence[str], rows: Sequence[Sequence[object]], title: str = "") -> str:
    """An HTML table of these cells, each of them escaped."""
    caption = f"<caption>{cell(title)}</caption>" if title else ""
    line = "".join(f"<th>{cell(one)}</th>" for one in head)
    body = "".join(f"<tr>{''.join(f'<td>{cell(one)}</td>' for one in row)}</tr>" for row in rows)
    return f"<table>{caption}<thead><tr>{line}</tr></thead><tbody>{body}</tbody></table>"


def picture(png: bytes, alt: str) -> str:
    """An HTML image that needs no file."""
    data = base64.b64encode(png).decode("ascii")
    return f'<img src="data:image/png;base64,{data}" alt="{cell(alt)}">'


def cell(value: object) -> str:
    """Any text or number, escaped."""
    return html.escape(visible(str(value)))
