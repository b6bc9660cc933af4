"""Simulated networks whose calibration error is known.

`python -m tests.evaluation.simulated_calibration` prints how often the interval
of the error holds it.
"""

from itertools import product

import numpy as np

from study.evaluation.calibration import Calibration, calibration

OFF = (0.0, 0.002, 0.005, 0.01, 0.03, 0.1)
"""Over-confident by so much; an error of 0 is that of a network that is perfectly calibrated."""


def found(off: float, sharp: bool, images: int, rng: np.random.Generator) -> Calibration:
    """Of a network that says it is surer than it is right, as nearly always or now and then."""
    confidence = _confidence(sharp, images, rng)
    right = rng.random(images) < np.maximum(confidence - off, 0)
    return calibration(confidence, right, seed=int(rng.integers(2**32)))


def covered(off: float, sharp: bool, images: int, networks: int) -> float:
    """Share of the networks whose interval holds the true error."""
    rng, held = np.random.default_rng(1), 0
    for _ in range(networks):
        low, high = found(off, sharp, images, rng).error.ci95
        held += low <= off <= high
    return held / networks


def _confidence(sharp: bool, images: int, rng: np.random.Generator) -> np.ndarray:
    """(images,) in [0.1, 1]: most of it near 1, or all over."""
    return 1 - 0.9 * (rng.beta(0.25, 1.6, images) if sharp else rng.beta(1.2, 2, images))


if __name__ == "__main__":
    for off, sharp, images in product(OFF, (True, False), (500, 10_000)):
        share = covered(off, sharp, images, 500)
        print(f"off by {off:.1%}, sharp {sharp}, {images:,} images: {share:.1%}", flush=True)
