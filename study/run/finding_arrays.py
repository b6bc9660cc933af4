"""Arrays among a run's findings: NAME.json says what they are, NAME.npz holds the numbers.

They are kept as the named tuples of `study.explanation.arrays`, which contain records, lists,
dictionaries and plain values. In the JSON an array is {"array": its number in the .npz}.
"""

import json
from collections.abc import Mapping
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from pydantic import BaseModel, ConfigDict, TypeAdapter

from study.machine import untrusted
from study.machine.files import replacing, write_text
from study.machine.untrusted import MIB
from study.run import reading
from study.run.store import Run

ARRAYS_BYTES, ARRAYS = 1024 * MIB, 10_000
"""Largest size of one finding, unpacked. The most that a preset may ask for, 16 channels of 24
images, takes 25 MB per layer at 128 pixels."""

T = TypeVar("T")


def write_arrays(run: Run, problem: str, name: str, found: object) -> None:
    """Write findings/NAME.npz and, last, the findings/NAME.json that refers to it."""
    arrays: list[np.ndarray] = []
    described = _described(found, arrays)
    json_path, npz_path = _paths(run, problem, name)
    with replacing(npz_path) as temporary:
        members: dict[str, Any] = {str(number): array for number, array in enumerate(arrays)}
        np.savez_compressed(temporary, **members)
    write_text(json_path, json.dumps(described, indent=1) + "\n")


def read_arrays(run: Run, problem: str, name: str, kind: type[T]) -> T | None:
    """The finding of that name and kind; None if there is none.

    The folder may come from anywhere: pickles are refused, and no more is read than a finding may
    hold.

    Raises:
        CorruptRecord: The finding is damaged, too large or of another kind.
    """
    json_path, npz_path = _paths(run, problem, name)
    if not json_path.exists():
        return None
    described = reading.read_record(json_path, TypeAdapter(Any), run.folder)
    arrays = reading.read_arrays(npz_path, ARRAYS, ARRAYS_BYTES, run.folder)
    adapter = TypeAdapter(kind, config=ConfigDict(arbitrary_types_allowed=True))
    with reading.faults_of_record(str(json_path)):
        return adapter.validate_python(_joined(described, arrays))


def _paths(run: Run, problem: str, name: str) -> tuple[Path, Path]:
    folder = run.findings_folder(problem)
    return folder / f"{name}.json", folder / f"{name}.npz"


def _described(found: Any, arrays: list[np.ndarray]) -> object:
    """The finding as JSON can hold it; its arrays are appended to the list."""
    match found:
        case np.ndarray():
            arrays.append(found)
            return {"array": len(arrays) - 1}
        case np.generic():
            return found.item()
        case BaseModel():
            return found.model_dump(mode="json")
        case Mapping():
            return {str(key): _described(value, arrays) for key, value in found.items()}
        case tuple() if hasattr(found, "_asdict"):
            return _described(found._asdict(), arrays)
        case _ if is_dataclass(found) and not isinstance(found, type):
            return _described(vars(found), arrays)
        case list() | tuple():
            return [_described(value, arrays) for value in found]
    return found


def _joined(described: Any, arrays: Mapping[str, np.ndarray]) -> object:
    match described:
        case {"array": int(number), **rest} if not rest:
            if str(number) not in arrays:
                raise untrusted.Refused(f"expected one of {len(arrays)} arrays, got {number}")
            return arrays[str(number)]
        case dict():
            return {key: _joined(value, arrays) for key, value in described.items()}
        case list():
            return [_joined(value, arrays) for value in described]
    return described
