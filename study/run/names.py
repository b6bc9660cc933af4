"""What runs and their pages may be called."""

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path

from study.errors import WrongName, WrongUse
from study.run.places import REPORTS, RESULTS

LONGEST_JOINED = 150
"""Characters of several runs' names in one file name."""

_PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def is_plain(name: str) -> bool:
    """Whether a run may be called so."""
    return _PLAIN_NAME.fullmatch(name) is not None


def check_name(name: str) -> str:
    """The run name, if it is a plain name: letters, digits, '.', '_', '-', at most 64, no path.

    Raises:
        WrongName: it is not.
    """
    if not is_plain(name):
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
    ambiguous = (RESULTS / joined).exists() or any("-vs-" in name for name in names)
    if ambiguous or len(joined) > LONGEST_JOINED:
        mark = hashlib.sha256("/".join(names).encode()).hexdigest()[:8]
        joined = f"{joined[:LONGEST_JOINED]}~{mark}"
    return REPORTS / f"{joined}.html"
