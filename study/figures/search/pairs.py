"""The score over two hyperparameters at once: as a surface, and as ranks."""

from collections.abc import Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np

from study.figures.search.scales import Scale, spread
from study.figures.search.searched import Searched, Words
from study.wording import listed, several

FEWEST_TRIALS = 4
"""Fewest trials through which a surface is drawn."""
FINE = 24
"""Number of points of a surface along an axis of numbers, unless it has fewer whole numbers."""
NEARNESS = 4
"""Power of the distance with which a trial's weight in the surface falls."""

READING_CONTOUR = (
    "Bright is a high score and dark a low one, as in the scale beside the chart. If the colour "
    "changes along one axis only, the other hyperparameter matters little; if a bright band runs "
    "diagonally, with darker colours on both sides, the best value of one hyperparameter depends "
    "on the other. A bright part at the edge suggests that the space may end too early. Far from "
    "any dot nothing was tried, and the colour means little."
)
READING_RANK = (
    "Each dot is a trial. Its colour is its rank among all trials, from the worst (dark) to the "
    "best (bright), not its score, so a few very bad trials do not hide the differences between "
    "the good ones. Where bright dots cluster, the two values work well together; where bright and "
    "dark dots are mixed, the two hyperparameters matter little."
)


class PairPoints(NamedTuple):
    """Trials over two hyperparameters."""

    x: Scale
    y: Scale
    numbers: tuple[int, ...]
    """Numbers of the drawn trials that have both; the other fields are theirs."""
    across: tuple[float, ...]
    """Places on the x axis."""
    up: tuple[float, ...]
    """Places on the y axis."""
    scores: tuple[float, ...]
    """In [0, 1]."""


class ContourInfo(NamedTuple):
    """A surface through trials over two hyperparameters."""

    points: PairPoints
    columns: tuple[float, ...]
    """Places of the surface on the x axis."""
    rows: tuple[float, ...]
    """Places of the surface on the y axis."""
    surface: tuple[tuple[float, ...], ...]
    """The score at each place, in [0, 1], one tuple per row: that of the trials at this place, or a
    mean of all in which the near ones weigh most."""
    best: int | None


def contour_info(search: Searched) -> ContourInfo | None:
    """The surface over the first two hyperparameters that enough trials have; None if none do."""
    for pair in combinations(search.names, 2):
        points = _points(search, *sorted(pair))
        differ = all(len(set(places)) > 1 for places in (points.across, points.up))
        if len(points.numbers) >= FEWEST_TRIALS and differ:
            columns, rows = _grid(points.x, points.across), _grid(points.y, points.up)
            surface = _surface(points, columns, rows)
            return ContourInfo(points, tuple(columns), tuple(rows), surface, search.best)
    return None


def _points(search: Searched, across: str, up: str) -> PairPoints:
    first, second = (search.values(search.drawn, name) for name in (across, up))
    both = [number for number in first if number in second]
    x, y = search.scale(across), search.scale(up)
    return PairPoints(
        x=x,
        y=y,
        numbers=tuple(both),
        across=tuple(x.place(first[number]) for number in both),
        up=tuple(y.place(second[number]) for number in both),
        scores=tuple(search.equal[number] for number in both),
    )


def _grid(scale: Scale, tried: Sequence[float]) -> list[float]:
    """The places tried if there are few, else places evenly spaced over their range."""
    places = sorted(set(tried))
    if scale.kind == "categories" or len(places) <= FINE:
        return places
    spaced = np.geomspace if scale.kind == "log" else np.linspace
    return spaced(places[0], places[-1], FINE).tolist()


def _surface(
    points: PairPoints, columns: Sequence[float], rows: Sequence[float]
) -> tuple[tuple[float, ...], ...]:
    """Inverse distance weighting (Shepard 1968, "A two-dimensional interpolation function for
    irregularly-spaced data"), on axes that are each as long as the other."""
    x, y = (
        np.array([scale.share_of_place(place) for place in places])
        for scale, places in ((points.x, points.across), (points.y, points.up))
    )
    at_x = np.array([points.x.share_of_place(place) for place in columns])
    at_y = np.array([points.y.share_of_place(place) for place in rows])
    # (rows, columns, trials)
    squared = (at_x[None, :, None] - x) ** 2 + (at_y[:, None, None] - y) ** 2
    weights = (squared + 1e-9) ** (-NEARNESS / 2)
    surface = (weights @ np.array(points.scores)) / weights.sum(axis=2)
    return tuple(map(tuple, surface.tolist()))


def contour_words(search: Searched, info: ContourInfo) -> Words:
    """Says between which hyperparameters the surface lies, and why between these."""
    points = info.points
    return Words(
        "Contour",
        f"The score by {points.x.name} and {points.y.name}, {_why(search)}, interpolated between "
        f"{several(len(points.numbers), 'trial')} (dots). Between the dots the surface is a guess; "
        f"the other hyperparameters varied as well.{search.fair}{search.sampled}",
        f"Coloured surface of the score by {points.x.name} and {points.y.name}, with one dot per "
        "trial.",
        READING_CONTOUR,
    )


def _why(search: Searched) -> str:
    if search.importances.ped_anova:
        return "the most important by PED-ANOVA"
    return "the first that varied"


class RankPanel(NamedTuple):
    """Trials over two hyperparameters, and their ranks."""

    points: PairPoints
    """The trials; dots of one category lie beside each other."""
    ranks: tuple[float, ...]
    """Ranks from 0, the worst of all trials, to 1, the best; equal scores share their mean rank."""


class RankInfo(NamedTuple):
    """Ranks over every pair of the most important hyperparameters."""

    panels: tuple[RankPanel, ...]
    quantiles: tuple[float, ...]
    """Scores of the worst trial, of a quarter, half and three quarters of them, and the best."""
    trials: int
    """Number of trials that are drawn."""


def rank_info(search: Searched) -> RankInfo | None:
    """None if fewer than two trials are drawn, or fewer than two hyperparameters varied."""
    names = search.names[:3]
    if len(search.drawn) < 2 or len(names) < 2:
        return None
    scores = np.array([*search.equal.values()])
    return RankInfo(
        panels=tuple(_rank_panel(search, scores, *pair) for pair in combinations(names, 2)),
        quantiles=tuple(np.quantile(scores, [0, 0.25, 0.5, 0.75, 1]).tolist()),
        trials=len(search.drawn),
    )


def _rank_panel(search: Searched, scores: np.ndarray, across: str, up: str) -> RankPanel:
    points = _points(search, across, up)
    ranks = tuple(
        float((scores < score).sum() + ((scores == score).sum() - 1) / 2) / (len(scores) - 1)
        for score in points.scores
    )
    return RankPanel(
        points._replace(
            across=spread(points.x, points.numbers, points.across),
            # Spread by different numbers than along x, or dots that share both categories would
            # lie on a line.
            up=spread(points.y, [number**2 for number in points.numbers], points.up),
        ),
        ranks,
    )


def rank_words(search: Searched, info: RankInfo) -> Words:
    """Says over which hyperparameters the ranks are shown, and why over these."""
    names = list(search.names[:3])
    return Words(
        "Rank",
        f"{several(info.trials, 'trial')} over pairs of {listed(names)}, {_why(search)}; the "
        f"colour is the rank, from the worst to the best.{search.fair}{search.sampled}",
        f"Scatter plots of pairs of {listed(names)}, coloured by the rank of the score.",
        READING_RANK,
    )
