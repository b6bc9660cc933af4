"""Text from outside is shown, and nothing in it is obeyed."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from study.machine.foreign_text import plotly_text, spreadsheet_text, utf8, visible, visible_lines


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("größer als 5 € [b] \\x1b", "größer als 5 € [b] \\x1b"),
        ("\x1b[31mred\x07\x00\x7f", r"\x1b[31mred\x07\x00\x7f"),
        ("\x9b2J\x85", r"\x9b2J\x85"),
        ("one\ntwo\rthree\tfour\v\f", r"one\ntwo\rthree\tfour\x0b\x0c"),
        ("one\u2028two\u2029", r"one\u2028two\u2029"),
        ("a\u202egnp.exe\u202c \u2066b\u2069 \u200f", r"a\u202egnp.exe\u202c \u2066b\u2069 \u200f"),
        (
            "zero\u200bwidth\u200d\ufeff\u00ad\U000e0041",
            r"zero\u200bwidth\u200d\ufeff\xad\U000e0041",
        ),
        ("\udcff.png", r"\udcff.png"),
        ("8\u202fPM 全角\u3000 5\u00a0%", "8\u202fPM 全角\u3000 5\u00a0%"),
        ("e\u0301 👩", "e\u0301 👩"),
        ("", ""),
    ],
)
def test_what_has_no_looks_of_its_own_is_shown_by_its_number(text: str, shown: str) -> None:
    assert visible(text) == shown
    assert visible(shown) == shown


def test_paths_are_shown_likewise() -> None:
    assert visible(Path("a\nb.png")) == r"a\nb.png"


@given(st.text(st.characters(codec=None)))
def test_any_text_is_one_line_that_every_encoding_can_be_told_of(text: str) -> None:
    shown = visible(text)
    assert len(f"{shown}.".splitlines()) == 1
    assert shown.encode("utf-8").decode("utf-8") == shown
    assert visible(shown) == shown


def test_lines_of_a_text_that_has_some_are_kept() -> None:
    assert visible_lines("one\n  two\x1b[2J\r\n\x0b") == "one\n  two\\x1b[2J\\r\n\\x0b"


def test_plotly_is_given_no_tags() -> None:
    assert (
        plotly_text("<a href='x'>&lt;\x1b<br>\"") == "&lt;a href='x'&gt;&amp;lt;\\x1b&lt;br&gt;\""
    )


@pytest.mark.parametrize("formula", ["=1+1", "+1", "-1", "@SUM(A1)", " =1", "\u00a0=1"])
def test_a_cell_of_text_is_no_formula(formula: str) -> None:
    assert spreadsheet_text(formula) == f"'{formula}"


@pytest.mark.parametrize("text", ["adam", "1=1", "", "3-4", "'=1"])
def test_a_cell_of_other_text_stays_as_it_is(text: str) -> None:
    assert spreadsheet_text(text) == text


def test_a_line_of_its_own_is_no_formula_either() -> None:
    assert spreadsheet_text("\t=1\n=2") == r"\t=1\n=2"


def test_what_utf_8_cannot_say_is_said_by_its_number() -> None:
    assert utf8("größe\x1b\udcff") == "größe\x1b\\udcff"
