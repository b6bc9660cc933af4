"""Start a study from Python: the command line itself, in a process of its own.

A study sets environment variables before TensorFlow is imported, starts worker processes and
handles signals. In its own process it does not disturb a notebook or script that has its own
TensorFlow, threads and handlers; and Ctrl-C, a full disk or a lack of memory end the study and not
its caller.
"""

import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from study.api.study_run import StudyRun, open_run
from study.errors import Interrupted, StudyError, StudyFailed, WrongUse
from study.libraries.import_path import python_path
from study.records.study import Dtype

log = logging.getLogger(__name__)

Tell = Callable[[str], object]
"""A function that is called with each line of news, such as that a trial has ended."""

_STOP_S = 20
"""Seconds in which a study must stop when it is asked to; it promises ten."""


def run_study(
    problems: str | Sequence[str] = (),
    *,
    name: str,
    space: str | Path | None = None,
    preset: str | Path = "quick",
    seed: int = 1,
    dtype: Dtype | None = None,
    workers: int | None = None,
    scheduler: str | None = None,
    tell: Tell | None = None,
    **data: str | int | Path,
) -> StudyRun:
    """Search, evaluate, draw and report, as `python -m study run` does, in the current folder.

    An interrupted run of that name is continued.

    Args:
        problems: Names of problems; if neither names nor a space are given, all problems.
        name: The run's name; its folder is results/NAME.
        space: A search space of your own, a .py file of trusted code.
        preset: Name of a preset, or the path of a .toml file.
        seed: 1 or more.
        dtype: Arithmetic of trials; the preset's if None.
        workers: Number of worker processes; one per core if None.
        scheduler: Address of a running Dask cluster to work on.
        tell: Called with each line that the command would print.
        data: Options of data sets, named as on the command line, such as line_dir.

    Raises:
        WrongUse: The call asks for something impossible, such as the name of a finished run.
        StudyFailed: The study failed.
        Interrupted: Somebody stopped the study; the same call continues it.
    """
    named = [problems] if isinstance(problems, str) else [*problems]
    options = {
        "name": name,
        "space": space,
        "preset": preset,
        "seed": seed,
        "dtype": dtype,
        "workers": workers,
        "scheduler": scheduler,
        **data,
    }
    _launch("run", named, options, tell)
    return open_run(name)


def run_search(
    problem: str | None = None,
    *,
    name: str,
    space: str | Path | None = None,
    tuner: str | None = None,
    max_trials: int | None = None,
    max_epochs: int | None = None,
    time_limit: str | None = None,
    keep: int | None = None,
    retries: int | None = None,
    preset: str | Path = "quick",
    seed: int = 1,
    dtype: Dtype | None = None,
    workers: int | None = None,
    scheduler: str | None = None,
    tell: Tell | None = None,
    **data: str | int | Path,
) -> StudyRun:
    """Only search, as `python -m study search` does, in the current folder.

    Args:
        problem: A problem of the study; None if a space of your own is given.
        tuner: random, grid, bayesian, hyperband or asha. For this argument and the following, None
            means the preset's value.
        max_trials: Number of trials, including the baseline.
        max_epochs: Largest number of epochs per trial.
        time_limit: Time after which no trial is started: "90s", "10m", "1h30m".
        keep: Number of best trials whose weights stay on disk.
        retries: How often a trial is tried again after its worker died.

    The other arguments and the exceptions are those of `run_study`.
    """
    options = {
        "name": name,
        "space": space,
        "tuner": tuner,
        "max_trials": max_trials,
        "max_epochs": max_epochs,
        "time_limit": time_limit,
        "keep": keep,
        "retries": retries,
        "preset": preset,
        "seed": seed,
        "dtype": dtype,
        "workers": workers,
        "scheduler": scheduler,
        **data,
    }
    _launch("search", [problem] if problem else [], options, tell)
    return open_run(name)


def _launch(
    verb: str, problems: Sequence[str], options: Mapping[str, object], tell: Tell | None
) -> None:
    given = [
        f"--{key.replace('_', '-')}={value}" for key, value in options.items() if value is not None
    ]
    process = subprocess.Popen(
        [sys.executable, "-m", "study", verb, *given, "--", *problems],
        env=os.environ | {"PYTHONPATH": python_path(), "PYTHONIOENCODING": "utf-8"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
    )
    with process:
        try:
            errors = _listen(process, tell or (lambda _: None))
        except BaseException:  # Ctrl-C, or what `tell` raises
            _stop(process)
            raise
    _hand_on(process.returncode, errors)


def _listen(process: "subprocess.Popen[str]", tell: Tell) -> list[str]:
    """Call `tell` with each line of standard output; returns the lines of standard error."""
    assert process.stdout
    assert process.stderr
    errors: list[str] = []
    reader = threading.Thread(target=errors.extend, args=(process.stderr,), daemon=True)
    reader.start()
    for line in process.stdout:
        tell(line.rstrip("\n"))
    process.wait()
    reader.join()
    return [line.rstrip("\n") for line in errors]


def _stop(process: "subprocess.Popen[str]") -> None:
    process.send_signal(signal.SIGINT)
    try:
        process.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()


def _hand_on(code: int, errors: list[str]) -> None:
    """Log the command's warnings and raise its error."""
    said = [line.removeprefix("error: ") for line in errors if line.startswith("error: ")]
    for line in errors:
        if not line.startswith("error: "):
            log.warning("%s", line)
    if code == 0:
        return
    kinds: dict[int, type[StudyError]] = {2: WrongUse, Interrupted.exit_code: Interrupted}
    kind = kinds.get(code, StudyFailed)
    raise kind(said[-1] if said else f"the study ended with exit code {code}")
