"""The score over two hyperparameters at once."""

from itertools import combinations

import pytest

from study.figures.search.pairs import contour_info, contour_words, rank_info, rank_words
from tests.factories import trial
from tests.figures.search.six_trials import choice, grid, number, of, scored, six


def test_surface_has_the_score_of_each_pair_of_values_and_one_dot_per_trial() -> None:
    found = contour_info(grid())
    assert found
    assert (found.points.x.name, found.points.y.name) == ("filters", "norm")
    assert (found.columns, found.rows) == ((0, 1), (0, 1))  # yes is the first of the space
    assert [*map(list, found.surface)] == [
        [pytest.approx(0.6), pytest.approx(0.9)],
        [pytest.approx(0.5), pytest.approx(0.7)],
    ]
    placed = zip(found.points.numbers, found.points.across, found.points.up, strict=True)
    assert [*placed] == [(0, 0, 1), (2, 0, 0), (4, 1, 0), (6, 1, 1)]
    assert contour_words(grid(), found).caption.startswith(
        "The score by filters and norm, the first that varied, interpolated between 4 trials "
        "(dots)."
    )


def test_surface_lies_between_the_scores_and_is_evenly_spaced_over_many_values() -> None:
    search = of(
        *(
            trial(n, 0.5 + n / 200, hyperparameters={"a": 10 ** (n / 40), "b": n * 7 % 80 / 80})
            for n in range(80)
        ),
        hyperparameters=(number("a", 1, 100, log=True), number("b", 0, 1)),
    )
    found = contour_info(search)
    assert found
    assert (len(found.columns), len(found.rows)) == (24, 24)
    assert found.columns[1] / found.columns[0] == pytest.approx(found.columns[2] / found.columns[1])
    assert found.rows[1] - found.rows[0] == pytest.approx(found.rows[2] - found.rows[1])
    heights = [height for row in found.surface for height in row]
    assert 0.5 <= min(heights) < 0.55
    assert 0.84 < max(heights) <= 0.9


def test_surface_takes_four_trials_that_differ_in_two_hyperparameters() -> None:
    assert contour_info(scored(0.7, 0.8, 0.9, 0.6)) is None
    assert (
        contour_info(of(*grid().trials[:4], hyperparameters=tuple(grid().space.hyperparameters)))
        is None
    )
    aligned = of(
        *(trial(n, n / 10, hyperparameters={"a": n, "b": n}) for n in range(5)),
        hyperparameters=(choice("a", *range(5)), choice("b", *range(5))),
    )
    assert contour_info(aligned)  # on a line too


def test_ranks_go_from_the_worst_to_the_best_whatever_the_scores_between() -> None:
    found = rank_info(grid())
    assert found
    (panel,) = found.panels
    assert panel.points.numbers == (0, 2, 4, 6)
    assert panel.ranks == (0, pytest.approx(1 / 3), 1, pytest.approx(2 / 3))
    assert [round(place) for place in panel.points.across] == [0, 0, 1, 1]
    assert [round(place) for place in panel.points.up] == [1, 0, 0, 1]
    assert found.quantiles == pytest.approx((0.5, 0.575, 0.65, 0.75, 0.9))


def test_panels_of_ranks_pair_the_three_first_and_leave_out_trials_that_lack_one() -> None:
    found = rank_info(six())
    assert found
    pairs = [(panel.points.x.name, panel.points.y.name) for panel in found.panels]
    assert pairs == [*combinations(six().names[:3], 2)]
    ranks = {0: 0.5, 1: 0, 4: 0.75, 5: 1, 7: 0.25}
    for pair, panel in zip(pairs, found.panels, strict=True):
        numbers = (4, 7) if "momentum" in pair else (0, 1, 4, 5, 7)
        assert panel.points.numbers == numbers
        assert panel.ranks == tuple(ranks[number] for number in numbers)
    assert rank_words(six(), found).caption.startswith("5 trials over pairs of ")


def test_equal_scores_share_their_rank_and_one_hyperparameter_makes_no_pair() -> None:
    alike = of(
        *(trial(n, 0.9, hyperparameters={"a": n, "b": n}) for n in range(3)),
        hyperparameters=(choice("a", 0, 1, 2), choice("b", 0, 1, 2)),
    )
    found = rank_info(alike)
    assert found
    assert found.panels[0].ranks == (0.5, 0.5, 0.5)
    assert rank_info(of(*alike.trials, hyperparameters=(choice("a", 0, 1, 2),))) is None
