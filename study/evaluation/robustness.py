"""How well the finished networks do on corrupted test images.

Reads test images again, after the evaluation is done and everything has been chosen, and only for
the report: nothing is chosen by what it finds.
"""

from collections.abc import Callable, Mapping

import numpy as np

from study.evaluation import uncertainty
from study.problem import metrics
from study.records.base import NETWORKS, Estimate, NetworkName, Record

Predict = Callable[[np.ndarray], metrics.Probabilities]
"""Images (n, height, width, channels) uint8 -> head -> (n, classes)."""


class Version(Record):
    """Both networks on one version of the images."""

    name: str
    accuracy: dict[NetworkName, Estimate]
    """Accuracies with 95% Wilson intervals over the images."""
    difference: Estimate
    """Tuned minus baseline, paired on the images, with its 95% interval."""


class Robustness(Record):
    """findings/robustness.json: the saved networks on the same images, unchanged and corrupted."""

    metric: str
    """"accuracy", or "joint" for several heads."""
    images: int
    unchanged: Version
    corrupted: list[Version]
    mean: dict[NetworkName, float]
    """Mean accuracy over the corruptions."""
    mean_difference: Estimate
    """Tuned minus baseline of these means, paired on the images, with its 95% interval."""


def measure(
    versions: Mapping[str, np.ndarray],
    labels: Mapping[str, np.ndarray],
    networks: Mapping[NetworkName, Predict],
    heads: tuple[str, ...],
) -> Robustness:
    """Score both networks on every version of the same images.

    Args:
        versions: Name -> (n, height, width, channels) uint8; the first version is the unchanged
            images, and at least one more follows.
        labels: Label column -> (n,) true class indices.
        networks: Network -> its predictor.
        heads: Label columns that the networks predict.
    """
    truth = {head: labels[head] for head in heads}
    metric = metrics.metric_names(heads)[-1]
    right: dict[NetworkName, np.ndarray] = {
        network: np.stack(
            [
                metrics.correct(truth, networks[network](images))[metric]
                for images in versions.values()
            ]
        )
        for network in NETWORKS
    }  # (versions, n) bool each
    gain = right["tuned"].astype(float) - right["baseline"]
    unchanged, *corrupted = [
        Version(
            name=name,
            accuracy={network: uncertainty.share(right[network][place]) for network in NETWORKS},
            difference=uncertainty.image_gain(gain[place]),
        )
        for place, name in enumerate(versions)
    ]
    return Robustness(
        metric=metric,
        images=gain.shape[1],
        unchanged=unchanged,
        corrupted=corrupted,
        mean={network: float(right[network][1:].mean()) for network in NETWORKS},
        mean_difference=uncertainty.image_gain(gain[1:].mean(axis=0)),
    )
