"""Files that may come from anywhere: whatever is not a regular file or is too large is refused.

A run folder, a network or a picture may be passed on by anybody. Only regular files are read whose
size is within the limit of their kind and which unpack to no more than their kind may hold; both
are known from the first bytes, before memory is allocated.
"""

import math
import os
import stat
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

import numpy as np

from study.errors import WrongUse

if TYPE_CHECKING:
    import h5py

MIB = 2**20

MEMBER_LIST = MIB
"""Largest size of the list of members at an archive's end, enough for some ten thousand names."""

DATASETS = 100_000
"""Largest number of groups and arrays in an HDF5 file: a thousand layers have some 5,000."""

_KINDS: tuple[tuple[Callable[[int], bool], str], ...] = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISLNK, "a link"),
    (lambda mode: stat.S_ISCHR(mode) or stat.S_ISBLK(mode), "a device"),
)


class Refused(Exception):
    """Why a file is not read: what was expected and what was found, to follow its path."""


@contextmanager
def opened(path: Path, most: int, within: Path | None = None) -> Iterator[IO[bytes]]:
    """The file, open for reading, without waiting for pipes or devices.

    Args:
        path: Path of the file or of a link to it.
        most: Largest number of bytes that it may have.
        within: Folder that it must be in after all links are followed; None: anywhere.

    Raises:
        Refused: It is not a regular file, is too large, or is elsewhere.
        OSError: It does not exist, or may not be read.
    """
    real = Path(os.path.realpath(path, strict=True))
    if within is not None and not real.is_relative_to(os.path.realpath(within)):
        raise Refused(f"expected a file in {within}, got a link that leads elsewhere")
    _check_regular(real.stat())  # before opening, because opening some devices has effects
    descriptor = os.open(real, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        _check_regular(status)
        if status.st_size > most:
            raise Refused(f"expected at most {size(most)}, got {size(status.st_size)}")
        yield file


def read(path: Path, most: int, within: Path | None = None) -> bytes:
    """The whole content of a file, even if it grows meanwhile; see `opened`."""
    with opened(path, most, within) as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise Refused(f"expected at most {size(most)}, got more")
    return content


def _check_regular(status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise Refused(f"expected a file, got {_kind(status.st_mode)}")


def _kind(mode: int) -> str:
    return next((word for is_one, word in _KINDS if is_one(mode)), "something else")


def size(count: int) -> str:
    """A number of bytes in words: "64 MiB"."""
    return f"{math.ceil(count / MIB):,} MiB" if count >= MIB else f"{count:,} bytes"


def check_writable(folder: Path) -> None:
    """Check that the folder holds only files and folders, so that writing below it stays there.

    Raises:
        WrongUse: Something in it is a link, a pipe or a device.
    """
    folders = [os.fspath(folder)]
    while folders:
        with os.scandir(folders.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
                elif not entry.is_file(follow_symlinks=False):
                    kind = _kind(entry.stat(follow_symlinks=False).st_mode)
                    raise WrongUse(
                        f"{entry.path!r}: expected only files and folders in a run that is written "
                        f"to, got {kind}; replace it by its target, or remove it"
                    )


def check_json(text: bytes, most: int, most_keys: int) -> None:
    """Check that JSON has no more values and keys than allowed.

    A few bytes of JSON become hundreds of bytes in Python, and each wrong value becomes an error.

    Raises:
        Refused: It has more.
    """
    keys = text.count(b":") + text.count(b"[") + text.count(b"{")
    for count, limit, what in ((text.count(b","), most, "values"), (keys, most_keys, "keys")):
        if count > limit:
            raise Refused(f"expected at most {limit:,} {what}, got {count:,}")


class _InSmallReads:
    """A file from which `zipfile` cannot read an excessively long list of members at once."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.seek, self.tell, self.seekable = file.seek, file.tell, file.seekable

    def read(self, count: int = -1) -> bytes:
        if count > MEMBER_LIST:
            raise Refused(
                f"expected a list of members of at most {size(MEMBER_LIST)}, got {size(count)}"
            )
        return self._file.read(MEMBER_LIST if count < 0 else count)


@contextmanager
def opened_zip(file: IO[bytes], members: int, most: int) -> Iterator[zipfile.ZipFile]:
    """A zip archive with at most this many members and this many bytes when unpacked.

    A member's reader returns no more than the list of members says, and detects by the checksum if
    there is more. Only with DEFLATE does it unpack no more than is asked for.

    Raises:
        Refused: It has more, or its members are packed by another method.
        Exception: A damaged file can make `zipfile` raise anything.
    """
    with zipfile.ZipFile(_InSmallReads(file)) as archive:
        there = archive.infolist()
        if len(there) > members:
            raise Refused(f"expected at most {members} members, got {len(there)}")
        for one in there:
            if one.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise Refused(
                    f"expected members stored or deflated, got another for {one.filename!r}"
                )
        unpacked = sum(one.file_size for one in there)
        if unpacked > most:
            raise Refused(f"expected at most {size(most)} unpacked, got {size(unpacked)}")
        yield archive


def read_arrays(file: IO[bytes], members: int, most: int) -> dict[str, np.ndarray]:
    """The arrays of an .npz file, which may hold only numbers and flags.

    Args:
        file: The open file.
        members: Largest number of arrays.
        most: Largest number of bytes of all arrays together.

    Raises:
        Refused: It holds more, or something else.
        Exception: A damaged file can make NumPy raise anything.
    """
    with opened_zip(file, members, most) as archive:
        return {
            one.filename.removesuffix(".npy"): _read_array(archive, one)
            for one in archive.infolist()
        }


def _read_array(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> np.ndarray:
    headers = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    with archive.open(member) as stream:
        version = np.lib.format.read_magic(stream)
        if version not in headers:
            raise Refused(f"expected an array of NumPy's format 1.0 or 2.0, got {version}")
        shape, _, dtype = headers[version](stream)
        if dtype.kind not in "biuf":
            raise Refused(f"expected numbers or flags in {member.filename!r}, got {dtype}")
        told, there = math.prod(shape) * dtype.itemsize, member.file_size - stream.tell()
        if told != there:
            raise Refused(f"expected {told:,} bytes of {member.filename!r}, got {there:,}")
        stream.seek(0)
        array: np.ndarray = np.lib.format.read_array(stream, allow_pickle=False)
        stream.read(1)  # reads to the end, where the checksum is compared
        return array


def check_hdf5(file: "h5py.File", bytes_of_file: int) -> int:
    """Check that an HDF5 file really holds its arrays, as Keras writes them: no links, not packed.

    Returns:
        How many numbers there are in all arrays.

    Raises:
        Refused: It leads to another file, or claims more bytes than it has.
    """
    import h5py

    numbers = told = seen = 0

    def visit(name: str, link: object) -> Refused | None:
        """A returned value ends the visit; h5py would turn an exception into a SystemError."""
        nonlocal numbers, told, seen
        seen += 1
        if seen > DATASETS:
            return Refused(f"expected at most {DATASETS:,} groups and arrays, got more")
        if not isinstance(link, h5py.HardLink):
            return Refused(f"expected arrays, got a link at {name!r}")
        one = file[name]
        if not isinstance(one, h5py.Dataset):
            return None
        elsewhere = one.is_virtual or one.external
        if one.chunks or elsewhere or (one.dtype.hasobject and one.shape != ()):
            return Refused(
                f"expected plain numbers at {name!r}, got packed ones, a view or objects"
            )
        numbers += one.size or 0
        told += one.nbytes
        if told <= bytes_of_file:
            return None
        return Refused(
            f"expected at most the {size(bytes_of_file)} that it has, "
            f"got arrays of {size(told)} or more"
        )

    found = file.visititems_links(visit)
    if found is not None:
        raise found
    return numbers
