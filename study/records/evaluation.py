"""What an evaluation leaves: the results of reading the test part once."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from study.records.base import Estimate, Many, NetworkName, Record, Value
from study.records.trial import Curves


class SeedResult(Record):
    """One retraining of the baseline or the tuned network."""

    seed: int
    epochs: int
    """The epoch (from 1) whose weights were kept: the best by validation objective."""
    validation: dict[str, float]
    test: dict[str, float]
    curves: Curves
    """Curves over all epochs trained, including those after the kept one."""
    seconds: float


class PerClass(Record):
    """One number per class of a head, in class order, of the saved network on the test part.

    None stands for undefined numbers: recall and F1 of a class without test images, and precision
    of a class that was never predicted. F1 of a class that has images but was never predicted is 0,
    because all of them were missed. (Older versions wrote 0 for all of these.)
    """

    precision: Many[float | None]
    recall: Many[float | None]
    f1: Many[float | None]


class NetworkResult(Record):
    """Results of the final retraining of one network."""

    hyperparameters: dict[str, Value]
    parameters: int
    seeds: Many[SeedResult]
    saved_seed: int
    """The seed whose network is saved in models/ (best on validation)."""
    test: dict[str, Estimate]
    """Metric -> mean over seeds."""
    ensemble: dict[str, Estimate] = {}
    """Metric -> what the mean of all seeds' probabilities scores on the test part: an ensemble of
    as many networks, of which one is saved. Empty in records of older versions."""
    per_head: dict[str, PerClass] = {}
    """Head -> scores of its classes. Empty in older versions' records of several heads, whose
    scores were those of the product of all heads."""


Verdict = Literal["tuned is better", "no significant difference", "baseline is better"]


class Comparison(Record):
    """Tuned minus baseline on the study's metric, paired on the test images."""

    difference: float
    ci95: tuple[float, float]
    p_value: Annotated[float, Field(ge=0, le=1)]
    method: str
    verdict: Verdict


class Evaluation(Record):
    """evaluation.json: the results of reading the test part once."""

    problem: str
    metric: str
    """The metric that is compared: "accuracy" or "joint"."""
    images: dict[str, int]
    """Part ("train", "validation", "test") -> its number of images."""
    networks: dict[NetworkName, NetworkResult]
    comparison: Comparison

    @model_validator(mode="before")
    @classmethod
    def _from_older_version(cls, given: object) -> object:
        """Older versions had one head, "class", or a product of all heads, each with a matrix."""
        match given:
            case {"classes": _, "metric": metric, "networks": {**networks}, **others}:
                changed = {
                    name: _without_product(one, single=metric == "accuracy")
                    for name, one in networks.items()
                }
                return {**others, "metric": metric, "networks": changed}
        return given


def _without_product(network: object, single: bool) -> object:
    """A network's result as an older version wrote it, without the product of heads."""
    match network:
        case {"per_class": per_class, "confusion_matrix": _, **others}:
            return {**others, "per_head": {"class": per_class}} if single else others
    return network
