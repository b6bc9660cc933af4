"""What a search found and at what cost: scores, Pareto fronts, importances, fewer trials."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from study.figures.search.searched import BASELINE, Searched, Words
from study.records.importance import Importance, Importances
from study.trials import excerpt
from study.trials.checks import ExpectedBest, expected_best
from study.wording import duration, listed, percent, points, points_range, several

PLACES = 100
"""Number of scores at which the distribution is computed."""
SEED = 1
"""Seed of the bootstrap for the best of fewer trials."""
MOST_NAMED = 4
"""At most this many undecided hyperparameters are named; of more, only the number is given."""

READING_DISTRIBUTION = (
    "At each score, the height of the line is the share of trials with that score or less. The "
    "line is steep where many trials have about the same score, and flat where none has. A line "
    "that stays low and rises late means that most trials are good; a line that rises early, that "
    "good trials are rare. Only random search draws its trials evenly from the space, so only its "
    "line describes the space; the other tuners draw more trials where they expect good scores."
)
READING_COST = (
    "Further up is better, further left costs less. A trial is on the front (the Pareto front) if "
    "no other trial is both as good and as cheap, so that any better trial costs more. For each of "
    "the other trials there is one on the front that is at least as good and costs no more. The "
    "steps show the best score available at each cost: where they are flat, paying more gains "
    "little. Differences between trials are partly due to chance, so a trial just below the front "
    "may be as good."
)
READING_MORE_TRIALS = (
    "If the search had ended after fewer trials, its best score would have depended on the order "
    "in which the trials came. The line is the best score among the first trials, on average over "
    "all orders; the band is its 95% bootstrap interval, which cannot reach above the best score "
    "seen and is too narrow where good scores are rare. The baseline, which was not drawn from "
    "the space, is left out."
)


class DistributionInfo(NamedTuple):
    """The empirical distribution function of the scores of all trials."""

    scores: tuple[float, ...]
    """Scores, evenly spaced from the lowest to the highest."""
    shares: tuple[float, ...]
    """Share of the trials with at most each of these scores, in [0, 1]."""
    trials: int
    half: float
    """The score that half of the trials reach."""
    tenth: float
    """The score that the best tenth of the trials reach."""


def distribution_info(search: Searched) -> DistributionInfo | None:
    """None if fewer than two trials have a score."""
    scores = np.sort([*search.equal.values()])
    if len(scores) < 2:
        return None
    places = np.linspace(scores[0], scores[-1], PLACES)
    shares = np.searchsorted(scores, places, side="right") / len(scores)
    half, tenth = np.quantile(scores, [0.5, 0.9]).tolist()
    return DistributionInfo(
        tuple(places.tolist()), tuple(shares.tolist()), len(scores), half, tenth
    )


def distribution_words(search: Searched, info: DistributionInfo) -> Words:
    """Says which scores half of the trials and the best tenth reach."""
    return Words(
        "Distribution of the scores (EDF)",
        f"The share of {several(info.trials, 'trial')} with at most each score. Half of the trials "
        f"reach {percent(info.half)}, the best tenth {percent(info.tenth)}.{search.fair}",
        "A rising line: the share of the trials with at most the score on the horizontal axis.",
        READING_DISTRIBUTION,
    )


@dataclass(frozen=True)
class Cost:
    """A property of a trial of which less is better."""

    attribute: str
    name: str
    unit: str
    """What follows the name on the axis, beginning with a space."""
    cheap: str
    written: Callable[[float], str]


PARAMETERS = Cost(
    "parameters", "parameters", "", "small", lambda number: several(int(number), "parameter")
)
LATENCY = Cost(
    "latency",
    "time to predict an image",
    " (s)",
    "quick to predict",
    lambda seconds: f"{1000 * seconds:.2g} ms",
)
SECONDS = Cost("seconds", "training time", " (s)", "quick to train", duration)


class CostInfo(NamedTuple):
    """Score against cost, cheapest first."""

    cost: Cost
    numbers: tuple[int, ...]
    """Numbers of the drawn trials whose cost is recorded."""
    costs: tuple[float, ...]
    scores: tuple[float, ...]
    """In [0, 1]."""
    front: tuple[int, ...]
    """Indices of the trials that no other beats in both, in the order of their cost."""
    counted: int
    """How many trials the front was computed from, including those that are not drawn."""


def cost_info(search: Searched, cost: Cost) -> CostInfo | None:
    """None if the cost of fewer than two drawn trials is recorded."""
    priced = [
        (float(price), trial.score, trial.number)
        for trial in search.drawn
        if (price := getattr(trial, cost.attribute)) is not None and trial.score is not None
    ]
    if len(priced) < 2:
        return None
    costs, scores, numbers = zip(*sorted(priced), strict=True)
    front = np.flatnonzero(excerpt.front(np.array(costs), np.array(scores)))
    return CostInfo(
        cost=cost,
        numbers=numbers,
        costs=costs,
        scores=scores,
        front=tuple(front.tolist()),
        counted=sum(getattr(trial, cost.attribute) is not None for trial in search.scored),
    )


def cost_words(search: Searched, info: CostInfo) -> Words:
    """Says at which trial the front begins and at which it ends."""
    cost, ends = info.cost, [info.front[0], info.front[-1]]
    first, last = (
        f"trial {info.numbers[at]} ({cost.written(info.costs[at])}, {percent(info.scores[at])})"
        for at in ends
    )
    counted = several(info.counted, "trial")
    if len(info.front) == 1:
        said = f"Of {counted}, no other is both as {cost.cheap} and as good as {first}."
    else:
        said = (
            f"Of {counted}, {len(info.front)} are on the front: for each of them, no other trial "
            f"is both as {cost.cheap} and as good. The front runs from {first} to {last}."
        )
    return Words(
        f"Accuracy against {cost.name}",
        said + search.sampled,
        f"Scatter plot of {search.score} against {cost.name}{cost.unit}, with a line through the "
        "front.",
        READING_COST,
    )


def importances_info(search: Searched) -> Importances | None:
    """None if there are too few trials, or too few different ones."""
    return search.importances if search.importances.ped_anova else None


def importances_words(search: Searched, info: Importances) -> Words:
    """Says what either method can tell with certainty, and what it cannot."""
    common = {one.name for one in info.fanova}
    others = [one.name for one in info.ped_anova if one.name not in common]
    said = (
        f"Shares by two methods, with 95% intervals over resamples of {info.trials:,} trials. Pale "
        "bars mean that there are too few trials to tell: the interval is as wide as the share "
        "or includes an equal share for all. "
        f"{_said('fANOVA', info.fanova)} {_said('PED-ANOVA', info.ped_anova)}"
    )
    if others:
        said += f" fANOVA leaves out hyperparameters that some trials lack: {listed(others)}."
    if info.trials < len(search.equal):
        said += (
            f" Both are computed from {info.trials:,} trials, drawn at random from the "
            f"{len(search.equal):,} with a score."
        )
    return Words(
        "Importance of the hyperparameters",
        said + search.fair,
        "Two bars with an interval for each hyperparameter: its importance by fANOVA and by "
        "PED-ANOVA.",
        _reading(info.good),
    )


def _reading(good: int) -> str:
    return (
        "fANOVA asks what the scores vary with: it fits a random forest to the trials, and a "
        "hyperparameter's share is the part of the forest's variance that it explains, among bad "
        "networks as much as among good ones. PED-ANOVA asks what sets the best trials apart: how "
        f"far the values of the best {good} trials differ from those of all. So a value that ruins "
        "networks counts most in fANOVA, and a value that turns a good network into the best "
        "counts most in PED-ANOVA. Each method's shares add up to 100% of the effects of single "
        "hyperparameters; effects that two have only together are in neither. A share does not "
        "tell which value is good; the panels of the score against each hyperparameter do."
    )


def importance_in_words(one: Importance) -> str:
    """The share with its interval: "rate 41% (22% to 55%)"."""
    return f"{one.name} {one.share:.0%} ({one.low:.0%} to {one.high:.0%})"


def _said(method: str, found: tuple[Importance, ...]) -> str:
    settled = [importance_in_words(one) for one in found if one.settled]
    open_names = [one.name for one in found if not one.settled]
    if not found:
        return f"{method}: no hyperparameter that varied is in all trials."
    if not settled:
        return f"{method}: too few trials to tell for any hyperparameter."
    if not open_names:
        return f"{method}: {listed(settled)}."
    of = listed(open_names) if len(open_names) <= MOST_NAMED else f"{len(open_names)} others"
    return f"{method}: {listed(settled)}; too few trials to tell for {of}."


def more_trials_info(search: Searched) -> ExpectedBest | None:
    """Expected best score of fewer trials; None if there are fewer than four but the baseline."""
    scores = [trial.score for trial in search.scored if trial.number != BASELINE]
    return expected_best([score for score in scores if score is not None], SEED)


def more_trials_words(search: Searched, info: ExpectedBest) -> Words:
    """Says what the second half of the trials gained, and what that tells about further trials."""
    trials, half = info.trials[-1], info.trials[-1] // 2
    said = (
        f"{several(half, 'trial')} would have found {percent(info.half)} on average, all "
        f"{trials} found {percent(info.mean[-1])}"
    )
    if search.tuner == "random":
        gain, low, high = info.second_half
        slope, least, most = info.slope
        said += (
            f": the second half brought {points(gain)} points (95% interval "
            f"{points_range((low, high))}), {100 * slope:.3f} points per trial ({100 * least:.3f} "
            f"to {100 * most:.3f}). Each further trial would add no more than that on average. "
            f"With a probability of one half, {trials} more random trials would include one better "
            "than all of these, whatever these scored; ties make it less likely."
        )
    else:
        whose = f"{search.tuner} search" if search.tuner else "a search that is not random"
        said += (
            f". The trials of {whose} are not independent draws, so this says nothing about what "
            "more trials would find."
        )
    return Words(
        "The best of fewer trials",
        said,
        f"Line plot of the expected best score of one to {trials} trials, with a band for its "
        "interval.",
        READING_MORE_TRIALS,
    )
