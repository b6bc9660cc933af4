"""Evaluations that older versions recorded are read."""

from typing import Any

import pytest

from study.records.evaluation import Evaluation
from tests.factories import evaluation


def of_an_older_version(metric: str) -> dict[str, Any]:
    """With the classes of the one head or of the product of all, and a matrix of each network."""
    record = evaluation(metrics=(metric,)).model_dump(mode="json")
    scores = {"precision": [1.0, None], "recall": [0.5, 0.0], "f1": [0.6, 0.0]}
    for network in record["networks"].values():
        del network["per_head"], network["ensemble"]
        network |= {"per_class": scores, "confusion_matrix": [[1, 0], [1, 0]]}
    return record | {"classes": ["a", "b"]}


def test_scores_per_class_are_those_of_the_one_head() -> None:
    found = Evaluation.model_validate(of_an_older_version("accuracy"))
    for network in found.networks.values():
        assert network.per_head["class"].recall == [0.5, 0.0]
        assert network.ensemble == {}


def test_scores_of_the_product_of_several_heads_are_left_out() -> None:
    found = Evaluation.model_validate(of_an_older_version("joint"))
    assert [network.per_head for network in found.networks.values()] == [{}, {}]


@pytest.mark.parametrize("metric", ["accuracy", "joint"])
def test_all_else_is_as_it_was(metric: str) -> None:
    found = Evaluation.model_validate(of_an_older_version(metric))
    now = evaluation(metrics=(metric,))
    assert (found.comparison, found.images) == (now.comparison, now.images)
    for name, network in found.networks.items():
        assert network.seeds == now.networks[name].seeds
