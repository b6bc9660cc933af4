"""The reliability diagrams and what is said of them."""

from pathlib import Path

import numpy as np
from numpy.testing import assert_array_equal

from study.evaluation.calibration import Bin, Calibration
from study.figures.results import reliability
from study.figures.results.reliability import calibration_info, caption, draw_calibration
from study.records.base import Estimate
from tests.factories import predictions


def found(excess: float, low: float, high: float) -> Calibration:
    return Calibration(
        bins=(None,) * 8 + (Bin(10, 5, 0.6),) + (None,) * 5 + (Bin(90, 88, 0.99),),
        error=Estimate(mean=0.0123, ci95=(0.01, 0.02)),
        by_chance=0.004,
        excess=Estimate(mean=excess, ci95=(low, high)),
    )


def test_confidence_and_correctness_are_those_of_the_predictions() -> None:
    info = calibration_info(predictions({"class": 3}), ["class"], seed=1)

    # Confidence grows from 0.9 to 0.99; one in five of the baseline's, one in ten of the tuned's
    # answers are wrong.
    assert set(info) == {"baseline", "tuned"}
    (low, high) = [one for one in info["tuned"].bins if one]
    assert (low.images + high.images, low.right + high.right) == (30, 27)
    assert abs(info["tuned"].excess.mean - (0.945 - 0.9)) < 1e-6
    assert abs(info["baseline"].excess.mean - (0.945 - 0.8)) < 1e-6


def test_the_caption_says_who_is_too_sure_and_by_how_much() -> None:
    told = caption(
        {"baseline": found(0.03, 0.01, 0.05), "tuned": found(-0.02, -0.03, -0.01)}, ["class"]
    )

    assert "on 100 test images" in told
    assert "The baseline network is over-confident by 3.00 points" in told
    assert "95% interval +1.00 to +5.00" in told
    assert "The tuned network is under-confident by 2.00 points" in told
    assert "error is 1.23% (1.00% to 2.00%)" in told
    assert "0.40% by chance" in told
    assert "heads" not in told


def test_the_caption_claims_nothing_that_the_interval_does_not_hold() -> None:
    told = caption({name: found(0.03, -0.01, 0.05) for name in ("baseline", "tuned")}, ["a", "b"])

    assert "confident by" not in told
    assert "neither over-confident nor under-confident beyond chance" in told
    assert "all 2 heads together" in told


def test_every_bin_with_images_has_a_dot_a_bar_and_its_count() -> None:
    info = {"baseline": found(0, -1, 1), "tuned": found(0, -1, 1)}

    above, _, below, _ = draw_calibration(info).axes
    dots = [path.get_offsets()[0] for path in above.collections]
    assert_array_equal(dots, [[0.6, 0.5], [0.99, 88 / 90]])
    assert [bar.get_height() for bar in below.patches] == [10, 90]
    assert [text.get_text() for text in below.texts] == ["10", "90"]
    low, high = below.get_xlim()
    assert all(
        low <= bar.get_x() and bar.get_x() + bar.get_width() <= high for bar in below.patches
    )


def test_the_picture_is_drawn_with_its_reading(tmp_path: Path) -> None:
    (only,) = reliability.pictures(predictions({"class": 3}), ["class"], 1, tmp_path)

    assert (only.file, only.section, only.network) == ("calibration.png", "results", None)
    assert "diagonal" in only.reading
    assert (tmp_path / only.file).stat().st_size > 0


def test_a_network_that_is_certain_of_everything_can_be_drawn(tmp_path: Path) -> None:
    sure = np.eye(3, dtype=np.float32)[[0, 1, 2, 0]]
    arrays = {"labels_class": np.array([0, 1, 2, 1]), "baseline_class": sure, "tuned_class": sure}

    (only,) = reliability.pictures(arrays, ["class"], 1, tmp_path)

    assert "25.00%" in only.caption
