"""How dates, names and the keys of sortable cells are written: filters of the templates alone."""

import math
import re
from datetime import UTC, datetime

from markupsafe import Markup, escape

from study.machine.foreign_text import visible


def sort_key(anything: object) -> str:
    """What a cell is sorted by in the browser: numbers in full, nothing for an absent value."""
    if isinstance(anything, float) and not math.isfinite(anything):
        return ""
    if isinstance(anything, bool):
        return str(int(anything))
    return "" if anything is None else str(anything)


def date(iso: str) -> str:
    """ "2026-11-22T08:27:42+00:00" -> "22 November 2026, 08:27 UTC"; other texts as they are."""
    try:
        moment = datetime.fromisoformat(iso)
    except ValueError:
        return iso
    moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    return f"{moment.day} {moment:%B %Y, %H:%M} UTC"


def breakable(text: str) -> Markup:
    """Escaped, with places where a long name may wrap: after _ / . = and a comma."""
    return Markup(re.sub(r"([_/.=,])(?=\S)", r"\1<wbr>", str(escape(visible(text)))))


def with_code(text: str) -> Markup:
    """Escaped, with what stands between `backticks` as code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(visible(text)))))
