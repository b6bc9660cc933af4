"""Numbers and names of records in words: the same in terminals, figures and pages.

What is absent, not a number or infinite is written as a dash.
"""

import math
from collections.abc import Sequence

DASH = "–"  # noqa: RUF001 - an en dash, not a hyphen
MINUS = "−"  # noqa: RUF001 - as wide as a plus sign, so that columns of numbers line up


def percent(score: float | None) -> str:
    """A score in [0, 1] in words: 0.9912 -> "99.12%"."""
    return f"{100 * score:.2f}%" if score is not None and math.isfinite(score) else DASH


def percent_range(interval: tuple[float, float] | None) -> str:
    """(0.952, 0.981) -> "95.20% to 98.10%"."""
    if interval is None or not all(map(math.isfinite, interval)):
        return DASH
    return f"{percent(interval[0])} to {percent(interval[1])}"


def points(difference: float | None) -> str:
    """A difference of two scores in percentage points, with its sign: 0.071 -> "+7.10"."""
    if difference is None or not math.isfinite(difference):
        return DASH
    text = f"{100 * difference:+.2f}"
    return text[1:] if float(text) == 0 else text.replace("-", MINUS)


def points_range(interval: tuple[float, float] | None) -> str:
    """(0.062, 0.08) -> "+6.20 to +8.00"."""
    if interval is None or not all(map(math.isfinite, interval)):
        return DASH
    return f"{points(interval[0])} to {points(interval[1])}"


def p_value(p: float | None) -> str:
    """0.0321 -> "0.032"; values below a thousandth become "< 0.001"."""
    if p is None or not math.isfinite(p):
        return DASH
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def p_equation(p: float | None) -> str:
    """For sentences: "p < 0.001" or "p = 0.032"."""
    text = p_value(p)
    return f"p {text}" if text.startswith("<") else f"p = {text}"


def metric_name(metric: str) -> str:
    """A metric's name in words: "joint" -> "joint accuracy", "accuracy" -> "accuracy"."""
    return metric if metric in ("accuracy", "loss") else f"{metric} accuracy"


def count(number: int | None) -> str:
    """4012345 -> "4,012,345"."""
    return DASH if number is None else f"{number:,}"


def several(number: int, noun: str) -> str:
    """A number with its noun: (1, "trial") -> "1 trial", (1200, "trial") -> "1,200 trials"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def duration(seconds: float | None) -> str:
    """4.21 -> "4.2 s"; 192 -> "3 min 12 s"; 3900 -> "1 h 05 min"."""
    if seconds is None or not math.isfinite(seconds):
        return DASH
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes:02d} min"


def value(anything: object) -> str:
    """A hyperparameter's or setting's value: floats to four digits, yes or no for bool."""
    if anything is None:
        return DASH
    if isinstance(anything, bool):
        return "yes" if anything else "no"
    if isinstance(anything, float):
        return f"{anything:.4g}" if math.isfinite(anything) else DASH
    if isinstance(anything, list | tuple):
        return ", ".join(value(item) for item in anything) or DASH
    return str(anything)


def listed(names: Sequence[str]) -> str:
    """["a", "b", "c"] -> "a, b and c"."""
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))
