"""What the data sets share: checks of seeds, and stratified splits.

The splits are not scikit-learn's: `train_test_split(stratify=...)` refuses classes of one image and
parts with fewer images than classes, and cannot guarantee each class an image in each part.
"""

import logging

import numpy as np

from study.errors import WrongSetting

log = logging.getLogger(__name__)


def seed_sequence(seed: int) -> np.random.SeedSequence:
    """The root of all randomness that depends on the seed.

    Raises:
        WrongSetting: The seed is below 1 (0 means "random" to Keras Tuner).
    """
    if seed < 1:
        raise WrongSetting(f"seed: expected an integer of 1 or more, got {seed}; choose another")
    return np.random.SeedSequence(seed)


def apportion(counts: np.ndarray, total: int, *, least: int = 0, spare: int = 0) -> np.ndarray:
    """How many of `total` to take from each class: in proportion, by largest remainder.

    At least `least` of each class are taken and at least `spare` are left, even if the sum then
    differs from `total`.

    Args:
        counts: (classes,) int, images of each class.

    Returns:
        (classes,) int64.
    """
    quota = counts * (total / counts.sum())
    most = np.maximum(counts - spare, 0)
    taken: np.ndarray = np.clip(np.floor(quota).astype(np.int64), np.minimum(least, most), most)
    while taken.sum() < min(total, most.sum()):
        remainder = np.where(taken < most, quota - taken, -np.inf)
        taken[np.argmax(remainder)] += 1
    return taken


def split(
    classes: np.ndarray, total: int, rng: np.random.Generator, *, least: int = 0, spare: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Draw about `total` of the images, stratified by class (see `apportion`).

    Args:
        classes: (n,) int, class of each image.

    Returns:
        Indices of the images left and of those taken, each in random order.
    """
    order = rng.permutation(len(classes))
    _, inverse, counts = np.unique(classes, return_inverse=True, return_counts=True)
    quotas = apportion(counts, total, least=least, spare=spare)
    taken = np.zeros(len(classes), bool)
    for index, quota in enumerate(quotas):
        taken[order[inverse[order] == index][:quota]] = True
    return order[~taken[order]], order[taken[order]]


def split_validation(
    classes: np.ndarray, share: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Split the images that are not for testing into training and validation.

    Every class keeps an image for training, and the validation part has at least one image. If no
    class has two images, the latter wins: one class loses its only training image, which is logged.

    Args:
        classes: (n,) int, class of each image, n >= 2.
        share: Share of the images that become validation images, in (0, 0.5].

    Returns:
        Indices of the training and of the validation images, each in random order.
    """
    total = max(1, round(share * len(classes)))
    train, validation = split(classes, total, rng, spare=1)
    if not len(validation):
        log.warning("too few images: the validation part takes one class's only training image")
        train, validation = train[:-1], train[-1:]
    return train, validation
