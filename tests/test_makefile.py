"""The Makefile's choice of a Python."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.command import ROOT


@pytest.mark.parametrize("version", ["3.10", "3.14", ""])
def test_another_python_is_refused_in_one_line(tmp_path: Path, version: str) -> None:
    shutil.copy(ROOT / "Makefile", tmp_path)
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\necho {version}\n")
    python.chmod(0o755)
    ours = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    refused = subprocess.run(
        ["make", f"PYTHON={python}", f".venv/python-{version}"],
        cwd=tmp_path,
        env=ours,  # the tests may themselves be run by make
        capture_output=True,
        text=True,
        check=False,
    )
    assert refused.returncode == 2
    line, from_make = refused.stderr.splitlines()
    came = version or f"no Python by the name of {python}"
    assert line.startswith(f"error: expected Python 3.11, 3.12 or 3.13, got {came}: run make")
    assert from_make.startswith("make: ***")
    assert not (tmp_path / ".venv").exists()
