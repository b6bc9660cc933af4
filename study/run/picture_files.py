"""The figures of a problem: PNG files, and figures.json beside them, which says what they are."""

import json
from collections.abc import Sequence
from pathlib import Path

from pydantic import TypeAdapter

from study.errors import CorruptRecord
from study.machine import untrusted
from study.machine.files import write_text
from study.machine.untrusted import MIB
from study.records.picture import Picture
from study.run.reading import RECORD_BYTES, parse, read

FIGURE_BYTES, FIGURES_BYTES = 16 * MIB, 128 * MIB
"""Largest size of one figure, and of all figures of a problem, since a report holds them."""

_FILE = "figures.json"
_PICTURES = TypeAdapter(list[Picture])


def described(folder: Path, run: Path) -> list[Picture]:
    """The pictures listed in the folder's figures.json; none if there is no such file.

    Args:
        folder: The folder of a problem's figures.
        run: The run's folder; nothing outside of it is read.

    Raises:
        CorruptRecord: figures.json cannot be read, or names a file elsewhere.
    """
    path = folder / _FILE
    if not path.exists():
        return []
    pictures = parse(_PICTURES, read(path, RECORD_BYTES, run), str(path))
    for picture in pictures:  # a run folder may come from anywhere
        if picture.file in ("", "..") or Path(picture.file).name != picture.file:
            raise CorruptRecord(f"{path}: {picture.file!r} is not a plain file name")
    return pictures


def contents(folder: Path, pictures: Sequence[Picture], run: Path) -> list[bytes]:
    """The contents of these pictures' files, in the same order.

    Raises:
        CorruptRecord: A file cannot be read, or the files are too large.
    """
    found, left = [], FIGURES_BYTES
    for picture in pictures:
        found.append(read(folder / picture.file, FIGURE_BYTES, run))
        left -= len(found[-1])
        if left < 0:
            most = untrusted.size(FIGURES_BYTES)
            raise CorruptRecord(f"{folder}: expected figures of at most {most}, got more")
    return found


def describe(folder: Path, pictures: Sequence[Picture]) -> None:
    """Write figures.json."""
    text = json.dumps([picture.model_dump() for picture in pictures], indent=1)
    write_text(folder / _FILE, text + "\n")


def remove_unnamed(folder: Path, pictures: Sequence[Picture]) -> None:
    """Remove PNG files that these pictures do not name."""
    named = {picture.file for picture in pictures}
    for path in folder.glob("*.png"):
        if path.name not in named:
            path.unlink()
