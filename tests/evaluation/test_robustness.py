"""Scores on versions of the same images, by networks whose answers are known."""

import ast
from pathlib import Path

import numpy as np
import pytest

import study
from study.evaluation.robustness import Predict, Robustness, measure
from study.problem.metrics import Probabilities

IMAGES = 100
CLEAN = np.zeros((IMAGES, 2, 2, 1), np.uint8)
CLEAN[:, 0, 0, 0] = np.arange(IMAGES) % 2  # the true class is the first pixel
LABELS = {"class": np.arange(IMAGES) % 2, "unused": np.zeros(IMAGES, int)}


def reader(place: tuple[int, int]) -> Predict:
    """A network that says what the pixel at that place is."""

    def predict(images: np.ndarray) -> Probabilities:
        return {"class": np.eye(2, dtype=np.float32)[images[(slice(None), *place, 0)]]}

    return predict


def turned(share: float) -> np.ndarray:
    """The first images, so many of a hundred, with their first pixel wrong."""
    images = CLEAN.copy()
    images[:, 1, 1] = images[:, 0, 0]
    wrong = np.arange(IMAGES) < share * IMAGES
    images[wrong, 0, 0] = 1 - images[wrong, 0, 0]
    return images


VERSIONS = {"unchanged": turned(0), "half wrong": turned(0.5), "all wrong": turned(1)}
NETWORKS = {"baseline": reader((0, 0)), "tuned": reader((1, 1))}


def test_accuracies_differences_and_means_of_networks_that_are_known() -> None:
    found = measure(VERSIONS, LABELS, NETWORKS, ("class",), {})

    assert (found.metric, found.images) == ("accuracy", 100)
    assert found.unchanged.name == "unchanged"
    assert found.unchanged.accuracy["baseline"].mean == 1
    assert found.unchanged.accuracy["baseline"].ci95[0] < 0.97  # of a hundred, not of all
    assert [row.name for row in found.corrupted] == ["half wrong", "all wrong"]
    assert [row.accuracy["baseline"].mean for row in found.corrupted] == [0.5, 0.0]
    assert [row.accuracy["tuned"].mean for row in found.corrupted] == [1.0, 1.0]
    assert [row.difference.mean for row in found.corrupted] == [0.5, 1.0]
    assert found.corrupted[0].difference.ci95 == pytest.approx((0.40, 0.60), abs=0.015)
    assert found.mean == {"baseline": 0.25, "tuned": 1.0}
    assert found.mean_difference.mean == 0.75
    assert found.mean_difference.ci95 == pytest.approx((0.69, 0.81), abs=0.005)


def test_the_same_network_twice_does_not_differ() -> None:
    networks = {"baseline": reader((0, 0)), "tuned": reader((0, 0))}
    found = measure(VERSIONS, LABELS, networks, ("class",), {})

    for row in found.corrupted:
        low, high = row.difference.ci95
        assert row.difference.mean == 0
        assert low == -high < -0.02  # of a hundred images, not of all


def test_a_group_has_means_of_its_own() -> None:
    groups = {"bad ones": ("half wrong", "all wrong"), "worst ones": ("all wrong",)}
    bad, worst = measure(VERSIONS, LABELS, NETWORKS, ("class",), groups).groups

    assert (bad.name, bad.versions) == ("bad ones", ["half wrong", "all wrong"])
    assert bad.mean == {"baseline": 0.25, "tuned": 1.0}
    assert bad.difference.mean == 0.75
    assert bad.difference.ci95 == pytest.approx((0.69, 0.81), abs=0.005)
    assert worst.mean == {"baseline": 0.0, "tuned": 1.0}


def test_records_of_older_versions_have_no_groups() -> None:
    found = measure(VERSIONS, LABELS, NETWORKS, ("class",), {}).model_dump()
    del found["groups"]

    assert Robustness.model_validate(found).groups == []


def test_several_heads_count_together() -> None:
    def both(images: np.ndarray) -> Probabilities:
        given = np.eye(2, dtype=np.float32)
        return {"left": given[images[:, 0, 0, 0]], "right": given[images[:, 1, 1, 0]]}

    labels = {"right": LABELS["class"], "left": LABELS["class"]}
    networks = {"baseline": both, "tuned": both}
    found = measure(VERSIONS, labels, networks, ("left", "right"), {})

    assert found.metric == "joint"
    assert found.mean == {"baseline": 0.25, "tuned": 0.25}


def test_nothing_that_chooses_knows_what_it_finds() -> None:
    """Neither scores on corrupted images nor such images themselves."""
    knowing, corrupting, root = set(), set(), Path(study.__file__).parent
    for source in root.rglob("*.py"):
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                names = {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
                if "study.evaluation.robustness" in names:
                    knowing.add(source.relative_to(root).as_posix())
            if isinstance(node, ast.Attribute) and node.attr == "corruptions":
                corrupting.add(source.relative_to(root).as_posix())

    assert knowing == {
        "explanation/findings.py",
        "steps/draw_step.py",
        "figures/results/corrupted_images.py",
    }
    assert corrupting == {"explanation/findings.py"}
