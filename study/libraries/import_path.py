"""Where processes started by this one find the study."""

import os
import site
from pathlib import Path

_HOME = Path(__file__).parents[2]
"""The folder that the package `study` is in."""


def python_path() -> str:
    """PYTHONPATH for a process that must import this very study.

    If the study is installed, every Python of the environment finds it. Its folder is then not
    named, because packages in it would take precedence over Python's own of the same name.
    """
    named = os.environ.get("PYTHONPATH", "")
    installed = [Path(folder) for folder in (*site.getsitepackages(), site.getusersitepackages())]
    if _HOME in installed:
        return named
    return os.pathsep.join([str(_HOME), named]).rstrip(os.pathsep)
