"""What a run ran on: versions, hardware, git commit. Recorded, but not used for decisions."""

import platform
import subprocess
from importlib import metadata
from pathlib import Path

from study.machine import processor
from study.workers.local import core_count

PACKAGES = (
    "tensorflow",
    "keras",
    "keras-tuner",
    "tf-keras-vis",
    "numpy",
    "ml_dtypes",
    "pandas",
    "seaborn",
    "matplotlib",
    "scipy",
    "scikit-learn",
    "optuna",
    "pillow",
    "distributed",
)


def versions() -> dict[str, str]:
    """Python and each package that numbers may depend on -> its version."""
    return {"python": platform.python_version()} | {
        package: metadata.version(package) for package in PACKAGES
    }


def hardware(workers: int) -> dict[str, str | int | float]:
    """Processor, cores, memory and workers."""
    import psutil

    return {
        "system": f"{platform.system()} {platform.machine()}",
        "processor": processor.name(),
        "vector_instructions": processor.vector_instructions(),
        "cores": core_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "workers": workers,
    }


def git_commit() -> str | None:
    """The commit of this checkout, with "-dirty" if files have changed since.

    None outside of git, and for a copy that is installed inside another repository.
    """
    here = Path(__file__)
    try:
        _git(here.parent, "ls-files", "--error-unmatch", here.name)
        return _git(here.parent, "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*")
    except (OSError, subprocess.SubprocessError):
        return None


def _git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=folder, capture_output=True, text=True, timeout=10, check=True
    )
    return done.stdout.strip()
