"""Making, opening and listing runs."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from filelock import FileLock

from study.errors import CorruptRecord, WrongName
from study.machine.files import naming, remove_leftovers_below, temporary_folder
from study.records.base import NETWORKS
from study.records.study import Signature, StudyRecord
from study.run.places import HALF_MADE, RESULTS, given_name, holds_a_run, is_plain
from study.run.reading import read_record
from study.run.store import Run


def new_run(name: str, fill: Callable[[Run], None]) -> Run:
    """Make the folder of a run with its first records, completely or not at all.

    Args:
        name: A plain name.
        fill: Called with the run in a place that no other process looks at; writes its first
            records.

    Raises:
        WrongName: There is a run of that name, perhaps since a moment ago.
        CannotWrite: The disk is full.
    """
    run = Run(name)
    hidden = RESULTS / HALF_MADE
    with naming(run.folder), ExitStack() as stack:
        run.is_there()  # raises if something else has its place
        RESULTS.mkdir(exist_ok=True)
        stack.enter_context(FileLock(RESULTS / ".lock", timeout=60))  # held for a moment
        stack.enter_context(temporary_folder(hidden))
        made = Run(name, hidden)
        fill(made)
        if run.is_there():
            raise WrongName(f"{run.folder} already exists; choose another --name or remove it")
        if run.folder.is_dir():
            remove_leftovers_below(run.folder)
        made.folder.rename(run.folder)  # replaces a folder only if it is empty
    return run


def open_run(text: str) -> Run:
    """The run of that name, or in that folder of results/.

    Raises:
        WrongName: There is no such run.
    """
    run = Run(given_name(text))
    if not run.is_there():
        known = ", ".join(run_names()) or "none yet"
        raise WrongName(f"no run {run.name!r} in {RESULTS}/; runs: {known}")
    return run


def signature_of_model(path: Path) -> Signature | None:
    """The signature that the run recorded for the problem of a saved network.

    A run's networks are RUN/PROBLEM/models/NETWORK.keras, where RUN is any folder with a readable
    study.json that names the problem.

    Returns:
        None if the network does not belong to a run, or to one of an older version, which recorded
        no signature.

    Raises:
        CorruptRecord: The network belongs to a run whose signature is damaged.
    """
    path = path.resolve()
    problem = path.parent.parent
    if path.parent.name != "models" or path.stem not in NETWORKS:
        return None
    try:
        study = read_record(problem.parent / "study.json", StudyRecord, problem.parent)
    except CorruptRecord:  # or not there
        return None
    signature = problem / "signature.json"
    if problem.name not in study.problems or not signature.exists():
        return None
    return read_record(signature, Signature, problem.parent)


def run_names() -> list[str]:
    """Names of all runs, sorted, whether or not they can be read."""
    return sorted(path.name for path in _run_folders() if is_plain(path.name))


def misnamed() -> list[str]:
    """Names of folders that hold a run but are not valid names of runs, sorted."""
    names = [path.name for path in _run_folders()]
    return sorted(name for name in names if not is_plain(name))


def _run_folders() -> list[Path]:
    try:
        return [path for path in RESULTS.iterdir() if holds_a_run(path)]
    except (FileNotFoundError, NotADirectoryError):
        return []
