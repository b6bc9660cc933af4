"""How dates, names and the sort keys of cells are written: filters that only the templates use."""

import math
import re
from datetime import UTC, datetime

from markupsafe import Markup, escape

from study.machine.foreign_text import visible


def sort_key(anything: object) -> str:
    """What the browser sorts a cell by: numbers in full, nothing for an absent value."""
    if isinstance(anything, float) and not math.isfinite(anything):
        return ""
    if isinstance(anything, bool):
        return str(int(anything))
    return "" if anything is None else str(anything)


def date(iso: str) -> str:
    """ "2026-11-22T08:27:42+00:00" -> "22 November 2026, 08:27 UTC"; other texts stay unchanged."""
    try:
        moment = datetime.fromisoformat(iso)
    except ValueError:
        return iso
    moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    return f"{moment.day} {moment:%B %Y, %H:%M} UTC"


def breakable(text: str) -> Markup:
    """The text escaped, with places where a long name may wrap: after _ / . = and a comma."""
    return Markup(re.sub(r"([_/.=,])(?=\S)", r"\1<wbr>", str(escape(visible(text)))))


def with_code(text: str) -> Markup:
    """The text escaped, with anything between `backticks` as code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(visible(text)))))
