"""Whose code is run: notes of what the user has given."""

from pathlib import Path

import pytest

from study.plan.trusted_code import is_trusted, trust

DIGEST = "ab" * 32


@pytest.mark.parametrize("variable", ["XDG_STATE_HOME", "HOME"])
def test_what_was_given_once_is_trusted_from_then_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    monkeypatch.setenv(variable, str(tmp_path))
    assert not is_trusted(DIGEST)
    trust(DIGEST)
    assert is_trusted(DIGEST)
    assert not is_trusted("cd" * 32)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == [DIGEST]


def test_a_relative_folder_is_ignored_as_the_specification_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", "here")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    trust(DIGEST)
    assert not Path("here").exists()
    assert is_trusted(DIGEST)


def test_where_no_note_can_be_kept_nothing_fails_and_nothing_is_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    trust(DIGEST)
    assert not is_trusted(DIGEST)
