"""What pyproject.toml allows, held against what the requirement files pin."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
EXTRAS: dict[str, list[str]] = PROJECT["project"]["optional-dependencies"]
GROUPS: dict[str, list[str]] = PROJECT["dependency-groups"]

ONLY_FOR_TESTS = {"slurm", "dashboard"}
"""Extras that the study itself does not import: the tests have them, its own lock has not."""


def pins(file: str, heading: str | None = None) -> dict[str, str]:
    """Package -> version of a requirements file, or of its part below a heading."""
    text = (ROOT / file).read_text()
    if heading:
        text = text.partition(f"# {heading}\n")[2].partition("\n\n")[0]
    found = re.findall(r"^([\w.-]+)==(\S+)$", text, re.MULTILINE)
    assert found
    return {canonicalize_name(name): version for name, version in found}


def names(requirements: list[str]) -> set[str]:
    return {canonicalize_name(Requirement(one).name) for one in requirements}


OF_STUDY = [
    *PROJECT["project"]["dependencies"],
    *(one for extra in EXTRAS if extra not in ONLY_FOR_TESTS for one in EXTRAS[extra]),
]
OF_TESTS = [
    *GROUPS["tests"],
    *GROUPS["checks"],
    *(one for extra in ONLY_FOR_TESTS for one in EXTRAS[extra]),
]


@pytest.mark.parametrize(
    ("requirements", "file"),
    [
        (OF_STUDY, "requirements.txt"),
        (OF_TESTS, "tests/requirements.txt"),
        (GROUPS["benchmarks"], "benchmarks/requirements.txt"),
    ],
)
def test_every_pin_is_within_its_range(requirements: list[str], file: str) -> None:
    pinned = pins(file)
    for one in map(Requirement, requirements):
        version = pinned[canonicalize_name(one.name)]
        assert one.specifier.contains(version), f"{file}: {one.name}=={version}, not {one}"


def test_what_is_pinned_as_imported_is_what_an_installation_asks_for() -> None:
    assert pins("requirements.txt", "What the study imports").keys() == names(OF_STUDY)
    assert pins("tests/requirements.txt", "What the tests use").keys() == names(OF_TESTS)
    assert pins("benchmarks/requirements.txt").keys() == names(GROUPS["benchmarks"])


def test_every_python_that_is_allowed_is_one_that_make_takes() -> None:
    allowed = Requirement(f"python{PROJECT['project']['requires-python']}").specifier
    makefile = (ROOT / "Makefile").read_text()
    (cases,) = re.findall(r'case "\$\(VERSION\)" in ([\d.|]+)\)', makefile)
    versions = [f"3.{minor}" for minor in range(9, 20)]
    assert [one for one in versions if allowed.contains(one)] == cases.split("|")
