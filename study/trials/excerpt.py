"""How much of a long search is shown, and which of its trials: decided here for every chart, table
and figure. A search within these limits is shown whole."""

from collections.abc import Sequence

import numpy as np

from study.records.trial import Trial
from study.trials.ranking import best_trials, has_score

MOST_TRIALS = 500
"""Trials with a score that are shown. A panel of 200 by 200 pixels has room for some 800 dots of
7 pixels side by side, and a browser draws so many lines over ten axes in about a second."""
MOST_WITHOUT_SCORE = 1_000
"""The same of failed trials: every one of a usual search of 10,000, of which one in twenty fails.
With a row of the table each they are a megabyte of the page."""
BEST = 100
"""So many of the best trials are always among those shown: what a search is read for."""
MOST_FOR_IMPORTANCES = 500
"""Trials, drawn at random, that importances are computed from: of more the intervals get narrower
by little, and sixty resamples take minutes."""
MOST_STEPS = 200
"""Points of a line over the number of trials: its picture is not much wider in dots."""
COSTS = ("parameters", "latency", "seconds")
"""Fields of a trial that are drawn against its score, with a Pareto front."""
CHOICE = (
    f"the baseline, the best {BEST}, those on the Pareto fronts, and others drawn at random: good "
    "ones are more frequent than in the search"
)
"""Which trials with a score are shown, in words."""

_SEED = 1


def shown(trials: Sequence[Trial]) -> list[Trial]:
    """The trials that are shown, in the order given; all, if they are not too many.

    Of those with a score the baseline, the best ones and those on a Pareto front are always there.
    Of more failed trials than `MOST_WITHOUT_SCORE` the first of each error is, if these are not
    too many themselves.
    """
    scored = [trial for trial in trials if has_score(trial)]
    others = [trial for trial in trials if not has_score(trial)]
    if len(scored) <= MOST_TRIALS and len(others) <= MOST_WITHOUT_SCORE:
        return list(trials)
    first = {trial.error: trial for trial in reversed(others)}
    chosen = {
        trial.number
        for trial in [
            *_filled(_always(scored), scored, MOST_TRIALS),
            *_filled([*first.values()][:MOST_WITHOUT_SCORE], others, MOST_WITHOUT_SCORE),
        ]
    }
    return [trial for trial in trials if trial.number in chosen]


def said_of(trials: Sequence[Trial], shown: Sequence[Trial]) -> str:
    """Which of the trials are shown, in words, if not all are."""
    scored, there = (sum(map(has_score, some)) for some in (trials, shown))
    failed = f"the {len(shown) - there:,} that failed"
    if len(shown) - there < len(trials) - scored:
        failed = f"{len(shown) - there:,} of the {len(trials) - scored:,} that failed"
    if there == scored:
        return f"all {scored:,} trials with a score and {failed}"
    return f"{there:,} of the {scored:,} trials with a score ({CHOICE}) and {failed}"


def _always(scored: Sequence[Trial]) -> list[Trial]:
    """The baseline, the best, and the Pareto fronts; some of them several times."""
    always = [trial for trial in scored if trial.number == 0] + best_trials(scored, BEST)
    for cost in COSTS:
        priced = [trial for trial in scored if getattr(trial, cost) is not None]
        on_front = front(
            np.array([getattr(trial, cost) for trial in priced], dtype=float),
            np.array([trial.score for trial in priced], dtype=float),
        )
        always += [priced[place] for place in np.flatnonzero(on_front)]
    return always


def _filled(always: Sequence[Trial], trials: Sequence[Trial], most: int) -> list[Trial]:
    """These, and so many others at random that they are `most` in all."""
    numbers = {trial.number for trial in always}
    rest = [trial for trial in trials if trial.number not in numbers]
    return [*always, *at_random(rest, max(most - len(numbers), 0))]


def at_random(trials: Sequence[Trial], most: int) -> list[Trial]:
    """So many of the trials, the same ones every time, in their order; or all there are."""
    if len(trials) <= most:
        return list(trials)
    chosen = np.random.default_rng(_SEED).choice(len(trials), most, replace=False)
    return [trials[place] for place in np.sort(chosen)]


def front(costs: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """(n,) whether no other trial is as cheap and as good, and better in one of the two.

    Args:
        costs: (n,) finite; less is better.
        scores: (n,) finite; more is better.
    """
    order = np.lexsort((-scores, costs))
    found = np.zeros(len(scores), dtype=bool)
    best, price = -np.inf, -np.inf
    for place in order:
        if scores[place] > best:
            best, price = scores[place], costs[place]
        found[place] = scores[place] == best and costs[place] == price
    return found


def steps(count: int) -> np.ndarray:
    """Numbers of trials from 1 to `count` at which a line over them has its points.

    All of them, if they are not too many. Else half of them lie evenly and half by equal factors,
    for the first trials change most; one is always `count // 2`.
    """
    if count <= MOST_STEPS:
        return np.arange(1, count + 1)
    parts = (space(1, count, MOST_STEPS // 2) for space in (np.linspace, np.geomspace))
    return np.unique([*np.concatenate([*parts]).round().astype(int), count // 2])
