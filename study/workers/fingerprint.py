"""What decides the results of a process: its code, its packages, its folders of images.

A process keeps the modules and images it has loaded, whatever happens on disk later. So a worker's
own fingerprint is taken once, before it loads them.
"""

import importlib
import pkgutil
import platform
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import cache
from hashlib import blake2b
from pathlib import Path

import search_spaces
from study.libraries.quiet_import import import_tensorflow
from study.run import provenance

Fingerprint = dict[str, dict[str, str]]
"""Kind of thing ("code", "packages", "images") -> its name -> version or digest: plain data, which
a worker with any code can read."""


def on_disk(folders: Sequence[Path]) -> Fingerprint:
    """The fingerprint of a process that would begin now.

    Args:
        folders: Folders of images that are trained on.
    """
    return _modules_on_disk() | {"images": {str(one): _of_folder_on_disk(one) for one in folders}}


def of_this_process(folders: Sequence[Path]) -> Fingerprint:
    """The fingerprint of this process, as it was when this was first called."""
    return _modules() | {"images": {str(one): _of_folder(one) for one in folders}}


def load() -> None:
    """Import what trains, whatever the problem; what is slow among it too."""
    import_tensorflow()
    from study import data  # noqa: F401
    from study.evaluation import evaluate  # noqa: F401
    from study.search import search  # noqa: F401

    for package in (data, search_spaces):
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            with suppress(Exception):  # of another problem, perhaps; its own trials will say so
                importlib.import_module(module.name)


def difference(theirs: Fingerprint, ours: Fingerprint, than: str = "here") -> str | None:
    """What is otherwise in theirs than in ours, in words; None: nothing.

    Args:
        than: Where ours are.
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


@cache
def _modules() -> Fingerprint:
    return _modules_on_disk()


@cache
def _of_folder(folder: Path) -> str:
    return _of_folder_on_disk(folder)


def _modules_on_disk() -> Fingerprint:
    code = {name: _digest(path) for name, path in _sources()}
    python = ".".join(platform.python_version_tuple()[:2])  # patches change no numbers
    return {"code": code, "packages": provenance.versions() | {"python": python}}


def _sources() -> Iterator[tuple[str, Path]]:
    """Every file of the study and of the search spaces: its name from the project's folder."""
    for package in (Path(__file__).parent, *map(Path, search_spaces.__path__)):
        for path in sorted(package.rglob("*.py")):
            yield f"{package.name}/{path.relative_to(package)}", path


def _of_folder_on_disk(folder: Path) -> str:
    whole = blake2b()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        whole.update(f"{path.relative_to(folder)} {_digest(path)}\n".encode(errors="replace"))
    return whole.hexdigest()


def _digest(path: Path) -> str:
    return blake2b(path.read_bytes()).hexdigest()
