"""The score over each hyperparameter, and all of them side by side."""

import pytest

from study.figures.search.by_value import (
    ABSENT,
    MOST_AXES,
    PanelsInfo,
    ValuePanel,
    panels_info,
    panels_words,
    parallel_info,
    parallel_words,
)
from study.figures.search.searched import Searched
from tests.factories import trial
from tests.figures.search.six_trials import choice, number, of, scored, six, varied


def panels(search: Searched) -> PanelsInfo:
    found = panels_info(search)
    assert found
    return found


def test_there_is_one_panel_per_hyperparameter_in_the_order_of_their_importance() -> None:
    found = panels(six())
    assert [panel.scale.name for panel in found.panels] == [*six().names]
    assert (found.varied, found.trials, found.best) == (4, 5, 5)


def test_panel_has_one_dot_per_trial_that_has_the_hyperparameter() -> None:
    by_name = {panel.scale.name: panel for panel in panels(six()).panels}
    momentum = by_name["momentum"]
    assert momentum == ValuePanel(
        momentum.scale, (4, 7), (0.5, 0.9), (0.85, 0.7), medians=(), having=2
    )
    norm = by_name["norm"]
    assert norm.scale.choices == (True, False)
    assert (norm.numbers, norm.scores) == ((0, 1, 4, 5, 7), (0.8, 0.6, 0.85, 0.9, 0.7))
    assert [round(place) for place in norm.places] == [0, 1, 0, 0, 1]
    assert norm.medians == ((0, 0.85), (1, pytest.approx(0.65)))


def test_failed_trials_are_in_no_panel() -> None:
    search = of(
        trial(0, 0.7, hyperparameters={"units": 64}),
        trial(1, 0.8, hyperparameters={}),
        trial(2, 0.9, hyperparameters={"units": 128}),
        trial(3, None, hyperparameters={"units": 256}),
        hyperparameters=(choice("units", 64, 128, 256),),
    )
    (panel,) = panels(search).panels
    assert (panel.numbers, panel.having, panel.scale.choices) == ((0, 2), 2, (64, 128))


def test_caption_says_what_is_shown() -> None:
    assert panels_words(six(), panels(six())).caption == (
        "Validation accuracy of 5 trials against each of 4 hyperparameters that varied, the most "
        "important first (PED-ANOVA). The baseline is orange, the best trial blue; bars are "
        "medians. Trials that do not have a hyperparameter are missing from its panel."
    )
    few = varied(choice("x", 1, 2), 1, 2)  # too few for importances
    assert "each of 1 hyperparameter that varied. The" in panels_words(few, panels(few)).caption


@pytest.mark.parametrize("search", [scored(0.8, 0.9), varied(choice("x", 1, 2), 1)])
def test_nothing_varied_no_charts(search: Searched) -> None:
    assert panels_info(search) is None
    assert parallel_info(search) is None


def test_lines_cross_the_axes_at_the_trials_values() -> None:
    found = parallel_info(six())
    assert found
    assert [axis.name for axis in found.axes] == ["score", "filters", "momentum", "norm", "rate"]
    # The worst first, so that the best is drawn over it.
    assert [line.number for line in found.lines] == [1, 7, 0, 4, 5]
    weights = [0.15 + 0.75 * share**2 for share in (0, 0.25, 0.5, 0.75, 1)]
    assert [line.weight for line in found.lines] == pytest.approx(weights)
    given = {one.number: one for one in six().trials}
    for line in found.lines:
        one = given[line.number]
        assert one.score is not None
        score, filters, momentum, norm, _ = line.places
        assert score == pytest.approx((one.score - 0.6) / 0.3)
        assert filters == [16, 32, 64].index(one.hyperparameters["filters"]) / 2  # type: ignore[arg-type]
        assert (momentum == 0) == ("momentum" not in one.hyperparameters)
        assert norm == (not one.hyperparameters["norm"])
    momenta = {line.number: line.places[2] for line in found.lines}
    assert (momenta[4], momenta[7]) == (pytest.approx(ABSENT), 1)
    texts = {text for axis in found.axes for _, text in axis.ticks}
    assert {"60.00%", "90.00%", "yes", "no", "–"} <= texts  # noqa: RUF001


def test_in_a_crowd_some_fifteen_lines_are_dark() -> None:
    search = of(
        *(trial(n, n / 500, hyperparameters={"x": n / 500}) for n in range(500)),
        hyperparameters=(number("x", 0, 1),),
    )
    found = parallel_info(search)
    assert found
    weights = [line.weight for line in found.lines]
    assert weights == sorted(weights)
    assert weights[0] == pytest.approx(8 / 500)
    assert sum(weight > 0.4 for weight in weights) in range(8, 16)


def test_axis_of_one_score_has_one_tick_at_which_all_lines_begin() -> None:
    search = of(
        *(trial(n, 0.8, hyperparameters={"x": n / 2}) for n in range(3)),
        hyperparameters=(number("x", 0, 1),),
    )
    found = parallel_info(search)
    assert found
    assert found.axes[0].ticks == ((0.5, "80.00%"),)
    assert [line.places for line in found.lines] == [(0.5, 0), (0.5, 0.5), (0.5, 1)]


def test_only_the_most_important_hyperparameters_have_an_axis() -> None:
    names = [f"h{n:02}" for n in range(MOST_AXES + 3)]
    search = of(
        *(trial(n, 0.5 + n / 10, hyperparameters=dict.fromkeys(names, n)) for n in range(3)),
        hyperparameters=tuple(choice(name, 0, 1, 2) for name in names),
    )
    found = parallel_info(search)
    assert found
    assert len(found.axes) == 1 + MOST_AXES
    assert "across the first 12 of 15 hyperparameters" in parallel_words(search, found).caption
