"""Weights, presets and pictures that may come from anywhere."""

import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from study.data.image_files import read_image
from study.data.sets.lines import read_folder
from study.errors import WrongImage, WrongUse
from study.machine import untrusted
from study.machine.untrusted import Refused
from study.problem.preset_files import load_preset
from study.training.checkpoint import load as load_checkpoint
from tests.machine.odd_files import GIVEN_UP, ODD, refused

pytestmark = GIVEN_UP


# Weights


def zeros(file: h5py.File) -> None:
    shape = (2**16, 2**16)
    file.create_dataset("a", shape=shape, dtype="f4", chunks=(64, 64), compression="gzip")


def absent(file: h5py.File) -> None:
    file.create_dataset("a", shape=(2**16, 2**16), dtype="f4")


def soft(file: h5py.File) -> None:
    file["a"] = h5py.SoftLink("/b")


def external(file: h5py.File) -> None:
    file["a"] = h5py.ExternalLink("/etc/passwd", "/b")


def outside(file: h5py.File) -> None:
    file.create_dataset("a", shape=(100,), dtype="u1", external=[("/etc/passwd", 0, 100)])


def virtual(file: h5py.File) -> None:
    layout = h5py.VirtualLayout(shape=(10,), dtype="f4")
    layout[:] = h5py.VirtualSource("/etc/passwd", "b", shape=(10,))
    file.create_virtual_dataset("a", layout)


def texts(file: h5py.File) -> None:
    file.create_dataset("a", data=["x"] * 3, dtype=h5py.string_dtype())


@pytest.mark.parametrize("fill", [zeros, absent, soft, external, outside, virtual, texts])
def test_weights_that_are_not_in_their_file_are_refused(
    tmp_path: Path, fill: Callable[[h5py.File], None]
) -> None:
    path = tmp_path / "weights.h5"
    with h5py.File(path, "w") as file:
        fill(file)
    with h5py.File(path) as file, pytest.raises(Refused, match=r"expected .*, got"):
        untrusted.check_hdf5(file, path.stat().st_size)


def test_weights_in_their_file_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "weights.h5"
    with h5py.File(path, "w") as file:
        file["layers/a/0"] = np.zeros((3, 4), np.float32)
        file["layers/a/1"] = np.zeros(5, np.float16)
        file["text"] = "a text"
    with h5py.File(path) as file:
        assert untrusted.check_hdf5(file, path.stat().st_size) == 12 + 5 + 1


@pytest.mark.parametrize("odd", ODD)
def test_a_training_starts_again_without_waiting_for_its_checkpoint(
    tmp_path: Path, odd: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    odd(tmp_path / "checkpoint.weights.h5")
    assert load_checkpoint(tmp_path / "checkpoint.weights.h5", "this", object()) is None  # type: ignore[arg-type]  # is not looked at
    assert "its training starts again" in caplog.text


# Presets


@pytest.mark.parametrize(
    "text", ["a = " + "[" * 20_000, "a = " + "9" * 20_000, f"a = {'x' * 70_000!r}"]
)
def test_presets_that_are_too_deep_or_too_large_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "mine.toml").write_text(text)
    with refused(WrongUse, "mine.toml: "):
        load_preset(str(tmp_path / "mine.toml"))


@pytest.mark.parametrize("odd", ODD)
def test_presets_that_are_no_file_are_refused(tmp_path: Path, odd: Callable[[Path], None]) -> None:
    odd(tmp_path / "mine.toml")
    with refused(WrongUse, "mine.toml: expected"):
        load_preset(str(tmp_path / "mine.toml"))


# Pictures


def png(side: int) -> bytes:
    def chunk(kind: bytes, content: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + check

    begin = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
    return (
        b"\x89PNG\r\n\x1a\n"
        + begin
        + chunk(b"IDAT", zlib.compress(bytes(10)))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("side", "resize", "words"),
    [
        (7000, False, "expected 28x28 RGB, got 7000x7000 RGB"),
        (7100, False, "at most 50000000 pixels"),
        (7100, True, "at most 50000000 pixels"),
    ],
)
def test_a_picture_is_refused_for_its_size_before_it_is_unpacked(
    tmp_path: Path, side: int, resize: bool, words: str
) -> None:
    """Unpacked, this one would be found to be cut short."""
    (tmp_path / "a.png").write_bytes(png(side))
    with refused(WrongImage, "a.png: ", words):
        read_image(tmp_path / "a.png", (28, 28, 3), resize=resize)


def test_a_tiff_in_pieces_far_larger_than_itself_is_refused(tmp_path: Path) -> None:
    side, data = 2100, zlib.compress(bytes(2100 * 2100), 9)
    tags = [
        (256, 28), (257, 28), (258, 8), (259, 8), (262, 1), (277, 1), (322, side), (323, side),
        (324, 8), (325, len(data)),
    ]  # fmt: skip
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    start = struct.pack("<2sHI", b"II", 42, 8 + len(data))
    content = start + data + struct.pack("<H", len(tags)) + entries + bytes(4)
    (tmp_path / "a.tif").write_bytes(content)
    with refused(WrongImage, "expected a TIFF in pieces of at most 4000000 pixels, got 2100x2100"):
        read_image(tmp_path / "a.tif", (28, 28, 1))


@pytest.mark.parametrize("odd", ODD)
def test_a_folder_of_lines_with_what_is_no_file_is_refused(
    tmp_path: Path, odd: Callable[[Path], None]
) -> None:
    odd(tmp_path / "15_3_45_red_1.png")
    with refused(WrongImage, "15_3_45_red_1.png: expected"):
        read_folder(tmp_path)
