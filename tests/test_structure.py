"""The house keeps its shape: small folders, small files, one name for one thing."""

from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = [ROOT / "study", ROOT / "search_spaces"]
TEMPLATES = ROOT / "study/report/page/templates"
SOURCES = sorted(path for package in PACKAGES for path in package.rglob("*.py"))
FOLDERS = sorted({path.parent for path in [*SOURCES, *TEMPLATES.rglob("*.*")]})
MOST_FILES, MOST_LINES = 9, 300


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def files_of(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.is_file() and path.suffix != ".pyc"]


@pytest.mark.parametrize("folder", FOLDERS, ids=name)
def test_a_folder_can_be_taken_in_at_a_glance(folder: Path) -> None:
    assert len(files_of(folder)) <= MOST_FILES, sorted(path.name for path in files_of(folder))


@pytest.mark.parametrize("source", SOURCES, ids=name)
def test_a_file_can_be_read_in_one_go(source: Path) -> None:
    assert len(source.read_text(encoding="utf-8").splitlines()) <= MOST_LINES


def test_a_file_is_found_by_its_name() -> None:
    """`__init__` and `__main__` are Python's names, not ours."""
    ours = [path for path in SOURCES if path.is_relative_to(ROOT / "study")]
    names = Counter(path.stem for path in ours if not path.stem.startswith("__"))
    assert [one for one, times in names.items() if times > 1] == []


def test_every_folder_says_what_it_is_for() -> None:
    silent = [
        name(folder)
        for folder in FOLDERS
        if (folder / "__init__.py").exists()
        and not (folder / "__init__.py").read_text(encoding="utf-8").startswith('"""')
    ]
    assert silent == []


def test_nothing_is_called_utils() -> None:
    words = {"utils", "util", "helpers", "misc", "common"}
    assert not words & {part for path in SOURCES for part in Path(name(path)).with_suffix("").parts}
