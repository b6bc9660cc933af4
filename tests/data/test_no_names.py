"""No data set and no problem is asked for by its name outside its own files."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import search_spaces
import study
from study.data import dataset_names
from study.problem.problem import problem_names

ROOT = Path(study.__file__).parent.parent
SOURCES = sorted(
    path
    for package in (study, search_spaces)
    for folder in package.__path__
    for path in Path(folder).rglob("*.py")
)
NAMES = {*dataset_names(), *problem_names()}

WORDS_OF_OTHERS = {
    # Plotly's and rich's own, which some names are equal to: they are keys and options there.
    "study/report/charts": (ast.Dict, ast.Subscript, ast.keyword),
    "study/cli/terminal.py": (ast.IfExp,),
}
"""Part of a path -> where in its syntax such a word may stand."""


def named(tree: ast.AST, allowed: tuple[type[ast.AST], ...] = ()) -> Iterator[str]:
    """Every literal that is the name of a data set or a problem, with its line."""
    for parent in ast.walk(tree):
        for child in ast.iter_child_nodes(parent):
            if (
                isinstance(child, ast.Constant)
                and child.value in NAMES
                and not isinstance(parent, allowed)
            ):
                yield f"line {child.lineno}: {child.value!r}"


def is_own(source: Path) -> bool:
    """Whether it is the file of a data set or a problem: these have its name."""
    return source.stem in NAMES


@pytest.mark.parametrize(
    "source",
    [source for source in SOURCES if not is_own(source)],
    ids=lambda path: path.relative_to(ROOT).as_posix(),
)
def test_nobody_asks_for_a_data_set_or_problem_by_name(source: Path) -> None:
    place = source.relative_to(ROOT).as_posix()
    allowed = next((kinds for part, kinds in WORDS_OF_OTHERS.items() if part in place), ())
    assert list(named(ast.parse(source.read_text(encoding="utf-8")), allowed)) == []


def test_the_search_finds_what_it_is_for() -> None:
    assert {"lines", "mnist", "line", "multihead"} <= NAMES
    asked = ast.parse("if dataset.name == 'lines': pass")
    looked_up = ast.parse("{'mnist': digits}[name]")
    assert list(named(asked)) == ["line 1: 'lines'"]
    assert list(named(looked_up)) == ["line 1: 'mnist'"]
    assert list(named(looked_up, (ast.Subscript,))) == ["line 1: 'mnist'"]


def test_a_data_set_and_a_problem_have_a_file_each() -> None:
    own = {source.stem for source in SOURCES if is_own(source)}
    assert own == NAMES
