"""Which images figures are drawn of."""

import numpy as np

from study.run_figures import random_indices


def test_random_indices_do_not_repeat_and_follow_from_the_seed() -> None:
    chosen = random_indices(1000, 50, seed=1)

    assert len(np.unique(chosen)) == 50
    assert chosen.tolist() == sorted(chosen.tolist())
    assert chosen.tolist() == random_indices(1000, 50, seed=1).tolist()
    assert chosen.tolist() != random_indices(1000, 50, seed=2).tolist()
    assert random_indices(10, 50, seed=1).tolist() == list(range(10))
