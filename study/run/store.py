"""A run's folder: the only file that knows what lies where in it. All is written whole or not."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import numpy as np

from study.errors import WrongName
from study.machine import untrusted
from study.machine.files import (
    remove_leftovers,
    remove_leftovers_below,
    replacing,
    write_bytes,
    write_text,
)
from study.machine.untrusted import MIB
from study.problem.own_space import SPACE_BYTES
from study.records.base import NetworkName, Record
from study.records.evaluation import Evaluation
from study.records.picture import Picture
from study.records.study import Signature, StudyRecord
from study.records.trial import SearchSpace, Trial
from study.run import picture_files
from study.run.places import (
    REPORTS,
    RESULTS,
    check_folder,
    held,
    is_run,
    remove_half_made,
)
from study.run.reading import parse, read, read_arrays, read_record
from study.run.trial_lines import append_trial, read_trials

R = TypeVar("R")

EVALUATION_BYTES, EVALUATION_VALUES = 64 * MIB, 3_000_000
"""Largest size of an evaluation: its confusion matrices may have a thousand classes."""
PREDICTIONS_BYTES, PREDICTIONS = 512 * MIB, 1000
"""Largest size of predictions, unpacked. All line images that a preset may ask for take 340 MiB."""


@dataclass(frozen=True)
class Run:
    """The folder of one run."""

    name: str
    base: Path = Path()
    """The folder that results/ and reports/ are in."""

    def absolute(self) -> "Run":
        """The run with an absolute path, for processes that work in another folder."""
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
        """The folder of an evaluation's checkpoints, while it is going."""
        return self.problem_folder(problem) / "retraining"

    def figures_folder(self, problem: str) -> Path:
        """The folder of figure files and figures.json."""
        return self.problem_folder(problem) / "figures"

    def findings_folder(self, problem: str) -> Path:
        """The folder of the findings about the networks."""
        return self.problem_folder(problem) / "findings"

    def model_path(self, problem: str, network: NetworkName) -> Path:
        """The path of the saved network."""
        return self.problem_folder(problem) / "models" / f"{network}.keras"

    @property
    def export_folder(self) -> Path:
        """The folder for exports, unless another is given."""
        return self.folder / "export"

    def is_there(self) -> bool:
        """Whether there is a run of that name.

        Raises:
            WrongName: Something else has its place; an empty folder counts as nothing.
        """
        check_folder(self.base / RESULTS)
        check_folder(self.base / REPORTS)
        return is_run(self.folder)

    def problems(self) -> list[str]:
        """Problems whose search has started, in the study's order."""
        return [name for name in self.study().problems if self._is_begun(name)]

    def _is_begun(self, problem: str) -> bool:
        paths = (self._space_path(problem), self._trials_path(problem))
        return any(path.exists() for path in paths)

    def check_writable(self) -> None:
        """Check that what is written into the folder, which may come from anywhere, stays there.

        Raises:
            WrongUse: Something in it is a link, a pipe or a device.
        """
        untrusted.check_writable(self.folder)

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """No other process works on the run for the length of the block.

        The lock is the operating system's: it is released when the process ends, however it ends.
        Useless leftovers of a process that was killed at work are removed first.

        Raises:
            WrongUse: Another process works on the run, or something in it leads elsewhere.
            CannotWrite: The disk is full.
        """
        self.check_writable()
        with held(self.folder):
            self._clean_up()
            yield

    def _clean_up(self) -> None:
        remove_half_made(self.base / RESULTS)
        for folder in self.folder.iterdir():
            if (
                folder.is_dir() and folder != self.export_folder
            ):  # exports are written without the lock
                remove_leftovers_below(folder)
                if self._evaluation_path(folder.name).exists():
                    shutil.rmtree(self.retraining_folder(folder.name), ignore_errors=True)
        remove_leftovers(self.folder / "study.json")
        remove_leftovers(self.report_path)

    # study.json

    def study(self) -> StudyRecord:
        """The run's study.json."""
        return read_record(self.folder / "study.json", StudyRecord, self.folder)

    def write_study(self, study: StudyRecord) -> None:
        """Write study.json."""
        write_text(self.folder / "study.json", study.model_dump_json(indent=2) + "\n")

    # signature.json

    def signature(self, problem: str) -> Signature | None:
        """The images and classes of the problem's networks; None if the run recorded none."""
        path = self._signature_path(problem)
        return read_record(path, Signature, self.folder) if path.exists() else None

    def write_signature(self, problem: str, signature: Signature) -> None:
        """Write signature.json."""
        write_text(self._signature_path(problem), signature.model_dump_json(indent=1) + "\n")

    def _signature_path(self, problem: str) -> Path:
        return self.problem_folder(problem) / "signature.json"

    # space.json, trials.jsonl

    def space(self, problem: str) -> SearchSpace | None:
        """What the problem's search can choose from, once it has started."""
        path = self._space_path(problem)
        return read_record(path, SearchSpace, self.folder) if path.exists() else None

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
        """The source of the run's copy of the user's own file."""
        return read(self.space_file(problem), SPACE_BYTES, self.folder)

    def write_space_file(self, problem: str, source: bytes) -> None:
        """Write the run's copy of the user's own file."""
        write_bytes(self.space_file(problem), source)

    def trials(self, problem: str) -> list[Trial]:
        """All finished trials of a search, in the order in which the oracle was told of them."""
        return read_trials(self._trials_path(problem), self.folder)

    def append_trial(self, problem: str, trial: Trial) -> None:
        """Add a line to trials.jsonl; it is on the disk when this returns."""
        append_trial(self._trials_path(problem), trial)

    def _trials_path(self, problem: str) -> Path:
        return self.problem_folder(problem) / "trials.jsonl"

    # evaluation.json, predictions.npz, models

    def evaluation(self, problem: str) -> Evaluation | None:
        """The evaluation, if the problem has been evaluated."""
        path = self._evaluation_path(problem)
        if not path.exists():
            return None
        text = read(path, EVALUATION_BYTES, self.folder)
        return parse(Evaluation, text, str(path), EVALUATION_VALUES)

    def write_evaluation(
        self,
        problem: str,
        evaluation: Evaluation,
        predictions: dict[str, np.ndarray],
        models: dict[NetworkName, bytes],
    ) -> None:
        """Write models, predictions.npz and, last, the evaluation.json that refers to them.

        An evaluation.json that refers to others is removed first. Probabilities are kept to six
        decimals, because further digits are noise that does not compress.
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
        if not path.exists():
            raise WrongName(f"{path} is not there: evaluate the run first")
        return read_arrays(path, PREDICTIONS, PREDICTIONS_BYTES, self.folder)

    def _predictions_path(self, problem: str) -> Path:
        return self.problem_folder(problem) / "predictions.npz"

    # findings

    def finding(self, problem: str, name: str, kind: type[R]) -> R | None:
        """The finding of that name about the networks, if there is one."""
        path = self._finding_path(problem, name)
        return read_record(path, kind, self.folder) if path.exists() else None

    def write_finding(self, problem: str, name: str, found: Record) -> None:
        """Write findings/NAME.json: the numbers behind figures that the evaluation lacks."""
        write_text(self._finding_path(problem, name), found.model_dump_json(indent=1) + "\n")

    def _finding_path(self, problem: str, name: str) -> Path:
        return self.findings_folder(problem) / f"{name}.json"

    # figures

    def pictures(self, problem: str) -> list[Picture]:
        """The pictures listed in the problem's figures.json; none if there are none yet."""
        return picture_files.described(self.figures_folder(problem), self.folder)

    def picture_contents(self, problem: str, pictures: Sequence[Picture]) -> list[bytes]:
        """The contents of these pictures' files, in the same order.

        Raises:
            CorruptRecord: A file cannot be read, or the files are too large.
        """
        return picture_files.contents(self.figures_folder(problem), pictures, self.folder)

    def write_pictures(self, problem: str, pictures: list[Picture]) -> None:
        """Write figures.json."""
        picture_files.describe(self.figures_folder(problem), pictures)

    def remove_old_pictures(self, problem: str) -> None:
        """Remove PNG files that figures.json does not name."""
        picture_files.remove_unnamed(self.figures_folder(problem), self.pictures(problem))


def _rounded(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {
        name: np.round(array, 6) if array.dtype.kind == "f" else array
        for name, array in arrays.items()
    }
