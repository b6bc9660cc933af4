"""Numbers and names in words."""

import math
import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from study.records.wording import (
    DASH,
    count,
    duration,
    listed,
    metric_name,
    p_equation,
    p_value,
    percent,
    percent_range,
    points,
    points_range,
    several,
    value,
)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (percent(0.99123), "99.12%"),
        (percent(0.97312), "97.31%"),
        (percent(1.0), "100.00%"),
        (percent_range((0.952, 0.981)), "95.20% to 98.10%"),
        (points(0.0123), "+1.23"),
        (points(0.071), "+7.10"),
        (points(-0.5), "−50.00"),  # noqa: RUF001
        (points(-0.0028), "−0.28"),  # noqa: RUF001
        (points(-0.000001), "0.00"),
        (points_range((-0.01, 0.08)), "−1.00 to +8.00"),  # noqa: RUF001
        (p_value(0.0004), "< 0.001"),
        (p_equation(0.0004), "p < 0.001"),
        (p_equation(0.0321), "p = 0.032"),
        (count(4012345), "4,012,345"),
        (several(0, "trial"), "0 trials"),
        (several(1, "trial"), "1 trial"),
        (several(1200, "trial"), "1,200 trials"),
        (duration(4.21), "4.2 s"),
        (duration(59.96), "1 min 00 s"),
        (duration(192), "3 min 12 s"),
        (duration(3599.9), "1 h 00 min"),
        (duration(3900), "1 h 05 min"),
        (value(True), "yes"),
        (value(0.000123456), "0.0001235"),
        (value(0.0), "0"),
        (value(1024), "1024"),
        (value("cosine"), "cosine"),
        (value([1, 2]), "1, 2"),
        (listed(["a", "b", "c"]), "a, b and c"),
        (listed(["a"]), "a"),
        (listed([]), ""),
    ],
)
def test_written_form(written: str, expected: str) -> None:
    assert written == expected


@pytest.mark.parametrize("absent", [None, math.nan, math.inf])
@pytest.mark.parametrize(
    "write",
    [
        percent,
        points,
        p_value,
        duration,
        value,
        lambda number: percent_range(None if number is None else (0.1, number)),
        lambda number: points_range(None if number is None else (number, 0.1)),
    ],
)
def test_what_is_not_known_is_a_dash(
    write: Callable[[float | None], str], absent: float | None
) -> None:
    assert write(absent) == DASH


def test_a_number_that_is_not_known_is_a_dash() -> None:
    assert count(None) == DASH


@given(st.floats(0, 1e7))
def test_durations_never_show_sixty(seconds: float) -> None:
    assert not re.search(r"\b60(\.0)? (s|min)", duration(seconds))


def test_metrics_read_as_words() -> None:
    assert [metric_name(name) for name in ("accuracy", "joint", "length", "loss")] == [
        "accuracy",
        "joint accuracy",
        "length accuracy",
        "loss",
    ]
