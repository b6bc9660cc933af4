"""Is the difference real? Intervals and a paired comparison over test images and seeds.

A score varies for two reasons: the test images, and the seed (weights, order of the images). Images
are crossed with the networks, because all networks see the same images; seeds are nested in a
network, because each network was retrained by itself. What this does to a mean is known from
studies with many readers and many cases (Dorfman, Berbaum & Metz, Investigative Radiology 1992;
Obuchowski & Rockette, Communications in Statistics 1995; Hillis, Statistics in Medicine 2007): the
images' part and the seeds' part of its variance are estimated by mean squares. Both include the
image-by-seed interaction, which is therefore subtracted once. Degrees of freedom are
Satterthwaite's (Biometrics Bulletin 1946). Bouthillier et al., MLSys 2021, "Accounting for Variance
in Machine Learning Benchmarks", explain why images and seeds must both count; another split and
another search, which they also name, do not count here, because these two networks are compared.

Scores near 0 or 1 and few discordant images may by luck have too little spread, or none at all. So
the spread is that of the images and two more, one of each kind (Agresti & Coull, The American
Statistician 1998; for pairs Agresti & Min, Statistics in Medicine 2005), and the images' degrees of
freedom follow from their kurtosis: d discordant images give about 2 (d + 2).

Measured (`python -m tests.evaluation.simulated`, 1,000 studies each; 2, 3 and 5 seeds; 200, 1,000
and 10,000 images; errors of 1% and 10%; accuracies that vary over seeds by 0 to 1.4 standard errors
over the images): equal networks are told apart in 0.0% to 5.6% of the studies, in 1.1% to 5.6% of
those with 100 errors or more, and in almost none of those with 2. If accuracies vary over seeds by
2.1 standard errors (1,000 and 10,000 images, 10% wrong) it is 3.7% to 6.7%, most with 2 seeds. A
gain of 1.5 standard errors on 10,000 images, 1% wrong, where the seeds are equally good but do not
agree on the hard images, is found in 25%, 37% and 60% of the studies with 2, 3 and 5 seeds. The
interval of one network's accuracy, on 50, 400 and 1,000 images with errors of 0, 0.2%, 1% and 10%,
contains the true accuracy in 95% to 100% of the studies.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from study.records.base import Estimate
from study.records.evaluation import Comparison, Verdict

SCORE_RESAMPLES = 2_000
"""Number of resamples for scores that are shown but not tested."""
SIGNIFICANCE = 0.05

METHOD = (
    "Student t of the mean gain over the same test images; its variance is that of the images plus "
    "that of each network's seeds, with the image-by-seed interaction counted once (crossed "
    "components of variance, Satterthwaite's degrees of freedom); two-sided, significant below 0.05"
)

RIGHT_AND_WRONG = (1.0, 0.0)
"""Two more images of one network."""
GAIN_AND_LOSS = (1.0, -1.0)
"""Two more images of a pair: only the one network is right on the first, only the other on the
second."""


class _Part(NamedTuple):
    """A part of the variance of a mean."""

    variance: float
    mean_square: float
    """Mean square on the same scale, still including what belongs to other parts."""
    freedom: float


def estimate(correct: np.ndarray) -> Estimate:
    """Mean of (seeds, images) bool with its 95% interval, clipped to [0, 1].

    Raises:
        ValueError: There are fewer than two seeds.
    """
    return _share_of(correct.mean(axis=0), [_seeds(correct)])


def compare(baseline: np.ndarray, tuned: np.ndarray) -> Comparison:
    """Tuned minus baseline, from (seeds, images) bool each, the images in the same order.

    Raises:
        ValueError: There are fewer than two seeds, or the images differ.
    """
    from scipy.special import stdtr

    if baseline.shape[1] != tuned.shape[1]:
        raise ValueError(f"{baseline.shape[1]} baseline images, {tuned.shape[1]} tuned images")
    gain = tuned.mean(axis=0) - baseline.mean(axis=0)  # (images,)
    parts = [_images(gain, GAIN_AND_LOSS), _seeds(baseline), _seeds(tuned)]
    difference = float(gain.mean())
    p_value = 2 * float(stdtr(_freedom(parts), -abs(difference) / _error(parts)))
    return Comparison(
        difference=difference,
        ci95=_around(difference, _half_width(parts), -1.0),
        p_value=p_value,
        method=METHOD,
        verdict=_verdict(difference, p_value),
    )


class Scores(NamedTuple):
    """A network's scores on two parts, one number in [0, 1] per seed."""

    validation: list[float]
    test: list[float]
    images: tuple[int, int]
    """Numbers of images in the two parts."""


def gap(networks: Sequence[Scores]) -> Estimate:
    """Validation minus test of a network; for two, the first one's gap minus the second one's.

    The 95% interval is conservative: seeds are assumed to agree on every image, and two networks to
    be unrelated although they are scored on the same images. Student t by Satterthwaite, as in
    `compare`.

    Raises:
        ValueError: There are fewer than two seeds.
    """
    means, parts = [], []
    for one in networks:
        found = np.subtract(one.validation, one.test)
        _check_seeds(len(found))
        means.append(float(found.mean()))
        spread = float(found.var(ddof=1)) / len(found)
        parts.append(_Part(spread, spread, len(found) - 1))
        for scores, images in zip((one.validation, one.test), one.images, strict=True):
            likely = (images * float(np.mean(scores)) + 1) / (images + 2)
            variance = likely * (1 - likely) / images
            parts.append(_Part(variance, variance, max(1, images - 1)))
    mean = means[0] - sum(means[1:])
    half = _half_width(parts)
    return Estimate(mean=mean, ci95=(mean - half, mean + half))


def share(right: np.ndarray) -> Estimate:
    """Share of the images (n,) bool that one network gets right, with its 95% Wilson interval.

    The interval is over images only and does not cover what another seed would change.
    """
    from scipy.stats import binomtest

    interval = binomtest(int(right.sum()), len(right)).proportion_ci(method="wilson")
    return Estimate(mean=float(right.mean()), ci95=(float(interval.low), float(interval.high)))


def image_share(values: np.ndarray) -> Estimate:
    """Mean of one value in [0, 1] per image (n,), with its 95% interval over images.

    For values that are 0 or 1 on most images; `share` is for values that are so on all.
    """
    return _share_of(values, [])


def image_gain(gain: np.ndarray) -> Estimate:
    """Mean of one difference in [-1, 1] per image (n,), with its 95% interval over images."""
    mean, half = float(gain.mean()), _half_width([_images(gain, GAIN_AND_LOSS)])
    return Estimate(mean=mean, ci95=_around(mean, half, -1.0))


def image_estimates(values: np.ndarray, seed: int) -> list[Estimate]:
    """Means over images of several scores each, with their 95% percentile-bootstrap intervals.

    All scores see the same resampled images.

    Args:
        values: (images, scores), at least one image.
        seed: Seed of the resampling.
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
    """A value with its 95% interval, the middle 95% of its bootstrap draws (n,)."""
    low, high = np.percentile(draws, [2.5, 97.5])
    return Estimate(mean=value, ci95=(float(low), float(high)))


def _share_of(values: np.ndarray, other: list[_Part]) -> Estimate:
    """The mean of (images,) in [0, 1]; its interval is around that of all images and two more."""
    mean, images = float(values.mean()), len(values)
    half = _half_width([_images(values, RIGHT_AND_WRONG), *other])
    return Estimate(mean=mean, ci95=_around((images * mean + 1) / (images + 2), half, 0.0))


def _images(values: np.ndarray, more: tuple[float, float]) -> _Part:
    """The images' part, from one value per image (n,) and two more.

    Its degrees of freedom follow from the variance of a sample's variance with this kurtosis.
    """
    values = np.append(values, more)
    images = len(values)
    squares = (values - values.mean()) ** 2
    variance = float(squares.sum()) / (images - 1) / images
    kurtosis = float((squares**2).mean() / squares.mean() ** 2)
    freedom = 2 * images / (kurtosis - 1 + 2 / (images - 1))
    return _Part(variance, variance, freedom)


def _seeds(correct: np.ndarray) -> _Part:
    """The part of a network's seeds, from (seeds, images) bool."""
    seeds, images = correct.shape
    _check_seeds(seeds)
    mean = correct.mean()
    of_seeds = images * ((correct.mean(axis=1) - mean) ** 2).sum()  # sums of squares
    of_images = seeds * ((correct.mean(axis=0) - mean) ** 2).sum()
    rest = max(0.0, correct.size * mean * (1 - mean) - of_seeds - of_images)
    residual = rest / ((seeds - 1) * max(1, images - 1))
    mean_square = of_seeds / (seeds - 1)
    scale = 1 / correct.size
    return _Part(
        scale * max(0.0, float(mean_square - residual)), scale * float(mean_square), seeds - 1
    )


def _check_seeds(seeds: int) -> None:
    if seeds < 2:
        raise ValueError(f"the spread over seeds needs 2 seeds or more, got {seeds}")


def _error(parts: Sequence[_Part]) -> float:
    """Standard error of the mean; never 0, because the images' part is not 0."""
    return float(np.sqrt(sum(part.variance for part in parts)))


def _freedom(parts: Sequence[_Part]) -> float:
    """Satterthwaite's degrees of freedom of the squared error."""
    doubt = sum(part.mean_square**2 / part.freedom for part in parts)
    return _error(parts) ** 4 / doubt


def _half_width(parts: Sequence[_Part]) -> float:
    from scipy.special import stdtrit

    return _error(parts) * float(stdtrit(_freedom(parts), 0.975))


def _around(middle: float, half: float, least: float) -> tuple[float, float]:
    """The interval, as far as it lies between `least` and 1."""
    return max(least, middle - half), min(1.0, middle + half)


def _verdict(difference: float, p_value: float) -> Verdict:
    if p_value >= SIGNIFICANCE:
        return "no significant difference"
    return "tuned is better" if difference > 0 else "baseline is better"
