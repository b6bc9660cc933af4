"""Environment variables that decide results: the study sets them, for itself and every worker.

Otherwise whatever a shell, a notebook or a cluster has set would count. This module imports nothing
slow, so that it can come before the packages that read these variables.
"""

import os
import sys
import warnings

from study.errors import WrongUse

BACKEND = "MPLBACKEND"
"""Where matplotlib shows what is drawn, which is nothing to a process that is not the study's."""

DECIDED: dict[str, str] = {
    # One thread per process, or the workers fight for the cores.
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    # TensorFlow leaves oneDNN off on processors without AVX-512; on, the baseline trains 1.5 times
    # as fast there too.
    "TF_ENABLE_ONEDNN_OPTS": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "KERAS_BACKEND": "tensorflow",
    # A notebook's own backend does not exist outside of it, and nobody looks at a worker's windows.
    BACKEND: "agg",
    # No GPU: one process per core would each grab the whole of its memory.
    "CUDA_VISIBLE_DEVICES": "",
}
"""Variable -> its value in every process of the study."""

_HARMLESS = ("TF_CPP_MIN_LOG_LEVEL", BACKEND)
"""Of these it does not matter when they are set."""

_REMOVED = ("DNNL_", "KERAS_MAX_", "KERAS_NNX_", "KERASTUNER_", "ONEDNN_", "TF_", "XLA_")
"""What the names of variables begin with that change arithmetic, shorten training or make Keras
Tuner a client of another process; all that are not in `DECIDED` are removed."""

_TERRAFORM = ("TF_CLI_", "TF_DATA_", "TF_LOG", "TF_VAR_")
"""What begins like TensorFlow's and is not."""

overridden: list[str] = []
"""Variables that the user had set otherwise: their names, since values may be nobody's business."""


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
        f"TensorFlow was imported while {variable} was {was}, and the study needs it {needed}: "
        f"start the process anew with {variable} {needed}"
    )


def _changes() -> dict[str, str | None]:
    """Variable -> what it is to be, None: not set; only those that are not so yet."""
    wanted: dict[str, str | None] = {
        variable: None
        for variable in os.environ
        if variable.startswith(_REMOVED) and not variable.startswith(_TERRAFORM)
    }
    wanted |= DECIDED
    return {name: value for name, value in wanted.items() if os.environ.get(name) != value}


def ignore_warning_options() -> None:
    """Show warnings as Python does by itself, whatever PYTHONWARNINGS or -W say.

    `error` would end a study at the first deprecation in a package.
    """
    if not sys.warnoptions and "PYTHONWARNINGS" not in os.environ:
        return
    os.environ.pop("PYTHONWARNINGS", None)
    sys.warnoptions.clear()  # processes that Python starts are given these
    warnings.resetwarnings()
    for category in (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning):
        warnings.simplefilter("ignore", category)
