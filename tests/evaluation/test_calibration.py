"""Confidence beside accuracy: hand-made answers, and networks that know what they know."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from study.evaluation.calibration import BINS, Bin, answers, calibration
from tests.evaluation.simulated_calibration import covered


def test_a_network_that_is_always_sure_and_right_half_of_the_time() -> None:
    found = calibration(np.ones(400), np.arange(400) % 2 == 0, seed=1)

    assert found.bins == (None,) * 14 + (Bin(400, 200, 1.0),)
    assert found.error.mean == found.excess.mean == 0.5
    assert found.error.ci95 == pytest.approx((0.444, 0.549), abs=0.005)
    # down by 2.24 * sqrt(0.25 / 400), which chance alone exceeds in 2.5% of cases, up by 1.96 of it
    assert found.by_chance == 0  # who says 100% and means it is always right


def test_bins_are_fifteen_equal_steps_with_their_upper_end() -> None:
    confidence = np.array([0.0, 1 / 15, 0.07, 0.5, 1.0])
    right = np.array([False, False, True, True, True])

    found = calibration(confidence, right, seed=1)

    assert len(found.bins) == BINS == 15
    filled = {place: one for place, one in enumerate(found.bins) if one}
    assert filled == {
        0: Bin(2, 0, pytest.approx(1 / 30)),
        1: Bin(1, 1, 0.07),
        7: Bin(1, 1, 0.5),
        14: Bin(1, 1, 1.0),
    }
    # (2 * 1/30 + 0.93 + 0.5 + 0) / 5
    assert found.error.mean == pytest.approx((1 / 15 + 0.93 + 0.5) / 5)
    assert found.excess.mean == pytest.approx((1 / 15 - 0.93 - 0.5) / 5)


def test_errors_of_both_signs_cancel_in_the_excess_only() -> None:
    confidence = np.repeat([0.6, 0.8], 100)
    right = np.concatenate([np.ones(100, bool), np.arange(100) < 40])

    found = calibration(confidence, right, seed=1)

    assert found.error.mean == pytest.approx(0.4)
    assert found.excess.mean == pytest.approx(0.0)


@given(st.integers(0, 2**32 - 1), st.floats(0.2, 5))
def test_a_perfectly_calibrated_network_has_no_more_error_than_by_chance(
    seed: int, skew: float
) -> None:
    rng = np.random.default_rng(seed)
    confidence = rng.random(4000) ** skew
    found = calibration(confidence, rng.random(4000) < confidence, seed=1)

    assert found.error.mean < 2 * found.by_chance < 0.06
    assert abs(found.excess.mean) < 0.04


@given(
    st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=50),
    st.integers(1, 100),
)
def test_the_error_is_a_share_and_no_less_than_the_excess(
    said: list[tuple[float, bool]], seed: int
) -> None:
    confidence, right = (np.array(column) for column in zip(*said, strict=True))
    found = calibration(confidence, right, seed)

    low, high = found.error.ci95
    assert 0 <= low <= found.error.mean <= high <= 1
    assert low < high
    assert found.excess.ci95[0] <= found.excess.mean <= found.excess.ci95[1]
    assert 0 <= found.by_chance <= 1
    assert abs(found.excess.mean) <= found.error.mean + 1e-12 <= 1 + 1e-9
    assert sum(one.images for one in found.bins if one) == len(said)
    assert sum(one.right for one in found.bins if one) == right.sum()


@pytest.mark.parametrize("sharp", [True, False])
@pytest.mark.parametrize("off", [0.0, 0.01, 0.1])
def test_the_interval_holds_the_true_error(off: float, sharp: bool) -> None:
    assert covered(off, sharp, images=500, networks=60) >= 0.9  # nominal: 95%


def test_a_network_without_mistakes_is_not_certainly_calibrated() -> None:
    found = calibration(np.ones(50), np.ones(50, bool), seed=1)

    assert (found.error.mean, found.error.ci95[0]) == (0, 0)
    assert 0.03 < found.error.ci95[1] < 0.1
    assert found.excess.ci95[1] > 0.03


def test_the_same_seed_gives_the_same_intervals() -> None:
    rng = np.random.default_rng(1)
    confidence, right = rng.random(200), rng.random(200) < 0.5

    assert calibration(confidence, right, seed=5) == calibration(confidence, right, seed=5)
    assert calibration(confidence, right, seed=5) != calibration(confidence, right, seed=6)


def test_several_heads_answer_together() -> None:
    predictions = {
        "labels_length": np.array([0, 1, 1]),
        "labels_color": np.array([0, 0, 1]),
        "tuned_length": np.array([[0.75, 0.25], [0.5, 0.5], [0.25, 0.75]], np.float32),
        "tuned_color": np.array([[0.5, 0.5], [0.75, 0.25], [0.0, 1.0]], np.float32),
    }
    confidence, right = answers(predictions, "tuned", ["length", "color"])

    assert confidence.tolist() == [0.375, 0.375, 0.75]
    assert right.tolist() == [True, False, True]
