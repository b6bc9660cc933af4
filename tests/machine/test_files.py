"""Files are written whole or not at all."""

import ast
import errno
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import h5py
import numpy as np
import pytest

from study.errors import CannotWrite
from study.machine.files import (
    is_leftover,
    naming,
    remove_leftovers,
    remove_leftovers_below,
    replacing,
    write_text,
)
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


def test_leftovers_of_other_files_may_be_at_work_and_stay(tmp_path: Path) -> None:
    """Of runs whose names begin alike, the reports lie side by side."""
    with replacing(tmp_path / "demo-2.html") as other:
        with replacing(tmp_path / "demo.html") as temporary:
            assert is_leftover(temporary)
            remove_leftovers(tmp_path / "demo.html")
            assert not temporary.exists()
            temporary.touch()
        remove_leftovers(tmp_path / "demo.2.html")
        assert other.exists()


def test_leftovers_are_removed_in_all_folders_below(tmp_path: Path) -> None:
    stays = {"a/.lock", "a/b.json", ".gitignore", "a/.DS_Store"}
    for name in stays | {"a/b/.x-0123abcd.weights.h5", "a/.study-0a0_zzz9.json", ".y-01234567"}:
        write_text(tmp_path / name, "")
    remove_leftovers_below(tmp_path)
    found = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert found == stays


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """In bytes: the disk quota that every user may set."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


NOISE = np.random.default_rng(1).random(10_000)


def as_text(path: Path) -> None:
    path.write_text("x" * 5000)


def as_npz(path: Path) -> None:
    np.savez_compressed(path, noise=NOISE)


def as_hdf5(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["noise"] = NOISE


@pytest.mark.parametrize(
    ("name", "write"), [("a.json", as_text), ("a.npz", as_npz), ("a.h5", as_hdf5)]
)
def test_a_full_disk_is_said_with_the_file_and_how_to_go_on(
    tmp_path: Path, name: str, write: object
) -> None:
    path = tmp_path / name
    assert callable(write)
    with files_of_at_most(2000), pytest.raises(CannotWrite) as refusal, replacing(path) as one:
        write(one)
    assert str(refusal.value) == (
        f"the disk is full: {path} cannot be written; free space and give the same command again"
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)),
        OSError(errno.EDQUOT, os.strerror(errno.EDQUOT)),
        RuntimeError("k.json; No space left on device"),  # TensorFlow's
        RuntimeError("(sqlite3.OperationalError) database or disk is full"),
    ],
)
def test_a_full_disk_is_known_by_number_and_words(error: Exception) -> None:
    words = r"the disk is full: a\.db cannot be written"
    with pytest.raises(CannotWrite, match=words), naming(Path("a.db")):
        raise error


def test_what_is_no_full_disk_stays_as_it_is() -> None:
    with pytest.raises(PermissionError, match="no"), naming(Path("a")):
        raise PermissionError(errno.EACCES, "no")


@pytest.mark.parametrize(("umask", "mode"), [(0o077, 0o600), (0o027, 0o640), (0o022, 0o644)])
def test_who_may_read_is_what_the_umask_says(tmp_path: Path, umask: int, mode: int) -> None:
    before = os.umask(umask)
    try:
        write_text(tmp_path / "new/a.json", "")
    finally:
        os.umask(before)
    assert (tmp_path / "new/a.json").stat().st_mode & 0o777 == mode
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o777 & ~umask


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
