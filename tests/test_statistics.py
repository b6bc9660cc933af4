"""Is the difference real? Hand-worked numbers, symmetries, and simulated studies."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from study import statistics
from study.statistics import compare, estimate, image_estimates


def networks(
    *accuracies: float, images: int = 1000, seed: int = 1, shared: float = 0.0
) -> np.ndarray:
    """One retrained network an accuracy, (seeds, images) bool.

    `shared` is the share of the images on which all networks agree.
    """
    rng = np.random.default_rng(seed)
    luck = rng.random((len(accuracies), images))
    luck = np.where(rng.random(images) < shared, luck[:1], luck)
    return luck < np.array(accuracies)[:, None]


def exact(*rights: int, images: int = 1000) -> np.ndarray:
    """One network a number: right on so many images, the first ones."""
    return np.arange(images) < np.array(rights)[:, None]


SIMULATED = settings(max_examples=20, derandomize=True)
"""The same examples every time: what holds of random draws holds only nearly always."""

correctness = st.tuples(st.integers(2, 5), st.integers(20, 60), st.integers(0, 2**32 - 1)).map(
    lambda size: np.random.default_rng(size[2]).random(size[:2]) < 0.7
)


def test_the_mean_is_over_seeds_and_images() -> None:
    assert estimate(exact(900, 950), seed=1).mean == pytest.approx(0.925)


def test_without_spread_over_seeds_the_interval_is_the_binomial_one() -> None:
    low, high = estimate(exact(900, 900, 900), seed=1).ci95
    half = 1.96 * np.sqrt(0.9 * 0.1 / 1000)  # 0.0186
    assert_allclose([low, high], [0.9 - half, 0.9 + half], atol=0.002)


def test_without_spread_over_images_the_interval_is_student_t_of_the_seeds() -> None:
    # 0.8, 0.9 and 1.0: standard error 0.1 / sqrt(3), and t(0.975, 2 degrees of freedom) = 4.303
    correct = np.array([[True] * 8 + [False] * 2, [False] + [True] * 9, [True] * 10])
    correct = np.tile(correct, 100_000)  # so many images that only the seeds vary
    half = 4.303 * 0.1 / np.sqrt(3)  # 0.248
    low, high = estimate(correct, seed=1).ci95
    assert_allclose(low, 0.9 - half, atol=0.015)
    assert high == 1.0  # clipped: no accuracy is above


def test_all_right_is_certain() -> None:
    found = estimate(exact(50, 50, images=50), seed=1)
    assert (found.mean, found.ci95) == (1.0, (1.0, 1.0))


def test_drawing_counts_is_drawing_images() -> None:
    """The spread of an ordinary bootstrap's mean is sd / sqrt(n), its mean the mean."""
    rng = np.random.default_rng(1)
    values = rng.integers(0, 4, size=300) / 3
    draws = statistics._image_draws(values, rng)
    indices = rng.integers(300, size=(statistics.RESAMPLES, 300))
    assert draws.shape == (statistics.RESAMPLES,)
    assert_allclose(draws.mean(), values.mean(), atol=0.001)
    assert_allclose(draws.std(), values.std() / np.sqrt(300), rtol=0.03)
    percentiles = [2.5, 25, 50, 75, 97.5]
    assert_allclose(
        np.percentile(draws, percentiles),
        np.percentile(values[indices].mean(axis=1), percentiles),
        atol=0.003,
    )


def test_a_clear_gain_is_significant() -> None:
    found = compare(networks(0.90, 0.905, 0.895), networks(0.97, 0.972, 0.968, seed=2), seed=1)
    assert found.verdict == "tuned is better"
    assert found.p_value < 0.01
    assert found.difference == pytest.approx(0.07, abs=0.02)
    assert found.ci95[0] > 0


def test_a_clear_loss_is_significant() -> None:
    found = compare(networks(0.97, 0.972, 0.968), networks(0.90, 0.905, 0.895, seed=2), seed=1)
    assert found.verdict == "baseline is better"
    assert found.ci95[1] < 0


def test_a_small_gain_on_few_images_is_not_significant() -> None:
    found = compare(networks(0.9, 0.9, images=60), networks(0.92, 0.92, images=60, seed=2), seed=1)
    assert found.verdict == "no significant difference"
    assert found.ci95[0] < 0 < found.ci95[1]


def test_a_gain_smaller_than_the_spread_over_seeds_is_not_significant() -> None:
    steady = compare(exact(900, 900, 900), exact(930, 930, 930), seed=1)
    shaky = compare(exact(900, 860, 940), exact(930, 890, 970), seed=1)
    assert steady.difference == pytest.approx(shaky.difference)
    assert steady.verdict == "tuned is better"
    assert shaky.verdict == "no significant difference"


def test_a_gain_on_the_same_images_counts_for_more_than_one_on_others() -> None:
    """Paired: where both networks are wrong on the same images, there is less luck in it."""
    tuned = exact(920, 920)
    paired = compare(exact(900, 900), tuned, seed=1)
    others = compare(np.roll(exact(900, 900), 500, axis=1), tuned, seed=1)
    assert paired.difference == pytest.approx(others.difference)
    assert paired.p_value < 0.01 < others.p_value


def test_other_images_are_refused() -> None:
    with pytest.raises(ValueError, match="10 baseline images, 20 tuned images"):
        compare(exact(5, 5, images=10), exact(5, 5, images=20), seed=1)


def test_a_single_seed_is_refused() -> None:
    with pytest.raises(ValueError, match="2 seeds or more, got 1"):
        estimate(exact(5, images=10), seed=1)
    with pytest.raises(ValueError, match="2 seeds or more, got 1"):
        compare(exact(5, images=10), exact(5, images=10), seed=1)


def test_the_same_seed_gives_the_same_numbers() -> None:
    baseline, tuned = networks(0.9, 0.91), networks(0.92, 0.93, seed=2)
    assert compare(baseline, tuned, seed=3) == compare(baseline, tuned, seed=3)
    assert compare(baseline, tuned, seed=3) != compare(baseline, tuned, seed=4)
    assert estimate(tuned, seed=3) == estimate(tuned, seed=3)


def test_the_two_networks_may_have_different_numbers_of_seeds() -> None:
    assert compare(exact(900, 901), exact(950, 951, 952), seed=1).verdict == "tuned is better"


@SIMULATED
@given(correctness)
def test_the_interval_contains_the_mean(correct: np.ndarray) -> None:
    found = estimate(correct, seed=1)
    assert 0 <= found.ci95[0] <= found.mean + 1e-9
    assert found.mean - 1e-9 <= found.ci95[1] <= 1


@SIMULATED
@given(correctness)
def test_identical_networks_do_not_differ(correct: np.ndarray) -> None:
    found = compare(correct, correct, seed=1)
    assert found.difference == 0
    assert found.verdict == "no significant difference"
    assert found.ci95[0] <= 0 <= found.ci95[1]


@SIMULATED
@given(correctness, st.floats(0.0, 1.0))
def test_swapping_the_networks_flips_the_sign(baseline: np.ndarray, share: float) -> None:
    tuned = baseline | (np.arange(baseline.shape[1]) < share * baseline.shape[1])
    forth, back = compare(baseline, tuned, seed=1), compare(tuned, baseline, seed=1)
    assert forth.difference == pytest.approx(-back.difference)
    spread = forth.ci95[1] - forth.ci95[0]  # the draws are not mirrored, only their distribution
    assert_allclose(forth.ci95, [-back.ci95[1], -back.ci95[0]], atol=0.1 * spread + 1e-9)
    assert forth.p_value == pytest.approx(back.p_value, abs=0.05)


@SIMULATED
@given(correctness)
def test_a_difference_is_significant_only_if_its_interval_leaves_out_zero(
    baseline: np.ndarray,
) -> None:
    found = compare(baseline, ~baseline, seed=1)
    low, high = found.ci95
    assert low <= found.difference + 1e-9
    assert found.difference - 1e-9 <= high
    if found.p_value < 0.04:  # at 0.05 itself the two can fall on either side
        assert not low <= 0 <= high
    if found.p_value > 0.06:
        assert low <= 0 <= high


@pytest.mark.parametrize("spread", [0.0, 0.01, 0.04])
def test_equal_networks_are_rarely_told_apart(
    monkeypatch: pytest.MonkeyPatch, spread: float
) -> None:
    """Of 300 simulated studies without a true difference few may find one (nominal: 15)."""
    monkeypatch.setattr(statistics, "RESAMPLES", 2000)
    rng = np.random.default_rng(1)
    found = 0
    for study in range(300):
        skills = np.clip(rng.normal(0.9, spread, (2, 3)), 0, 1)
        hard = rng.normal(0, 0.1, 400)  # some images are harder, for both networks
        baseline, tuned = rng.random((2, 3, 400)) < skills[..., None] - hard
        found += compare(baseline, tuned, seed=study + 1).verdict != "no significant difference"
    assert found <= 0.08 * 300


def test_the_share_of_one_network_has_a_wilson_interval() -> None:
    # Wilson 1927: (p + z^2 / 2n +- z sqrt(p (1 - p) / n + z^2 / 4n^2)) / (1 + z^2 / n)
    found = statistics.share(np.arange(100) < 90)
    assert found.mean == 0.9
    assert_allclose(found.ci95, (0.8256, 0.9448), atol=1e-4)


def test_a_share_of_all_or_none_is_not_certain() -> None:
    assert statistics.share(np.ones(50, bool)).ci95[0] < 0.95
    assert statistics.share(np.zeros(50, bool)).ci95[1] > 0.05


def test_the_interval_of_an_image_mean_is_the_binomial_one() -> None:
    found = statistics.image_mean(np.repeat([1.0, 0.0, -1.0], [300, 600, 100]), seed=1)
    half = 1.96 * np.sqrt((0.4 - 0.2**2) / 1000)  # variance of 1, 0 and -1
    assert found.mean == pytest.approx(0.2)
    assert_allclose(found.ci95, (0.2 - half, 0.2 + half), atol=0.002)


def test_means_over_images_have_the_normal_interval_if_there_are_many() -> None:
    values = np.random.default_rng(1).normal(3, 1, (2000, 2))

    first, second = image_estimates(values, seed=1)

    assert_allclose([first.mean, second.mean], values.mean(axis=0))
    assert_allclose(first.ci95, first.mean + np.array([-1.96, 1.96]) / np.sqrt(2000), atol=0.005)


def test_scores_of_one_image_are_resampled_together() -> None:
    values = np.random.default_rng(1).random((50, 1)) * [1, -1]

    first, second = image_estimates(values, seed=1)

    assert_allclose(first.ci95, np.negative(second.ci95[::-1]))


def test_equal_scores_leave_no_doubt() -> None:
    (one,) = image_estimates(np.full((20, 1), 0.25), seed=1)

    assert one.ci95 == pytest.approx((0.25, 0.25))
