"""What decides the results of a process: its code, its packages, its folders of images.

A process keeps the modules and images it has loaded, whatever happens on disk later. So a worker's
fingerprint is taken once, before it loads them.
"""

import importlib
import pkgutil
import platform
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from hashlib import blake2b
from importlib import metadata
from pathlib import Path
from typing import TypedDict

from study.libraries.quiet_import import import_tensorflow

Fingerprint = dict[str, dict[str, str]]
"""Kind ("code", "packages", "images") -> name -> version or digest: plain data, which a worker with
any version of the code can read."""


class Needs(TypedDict):
    """What jobs need in a process, also as plain data."""

    code: Sequence[str]
    """The project's own packages, all files of which count."""
    packages: Sequence[str]
    """Installed packages whose versions count."""
    imports: Sequence[str]
    """Modules to import before the first job; for a package, all its modules."""


def on_disk(needs: Needs, folders: Sequence[Path]) -> Fingerprint:
    """The fingerprint of a process that would start now.

    Args:
        needs: What counts.
        folders: Folders of images that are trained on.
    """
    code = {name: digest for package in needs["code"] for name, digest in _code(package).items()}
    packages = {package: metadata.version(package) for package in needs["packages"]}
    return _whole(code, packages, {str(one): _of_folder_on_disk(one) for one in folders})


def of_this_process(needs: Needs, folders: Sequence[Path]) -> Fingerprint:
    """The fingerprint of this process, taken when this function was first called.

    Args:
        needs: What counts.
        folders: Folders of images that are trained on.
    """
    code = {name: digest for one in needs["code"] for name, digest in _first_code(one).items()}
    packages = {package: _first_version(package) for package in needs["packages"]}
    return _whole(code, packages, {str(one): _first_of_folder(one) for one in folders})


def load(needs: Needs) -> None:
    """Import what jobs need, whatever the problem, including what is slow to import."""
    import_tensorflow()
    for name in needs["imports"]:
        package = importlib.import_module(name)
        for module in pkgutil.iter_modules(getattr(package, "__path__", ()), f"{name}."):
            with suppress(Exception):  # perhaps of another problem, whose own trials will report it
                importlib.import_module(module.name)


def difference(theirs: Fingerprint, ours: Fingerprint, than: str = "here") -> str | None:
    """How theirs differs from ours, in words; None: not at all.

    Args:
        than: Where ours was taken, in words.
    """
    if code := _differing("code", theirs, ours):
        first, *more = code
        return f"other code than {than} ({first}{f' and {len(more)} more' if more else ''})"
    if packages := _differing("packages", theirs, ours):
        there, here = theirs["packages"], ours["packages"]
        pairs = [f"{name} {there.get(name)}, not {here.get(name)}" for name in packages]
        return f"other packages than {than} ({'; '.join(pairs)})"
    if images := _differing("images", theirs, ours):
        return f"other images than {than} in {images[0]}"
    return None


def _differing(kind: str, theirs: Fingerprint, ours: Fingerprint) -> list[str]:
    there, here = theirs[kind], ours[kind]
    return sorted(name for name in there | here if there.get(name) != here.get(name))


def _whole(code: dict[str, str], packages: dict[str, str], images: dict[str, str]) -> Fingerprint:
    python = ".".join(platform.python_version_tuple()[:2])  # patch versions do not change numbers
    return {"code": code, "packages": packages | {"python": python}, "images": images}


def _code(package: str) -> dict[str, str]:
    """Path of every file of a package, relative to the package's parent folder -> digest."""
    return {
        f"{package}/{path.relative_to(folder)}": _digest(path)
        for folder in map(Path, importlib.import_module(package).__path__)
        for path in sorted(folder.rglob("*.py"))
    }


@cache
def _first_code(package: str) -> dict[str, str]:
    return _code(package)


@cache
def _first_version(package: str) -> str:
    return metadata.version(package)


@cache
def _first_of_folder(folder: Path) -> str:
    return _of_folder_on_disk(folder)


def _of_folder_on_disk(folder: Path) -> str:
    whole = blake2b()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        whole.update(f"{path.relative_to(folder)} {_digest(path)}\n".encode(errors="replace"))
    return whole.hexdigest()


def _digest(path: Path) -> str:
    return blake2b(path.read_bytes()).hexdigest()
