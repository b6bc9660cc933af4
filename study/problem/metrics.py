"""Metrics: the only place that turns predicted probabilities into scores."""

from collections.abc import Sequence

import numpy as np

from study.data.dataset import Labels

Probabilities = dict[str, np.ndarray]
"""Head -> (n, classes) float32; a yes/no head has two columns."""

SINGLE_HEAD_METRIC = "accuracy"
JOINT_METRIC = "joint"

_TINY = 1e-7  # Keras's own epsilon: keeps the logarithm finite


def metric_names(heads: Sequence[str]) -> list[str]:
    """Metrics of a network with these heads, the compared one last."""
    return [SINGLE_HEAD_METRIC] if len(heads) == 1 else [*heads, JOINT_METRIC]


def correct(labels: Labels, probabilities: Probabilities) -> dict[str, np.ndarray]:
    """Metric -> (n,) bool, whether each image's prediction is right; "joint": for all heads."""
    right = {
        head: p.argmax(axis=1) == labels[head]  # (n, classes) -> (n,)
        for head, p in probabilities.items()
    }
    if len(right) == 1:
        return {SINGLE_HEAD_METRIC: next(iter(right.values()))}
    return {**right, JOINT_METRIC: np.logical_and.reduce(list(right.values()))}


def loss(labels: Labels, probabilities: Probabilities) -> float:
    """Mean cross-entropy in nats, summed over heads.

    Loss weights and L2 penalties are left out, so that it can be compared between networks.
    """
    total = 0.0
    for head, p in probabilities.items():
        chosen = p[np.arange(len(p)), labels[head]]  # (n, classes) -> (n,)
        total -= float(np.log(np.maximum(chosen, _TINY)).mean())
    return total


def scores(labels: Labels, probabilities: Probabilities) -> dict[str, float]:
    """Every metric in [0, 1], and "loss" in nats."""
    accuracies = {name: float(ok.mean()) for name, ok in correct(labels, probabilities).items()}
    return {"loss": loss(labels, probabilities), **accuracies}


def per_class(
    labels: np.ndarray, predicted: np.ndarray, classes: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Precision, recall and F1 of each class of a head; NaN if undefined, see `PerClass`.

    Args:
        labels: (n,) int, true classes.
        predicted: (n,) int.
        classes: Number of classes.

    Returns:
        Three arrays (classes,) float in [0, 1].
    """
    from sklearn.metrics import precision_recall_fscore_support

    precision, recall, f1, images = precision_recall_fscore_support(
        labels, predicted, labels=np.arange(classes), zero_division=np.nan
    )
    return precision, recall, np.where(images > 0, f1, np.nan)


def confusion(labels: np.ndarray, predicted: np.ndarray, classes: int) -> np.ndarray:
    """[true class][predicted class] -> number of images, (classes, classes) int64.

    Args:
        labels: (n,) int, true classes.
        predicted: (n,) int.
        classes: Number of classes.
    """
    cells = np.bincount(labels * classes + predicted, minlength=classes**2)
    return cells.reshape(classes, classes)


def as_probabilities(heads: Sequence[str], outputs: Sequence[np.ndarray]) -> Probabilities:
    """Network outputs (n, units), one per head -> probabilities (n, classes).

    A sigmoid neuron gives the probability of class 1; it becomes two columns.
    """
    return {
        head: np.hstack([1 - output, output]) if output.shape[1] == 1 else output
        for head, output in zip(heads, outputs, strict=True)
    }
