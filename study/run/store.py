"""results/ and reports/: the only file that knows where things lie.

Files are written whole or not at all; a line of trials.jsonl too, as far as any reader can see.
"""

import hashlib
import json
import logging
import os
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, TypeVar

import numpy as np
from filelock import FileLock, Timeout
from pydantic import TypeAdapter, ValidationError

from study.errors import CorruptRecord, WrongName, WrongUse
from study.machine import untrusted
from study.machine.files import (
    is_leftover,
    naming,
    remove_leftovers,
    remove_leftovers_below,
    replacing,
    temporary_folder,
    write_bytes,
    write_text,
)
from study.machine.untrusted import MIB
from study.problem.own_space import SPACE_BYTES
from study.records.base import (
    NETWORKS,
    Evaluation,
    NetworkName,
    Picture,
    Record,
    SearchSpace,
    Signature,
    StudyRecord,
    Trial,
)

log = logging.getLogger(__name__)

RESULTS = Path("results")
REPORTS = Path("reports")

_PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_HALF_MADE = ".new"
"""In results/: where a run is made."""
LONGEST_JOINED = 150
"""Characters of several runs' names in one file name."""
R = TypeVar("R")

RECORD_BYTES, RECORD_VALUES, RECORD_KEYS = 8 * MIB, 100_000, 100_000
EVALUATION_BYTES, EVALUATION_VALUES = 64 * MIB, 3_000_000
"""Its confusion matrices may be of a thousand classes."""
TRIALS_BYTES, TRIALS = 128 * MIB, 20_000
"""All of a search of 10,000 configurations, some of which go up rungs."""
TRIAL_BYTES = MIB
PREDICTIONS_BYTES, PREDICTIONS = 512 * MIB, 1000
"""Unpacked. All line images that a preset may ask for come to 340 MiB."""
FIGURE_BYTES, FIGURES_BYTES = 16 * MIB, 128 * MIB
"""Of one and of all of a problem's, which a report holds."""
FAULTS = 1000
"""As many as are described are in a record before the first is named."""

_PICTURES = TypeAdapter(list[Picture])


@dataclass(frozen=True)
class Run:
    """The folder of one run."""

    name: str
    base: Path = Path()
    """What results/ and reports/ are in."""

    def absolute(self) -> "Run":
        """The run as a process that works in another folder finds it."""
        return replace(self, base=self.base.resolve())

    @property
    def folder(self) -> Path:
        """results/NAME."""
        return self.base / RESULTS / self.name

    @property
    def report_path(self) -> Path:
        """reports/NAME.html."""
        return self.base / REPORTS / f"{self.name}.html"

    def problem_folder(self, problem: str) -> Path:
        """results/NAME/PROBLEM."""
        return self.folder / problem

    def search_folder(self, problem: str) -> Path:
        """Keras Tuner's own project folder."""
        return self.problem_folder(problem) / "search"

    def retraining_folder(self, problem: str) -> Path:
        """Checkpoints of an evaluation, while it goes on."""
        return self.problem_folder(problem) / "retraining"

    def figures_folder(self, problem: str) -> Path:
        """The folder of figure files and figures.json."""
        return self.problem_folder(problem) / "figures"

    def model_path(self, problem: str, network: NetworkName) -> Path:
        """The saved network."""
        return self.problem_folder(problem) / "models" / f"{network}.keras"

    @property
    def export_folder(self) -> Path:
        """What was exported, if no other folder was named."""
        return self.folder / "export"

    def is_there(self) -> bool:
        """Whether there is a run of that name.

        Raises:
            WrongName: something else has its place; an empty folder has not.
        """
        _check_folder(self.base / RESULTS)
        _check_folder(self.base / REPORTS)
        if _holds_a_run(self.folder):
            return True
        if not os.path.lexists(self.folder):
            return False
        if self.folder.is_dir() and all(map(is_leftover, self.folder.iterdir())):
            return False  # left by a version that made a run's folder before what is in it
        what = "a folder without study.json" if self.folder.is_dir() else _no_folder(self.folder)
        raise WrongName(
            f"{self.folder} is no run but {what}; remove it, or begin a run with another --name"
        )

    def problems(self) -> list[str]:
        """Problems whose search has begun, in the study's order."""
        return [name for name in self.study().problems if self._is_begun(name)]

    def _is_begun(self, problem: str) -> bool:
        paths = (self._space_path(problem), self._trials_path(problem))
        return any(path.exists() for path in paths)

    def check_writable(self) -> None:
        """Whether all that is written into the folder stays there: it may come from anywhere.

        Raises:
            WrongUse: something in it is a link, a pipe or a device.
        """
        untrusted.check_writable(self.folder)

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Nobody else works on the run for the length of the block.

        The lock is the operating system's: it goes when the process does, however it ends. What
        a process that was killed at work has left, and nobody needs, is removed first.

        Raises:
            WrongUse: somebody does, or what is written there would land elsewhere.
            CannotWrite: the disk is full.
        """
        self.check_writable()
        path = self.folder / ".lock"
        try:
            with ExitStack() as stack:
                with naming(path):
                    stack.enter_context(FileLock(path, timeout=0))
                self._clean_up()
                yield
        except Timeout:
            raise WrongUse(
                f"{self.folder} is in use by another process; wait until it is done, or stop it"
            ) from None

    def _clean_up(self) -> None:
        _remove_half_made(self.base / RESULTS)
        for folder in self.folder.iterdir():
            if folder.is_dir() and folder != self.export_folder:  # that is written without the lock
                remove_leftovers_below(folder)
                if self._evaluation_path(folder.name).exists():
                    shutil.rmtree(self.retraining_folder(folder.name), ignore_errors=True)
        remove_leftovers(self.folder / "study.json")
        remove_leftovers(self.report_path)

    # study.json

    def study(self) -> StudyRecord:
        """The run's study.json."""
        return _read_record(self.folder / "study.json", StudyRecord, self.folder)

    def write_study(self, study: StudyRecord) -> None:
        """Write study.json."""
        write_text(self.folder / "study.json", study.model_dump_json(indent=2) + "\n")

    # signature.json

    def signature(self, problem: str) -> Signature | None:
        """What the problem's networks take and tell apart; None of runs that recorded none."""
        path = self._signature_path(problem)
        return _read_record(path, Signature, self.folder) if path.exists() else None

    def write_signature(self, problem: str, signature: Signature) -> None:
        """Write signature.json."""
        write_text(self._signature_path(problem), signature.model_dump_json(indent=1) + "\n")

    def _signature_path(self, problem: str) -> Path:
        return self.problem_folder(problem) / "signature.json"

    # space.json, trials.jsonl

    def space(self, problem: str) -> SearchSpace | None:
        """What the problem's search could choose from, once it has begun."""
        path = self._space_path(problem)
        return _read_record(path, SearchSpace, self.folder) if path.exists() else None

    def write_space(self, problem: str, space: SearchSpace) -> None:
        """Write space.json."""
        write_text(self._space_path(problem), space.model_dump_json(indent=1) + "\n")

    def _space_path(self, problem: str) -> Path:
        return self.problem_folder(problem) / "space.json"

    # PROBLEM.py, of a search space that lies outside of `search_spaces`

    def space_file(self, problem: str) -> Path:
        """The run's copy of the user's own file."""
        return self.problem_folder(problem) / f"{problem}.py"

    def space_source(self, problem: str) -> bytes:
        """What is in it."""
        return _read(self.space_file(problem), SPACE_BYTES, self.folder)

    def write_space_file(self, problem: str, source: bytes) -> None:
        """Write the copy."""
        write_bytes(self.space_file(problem), source)

    def trials(self, problem: str) -> list[Trial]:
        """All finished trials of a search, in the order the oracle was told of them."""
        path = self._trials_path(problem)
        if not path.exists():
            return []
        text = _read(path, TRIALS_BYTES, self.folder)
        if text.count(b"\n") > TRIALS:
            raise CorruptRecord(f"{path}: expected at most {TRIALS:,} trials, got more")
        *lines, rest = text.split(b"\n")  # nothing but a newline ends a line
        if _is_trial(rest):
            lines.append(rest)
        elif rest:
            log.warning("%s ends in half a line, of a trial that was being written: left out", path)
        return [_parse(Trial, line, f"{path}, line {n}") for n, line in enumerate(lines, start=1)]

    def append_trial(self, problem: str, trial: Trial) -> None:
        """Add a line to trials.jsonl; it is on the disk when this returns."""
        path = self._trials_path(problem)
        with naming(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("a+b") as file:
                _end_last_line(file)
                file.write(trial.model_dump_json().encode() + b"\n")
                file.flush()
                os.fsync(file.fileno())

    def _trials_path(self, problem: str) -> Path:
        return self.problem_folder(problem) / "trials.jsonl"

    # evaluation.json, predictions.npz, models

    def evaluation(self, problem: str) -> Evaluation | None:
        """The evaluation, if the problem has been evaluated."""
        path = self._evaluation_path(problem)
        if not path.exists():
            return None
        text = _read(path, EVALUATION_BYTES, self.folder)
        return _parse(Evaluation, text, str(path), EVALUATION_VALUES)

    def write_evaluation(
        self,
        problem: str,
        evaluation: Evaluation,
        predictions: dict[str, np.ndarray],
        models: dict[NetworkName, bytes],
    ) -> None:
        """Write models, predictions.npz and, last, the evaluation.json that refers to them.

        One that refers to others goes first. Probabilities are kept to six decimals: what is behind
        them is noise that does not compress.
        """
        path = self._evaluation_path(problem)
        path.unlink(missing_ok=True)
        for network, model in models.items():
            write_bytes(self.model_path(problem, network), model)
        with replacing(self._predictions_path(problem)) as temporary:
            np.savez_compressed(temporary, **_rounded(predictions))  # type: ignore[arg-type]  # numpy/numpy#2491: stub
        write_text(path, evaluation.model_dump_json(indent=1) + "\n")

    def _evaluation_path(self, problem: str) -> Path:
        return self.problem_folder(problem) / "evaluation.json"

    def predictions(self, problem: str) -> dict[str, np.ndarray]:
        """Arrays of predictions.npz: labels_HEAD, baseline_HEAD, tuned_HEAD, NETWORK_correct."""
        path = self._predictions_path(problem)
        try:
            with untrusted.opened(path, PREDICTIONS_BYTES, self.folder) as file:
                return untrusted.read_arrays(file, PREDICTIONS, PREDICTIONS_BYTES)
        except FileNotFoundError:
            raise WrongName(f"{path} is not there: evaluate the run first") from None
        except Exception as error:  # what a damaged file makes NumPy raise has no bound
            raise CorruptRecord(f"{path}: cannot be read: {error}") from error

    def _predictions_path(self, problem: str) -> Path:
        return self.problem_folder(problem) / "predictions.npz"

    # findings

    def finding(self, problem: str, name: str, kind: type[R]) -> R | None:
        """What was found out about the networks and kept under that name, if it has been."""
        path = self._finding_path(problem, name)
        return _read_record(path, kind, self.folder) if path.exists() else None

    def write_finding(self, problem: str, name: str, found: Record) -> None:
        """Write findings/NAME.json: the numbers behind figures that the evaluation lacks."""
        write_text(self._finding_path(problem, name), found.model_dump_json(indent=1) + "\n")

    def _finding_path(self, problem: str, name: str) -> Path:
        return self.problem_folder(problem) / "findings" / f"{name}.json"

    # figures

    def pictures(self, problem: str) -> list[Picture]:
        """What figures.json says of the problem's figures; none if there are none yet."""
        path = self.figures_folder(problem) / "figures.json"
        if not path.exists():
            return []
        text = _read(path, RECORD_BYTES, self.folder)
        return _checked_files(_parse(_PICTURES, text, str(path)), path)

    def picture_contents(self, problem: str, pictures: Sequence[Picture]) -> list[bytes]:
        """The files of the problem's figures, in that order.

        Raises:
            CorruptRecord: one cannot be read, or they are too large.
        """
        folder, contents, left = self.figures_folder(problem), [], FIGURES_BYTES
        for picture in pictures:
            contents.append(_read(folder / picture.file, FIGURE_BYTES, self.folder))
            left -= len(contents[-1])
            if left < 0:
                most = untrusted.size(FIGURES_BYTES)
                raise CorruptRecord(f"{folder}: expected figures of at most {most}, got more")
        return contents

    def write_pictures(self, problem: str, pictures: list[Picture]) -> None:
        """Write figures.json."""
        write_text(
            self.figures_folder(problem) / "figures.json",
            json.dumps([picture.model_dump() for picture in pictures], indent=1) + "\n",
        )

    def remove_old_pictures(self, problem: str) -> None:
        """Remove PNG files that figures.json does not name."""
        named = {picture.file for picture in self.pictures(problem)}
        for path in self.figures_folder(problem).glob("*.png"):
            if path.name not in named:
                path.unlink()


def _rounded(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {
        name: np.round(array, 6) if array.dtype.kind == "f" else array
        for name, array in arrays.items()
    }


def _end_last_line(file: IO[bytes]) -> None:
    """Cut off what a process that was killed while it wrote a trial left after the last newline."""
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
        _parse(Trial, line, "")
    except CorruptRecord:
        return False
    return True


def comparison_path(names: Sequence[str]) -> Path:
    """reports/A-vs-B.html of several runs' names.

    No run's own report has this path, nor has the comparison of other runs: where the joined names
    could be of either, or are too long for a file's, a mark follows, with "~", which no run's has.

    Raises:
        WrongUse: a name comes twice.
    """
    for name in names:
        if names.count(name) > 1:
            raise WrongUse(f"expected different runs to compare, got {name!r} twice")
    joined = "-vs-".join(names)
    ambiguous = Run(joined).folder.exists() or any("-vs-" in name for name in names)
    if ambiguous or len(joined) > LONGEST_JOINED:
        mark = hashlib.sha256("/".join(names).encode()).hexdigest()[:8]
        joined = f"{joined[:LONGEST_JOINED]}~{mark}"
    return REPORTS / f"{joined}.html"


def check_name(name: str) -> str:
    """The run name, if it is a plain name: letters, digits, '.', '_', '-', at most 64, no path.

    Raises:
        WrongName: it is not.
    """
    if not _PLAIN_NAME.fullmatch(name):
        raise WrongName(
            f"run name: expected letters, digits, '.', '_' and '-', beginning with a letter or "
            f"digit, 64 at most and no path, got {name!r}"
        )
    return name


def plain_name(text: str, longest: int) -> str:
    """The text as a plain name: "my preset" -> "my-preset"; "run" if nothing of it is left."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip("._-")
    return plain[:longest] or "run"


def given_name(text: str) -> str:
    """The run name that somebody gave: as such, or as its folder's path, as shells complete it.

    Raises:
        WrongName: it is neither a plain name nor the path of a folder in results/.
    """
    folder = Path(text)
    if "/" in text and folder.parent.resolve() == RESULTS.resolve():
        return check_name(folder.name)
    return check_name(text)


def _check_folder(path: Path) -> None:
    """Whether results/ or reports/, if it is there, is a folder.

    Raises:
        WrongUse: it is not.
    """
    if os.path.lexists(path) and not path.is_dir():
        raise WrongUse(
            f"{path}: expected a folder, got {_no_folder(path)}; remove it or move it away"
        )


def _no_folder(path: Path) -> str:
    return f"a link to nowhere ({path.readlink()})" if not path.exists() else "a file"


def _remove_half_made(results: Path) -> None:
    """A run that a process was killed over while it made it; not one that is being made."""
    hidden = results / _HALF_MADE
    if hidden.exists():
        with suppress(Timeout), FileLock(results / ".lock", timeout=0):
            shutil.rmtree(hidden, ignore_errors=True)


def new_run(name: str, fill: Callable[[Run], None]) -> Run:
    """Make the folder of a run, with all that is filled in, or nothing.

    Args:
        name: A plain name.
        fill: Given the run in a place that no other process looks at, writes what it begins with.

    Raises:
        WrongName: there is a run of that name, perhaps since a moment ago.
        CannotWrite: the disk is full.
    """
    run = Run(name)
    hidden = RESULTS / _HALF_MADE
    with naming(run.folder), ExitStack() as stack:
        run.is_there()  # or its place is taken
        RESULTS.mkdir(exist_ok=True)
        stack.enter_context(FileLock(RESULTS / ".lock", timeout=60))  # held for a moment
        stack.enter_context(temporary_folder(hidden))
        made = Run(name, hidden)
        fill(made)
        if run.is_there():
            raise WrongName(f"{run.folder} is there already; choose another --name or remove it")
        if run.folder.is_dir():
            remove_leftovers_below(run.folder)
        made.folder.rename(run.folder)  # over a folder only if that is empty
    return run


def open_run(text: str) -> Run:
    """The run of that name, or in that folder of results/.

    Raises:
        WrongName: there is none.
    """
    run = Run(given_name(text))
    if not run.is_there():
        known = ", ".join(run_names()) or "none yet"
        raise WrongName(f"no run {run.name!r} in {RESULTS}/; runs: {known}")
    return run


def problem_of_model(path: Path) -> tuple[str, Signature | None] | None:
    """Of which problem a saved network is, and the signature that its run recorded.

    A run's networks are RUN/PROBLEM/models/NETWORK.keras, and a run is what has a study.json that
    can be read and names the problem, wherever the folder lies.

    Returns:
        None if the network is not a run's.

    Raises:
        CorruptRecord: it is, and the signature is damaged.
    """
    path = path.resolve()
    problem = path.parent.parent
    if path.parent.name != "models" or path.stem not in NETWORKS:
        return None
    try:
        study = _read_record(problem.parent / "study.json", StudyRecord, problem.parent)
    except CorruptRecord:  # or not there
        return None
    if problem.name not in study.problems:
        return None
    signature = problem / "signature.json"
    if not signature.exists():
        return problem.name, None
    return problem.name, _read_record(signature, Signature, problem.parent)


def run_names() -> list[str]:
    """Names of all runs, sorted; whether they can be read is seen when they are."""
    return sorted(path.name for path in _run_folders() if _PLAIN_NAME.fullmatch(path.name))


def misnamed() -> list[str]:
    """Names of folders that hold a run and cannot be a run's, sorted."""
    names = [path.name for path in _run_folders()]
    return sorted(name for name in names if not _PLAIN_NAME.fullmatch(name))


def _run_folders() -> list[Path]:
    try:
        return [path for path in RESULTS.iterdir() if _holds_a_run(path)]
    except (FileNotFoundError, NotADirectoryError):
        return []


def _holds_a_run(folder: Path) -> bool:
    try:
        (folder / "study.json").lstat()
    except PermissionError:  # a folder that may not be looked into
        return True
    except OSError:
        return False
    return True


def _read(path: Path, most: int, folder: Path) -> bytes:
    try:
        return untrusted.read(path, most, within=folder)
    except untrusted.Refused as error:
        raise CorruptRecord(f"{path}: {error}") from error
    except OSError as error:
        raise CorruptRecord(f"{path}: cannot be read: {error.strerror}") from error


def _read_record(path: Path, kind: type[R], folder: Path) -> R:
    return _parse(kind, _read(path, RECORD_BYTES, folder), str(path))


def _parse(kind: type[R] | TypeAdapter[R], text: bytes, where: str, most: int = RECORD_VALUES) -> R:
    adapter = kind if isinstance(kind, TypeAdapter) else TypeAdapter(kind)
    try:
        untrusted.check_json(text, most, RECORD_KEYS)
        return adapter.validate_json(text)
    except untrusted.Refused as error:
        raise CorruptRecord(f"{where}: {error}") from error
    except ValidationError as error:
        if error.error_count() > FAULTS:
            faults = f"{error.error_count():,} faults"
            raise CorruptRecord(f"{where}: damaged record: {faults} in it") from None
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise CorruptRecord(f"{where}: damaged record: {key or 'text'}: {first['msg']}") from None


def _checked_files(pictures: list[Picture], path: Path) -> list[Picture]:
    """A run folder may come from anywhere: a picture's file is a plain name beside figures.json."""
    for picture in pictures:
        if picture.file in ("", "..") or Path(picture.file).name != picture.file:
            raise CorruptRecord(f"{path}: {picture.file!r} is not a plain file name")
    return pictures
