"""How networks of the general search space are trained beside their optimizer.

Regularisation and augmentation cost accuracy in a training of one to three epochs and gain some in
one of twenty. A search that ranks configurations on short trainings would throw out what is best
for the long one. So the values chosen are those of a training of FULL_EPOCHS or more; shorter
trainings have less of it, those of one epoch none.
"""

from typing import Any

import keras_tuner

from search_spaces._optimizer import USUAL_BATCH
from study.records.base import Value
from study.records.recipe import Augmentation, Change, Recipe

FULL_EPOCHS = 20
"""Epochs from which on regularisation has its full strength."""

BASELINE: dict[str, Value] = {
    "batch_size": USUAL_BATCH,
    "label_smoothing": 0.0,
    "averaging": 0.0,
    "augmentation": False,
}
"""Plain training."""

STRONGEST: dict[Change, float] = {
    "shift": 0.12,
    "rotation": 20.0,
    "zoom": 0.16,
    "contrast": 0.4,
    "noise": 0.1,
    "erasing": 0.4,
}
"""The most of each change that is tried, in the units of `Augmentation`; the others are flips."""

LEVELS = 4
"""Strengths of each change above none, evenly spaced."""


def strength(epochs: int) -> float:
    """Share of its full strength that regularisation has in a training of so many epochs.

    From 0 of one epoch, in a straight line, to 1 of FULL_EPOCHS and more.
    """
    return min(1.0, (epochs - 1) / (FULL_EPOCHS - 1))


def batch_size(hp: keras_tuner.HyperParameters) -> int:
    """Images per optimizer step; declares `batch_size`."""
    size: int = hp.Int("batch_size", 32, 512, step=2, sampling="log", default=USUAL_BATCH)
    return size


def label_smoothing(hp: keras_tuner.HyperParameters, epochs: int) -> float:
    """What is taken from the right class and given to all (Szegedy et al. 2016, section 7).

    Declares `label_smoothing`.
    """
    return strength(epochs) * hp.Float("label_smoothing", 0.0, 0.15, step=0.05, default=0.0)


def recipe(hp: keras_tuner.HyperParameters, changes: tuple[Change, ...], epochs: int) -> Recipe:
    """How a network is trained for so many epochs.

    Args:
        hp: Declared are the hyperparameters of BASELINE but for `label_smoothing`, and where there
            is augmentation, one for each change, by its name.
        changes: What may be done to an image without changing what it shows.
        epochs: 1 or more.
    """
    return Recipe(
        batch_size=batch_size(hp),
        averaging=hp.Float("averaging", 0.0, 0.2, step=0.05, default=0.0),
        augmentation=_augmentation(hp, changes, strength(epochs)),
    )


def _augmentation(
    hp: keras_tuner.HyperParameters, changes: tuple[Change, ...], share: float
) -> Augmentation:
    if not changes:
        return Augmentation()
    chosen: dict[str, Any] = {}
    wanted = hp.Boolean("augmentation", default=False)
    with hp.conditional_scope("augmentation", [True]):
        for change in changes:
            if most := STRONGEST.get(change):
                step = most / LEVELS
                chosen[change] = hp.Float(change, 0.0, most, step=step, default=step)
            else:
                chosen[change] = hp.Boolean(change, default=True)
    if not wanted or not share:
        return Augmentation()
    flips = {change: value for change, value in chosen.items() if change not in STRONGEST}
    strengths = {change: share * chosen[change] for change in chosen if change in STRONGEST}
    return Augmentation(**flips, **strengths)
