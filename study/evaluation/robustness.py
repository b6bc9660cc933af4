"""How well the finished networks do on corrupted test images.

Reads test images again, after the evaluation is done and everything has been chosen, and only for
the report: nothing is chosen by what it finds.
"""

from collections.abc import Callable, Mapping

import numpy as np
from pydantic import Field

from study.data.corruptions import Groups
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


class GroupMean(Record):
    """Both networks on several corruptions that have something in common."""

    name: str
    versions: list[str]
    mean: dict[NetworkName, float]
    """Mean accuracy over them."""
    difference: Estimate
    """Of these means, tuned minus baseline, paired on the images, with its 95% interval."""


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
    groups: list[GroupMean] = Field(default_factory=list)
    """In the order of their corruptions; records of older versions have none."""


def measure(
    versions: Mapping[str, np.ndarray],
    labels: Mapping[str, np.ndarray],
    networks: Mapping[NetworkName, Predict],
    heads: tuple[str, ...],
    groups: Groups,
) -> Robustness:
    """Score both networks on every version of the same images.

    Args:
        versions: Name -> (n, height, width, channels) uint8; the first version is the unchanged
            images, and at least one more follows.
        labels: Label column -> (n,) true class indices.
        networks: Network -> its predictor.
        heads: Label columns that the networks predict.
        groups: Corruptions that have a mean of their own.
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
    places = {name: place for place, name in enumerate(versions)}

    def mean_of(group: str) -> GroupMean:
        chosen = [places[name] for name in groups[group]]
        return GroupMean(
            name=group,
            versions=[*groups[group]],
            mean={network: float(right[network][chosen].mean()) for network in NETWORKS},
            difference=uncertainty.image_gain(gain[chosen].mean(axis=0)),
        )

    return Robustness(
        metric=metric,
        images=gain.shape[1],
        unchanged=unchanged,
        corrupted=corrupted,
        mean={network: float(right[network][1:].mean()) for network in NETWORKS},
        mean_difference=uncertainty.image_gain(gain[1:].mean(axis=0)),
        groups=[mean_of(group) for group in groups],
    )
