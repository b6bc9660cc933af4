"""trials.jsonl: one line per finished trial, which readers see whole or not at all."""

import logging
import os
from pathlib import Path
from typing import IO

from study.errors import CorruptRecord
from study.machine.files import naming
from study.machine.untrusted import MIB
from study.records.trial import Trial
from study.run.reading import parse, read

log = logging.getLogger(__name__)

TRIALS_BYTES, TRIALS = 128 * MIB, 20_000
"""Largest size: a search of 10,000 configurations, some of which are promoted."""


def read_trials(path: Path, folder: Path) -> list[Trial]:
    """All trials in the file, in its order; none if there is no file.

    Args:
        folder: The run's folder, in which the file lies.

    Raises:
        CorruptRecord: A line is not a trial, or there are too many lines.
    """
    if not path.exists():
        return []
    text = read(path, TRIALS_BYTES, folder)
    if text.count(b"\n") > TRIALS:
        raise CorruptRecord(f"{path}: expected at most {TRIALS:,} trials, got more")
    *lines, rest = text.split(b"\n")  # nothing but a newline ends a line
    if _is_trial(rest):
        lines.append(rest)
    elif rest:
        log.warning("%s ends in half a line; the trial being written is left out", path)
    return [parse(Trial, line, f"{path}, line {n}") for n, line in enumerate(lines, start=1)]


def append_trial(path: Path, trial: Trial) -> None:
    """Add a line to the file; it is on the disk when this returns."""
    with naming(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a+b") as file:
            _end_last_line(file)
            file.write(trial.model_dump_json().encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())


def _end_last_line(file: IO[bytes]) -> None:
    """Cut off anything after the last newline, left by a process killed while it wrote a trial."""
    if file.seek(0, os.SEEK_END) == 0:
        return
    file.seek(-1, os.SEEK_END)
    if file.read(1) != b"\n":
        file.seek(0)
        whole, newline, rest = file.read().rpartition(b"\n")
        if _is_trial(rest):
            file.write(b"\n")
        else:
            file.truncate(len(whole) + len(newline))


def _is_trial(line: bytes) -> bool:
    try:
        parse(Trial, line, "")
    except CorruptRecord:
        return False
    return True
