"""What a training leaves on disk after every epoch, so that it can go on from there.

One HDF5 file, written whole or not at all: weights and optimizer state as Keras writes them, so
that Keras and Keras Tuner load it as it is, and beside them, in a group of our own, how far the
training has come. The weights are those that were scored: of an optimizer that averages weights,
the averages; the ones that training goes on from are then in our group.
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
"""Keras Tuner's name of a trial's weights in the trial's folder."""

MOST_BYTES = 4096 * untrusted.MIB
"""Of a checkpoint: five times the weights, of those that a search may come to."""

HDF5_BYTES = 4096
"""Of HDF5's own for an array or a group, at most."""

_PROGRESS, _BEST, _RAW = "study/progress", "study/best", "study/raw"


class Progress(Record):
    """How far a training has come."""

    training: str
    """Says which training this is: another one does not go on from here."""
    curves: Curves
    """Of the epochs this training did itself, not those of a trial it continues."""
    seconds: float
    """Wall time so far."""


UNREADABLE = (OSError, KeyError, ValueError, UserWarning, untrusted.Refused)
"""What a damaged checkpoint makes others raise; pydantic's is a ValueError."""

Weights = Sequence[np.ndarray]


class Saved(NamedTuple):
    """What a checkpoint holds beside the network and its optimizer."""

    progress: Progress
    best: Weights | None = None
    """All weights of the best epoch, if they are kept."""
    raw: Weights | None = None
    """The trainable weights that training goes on from, if the network holds others: averages."""


def checkpoint_path(folder: Path, trial_id: str) -> Path:
    """Where Keras Tuner itself keeps a trial's weights.

    Args:
        folder: The project folder of the search.
        trial_id: Keras Tuner's.
    """
    return folder.resolve() / f"trial_{trial_id}" / FILE


def save(path: Path, model: "keras.Model", saved: Saved) -> None:
    """Write weights and optimizer state, and what goes beside them.

    Raises:
        CannotWrite: the disk is full, or something else is wrong with it.
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
        What else it holds; None if there is no checkpoint of this training, or it is damaged: it
        starts again then.
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
        CorruptRecord: the file is damaged, or of another network.
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
        # Of weights that are missing Keras only warns.
        with warnings.catch_warnings(action="error"):
            model.load_weights(path)
    except Exception:
        for variable, value in zip(variables, before, strict=True):
            variable.assign(value)
        raise
