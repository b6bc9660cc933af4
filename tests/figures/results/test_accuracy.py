"""Test accuracy of both networks."""

from pathlib import Path

import pytest

from study.figures.results import accuracy
from study.figures.results.accuracy import AccuracyRow
from tests.factories import evaluation


def test_accuracy_has_a_row_a_network_the_compared_metric_first() -> None:
    rows = accuracy.accuracy_info(evaluation(metrics=("length", "joint"), seeds=1))

    assert rows == (
        AccuracyRow("joint", "baseline", 0.8, (0.8 - 0.02, 0.8 + 0.02), (0.8,)),
        AccuracyRow("joint", "tuned", 0.9, (0.9 - 0.02, 0.9 + 0.02), (0.9,)),
        AccuracyRow("length", "baseline", 0.8, (0.8 - 0.02, 0.8 + 0.02), (0.8,)),
        AccuracyRow("length", "tuned", 0.9, (0.9 - 0.02, 0.9 + 0.02), (0.9,)),
    )


def test_the_caption_has_both_means_and_the_verdict(tmp_path: Path) -> None:
    (made,) = accuracy.pictures(evaluation(), tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == [made.file]
    assert "80.00% for the baseline and 90.00% for the tuned" in made.caption
    assert "+10.00 points (95% interval +7.00 to +13.00): tuned is better." in made.caption


@pytest.mark.parametrize("score", [0.0, 1.0])
def test_networks_without_errors_or_without_success_can_be_drawn(
    tmp_path: Path, score: float
) -> None:
    (made,) = accuracy.pictures(evaluation(baseline=score, tuned=score, seeds=1), tmp_path)

    assert f"{score:.2%} for the baseline and {score:.2%} for the tuned" in made.caption
