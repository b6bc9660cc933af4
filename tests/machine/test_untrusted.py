"""Files that may come from anywhere: none hangs, none fills memory, each is refused in a line."""

import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from study.data.sets import mnist
from study.errors import CorruptRecord, DataUnavailable
from study.machine import untrusted
from study.machine.untrusted import MIB, Refused
from study.run.store import Run
from tests.machine.odd_files import GIVEN_UP, ODD, loop, refused

pytestmark = GIVEN_UP


# Opening


@pytest.mark.parametrize("odd", ODD)
def test_what_is_no_file_of_sane_size_is_refused_unread(
    tmp_path: Path, odd: Callable[[Path], None]
) -> None:
    odd(tmp_path / "one")
    with pytest.raises(Refused, match=r"expected (a file|at most 1 MiB), got"):
        untrusted.read(tmp_path / "one", MIB)


def test_a_file_has_at_most_the_bytes_it_may_have(tmp_path: Path) -> None:
    (tmp_path / "one").write_bytes(b"12345")
    assert untrusted.read(tmp_path / "one", 5) == b"12345"
    with pytest.raises(Refused, match="expected at most 4 bytes, got 5 bytes"):
        untrusted.read(tmp_path / "one", 4)


def test_what_grows_while_it_is_read_is_read_no_further() -> None:
    """Files of /proc say that they are empty, and are not."""
    with pytest.raises(Refused, match="expected at most 10 bytes, got more"):
        untrusted.read(Path("/proc/self/maps"), 10)


def test_a_loop_of_links_is_an_error_of_the_file_system(tmp_path: Path) -> None:
    loop(tmp_path / "one")
    with pytest.raises(OSError, match="symbolic link"):
        untrusted.read(tmp_path / "one", 10)


def test_links_lead_to_files_in_the_folder_only(tmp_path: Path) -> None:
    inside = tmp_path / "run"
    inside.mkdir()
    (inside / "own").write_bytes(b"own")
    (tmp_path / "other").write_bytes(b"secret")
    (inside / "good").symlink_to("own")
    (inside / "bad").symlink_to("../other")
    (tmp_path / "elsewhere").symlink_to(inside)

    assert untrusted.read(tmp_path / "elsewhere" / "good", 10, within=inside) == b"own"
    with pytest.raises(Refused, match=r"expected a file in .*run, got a link that leads elsewhere"):
        untrusted.read(inside / "bad", 10, within=inside)


# Archives of arrays


def npz(path: Path, *arrays: tuple[str, str, bytes]) -> None:
    """(name, header, bytes) of each array."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, header, content in arrays:
            text = header.encode() + b" " * (63 - (10 + len(header)) % 64) + b"\n"
            magic = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text))
            archive.writestr(name, magic + text + content)


def header(shape: str, kind: str = "<f4") -> str:
    return f"{{'descr': {kind!r}, 'fortran_order': False, 'shape': {shape}, }}"


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ([("a.npy", header("(3000000000,)"), b"1234")], "expected 12,000,000,000 bytes of 'a.npy'"),
        ([("a.npy", header("(-1,)"), b"1234")], "expected -4 bytes"),
        ([("a.npy", header("(1,)", "|O"), b"1234")], "got object"),
        ([("a.npy", header("()", "|V9"), b"1234")], "expected numbers or flags"),
        ([(f"{n}.npy", header("()"), b"1234") for n in range(1001)], "at most 1000 members"),
    ],
    ids=["shape", "negative", "objects", "bytes", "many"],
)
def test_arrays_that_are_not_there_are_refused(
    run: Run, arrays: list[tuple[str, str, bytes]], words: str
) -> None:
    path = run.problem_folder("mnist") / "predictions.npz"
    path.parent.mkdir()
    npz(path, *arrays)
    with refused(CorruptRecord, "predictions.npz: ", words):
        run.predictions("mnist")


def patched(path: Path, old: bytes, new: bytes) -> None:
    content = path.read_bytes()
    assert old in content
    path.write_bytes(content.replace(old, new))


def test_an_archive_of_more_than_it_may_unpack_to_is_refused(tmp_path: Path) -> None:
    npz(tmp_path / "a.npz", ("a.npy", header("(2000000,)", "|u1"), bytes(2_000_000)))
    assert (tmp_path / "a.npz").stat().st_size < 5000
    with (
        (tmp_path / "a.npz").open("rb") as file,
        pytest.raises(Refused, match="expected at most 1 MiB unpacked, got 2 MiB"),
    ):
        untrusted.read_arrays(file, 10, MIB)


def test_an_archive_that_lies_about_its_size_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    npz(path, ("a.npy", header("(2000000,)", "|u1"), bytes(2_000_000)))
    with zipfile.ZipFile(path) as archive:
        size = archive.getinfo("a.npy").file_size
    patched(path, struct.pack("<I", size), struct.pack("<I", 200))
    with path.open("rb") as file, pytest.raises(zipfile.BadZipFile, match="CRC"):
        untrusted.read_arrays(file, 10, MIB)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_what_is_packed_by_a_method_without_bounds_is_refused(tmp_path: Path, method: int) -> None:
    with zipfile.ZipFile(tmp_path / "a.npz", "w", method) as archive:
        archive.writestr("a.npy", bytes(1000))
    with (
        (tmp_path / "a.npz").open("rb") as file,
        pytest.raises(Refused, match="expected members stored or deflated"),
    ):
        untrusted.read_arrays(file, 10, MIB)


def test_a_list_of_members_without_end_is_not_read(tmp_path: Path) -> None:
    """As many as would take gigabytes of Python's, in a file of few bytes each."""
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, 2**21, 0, 0)
    (tmp_path / "a.npz").write_bytes(bytes(2**21) + end)
    with (
        (tmp_path / "a.npz").open("rb") as file,
        pytest.raises(Refused, match="expected a list of members of at most 1 MiB, got 2 MiB"),
    ):
        untrusted.read_arrays(file, 10, MIB)


@pytest.mark.parametrize("odd", ODD)
def test_a_bad_cache_of_mnist_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, odd: Callable[[Path], None]
) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    (tmp_path / "datasets").mkdir()
    odd(tmp_path / "datasets" / mnist.KERAS_FILE)
    with refused(DataUnavailable, "cache: no intact"):
        mnist.from_cache()
