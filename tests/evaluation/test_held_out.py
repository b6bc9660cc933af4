"""The test part of a data set is read where networks are evaluated and drawn, nowhere else.

The guards read the source code. They name modules by their dotted paths, and each name must be that
of a module: one that has moved fails here, and is not passed over.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import study

PACKAGE = Path(study.__file__).parent

EVALUATION = "study.evaluation.evaluate"
EXPLANATION = "study.explanation.findings"
"""Explains networks on some images, and keeps these with their labels."""

MAY_READ = {
    "study.data.dataset": {"self.test"},
    EVALUATION: {"images", "labels"},
    EXPLANATION: {"at", "images", "labels"},
}
"""Module -> what it reads of the test part, or does with all of it."""

SCORES = {
    "study.evaluation.evaluate": {"one.test"},
    "study.figures.results.accuracy": {"evaluation.networks['tuned'].test"},
    "study.figures.results.retraining_curves": {"evaluation.networks['tuned'].test"},
    "study.report.problem_tables": {"network.test"},
    "study.evaluation.uncertainty": {"one.test"},
}
"""Module -> expressions by which it hands on the scores of a record, called `test` as well."""

MUST_NOT_IMPORT = {
    EXPLANATION: {EVALUATION, "study.problem.metrics", "study.training.training"},
    "study.training.training": {EVALUATION},
    "study.search.search": {EVALUATION},
    "study.search.trial_queue": {EVALUATION},
}
"""Module -> what it has no use for, so that it scores nothing on the test part."""


def dotted(source: Path) -> str:
    parts = source.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {dotted(source): source for source in sorted(PACKAGE.rglob("*.py"))}


def tree_of(module: str) -> ast.Module:
    return ast.parse(MODULES[module].read_text(encoding="utf-8"))


def uses(tree: ast.AST) -> Iterator[str]:
    """Each use of what is called `test`, whatever it belongs to.

    "images" or "labels", which only the part of a data set has; the whole expression where it is
    handed on or looked up by name. `test[...]` and `test.get(...)` are scores of a record, which is
    a dict.
    """
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    for node in ast.walk(tree):
        match node, parents.get(node):
            case ast.Attribute(attr="test"), ast.Attribute(attr="get") | ast.Subscript():
                continue
            case ast.Attribute(attr="test"), ast.Attribute(attr=name):
                yield name
            case ast.Attribute(attr="test"), _:
                yield ast.unparse(node)
            case ast.Call(func=ast.Name(id="getattr" | "attrgetter")), _:
                if "dataset" in ast.unparse(node) or "'test'" in ast.unparse(node):
                    yield ast.unparse(node)


def imported(tree: ast.AST) -> set[str]:
    """Modules, and names of modules, that the code imports."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


@pytest.mark.parametrize("module", MODULES)
def test_nobody_else_reads_the_test_part(module: str) -> None:
    found = set(uses(tree_of(module)))
    assert found == MAY_READ.get(module, set()) | SCORES.get(module, set())


@pytest.mark.parametrize("table", [MAY_READ, SCORES, MUST_NOT_IMPORT])
def test_every_module_that_is_named_is_there(table: dict[str, set[str]]) -> None:
    assert table.keys() <= MODULES.keys()


@pytest.mark.parametrize("module", MUST_NOT_IMPORT)
def test_what_sees_the_test_part_cannot_score_and_what_chooses_cannot_see_it(module: str) -> None:
    assert MODULES.keys() >= MUST_NOT_IMPORT[module]
    assert not imported(tree_of(module)) & MUST_NOT_IMPORT[module]


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("score(data.test.images, data.test.labels)", {"images", "labels"}),
        ("part = load(name).test", {"load(name).test"}),
        ("for part in (one.train, one.test): pass", {"one.test"}),
        ("getattr(one, 'test')", {"getattr(one, 'test')"}),
        ("getattr(dataset, part)", {"getattr(dataset, part)"}),
        ("attrgetter('test')(one)", {"attrgetter('test')"}),
        ("network.test['accuracy'], network.test.get('loss'), getattr(layer, 'name')", set()),
    ],
)
def test_uses_are_found_whatever_variables_are_called(code: str, found: set[str]) -> None:
    assert set(uses(ast.parse(code))) == found


def test_imports_are_found_however_they_are_written() -> None:
    code = "import a.b\nfrom c import d\ndef late():\n    from e.f import g"
    assert imported(ast.parse(code)) == {"a.b", "c", "c.d", "e.f", "e.f.g"}
