"""One effect size for groups of trials and for an order of trials."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from study.evaluation.rank_effect import Trait, explained, p_value

OUTCOME = [0.1, 0.4, 0.2, 0.9, 0.5, 0.7]


def test_an_order_explains_the_square_of_spearman_s_correlation_beyond_chance() -> None:
    values = [1, 2, 3, 4, 5, 6]
    squared = spearmanr(OUTCOME, values).statistic ** 2
    trait = Trait(np.array(values), "order")
    assert explained(OUTCOME, trait) == pytest.approx((squared - 1 / 5) / (1 - 1 / 5))


def test_two_groups_and_their_order_are_the_same_question() -> None:
    """The square of a correlation with 0 and 1 is the share between two groups."""
    values = np.array([0, 0, 1, 1, 1, 0])
    groups, order = Trait(values, "groups"), Trait(values, "order")
    assert explained(OUTCOME, groups) == pytest.approx(explained(OUTCOME, order))
    found = [p_value(OUTCOME, one, np.random.default_rng(1)) for one in (groups, order)]
    assert found[0] == pytest.approx(found[1])
    assert found[0] < 1


@pytest.mark.parametrize("kind", ["groups", "order"])
@pytest.mark.parametrize(
    ("outcome", "values"), [([1, 1, 1, 1], [1, 1, 2, 2]), ([1, 2, 3, 4], [5, 5, 5, 5])]
)
def test_where_nothing_varies_nothing_is_explained(
    outcome: list[float], values: list[float], kind: str
) -> None:
    trait = Trait(np.array(values), kind)  # type: ignore[arg-type]  # one of the two
    assert explained(outcome, trait) == 0
    assert p_value(outcome, trait, np.random.default_rng(1)) == 1
