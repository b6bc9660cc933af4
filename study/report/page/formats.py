"""How numbers and names are written: for sentences, and as filters for the templates.

Everything that is absent, not a number or infinite is written as a dash.
"""

import math
import re
from datetime import UTC, datetime

from markupsafe import Markup, escape

from study.figures.wording import DASH, percent
from study.machine.foreign_text import visible

MINUS = "−"  # noqa: RUF001 - as wide as a plus sign, so that columns of numbers line up


def _signed(number: float, digits: int) -> str:
    text = f"{number:+.{digits}f}"
    if float(text) == 0:
        return text[1:]
    return text.replace("-", MINUS)


def _known(number: float | None) -> bool:
    return number is not None and math.isfinite(number)


def points(difference: float | None) -> str:
    """A difference of two shares in percentage points, with its sign: 0.071 -> "+7.10"."""
    if difference is None or not math.isfinite(difference):
        return DASH
    return _signed(difference * 100, 2)


def percent_range(interval: tuple[float, float] | None) -> str:
    """(0.952, 0.981) -> "95.20% to 98.10%"."""
    if interval is None or not all(_known(end) for end in interval):
        return DASH
    return f"{percent(interval[0])} to {percent(interval[1])}"


def points_range(interval: tuple[float, float] | None) -> str:
    """(0.062, 0.08) -> "+6.20 to +8.00"."""
    if interval is None or not all(_known(end) for end in interval):
        return DASH
    return f"{points(interval[0])} to {points(interval[1])}"


def p_value(p: float | None) -> str:
    """0.0321 -> "0.032"; what is smaller than a thousandth is "< 0.001"."""
    if p is None or not math.isfinite(p):
        return DASH
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def p_equation(p: float | None) -> str:
    """For sentences: "p < 0.001" or "p = 0.032"."""
    text = p_value(p)
    return f"p {text}" if text.startswith("<") else f"p = {text}"


def metric_name(metric: str) -> str:
    """ "joint" -> "joint accuracy"; "accuracy" as it is."""
    return metric if metric == "accuracy" else f"{metric} accuracy"


def count(number: int | None) -> str:
    """4012345 -> "4,012,345"."""
    return DASH if number is None else f"{number:,}"


def several(number: int, noun: str, nouns: str = "") -> str:
    """1, "trial" -> "1 trial"; 12, "trial" -> "12 trials"."""
    return f"{number:,} {noun if number == 1 else nouns or noun + 's'}"


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
