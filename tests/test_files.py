"""Files are written whole or not at all."""

from contextlib import suppress
from pathlib import Path

from study.files import remove_leftovers, replacing, write_text


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
