"""Every error the study raises on purpose.

The command line prints them as one line and turns them into an exit code:

    StudyError
    |-- WrongUse            exit 2: an option, name, file or setting the user can correct
    |   |-- WrongSetting    a preset or option: unknown key, value out of range
    |   |-- WrongName       a run, problem, tuner, layer or model that is not there
    |   `-- WrongImage      an image file or folder that does not fit
    |-- Interrupted         exit 130: the user stopped the study
    `-- StudyFailed         exit 1: the study was used correctly and failed nevertheless
        |-- DataUnavailable a data set that could not be fetched or is damaged
        |-- CannotWrite     a full disk: finished work is safe, resume when there is room
        |-- WorkerDied      a job's worker process died every time the job was tried
        `-- CorruptRecord   a file of a run that cannot be read back

A message says in one line what was expected, what was found and what to do.

A job that fails on a worker returns `Failed` in place of its result, so that whoever asked for it
decides what that means: a trial of a search may fail, a retraining may not.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Failed:
    """The result of a job that raised an exception."""

    reason: str
    """Why the job failed, in one line."""


class StudyError(Exception):
    """Base of all errors the study raises on purpose."""

    exit_code = 1


class WrongUse(StudyError):
    """The user asked for something impossible, and can correct it."""

    exit_code = 2


class WrongSetting(WrongUse):
    """A preset or option with an unknown key or a value out of range."""


class WrongName(WrongUse):
    """A run, problem, tuner, layer or model that is not there."""


class WrongImage(WrongUse):
    """An image file or a folder of images that does not fit."""


class Interrupted(StudyError):
    """The user stopped the study, and can continue it."""

    exit_code = 130


class StudyFailed(StudyError):
    """The study was used correctly and failed nevertheless."""


class DataUnavailable(StudyFailed):
    """A data set that could not be fetched or is damaged."""


class CannotWrite(StudyFailed):
    """A full disk, or a folder without write permission: not the fault of the current trial."""


class WorkerDied(StudyFailed):
    """A job's worker process died every time the job was tried."""


class CorruptRecord(StudyFailed):
    """A file of a run that cannot be read back."""


def one_line(error: BaseException) -> str:
    """What a worker returns for an exception: its kind and message, in one line."""
    return f"{type(error).__name__}: {' '.join(str(error).split())}"


def attempt(function: Callable[..., T], *args: object) -> T | Failed:
    """What the function returns, or why it failed.

    Raises:
        CannotWrite: The function raised it; this is not the job's fault and would befall the next.
    """
    try:
        return function(*args)
    except CannotWrite:
        raise
    except Exception as error:
        return Failed(one_line(error))
