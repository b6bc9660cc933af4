"""The score over two hyperparameters at once: as a surface, and as ranks."""

from collections.abc import Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np

from study.figures.search.scales import Scale, spread
from study.figures.search.searched import Searched, Words
from study.records.wording import listed, several

FEWEST_TRIALS = 4
"""Trials from which a surface is drawn through them."""
FINE = 24
"""Places of a surface along an axis of numbers, but for axes of fewer whole numbers."""
NEARNESS = 4
"""Power of a trial's distance that its weight in the surface falls with."""

READING_CONTOUR = (
    "Bright is a high score, dark a low one, as the scale beside says. If the colour changes along "
    "one axis only, the other hyperparameter matters little; if a bright band runs aslant, with "
    "darker colours on both sides, the best value of one depends on the other. A bright part at "
    "the edge says that the space may end too early. Where there are no dots near, nothing was "
    "tried, and the colour means little."
)
READING_RANK = (
    "A dot is a trial; its colour is its place among all trials, from the worst (dark) to the best "
    "(bright), not its score: a few very bad trials do not hide the differences between the good "
    "ones. Where bright dots keep to themselves, the two values go well together; where bright and "
    "dark are mixed, the two decide little."
)


class PairPoints(NamedTuple):
    """Trials over two hyperparameters."""

    x: Scale
    y: Scale
    numbers: tuple[int, ...]
    """Of the trials that are drawn and have both; the rest is theirs."""
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
    """The score at each place, in [0, 1], one tuple per row: that of the trials there, or a mean of
    all, the near ones weighing most."""
    best: int | None


def contour_info(search: Searched) -> ContourInfo | None:
    """The first two hyperparameters that enough trials have; None if there are no such two."""
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
    """The places tried if they are few, else places evenly spaced over them."""
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
    """Between which hyperparameters, and why these."""
    points = info.points
    return Words(
        "Contour",
        f"The score between {points.x.name} and {points.y.name}, {_why(search)}, drawn through "
        f"{several(len(points.numbers), 'trial')} (dots). Between the dots it is a guess; the "
        f"other hyperparameters varied as well.{search.fair}{search.sampled}",
        f"Coloured surface of the score by {points.x.name} and {points.y.name}, with one dot per "
        "trial.",
        READING_CONTOUR,
    )


def _why(search: Searched) -> str:
    return "the first by PED-ANOVA" if search.importances.ped_anova else "the first that varied"


class RankPanel(NamedTuple):
    """Trials over two hyperparameters, and their ranks."""

    points: PairPoints
    """Those of one category lie beside each other."""
    ranks: tuple[float, ...]
    """From 0, the worst of all trials, to 1, the best; equals share their mean rank."""


class RankInfo(NamedTuple):
    """Ranks over every pair of the most important hyperparameters."""

    panels: tuple[RankPanel, ...]
    quantiles: tuple[float, ...]
    """Scores of the worst trial, of a quarter, half and three quarters of them, and the best."""
    trials: int
    """That are drawn."""


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
            # Other numbers, or dots that share both categories would lie on a line.
            up=spread(points.y, [number**2 for number in points.numbers], points.up),
        ),
        ranks,
    )


def rank_words(search: Searched, info: RankInfo) -> Words:
    """Over which hyperparameters, and why these."""
    names = list(search.names[:3])
    return Words(
        "Rank",
        f"{several(info.trials, 'trial')} over pairs of {listed(names)}, {_why(search)}; the "
        f"colour is the rank, from the worst to the best.{search.fair}{search.sampled}",
        f"Scatter plots of pairs of {listed(names)}, coloured by the rank of the score.",
        READING_RANK,
    )
