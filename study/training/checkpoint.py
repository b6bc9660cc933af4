"""What a training leaves on disk after every epoch, so that it can continue from there.

It is one HDF5 file, written whole or not at all. It holds weights and optimizer state as Keras
writes them, so that Keras and Keras Tuner can load it, and in a group of its own the progress of
the training. The weights are those that were scored; if the optimizer averages weights, they are
the averages, and the weights that training continues from are in the extra group.
"""

import logging
import math
import os
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import h5py
import numpy as np

from study.errors import CannotWrite, CorruptRecord, one_line
from study.machine import untrusted
from study.machine.files import check_room, remove_leftovers, replacing
from study.records.base import Record
from study.records.trial import Curves

if TYPE_CHECKING:
    import keras

log = logging.getLogger(__name__)

FILE = "checkpoint.weights.h5"
"""Keras Tuner's name for a trial's weights in the trial's folder."""

MOST_BYTES = 4096 * untrusted.MIB
"""Largest size of a checkpoint: five times the weights that a search may come to."""

HDF5_BYTES = 4096
"""Largest overhead of HDF5 for an array or a group, in bytes."""

_PROGRESS, _BEST, _RAW = "study/progress", "study/best", "study/raw"


class Progress(Record):
    """The progress of a training."""

    training: str
    """Identifies the training: a different one does not continue from this checkpoint."""
    curves: Curves
    """Curves of the epochs of this training itself, without those of a trial it continues."""
    seconds: float
    """Wall time so far, in seconds."""


UNREADABLE = (OSError, KeyError, ValueError, UserWarning, untrusted.Refused)
"""Errors that libraries raise for a damaged checkpoint; pydantic's is a ValueError."""

Weights = Sequence[np.ndarray]


class Saved(NamedTuple):
    """What a checkpoint holds besides the network and its optimizer."""

    progress: Progress
    best: Weights | None = None
    """All weights of the best epoch, if they are kept."""
    raw: Weights | None = None
    """The trainable weights that training continues from, if the network holds averages."""


def checkpoint_path(folder: Path, trial_id: str) -> Path:
    """Where Keras Tuner itself keeps a trial's weights.

    Args:
        folder: The project folder of the search.
        trial_id: Keras Tuner's id of the trial.
    """
    return folder.resolve() / f"trial_{trial_id}" / FILE


def save(path: Path, model: "keras.Model", saved: Saved) -> None:
    """Write weights, optimizer state and progress.

    Raises:
        CannotWrite: The disk is full, or something else is wrong with it.
    """
    try:
        with replacing(path) as temporary:
            check_room(temporary, _bytes_at_most(model, saved))
            model.save_weights(temporary, overwrite=True)
            with h5py.File(temporary, "a") as file:
                file[_PROGRESS] = saved.progress.model_dump_json()
                for group, weights in ((_BEST, saved.best), (_RAW, saved.raw)):
                    for number, one in enumerate(weights or ()):
                        file[f"{group}/{number}"] = one
    except (OSError, RuntimeError) as error:  # HDF5 raises either
        raise CannotWrite(f"{path} cannot be written: {one_line(error)}") from error


def _bytes_at_most(model: "keras.Model", saved: Saved) -> int:
    variables = [*model.variables, *model.optimizer.variables]
    arrays = [*(saved.best or ()), *(saved.raw or ())]
    numbers = sum(math.prod(one.shape) for one in [*variables, *arrays])
    return 8 * numbers + HDF5_BYTES * (len(variables) + len(arrays) + 100)


def load(path: Path, training: str, model: "keras.Model") -> Saved | None:
    """Put the checkpoint's weights and optimizer state into the model, whose optimizer is built.

    Returns:
        What else the checkpoint holds; None if there is no checkpoint of this training or it is
        damaged, so that training starts again.
    """
    remove_leftovers(path)
    if not path.exists():
        return None
    try:
        saved = _beside(path)
        if saved.progress.training != training:
            return None
        _load_all_or_nothing(model, path)
    except UNREADABLE as error:
        log.warning("%s cannot be read (%s): its training starts again", path, one_line(error))
        return None
    return saved


def load_weights(path: Path, model: "keras.Model") -> Saved:
    """Put the weights of a training, finished or not, into the model, whose optimizer is built.

    Raises:
        CorruptRecord: The file is damaged, or belongs to another network.
    """
    try:
        saved = _beside(path)
        _load_all_or_nothing(model, path)
    except UNREADABLE as error:
        raise CorruptRecord(f"{path} cannot be read: {one_line(error)}") from error
    return saved


def _beside(path: Path) -> Saved:
    with untrusted.opened(path, MOST_BYTES) as there, h5py.File(there) as file:
        untrusted.check_hdf5(file, os.fstat(there.fileno()).st_size)
        progress = Progress.model_validate_json(file[_PROGRESS][()])
        return Saved(progress, _weights(file, _BEST), _weights(file, _RAW))


def _weights(file: h5py.File, name: str) -> Weights | None:
    group = file.get(name)
    return [group[str(number)][()] for number in range(len(group))] if group else None


def _load_all_or_nothing(model: "keras.Model", path: Path) -> None:
    variables = [*model.variables, *model.optimizer.variables]
    before = [variable.numpy() for variable in variables]
    try:
        # Keras only warns about missing weights.
        with warnings.catch_warnings(action="error"):
            model.load_weights(path)
    except Exception:
        for variable, value in zip(variables, before, strict=True):
            variable.assign(value)
        raise
