"""Is the difference real? Hand-worked numbers, symmetries, and simulated studies."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.stats import binom

from study.evaluation import uncertainty
from study.evaluation.uncertainty import compare, estimate, image_estimates
from study.records.evaluation import Comparison
from tests.evaluation.simulated import World, covered, rejected


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
    assert estimate(exact(900, 950)).mean == pytest.approx(0.925)


def test_without_spread_over_seeds_the_interval_is_the_binomial_one() -> None:
    low, high = estimate(exact(900, 900, 900)).ci95
    half = 1.96 * np.sqrt(0.9 * 0.1 / 1000)  # 0.0186
    assert_allclose([low, high], [0.9 - half, 0.9 + half], atol=0.002)


def test_without_spread_over_images_the_interval_is_student_t_of_the_seeds() -> None:
    # 0.8, 0.9 and 1.0: standard error 0.1 / sqrt(3), and t(0.975, 2 degrees of freedom) = 4.303
    correct = np.array([[True] * 8 + [False] * 2, [False] + [True] * 9, [True] * 10])
    correct = np.tile(correct, 100_000)  # so many images that only the seeds vary
    half = 4.303 * 0.1 / np.sqrt(3)  # 0.248
    low, high = estimate(correct).ci95
    assert_allclose(low, 0.9 - half, atol=0.015)
    assert high == 1.0  # clipped: no accuracy is above


@pytest.mark.parametrize("images", [10, 50, 400])
def test_all_or_none_right_is_not_certain(images: int) -> None:
    """The exact interval of none wrong (Clopper-Pearson) reaches from 0 to 1 - 0.025^(1 / n)."""
    every, none = (
        estimate(exact(images, images, images=images)),
        estimate(exact(0, 0, images=images)),
    )
    wide = 1 - 0.025 ** (1 / images)
    assert (every.mean, every.ci95[1]) == (1.0, 1.0)
    assert wide < 1 - every.ci95[0] < 2 * wide
    assert none.ci95 == pytest.approx((0.0, 1 - every.ci95[0]))


def test_a_clear_gain_is_significant() -> None:
    found = compare(networks(0.90, 0.905, 0.895), networks(0.97, 0.972, 0.968, seed=2))
    assert found.verdict == "tuned is better"
    assert found.p_value < 0.01
    assert found.difference == pytest.approx(0.07, abs=0.02)
    assert found.ci95[0] > 0


def test_a_clear_loss_is_significant() -> None:
    found = compare(networks(0.97, 0.972, 0.968), networks(0.90, 0.905, 0.895, seed=2))
    assert found.verdict == "baseline is better"
    assert found.ci95[1] < 0


def test_a_small_gain_on_few_images_is_not_significant() -> None:
    found = compare(networks(0.9, 0.9, images=60), networks(0.92, 0.92, images=60, seed=2))
    assert found.verdict == "no significant difference"
    assert found.ci95[0] < 0 < found.ci95[1]


def test_a_gain_smaller_than_the_spread_over_seeds_is_not_significant() -> None:
    steady = compare(exact(900, 900, 900), exact(930, 930, 930))
    shaky = compare(exact(900, 860, 940), exact(930, 890, 970))
    assert steady.difference == pytest.approx(shaky.difference)
    assert steady.verdict == "tuned is better"
    assert shaky.verdict == "no significant difference"


def test_a_gain_on_the_same_images_counts_for_more_than_one_on_others() -> None:
    """Paired: where both networks are wrong on the same images, there is less luck in it."""
    tuned = exact(920, 920)
    paired = compare(exact(900, 900), tuned)
    others = compare(np.roll(exact(900, 900), 500, axis=1), tuned)
    assert paired.difference == pytest.approx(others.difference)
    assert paired.p_value < 0.01 < others.p_value


def test_other_images_are_refused() -> None:
    with pytest.raises(ValueError, match="10 baseline images, 20 tuned images"):
        compare(exact(5, 5, images=10), exact(5, 5, images=20))


def test_a_single_seed_is_refused() -> None:
    with pytest.raises(ValueError, match="2 seeds or more, got 1"):
        estimate(exact(5, images=10))
    with pytest.raises(ValueError, match="2 seeds or more, got 1"):
        compare(exact(5, images=10), exact(5, images=10))


def test_the_two_networks_may_have_different_numbers_of_seeds() -> None:
    assert compare(exact(900, 901), exact(950, 951, 952)).verdict == "tuned is better"


@SIMULATED
@given(correctness)
def test_the_interval_contains_the_mean(correct: np.ndarray) -> None:
    found = estimate(correct)
    assert 0 <= found.ci95[0] <= found.mean + 1e-9
    assert found.mean - 1e-9 <= found.ci95[1] <= 1


@SIMULATED
@given(correctness)
def test_identical_networks_do_not_differ(correct: np.ndarray) -> None:
    found = compare(correct, correct)
    assert found.difference == 0
    assert found.verdict == "no significant difference"
    assert found.ci95[0] <= 0 <= found.ci95[1]


@SIMULATED
@given(correctness, st.floats(0.0, 1.0))
def test_swapping_the_networks_flips_the_sign(baseline: np.ndarray, share: float) -> None:
    tuned = baseline | (np.arange(baseline.shape[1]) < share * baseline.shape[1])
    forth, back = compare(baseline, tuned), compare(tuned, baseline)
    assert forth.difference == pytest.approx(-back.difference)
    assert_allclose(forth.ci95, [-back.ci95[1], -back.ci95[0]])
    assert forth.p_value == pytest.approx(back.p_value)


@SIMULATED
@given(correctness, correctness)
def test_a_difference_is_significant_only_if_its_interval_leaves_out_zero(
    baseline: np.ndarray, tuned: np.ndarray
) -> None:
    images = min(baseline.shape[1], tuned.shape[1])
    for other in (tuned, ~tuned):
        found = compare(baseline[:, :images], other[:, :images])
        low, high = found.ci95
        assert low <= found.difference <= high
        assert (found.p_value >= 0.05) == (low <= 0 <= high)


def discordant(wins: int, losses: int, images: int = 1000, seeds: int = 3) -> Comparison:
    """Of networks whose seeds all agree: so many images on which only the one is right."""
    tuned = np.ones((seeds, images), bool)
    baseline = tuned.copy()
    baseline[:, :wins], tuned[:, wins : wins + losses] = False, False
    return compare(baseline, tuned)


@pytest.mark.parametrize("images", [50, 400, 10_000])
def test_few_discordant_images_are_no_evidence(images: int) -> None:
    """As McNemar's exact test: 0.125 of 4 images against none, 0.0625 of 5, 0.03125 of 6."""
    assert discordant(4, 0, images).p_value > 0.1
    assert discordant(5, 0, images).p_value > 0.05
    assert discordant(6, 0, images).p_value < 0.05
    assert discordant(0, 6, images).verdict == "baseline is better"


def test_seeds_that_agree_are_judged_as_by_the_exact_test() -> None:
    """Of equal networks few are told apart, whatever the number of images they differ on."""
    sizes = []
    for differ in range(60):
        wins = np.arange(differ + 1)
        found = [discordant(won, differ - won).p_value < 0.05 for won in wins]
        sizes.append(binom.pmf(wins, differ, 0.5)[found].sum())
    assert max(sizes) < 0.06
    assert np.mean(sizes[20:]) > 0.03


def test_networks_that_agree_on_all_images_may_differ_on_others() -> None:
    found = discordant(0, 0, images=100)
    assert (found.difference, found.p_value) == (0.0, 1.0)
    assert 0.03 < found.ci95[1] == -found.ci95[0] < 0.06  # one-sided exact: 0.03


def test_what_an_image_does_with_a_seed_counts_once() -> None:
    """Of seeds that err at random, 6 answers an image: the variance is that of all of them."""
    rng = np.random.default_rng(1)
    baseline, tuned = rng.random((2, 3, 100_000)) < 0.9
    low, high = compare(baseline, tuned).ci95
    alone = 2 * 1.96 * np.sqrt(0.9 * 0.1 * 2 / 3 / 100_000)
    assert alone * 0.97 < high - low < alone * 1.35  # counted twice it is 1.41 and more by the t


GRID = [
    World(seeds, images, error, spread)
    for seeds in (2, 3, 5)
    for images in (200, 1_000, 10_000)
    for error in (0.01, 0.1)
    for spread in (0.0, 1.0)
]


@pytest.mark.slow
def test_equal_networks_are_rarely_told_apart() -> None:
    """Nominal: 5% of the studies. Of 100 that is 13 or fewer in 999 of 1,000 cases."""
    found = {world: rejected(world, studies=100) for world in GRID}
    assert max(found.values()) <= 0.13
    assert np.mean(list(found.values())) < 0.05
    many = [share for world, share in found.items() if world.images * world.error >= 100]
    assert np.mean(many) > 0.02  # "never" would be no answer


@pytest.mark.parametrize(
    ("world", "least"),
    [
        (World(2, 10_000, 0.01, gain=1.5), 0.2),
        (World(3, 10_000, 0.01, gain=1.5), 0.34),
        (World(5, 1_000, 0.1, agreement=30, gain=1.5), 0.6),
        (World(3, 1_000, 0.1, spread=1.0, gain=4), 0.8),
    ],
)
def test_a_true_gain_is_found(world: World, least: float) -> None:
    assert rejected(world, studies=400) > least


@pytest.mark.parametrize("error", [0.0, 0.002, 0.01, 0.1])
def test_intervals_hold_the_true_accuracy(error: float) -> None:
    """Nominal: 95% of the studies; of 100 that is 88 or more in 998 of 1,000 cases."""
    worlds = [
        World(seeds, images, error, spread)
        for seeds in (2, 3, 5)
        for images in (50, 400, 1_000)
        for spread in ((0.0, 0.5) if error else (0.0,))
    ]
    found = [covered(world, studies=100) for world in worlds]
    assert min(found) >= 0.88
    assert np.mean(found) > 0.94


def test_the_share_of_one_network_has_a_wilson_interval() -> None:
    # Wilson 1927: (p + z^2 / 2n +- z sqrt(p (1 - p) / n + z^2 / 4n^2)) / (1 + z^2 / n)
    found = uncertainty.share(np.arange(100) < 90)
    assert found.mean == 0.9
    assert_allclose(found.ci95, (0.8256, 0.9448), atol=1e-4)


def test_a_share_of_all_or_none_is_not_certain() -> None:
    assert uncertainty.share(np.ones(50, bool)).ci95[0] < 0.95
    assert uncertainty.share(np.zeros(50, bool)).ci95[1] > 0.05


def test_the_interval_of_an_image_gain_is_the_paired_one() -> None:
    found = uncertainty.image_gain(np.repeat([1.0, 0.0, -1.0], [300, 600, 100]))
    half = 1.96 * np.sqrt((0.4 - 0.2**2) / 1000)  # variance of 1, 0 and -1
    assert found.mean == pytest.approx(0.2)
    assert_allclose(found.ci95, (0.2 - half, 0.2 + half), atol=0.001)


def test_a_gain_on_no_image_or_on_all_is_not_certain() -> None:
    none, every = uncertainty.image_gain(np.zeros(50)), uncertainty.image_gain(np.ones(50))
    assert none.ci95[0] == -none.ci95[1] < -0.05
    assert every.ci95[0] < 0.95 < every.ci95[1] == 1


def test_hits_on_all_images_or_none_are_not_certain() -> None:
    every, none = uncertainty.image_share(np.ones(50)), uncertainty.image_share(np.zeros(50))
    assert (every.mean, every.ci95[1]) == (1, 1)
    assert 0.85 < every.ci95[0] < 0.93  # Clopper-Pearson: 0.929
    assert none.ci95 == pytest.approx((0, 1 - every.ci95[0]))


def test_large_samples_need_little_memory() -> None:
    tracemalloc.start()
    uncertainty.image_gain(np.random.default_rng(1).uniform(-1, 1, 100_000))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 20e6


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
