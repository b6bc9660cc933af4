"""How dates and names are written."""

import math

import pytest

from study.report.page import formats


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (formats.date("2026-11-22T09:27:42+01:00"), "22 November 2026, 08:27 UTC"),
        (formats.date("yesterday"), "yesterday"),
    ],
)
def test_written_form(written: str, expected: str) -> None:
    assert written == expected


def test_sort_keys_are_exact_and_empty_without_a_value() -> None:
    keys = [formats.sort_key(x) for x in (0.1234567, 12, True, "adam", None, math.nan)]
    assert keys == ["0.1234567", "12", "1", "adam", "", ""]


def test_long_names_may_wrap_and_stay_harmless() -> None:
    assert formats.breakable("learning_rate") == "learning_<wbr>rate"
    assert formats.breakable("a/<b>") == "a/<wbr>&lt;b&gt;"


def test_backticks_make_code_and_nothing_else() -> None:
    assert formats.with_code("run `a <b>` <i>") == "run <code>a &lt;b&gt;</code> &lt;i&gt;"
