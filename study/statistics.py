"""Is the difference real? Intervals and a paired comparison over test images and seeds.

A score varies for two reasons: other test images, and another seed (weights, order of the
images). Images are resampled by the bootstrap (Efron & Tibshirani 1993), in pairs, because both
networks see the same ones. The few seeds cannot be bootstrapped honestly: three of them would
give intervals a fifth too short, before the heavy tails are counted. Their mean varies as a
Student t scaled by its standard error, so that is what is drawn (Welch 1947 for the difference of
two means). What one image does with one seed counts in both parts, so intervals are a little
wide. See Bouthillier et al., MLSys 2021, "Accounting for Variance in Machine Learning
Benchmarks", on why both must count.
"""

import numpy as np

from study.records import Comparison, Estimate, Verdict

RESAMPLES = 20_000
SCORE_RESAMPLES = 2_000
"""For scores that are shown and not tested."""
SIGNIFICANCE = 0.05

METHOD = (
    f"paired bootstrap over the test images ({RESAMPLES:,} resamples) plus the spread over seeds "
    "of each network (Student t, Welch); two-sided, significant below 0.05"
)


def estimate(correct: np.ndarray, seed: int) -> Estimate:
    """Mean of (seeds, images) bool with its 95% interval, clipped to [0, 1].

    Raises:
        ValueError: fewer than two seeds.
    """
    rng = np.random.default_rng([seed, 1])
    draws = _image_draws(correct.mean(axis=0), rng) + _seed_draws(rng, correct)
    low, high = np.clip(np.percentile(draws, [2.5, 97.5]), 0, 1)
    return Estimate(mean=float(correct.mean()), ci95=(float(low), float(high)))


def compare(baseline: np.ndarray, tuned: np.ndarray, seed: int) -> Comparison:
    """Tuned minus baseline, from (seeds, images) bool each, the images in the same order.

    Raises:
        ValueError: fewer than two seeds, or other images.
    """
    if baseline.shape[1] != tuned.shape[1]:
        raise ValueError(f"{baseline.shape[1]} baseline images, {tuned.shape[1]} tuned images")
    rng = np.random.default_rng([seed, 2])
    gain = tuned.mean(axis=0) - baseline.mean(axis=0)  # (images,)
    draws = _image_draws(gain, rng) + _seed_draws(rng, tuned, baseline)
    low, high = np.percentile(draws, [2.5, 97.5])
    p_value = _two_sided(draws)
    difference = float(gain.mean())
    return Comparison(
        difference=difference,
        ci95=(float(low), float(high)),
        p_value=p_value,
        method=METHOD,
        verdict=_verdict(difference, p_value),
    )


def share(right: np.ndarray) -> Estimate:
    """Share of the images (n,) bool that one network gets right, with its 95% Wilson interval.

    Over images only: what another seed would change is not in it.
    """
    from scipy.stats import binomtest

    interval = binomtest(int(right.sum()), len(right)).proportion_ci(method="wilson")
    return Estimate(mean=float(right.mean()), ci95=(float(interval.low), float(interval.high)))


def image_mean(values: np.ndarray, seed: int) -> Estimate:
    """Mean of one value an image (n,) with its 95% interval by the bootstrap over images.

    For a paired difference of two networks give the difference on each image.
    """
    draws = _image_draws(values, np.random.default_rng([seed, 3]))
    return percentile_estimate(float(values.mean()), draws)


def image_estimates(values: np.ndarray, seed: int) -> list[Estimate]:
    """Means over images of several scores each, with their 95% percentile-bootstrap intervals.

    All scores see the same resampled images.

    Args:
        values: (images, scores), one image at least.
        seed: Of the resampling.
    """
    rng = np.random.default_rng([seed, 3])
    images = len(values)
    times = rng.multinomial(images, np.full(images, 1 / images), size=SCORE_RESAMPLES)
    draws = times @ values / images
    return [
        percentile_estimate(float(mean), drawn)
        for mean, drawn in zip(values.mean(axis=0), draws.T, strict=True)
    ]


def percentile_estimate(value: float, draws: np.ndarray) -> Estimate:
    """A value with the 95% interval that its bootstrap draws (n,) make: the middle of them."""
    low, high = np.percentile(draws, [2.5, 97.5])
    return Estimate(mean=value, ci95=(float(low), float(high)))


def _image_draws(values: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Bootstrap means (RESAMPLES,) of one value an image.

    The values are few and discrete (multiples of 1/seeds), so drawing how often each occurs is
    the same as drawing images, and a thousand times faster.
    """
    distinct, counts = np.unique(values.round(12), return_counts=True)
    drawn = rng.multinomial(len(values), counts / len(values), size=RESAMPLES)
    return drawn @ distinct / len(values)


def _seed_draws(rng: np.random.Generator, *networks: np.ndarray) -> np.ndarray:
    """Deviations (RESAMPLES,) of a mean over seeds, or of the difference of two such means.

    Each network is (seeds, images) bool. Degrees of freedom by Welch and Satterthwaite: the
    spread of each network counts by itself.
    """
    variances = []
    for correct in networks:
        if len(correct) < 2:
            raise ValueError(f"the spread over seeds needs 2 seeds or more, got {len(correct)}")
        variances.append(correct.mean(axis=1).var(ddof=1) / len(correct))
    total = sum(variances)
    if total == 0:
        return np.zeros(RESAMPLES)
    parts = zip(variances, networks, strict=True)
    freedom = total**2 / sum(v**2 / (len(correct) - 1) for v, correct in parts)
    return np.sqrt(total) * rng.standard_t(freedom, size=RESAMPLES)


def _two_sided(draws: np.ndarray) -> float:
    """p-value of "no difference"; never below what this many resamples can tell."""
    tail = min((draws <= 0).sum(), (draws >= 0).sum())
    return float(min(1.0, 2 * (tail + 1) / (len(draws) + 1)))


def _verdict(difference: float, p_value: float) -> Verdict:
    if p_value >= SIGNIFICANCE:
        return "no significant difference"
    return "tuned is better" if difference > 0 else "baseline is better"
