"""What a prediction is worth: hand-worked numbers, and what must hold for any numbers."""

from math import log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from study.problem import metrics

HALF = np.array([[0.5, 0.5], [0.5, 0.5]])
CLASSES = {"class": np.array([[0.7, 0.2, 0.1], [0.1, 0.3, 0.6], [0.2, 0.5, 0.3], [0.3, 0.3, 0.4]])}
LABELS = {"class": np.array([0, 2, 0, 1])}


def test_one_head_is_scored_by_accuracy() -> None:
    assert metrics.metric_names(["class"]) == ["accuracy"]
    assert metrics.scores(LABELS, CLASSES)["accuracy"] == 0.5


def test_several_heads_are_scored_each_and_jointly_with_joint_last() -> None:
    assert metrics.metric_names(["length", "angle"]) == ["length", "angle", "joint"]


def test_joint_needs_every_head_right() -> None:
    labels = {"side": np.array([0, 1, 1, 0]), "shade": np.array([2, 2, 0, 0])}
    sides = np.eye(2)[[0, 1, 0, 1]]  # right, right, wrong, wrong
    shades = np.eye(3)[[2, 0, 0, 1]]  # right, wrong, right, wrong
    right = metrics.correct(labels, {"side": sides, "shade": shades})
    assert right["side"].tolist() == [True, True, False, False]
    assert right["shade"].tolist() == [True, False, True, False]
    assert right["joint"].tolist() == [True, False, False, False]
    assert metrics.scores(labels, {"side": sides, "shade": shades})["joint"] == 0.25


def test_loss_is_the_mean_of_minus_log_of_the_right_class() -> None:
    expected = -(log(0.7) + log(0.6) + log(0.2) + log(0.3)) / 4
    assert metrics.loss(LABELS, CLASSES) == pytest.approx(expected)


def test_loss_is_summed_over_heads() -> None:
    labels = {"one": np.array([0, 1]), "two": np.array([1, 1])}
    assert metrics.loss(labels, {"one": HALF, "two": HALF}) == pytest.approx(2 * log(2))


def test_loss_of_an_impossible_label_is_finite() -> None:
    certain = {"class": np.array([[1.0, 0.0]], np.float32)}
    assert metrics.loss({"class": np.array([1])}, certain) == pytest.approx(-log(1e-7), rel=1e-5)


def test_loss_of_nan_is_nan() -> None:
    nothing = {"class": np.full((2, 2), np.nan)}
    assert np.isnan(metrics.loss({"class": np.array([0, 1])}, nothing))


def test_loss_is_what_keras_computes() -> None:
    import keras

    wanted = np.eye(3)[LABELS["class"]]
    theirs = keras.losses.CategoricalCrossentropy()(wanted, CLASSES["class"])
    assert metrics.loss(LABELS, CLASSES) == pytest.approx(float(theirs), rel=1e-5)


def test_one_sigmoid_neuron_becomes_two_columns() -> None:
    outputs = [np.array([[0.25], [0.75]]), CLASSES["class"]]
    probabilities = metrics.as_probabilities(["side", "shade"], outputs)
    assert probabilities["side"].tolist() == [[0.75, 0.25], [0.25, 0.75]]
    assert probabilities["shade"] is CLASSES["class"]


def test_an_output_without_a_head_is_refused() -> None:
    with pytest.raises(ValueError, match="zip"):
        metrics.as_probabilities(["side"], [HALF, HALF])


def test_a_matrix_has_a_row_for_each_true_class() -> None:
    found = metrics.confusion(np.array([0, 0, 2]), np.array([0, 1, 1]), classes=4)
    assert found.tolist() == [[1, 1, 0, 0], [0] * 4, [0, 1, 0, 0], [0] * 4]


def test_a_class_without_images_has_no_f1_and_one_that_is_missed_has_zero() -> None:
    labels, predicted = np.array([0, 0, 1, 1]), np.array([0, 0, 0, 3])
    precision, recall, f1 = metrics.per_class(labels, predicted, classes=4)
    assert precision.tolist() == pytest.approx([2 / 3, np.nan, np.nan, 0], nan_ok=True)
    assert recall.tolist() == pytest.approx([1, 0, np.nan, np.nan], nan_ok=True)
    assert f1.tolist() == pytest.approx([0.8, 0, np.nan, np.nan], nan_ok=True)


@given(st.integers(1, 40), st.integers(2, 8), st.integers(0, 2**32 - 1))
def test_scores_are_shares_and_the_loss_is_not_negative(
    images: int, classes: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    labels = {"one": rng.integers(classes, size=images), "two": rng.integers(2, size=images)}
    probabilities = {
        "one": rng.dirichlet(np.ones(classes), size=images),
        "two": rng.dirichlet(np.ones(2), size=images),
    }
    scores = metrics.scores(labels, probabilities)
    assert scores["loss"] >= 0
    assert all(0 <= scores[name] <= 1 for name in ("one", "two", "joint"))
    assert scores["joint"] <= min(scores["one"], scores["two"])


@given(st.integers(1, 40), st.integers(2, 8), st.integers(0, 2**32 - 1))
def test_the_truth_with_certainty_scores_one_at_no_loss(
    images: int, classes: int, seed: int
) -> None:
    labels = np.random.default_rng(seed).integers(classes, size=images)
    scores = metrics.scores({"class": labels}, {"class": np.eye(classes)[labels]})
    assert scores == {"loss": 0.0, "accuracy": 1.0}
