"""Files are written whole or not at all."""

import ast
from contextlib import suppress
from pathlib import Path

from study.files import remove_leftovers, replacing, write_text
from tests.command import ROOT


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_text(path, "old")
    with suppress(RuntimeError), replacing(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_temporary_file_has_all_the_suffixes(tmp_path: Path) -> None:
    """Keras looks at them."""
    with replacing(tmp_path / "checkpoint.weights.h5") as temporary:
        assert temporary.name.endswith(".weights.h5")


def test_leftovers_of_a_killed_process_are_removed_and_nothing_else(tmp_path: Path) -> None:
    path, other = tmp_path / "checkpoint.weights.h5", tmp_path / ".other-1.weights.h5"
    for name in (path.name, other.name, ".checkpoint-abc.weights.h5"):
        (tmp_path / name).write_text(name)
    remove_leftovers(path)
    assert sorted(tmp_path.iterdir()) == sorted([path, other])


def test_no_graph_is_traced_through_a_file_that_a_killed_process_leaves_behind() -> None:
    """AutoGraph writes what it converts to the folder for temporary files, until Python exits."""
    calls = [
        call
        for folder in ("study", "search_spaces")
        for path in (ROOT / folder).rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "tf.function"
    ]
    assert calls
    for call in calls:
        options = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
        assert options.get("autograph") == "False", ast.unparse(call)
