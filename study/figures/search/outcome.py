"""What a search brought, and at what cost: scores, fronts, importances, the best of fewer."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from study.figures.search.searched import BASELINE, Searched, Words
from study.records.wording import duration, listed, percent, points, points_range, several
from study.trials import excerpt
from study.trials.checks import ExpectedBest, expected_best

if TYPE_CHECKING:
    from study.trials.importances import Importance, Importances

PLACES = 100
"""Scores at which the distribution is computed."""
SEED = 1
"""Of the bootstrap of the best of fewer trials."""
MOST_NAMED = 4
"""So many hyperparameters of which nothing can be said are named; of more, their number is."""

READING_DISTRIBUTION = (
    "Over each score the line is as high as the share of the trials that score so much or less. It "
    "is steep where many trials have about the same score, and flat where none has. A line that "
    "stays low and rises late says that most of the trials are good, one that rises early that "
    "good ones are rare. Only random search draws its trials evenly from the space, so only its "
    "line is about the space; the other tuners try more where they expect good scores."
)
READING_COST = (
    "Further up is better, further left costs less. A trial is on the front if no other is both as "
    "good and as cheap: whoever wants a better one than it has to pay more. For each of the "
    "others there is one on the front that is at least as good and costs no more. The steps show "
    "the best score to be had for at most so much: where they are flat, paying more gains little. "
    "Differences between trials are in part chance, so that a neighbour just below the front may "
    "be as good."
)
READING_MORE_TRIALS = (
    "Had the same trials come in another order, fewer of them would have found a better or a worse "
    "network. The line is the best score of so many trials on average over all orders, the band "
    "its 95% bootstrap interval, which knows of no score above the best one seen and is too short "
    "where good scores are rare. The baseline, which nobody drew, is left out."
)


class DistributionInfo(NamedTuple):
    """The empirical distribution function of the scores of all trials."""

    scores: tuple[float, ...]
    """Evenly spaced from the lowest to the highest."""
    shares: tuple[float, ...]
    """Share of the trials that score so much or less, in [0, 1]."""
    trials: int
    half: float
    """Half of the trials reach this score."""
    tenth: float
    """The best tenth of them reach this one."""


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
    """What half of the trials, and the best tenth, reach."""
    return Words(
        "Distribution of the scores (EDF)",
        f"The share of {several(info.trials, 'trial')} that score so much or less: half of them "
        f"reach {percent(info.half)}, the best tenth {percent(info.tenth)}.{search.fair}",
        "A rising line: the share of the trials with at most the score below.",
        READING_DISTRIBUTION,
    )


@dataclass(frozen=True)
class Cost:
    """Something that a trial says of itself, of which less is better."""

    attribute: str
    name: str
    unit: str
    """What stands behind the name on the axis, with a space before it."""
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
    """Of the trials that are drawn and say what they cost."""
    costs: tuple[float, ...]
    scores: tuple[float, ...]
    """In [0, 1]."""
    front: tuple[int, ...]
    """Places in these of the trials that no other beats in both: it rises with the cost."""
    counted: int
    """How many trials the front is of, those that are not drawn included."""


def cost_info(search: Searched, cost: Cost) -> CostInfo | None:
    """None if fewer than two trials that are drawn say what they cost."""
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
    """Where the front begins and where it ends."""
    cost, ends = info.cost, [info.front[0], info.front[-1]]
    first, last = (
        f"trial {info.numbers[at]} ({cost.written(info.costs[at])}, {percent(info.scores[at])})"
        for at in ends
    )
    said = f"Of {several(info.counted, 'trial')}, no other is as {cost.cheap} and as good as "
    if len(info.front) == 1:
        said += f"{first}."
    else:
        said += f"the {len(info.front)} on the front: from {first} to {last}."
    return Words(
        f"Accuracy against {cost.name}",
        said + search.sampled,
        f"Scatter plot of {search.score} against {cost.name}{cost.unit}, with a line through the "
        "front.",
        READING_COST,
    )


def importances_info(search: Searched) -> "Importances | None":
    """None if there are too few trials, or too few that differ."""
    return search.importances if search.importances.ped_anova else None


def importances_words(search: Searched, info: "Importances") -> Words:
    """What is certain of either method, and what is not."""
    common = {one.name for one in info.fanova}
    others = [one.name for one in info.ped_anova if one.name not in common]
    said = (
        "Shares by two methods, with 95% intervals over resampled trials "
        f"({info.trials}); pale: too few trials to say, the interval is as wide as the share or "
        "reaches down to an equal part. "
        f"{_said('fANOVA', info.fanova)} {_said('PED-ANOVA', info.ped_anova)}"
    )
    if others:
        said += f" fANOVA leaves out what not all trials have: {listed(others)}."
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
        "hyperparameter's share is how much of the forest's variance it explains, among bad "
        "networks as much as among good ones. PED-ANOVA asks what sets the best apart: how far "
        f"the values of the best {good} trials differ from those of all. So a value that ruins "
        "networks weighs most in fANOVA, and one that makes a good network the best in PED-ANOVA. "
        "Each method's shares add up to 100%, of what hyperparameters do one by one: what two do "
        "only together is in neither. A share does not say which value is the good one; the "
        "panels of the score against each hyperparameter show that."
    )


def importance_in_words(one: "Importance") -> str:
    """The share with its interval: "rate 41% (22% to 55%)"."""
    return f"{one.name} {one.share:.0%} ({one.low:.0%} to {one.high:.0%})"


def _said(method: str, found: "tuple[Importance, ...]") -> str:
    settled = [importance_in_words(one) for one in found if one.settled]
    open_names = [one.name for one in found if not one.settled]
    if not found:
        return f"{method}: nothing that varied is in all trials."
    if not settled:
        return f"{method}: too few trials to say, of any of them."
    if not open_names:
        return f"{method}: {listed(settled)}."
    of = listed(open_names) if len(open_names) <= MOST_NAMED else f"{len(open_names)} others"
    return f"{method}: {listed(settled)}; of {of}, too few trials to say."


def more_trials_info(search: Searched) -> ExpectedBest | None:
    """The best to be expected of fewer trials; None of fewer than four without the baseline."""
    scores = [trial.score for trial in search.scored if trial.number != BASELINE]
    return expected_best([score for score in scores if score is not None], SEED)


def more_trials_words(search: Searched, info: ExpectedBest) -> Words:
    """What the second half of the trials was worth, and what that allows to say of more."""
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
            f"to {100 * most:.3f}); of further trials each would add no more on average. Among "
            f"{trials} more random trials there is one better than all of these with a chance of "
            "one half, whatever these scored; ties make it less."
        )
    else:
        whose = f"{search.tuner} search" if search.tuner else "a search that is not random"
        said += (
            f". The trials of {whose} are no independent draws, so this says nothing of what more "
            "of them would find."
        )
    return Words(
        "The best of fewer trials",
        said,
        f"Line plot of the best score to be expected of one to {trials} trials, with a band for "
        "its interval.",
        READING_MORE_TRIALS,
    )
