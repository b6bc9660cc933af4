"""Where processes that are begun find the study."""

import os
import site
from pathlib import Path

import pytest

from study.libraries import import_path
from study.libraries.import_path import python_path

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("named", [None, "/one:/two"])
def test_a_checkout_is_named_first(monkeypatch: pytest.MonkeyPatch, named: str | None) -> None:
    monkeypatch.delenv("PYTHONPATH", raising=False)
    if named:
        monkeypatch.setenv("PYTHONPATH", named)
    assert python_path().split(os.pathsep) == [str(ROOT), *(named.split(":") if named else [])]


def test_an_installed_copy_is_found_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "/one")
    monkeypatch.setattr(import_path, "_HOME", Path(site.getsitepackages()[0]))
    assert python_path() == "/one"
