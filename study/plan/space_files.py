"""The user's own search spaces of a run: kept in its folder, found again, run only if trusted.

A run keeps a copy of the file, so that it can continue when the user's file has changed or is gone,
and on another machine. The copy is code, and a run folder may come from anywhere: the copy is run
only if this user gave that very file before, or gives it now.
"""

from collections.abc import Sequence
from pathlib import Path

from study.errors import CorruptRecord, WrongUse
from study.plan.trusted_code import is_trusted, trust
from study.problem import own_space
from study.problem.own_space import OwnSpace, read_space
from study.problem.problem import included_names, problem_description
from study.records.study import SpaceFile
from study.run.store import Run


def give(files: Sequence[Path]) -> list[str]:
    """Make the problems in these files, which the user trusts, known; returns their names.

    Raises:
        WrongUse: A file is not a search space, or has the name of another problem.
    """
    spaces: dict[str, OwnSpace] = {}
    for file in files:
        space = read_space(file, taken=[*included_names(), *spaces])
        spaces[space.name] = space
    for space in spaces.values():
        trust(space.digest)
    own_space.use(spaces.values())
    return [*spaces]


def described() -> dict[str, SpaceFile]:
    """Problem -> what a run records of the file that it came from."""
    return {
        space.name: SpaceFile(sha256=space.digest, description=problem_description(space.name))
        for space in own_space.used()
    }


def keep(run: Run) -> None:
    """Write a copy of each file that this process knows into the run's folder."""
    for space in own_space.used():
        run.write_space_file(space.name, space.source)


def take_up(run: Run, files: Sequence[Path] = ()) -> None:
    """Make the run's own search spaces known to this process.

    Args:
        files: Files that the user gives again, because the run comes from elsewhere.

    Raises:
        WrongUse: A file is not one of the run's, or the run has one that the user never gave.
        CorruptRecord: The copy in the run's folder is not the file that the run was started with.
    """
    recorded = run.study().spaces
    known = {one.sha256 for one in recorded.values()}
    for space in [read_space(file, taken=included_names()) for file in files]:
        if space.digest not in known:
            there = ", ".join(f"{name}.py" for name in recorded) or "none"
            raise WrongUse(
                f"--space: {space.file} is not what {run.folder} was started with (its own search "
                f"spaces: {there}); start a new run with another --name"
            )
        trust(space.digest)
    own_space.use([_trusted(run, name, one.sha256) for name, one in recorded.items()])


def _trusted(run: Run, name: str, recorded: str) -> OwnSpace:
    path = run.space_file(name)
    space = OwnSpace(name, run.space_source(name))
    if space.digest != recorded:
        raise CorruptRecord(
            f"{path}: the file has changed since the run was started; undo the change to continue"
        )
    if not is_trusted(recorded):
        raise WrongUse(
            f"{path} is code, and you have not given it to the study yet: read it and, if you "
            f"trust it, give the same command with --space {path}"
        )
    return space
