"""Search spaces of the user's own: files outside of `search_spaces`, known by their stems.

A file has the form of a module of `search_spaces` (see `study.problem.problem`). It is code, and is
run as such. Whatever it imports must be installed: the file alone is sent to workers with every
job, so that they need not see it on disk and never have another version of it.
"""

import ast
import hashlib
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType

from study.errors import StudyError, WrongName, WrongUse, one_line
from study.machine import untrusted
from study.machine.foreign_text import visible

SPACE_BYTES = 256 * 1024
"""Largest size of a file; those that come with the study have at most nine kilobytes."""

OBJECTIVES = ("accuracy", "joint")

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
_RESERVED = ("export",)
"""Folders of a run that do not belong to a problem."""


@dataclass(frozen=True)
class OwnSpace:
    """A file's name and content: plain data, which travels to workers."""

    name: str
    """Name of the problem: the file's stem."""
    source: bytes

    @property
    def digest(self) -> str:
        """SHA-256 of the file, 64 hexadecimal digits."""
        return hashlib.sha256(self.source).hexdigest()

    @property
    def file(self) -> str:
        """Name of the file in messages."""
        return f"{self.name}.py"


_used: dict[str, OwnSpace] = {}
"""The spaces that this process knows, by name."""


def read_space(path: Path, taken: Iterable[str]) -> OwnSpace:
    """The file, not run yet.

    Args:
        taken: Names of the other problems.

    Raises:
        WrongUse: It is not a Python file, or its name cannot be a problem's.
    """
    shown = visible(path)
    if path.suffix != ".py":
        raise WrongUse(f"--space: expected the path of a .py file, got {shown}")
    if not _NAME.fullmatch(path.stem) or path.stem in _RESERVED:
        raise WrongUse(
            f"--space: {shown}: the problem is named after the file: expected letters, digits and "
            "'_', beginning with a letter, 64 at most; rename it"
        )
    if path.stem in taken:
        raise WrongUse(
            f"--space: {shown}: there is already a problem {path.stem!r}; rename the file"
        )
    try:
        space = OwnSpace(path.stem, untrusted.read(path, SPACE_BYTES))
    except untrusted.Refused as error:
        raise WrongUse(f"--space: {shown}: {error}") from error
    except OSError as error:
        raise WrongUse(f"--space: {shown}: cannot be read: {error.strerror}") from error
    syntax_tree(space)
    return space


def syntax_tree(space: OwnSpace) -> ast.Module:
    """The parsed file.

    Raises:
        WrongUse: It is not Python.
    """
    try:
        return ast.parse(space.source, space.file)
    except SyntaxError as error:
        where = f", line {error.lineno}" if error.lineno else ""
        raise WrongUse(f"{space.file}{where}: expected Python: {error.msg}") from error
    except (ValueError, RecursionError, MemoryError) as error:  # null bytes, endless brackets
        raise WrongUse(f"{space.file}: expected Python: {one_line(error)}") from error


def use(spaces: Iterable[OwnSpace]) -> None:
    """From now on this process knows these spaces and no others."""
    given = {space.name: space for space in spaces}
    _used.clear()
    _used.update(given)


def used() -> tuple[OwnSpace, ...]:
    """The spaces that this process knows."""
    return tuple(_used.values())


def find(name: str) -> OwnSpace | None:
    """The space of that name, if this process knows it."""
    return _used.get(name)


@cache
def module_of(space: OwnSpace) -> ModuleType:
    """Run the file, once per process.

    Raises:
        WrongName: It raised an exception, or lacks something that a problem's file must define.
    """
    module = ModuleType(f"_own_space_{space.name}")
    module.__file__ = space.file
    sys.modules[module.__name__] = module  # where dataclasses and pickles look for it
    try:
        exec(compile(space.source, space.file, "exec"), module.__dict__)
    except StudyError:
        raise
    except Exception as error:  # whatever the user's code raises
        raise WrongName(f"{space.file}: cannot be loaded: {one_line(error)}") from error
    if missing := _missing(module):
        raise WrongName(f"{space.file}: expected {missing}")
    return module


def _missing(module: ModuleType) -> str | None:
    """The first thing that the module lacks, in words."""
    heads = getattr(module, "HEADS", None)
    if not isinstance(getattr(module, "DATA", None), str):
        return 'a line like DATA = "mnist"'
    if not (isinstance(heads, tuple) and heads and all(isinstance(one, str) for one in heads)):
        return 'a line like HEADS = ("class",)'
    if getattr(module, "OBJECTIVE", None) not in OBJECTIVES:
        return f"OBJECTIVE to be one of {', '.join(OBJECTIVES)}"
    if not isinstance(getattr(module, "BASELINE", None), dict):
        return "BASELINE, a dict of hyperparameters"
    if not callable(getattr(module, "build", None)):
        return "a function build"
    return None
