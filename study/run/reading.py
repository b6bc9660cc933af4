"""Reads records of a run folder, which may come from anywhere: within bounds, checked, or refused.

Files and records larger than is allowed here are not read.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import numpy as np
from pydantic import TypeAdapter, ValidationError

from study.errors import CorruptRecord
from study.machine import untrusted
from study.machine.untrusted import MIB

R = TypeVar("R")

RECORD_BYTES, RECORD_VALUES, RECORD_KEYS = 8 * MIB, 100_000, 100_000
FAULTS = 1000
"""If a record has more faults than this, only their number is reported, else the first fault."""


def read(path: Path, most: int, folder: Path) -> bytes:
    """The bytes of a regular file of a run's folder.

    Args:
        most: Largest number of bytes that it may have.
        folder: The run's folder, in which the file must lie after links are followed.

    Raises:
        CorruptRecord: It is not such a file, or it is larger.
    """
    with _faults_of_file(path):
        return untrusted.read(path, most, within=folder)


def read_record(path: Path, kind: type[R] | TypeAdapter[R], folder: Path) -> R:
    """The record of that kind in a file of a run's folder.

    Raises:
        CorruptRecord: The file cannot be read, or does not hold such a record.
    """
    return parse(kind, read(path, RECORD_BYTES, folder), str(path))


def parse(kind: type[R] | TypeAdapter[R], text: bytes, where: str, most: int = RECORD_VALUES) -> R:
    """The record of that kind in the text.

    Args:
        where: Where the text was found, for messages.
        most: Largest number of values that it may hold.

    Raises:
        CorruptRecord: The text is not such a record.
    """
    adapter = kind if isinstance(kind, TypeAdapter) else TypeAdapter(kind)
    with faults_of_record(where):
        untrusted.check_json(text, most, RECORD_KEYS)
        return adapter.validate_json(text)


def read_arrays(path: Path, most: int, most_bytes: int, folder: Path) -> dict[str, np.ndarray]:
    """The arrays of an .npz file of a run's folder, without pickles.

    Args:
        most: Largest number of arrays that it may hold.
        most_bytes: Largest number of bytes that they may have, unpacked.
        folder: The run's folder.

    Raises:
        CorruptRecord: The file cannot be read, or is larger.
    """
    with _faults_of_file(path), untrusted.opened(path, most_bytes, folder) as file:
        return untrusted.read_arrays(file, most, most_bytes)


@contextmanager
def _faults_of_file(path: Path) -> Iterator[None]:
    """Report what is wrong with a file in one line.

    Raises:
        CorruptRecord: The file cannot be read.
    """
    try:
        yield
    except untrusted.Refused as error:
        raise CorruptRecord(f"{path}: {error}") from error
    except OSError as error:
        raise CorruptRecord(f"{path}: cannot be read: {error.strerror or error}") from error
    except Exception as error:  # what a damaged file makes NumPy raise has no bound
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise CorruptRecord(f"{path}: cannot be read: {reason}") from error


@contextmanager
def faults_of_record(where: str) -> Iterator[None]:
    """Report what is wrong with a record in one line: the first fault, or how many there are.

    Args:
        where: Where the record was found.

    Raises:
        CorruptRecord: The record is damaged.
    """
    try:
        yield
    except untrusted.Refused as error:
        raise CorruptRecord(f"{where}: {error}") from error
    except ValidationError as error:
        if error.error_count() > FAULTS:
            faults = f"{error.error_count():,} faults"
            raise CorruptRecord(f"{where}: damaged record with {faults}") from None
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise CorruptRecord(f"{where}: damaged record: {key or 'text'}: {first['msg']}") from None
