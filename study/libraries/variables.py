"""Environment variables that decide results: the study sets them, for itself and every worker.

Otherwise the settings of a shell, a notebook or a cluster would count. This module imports nothing
slow, so that it can be imported before the packages that read these variables.
"""

import os
import sys
import warnings

from study.errors import WrongUse

BACKEND = "MPLBACKEND"
"""Where matplotlib shows what is drawn, which is nothing to a process that is not the study's."""

DECIDED: dict[str, str] = {
    # One thread per process, or the workers would compete for the cores.
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    # TensorFlow leaves oneDNN off on processors without AVX-512; with it, the baseline trains 1.5
    # times as fast on these too.
    "TF_ENABLE_ONEDNN_OPTS": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "KERAS_BACKEND": "tensorflow",
    # A notebook's own backend does not exist outside of it, and nobody looks at a worker's windows.
    BACKEND: "agg",
    # No GPU, because each of the processes would reserve all of its memory.
    "CUDA_VISIBLE_DEVICES": "",
}
"""Variable -> its value in every process of the study."""

_HARMLESS = ("TF_CPP_MIN_LOG_LEVEL", BACKEND)
"""Variables that may be set at any time."""

_REMOVED = ("DNNL_", "KERAS_MAX_", "KERAS_NNX_", "KERASTUNER_", "ONEDNN_", "TF_", "XLA_")
"""Prefixes of variables that change arithmetic, shorten training or make Keras Tuner a client of
another process; all such variables that are not in `DECIDED` are removed."""

_TERRAFORM = ("TF_CLI_", "TF_DATA_", "TF_LOG", "TF_VAR_")
"""Variables that begin like TensorFlow's but are not."""

overridden: list[str] = []
"""Names of variables that the user had set differently; values are not kept, for privacy."""


def decide(own_process: bool = True) -> None:
    """Set the variables of this process, and remove those that would change results.

    Args:
        own_process: Whether it is the command line or a worker. In a notebook or a script the
            user's own figures are shown as they would be without the study.

    Raises:
        WrongUse: TensorFlow was imported before, with other values.
    """
    changes = _changes()
    if not own_process:
        changes.pop(BACKEND, None)
    if not changes:
        return
    if "tensorflow" in sys.modules and (late := changes.keys() - set(_HARMLESS)):
        raise WrongUse(_too_late(min(late), changes))
    for variable, value in changes.items():
        if variable in os.environ:
            overridden.append(variable)
        if value is None:
            del os.environ[variable]
        else:
            os.environ[variable] = value


def _too_late(variable: str, changes: dict[str, str | None]) -> str:
    came = os.environ.get(variable)
    was, needed = (
        "not set" if value is None else f"set to {value!r}" for value in (came, changes[variable])
    )
    return (
        f"TensorFlow was imported while {variable} was {was}, but the study needs it {needed}: "
        f"restart the process with {variable} {needed}"
    )


def _changes() -> dict[str, str | None]:
    """Variable -> its required value, None: not set; only variables that must change."""
    wanted: dict[str, str | None] = {
        variable: None
        for variable in os.environ
        if variable.startswith(_REMOVED) and not variable.startswith(_TERRAFORM)
    }
    wanted |= DECIDED
    return {name: value for name, value in wanted.items() if os.environ.get(name) != value}


def ignore_warning_options() -> None:
    """Show warnings as Python does by default, whatever PYTHONWARNINGS or -W say.

    `error` would end a study at the first deprecation in a package.
    """
    if not sys.warnoptions and "PYTHONWARNINGS" not in os.environ:
        return
    os.environ.pop("PYTHONWARNINGS", None)
    sys.warnoptions.clear()  # child processes of Python inherit these
    warnings.resetwarnings()
    for category in (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning):
        warnings.simplefilter("ignore", category)
