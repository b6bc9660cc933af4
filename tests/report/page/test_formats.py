"""How numbers and names are written."""

import math

import pytest

from study.figures.wording import DASH
from study.report.page import formats


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (formats.points(0.071), "+7.10"),
        (formats.points(-0.0028), "−0.28"),  # noqa: RUF001
        (formats.points(-0.000001), "0.00"),
        (formats.percent_range((0.952, 0.981)), "95.20% to 98.10%"),
        (formats.points_range((-0.01, 0.08)), "−1.00 to +8.00"),  # noqa: RUF001
        (formats.p_value(0.0004), "< 0.001"),
        (formats.p_equation(0.0004), "p < 0.001"),
        (formats.p_equation(0.0321), "p = 0.032"),
        (formats.metric_name("joint"), "joint accuracy"),
        (formats.metric_name("accuracy"), "accuracy"),
        (formats.count(4012345), "4,012,345"),
        (formats.several(1, "trial"), "1 trial"),
        (formats.several(1200, "trial"), "1,200 trials"),
        (formats.date("2026-11-22T09:27:42+01:00"), "22 November 2026, 08:27 UTC"),
        (formats.date("yesterday"), "yesterday"),
    ],
)
def test_written_form(written: str, expected: str) -> None:
    assert written == expected


@pytest.mark.parametrize("absent", [None, math.nan, math.inf])
@pytest.mark.parametrize(
    "write",
    [
        formats.points,
        formats.p_value,
        lambda number: formats.percent_range(None if number is None else (0.1, number)),
        lambda number: formats.points_range(None if number is None else (number, 0.1)),
    ],
)
def test_what_is_not_known_is_a_dash(write, absent) -> None:  # type: ignore[no-untyped-def]
    assert write(absent) == DASH


def test_sort_keys_are_exact_and_empty_without_a_value() -> None:
    keys = [formats.sort_key(x) for x in (0.1234567, 12, True, "adam", None, math.nan)]
    assert keys == ["0.1234567", "12", "1", "adam", "", ""]


def test_long_names_may_wrap_and_stay_harmless() -> None:
    assert formats.breakable("learning_rate") == "learning_<wbr>rate"
    assert formats.breakable("a/<b>") == "a/<wbr>&lt;b&gt;"


def test_backticks_make_code_and_nothing_else() -> None:
    assert formats.with_code("run `a <b>` <i>") == "run <code>a &lt;b&gt;</code> &lt;i&gt;"
