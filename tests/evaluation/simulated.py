"""Simulated studies: what is known of them is what a comparison of them should find.

`python -m tests.evaluation.simulated` prints how often networks that are equal are told apart, how
often a true gain is found, and how often intervals hold the true value.
"""

from itertools import product
from typing import NamedTuple

import numpy as np

from study.evaluation.uncertainty import compare, estimate

WRONG_WHERE_HARD = 0.4
"""Mean share of the seeds that are wrong on an image that is hard; on all others none is."""
UNIT = 0.7
"""Spread over seeds is told in standard errors of an accuracy over the images, times this."""


class World(NamedTuple):
    """Where studies are drawn from."""

    seeds: int
    images: int
    error: float
    spread: float = 0.0
    """Standard deviation of the accuracy over seeds, in about a standard error over the images."""
    agreement: float = 3.0
    """Of a network's seeds on an image: the smaller, the more nearly all are right or all wrong."""
    gain: float = 0.0
    """Of the tuned network's accuracy, in standard errors over the images."""

    @property
    def unit(self) -> float:
        """A standard error over the images of an accuracy that is nearly 1."""
        return float(np.sqrt(self.error / self.images))


def study(world: World, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Whether baseline and tuned are right: (seeds, images) bool each.

    Half of the hard images are as hard for both networks, the others for each in its own way; a
    seed is as much better or worse on all of them.
    """
    hard = rng.binomial(world.images, world.error / WRONG_WHERE_HARD)
    shape = world.agreement * WRONG_WHERE_HARD, world.agreement * (1 - WRONG_WHERE_HARD)
    shared, both = rng.beta(*shape, hard), rng.random(hard) < 0.5
    scale = WRONG_WHERE_HARD / world.error if world.error else 0.0
    made = []
    for gain in (0.0, world.gain * world.unit):
        risk = np.where(both, shared, rng.beta(*shape, hard))
        luck = rng.normal(0, world.spread * UNIT * world.unit, (world.seeds, 1))
        right = np.ones((world.seeds, world.images), bool)
        right[:, :hard] = rng.random((world.seeds, hard)) >= risk + scale * (luck - gain)
        made.append(right)
    return made[0], made[1]


def rejected(world: World, studies: int, seed: int = 1) -> float:
    """Share of the studies whose comparison finds a difference."""
    rng = np.random.default_rng(seed)
    verdicts = [compare(*study(world, rng)).verdict for _ in range(studies)]
    return float(np.mean([verdict != "no significant difference" for verdict in verdicts]))


def covered(world: World, studies: int, seed: int = 1) -> float:
    """Share of the studies whose interval of the baseline holds its true accuracy."""
    rng, held = np.random.default_rng(seed), 0
    for _ in range(studies):
        low, high = estimate(study(world, rng)[0]).ci95
        held += low <= 1 - world.error <= high
    return held / studies


def _table(studies: int) -> None:
    for seeds, images, error in product((2, 3, 5), (200, 1_000, 10_000), (0.01, 0.1)):
        for agreement in (0.3, 3.0):
            worlds = [World(seeds, images, error, spread, agreement) for spread in (0, 0.5, 1)]
            if error == 0.1:  # elsewhere so large a spread would give shares below 0
                worlds.append(World(seeds, images, error, 2.0, agreement))
                worlds.append(World(seeds, images, error, 3.0, agreement))
            found = [f"{rejected(world, studies):6.1%}" for world in worlds]
            gains = [World(seeds, images, error, spread, agreement, 1.5) for spread in (0, 1)]
            power = [f"{rejected(world, studies):6.1%}" for world in gains]
            print(seeds, images, error, agreement, "size", *found, "power", *power, flush=True)
    for seeds, images, error in product((2, 3, 5), (50, 400, 1_000), (0.0, 0.002, 0.01, 0.1)):
        worlds = [World(seeds, images, error, 0.5 * (error > 0), a) for a in (0.3, 3.0)]
        held = [f"{covered(world, studies):6.1%}" for world in worlds]
        print(seeds, images, error, "coverage", *held, flush=True)


if __name__ == "__main__":
    _table(1_000)
