"""How much of a long search is shown, and which of its trials: decided here for every chart, table
and figure. A search within these limits is shown whole."""

from collections.abc import Sequence

import numpy as np

from study.records.trial import Trial
from study.trials.ranking import best_trials, has_score
from study.wording import listed, several

MOST_TRIALS = 500
"""Largest number of trials with a score that are shown. A panel of 200 by 200 pixels has room for
some 800 dots of 7 pixels side by side, and a browser draws that many lines over ten axes in about a
second."""
MOST_WITHOUT_SCORE = 1_000
"""Largest number of failed trials that are shown: all of a usual search of 10,000 trials, of which
one in twenty fails. With one row each in the table they add a megabyte to the page."""
BEST = 100
"""Number of best trials that are always shown: they are what a search is read for."""
MOST_FOR_IMPORTANCES = 500
"""Largest number of trials, drawn at random, that importances are computed from: with more,
intervals get only slightly narrower, and sixty resamples take minutes."""
MOST_STEPS = 200
"""Largest number of points of a line over the number of trials: a picture is not much wider."""
COSTS = ("parameters", "latency", "seconds")
"""Fields of a trial that are drawn against its score, with a Pareto front."""
CHOICE = (
    f"the baseline, the best {BEST}, those on the Pareto fronts, and others drawn at random, so "
    "that good trials are more frequent than in the search"
)
"""Says which trials with a score are shown."""

_SEED = 1


def shown(trials: Sequence[Trial]) -> list[Trial]:
    """The trials that are shown, in the order given; all if there are not too many.

    Among those with a score, the baseline, the best ones and those on a Pareto front are always
    shown. If there are more failed trials than `MOST_WITHOUT_SCORE`, the first with each error is
    shown, unless these are too many themselves.
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
    """Says which of the trials are shown, if not all are."""
    scored, there = (sum(map(has_score, some)) for some in (trials, shown))
    failed, failed_there = len(trials) - scored, len(shown) - there
    told = [f"the {several(scored, 'trial')} with a score"]
    if there < scored:
        told = [f"{there:,} of the {scored:,} trials with a score ({CHOICE})"]
    if failed_there < failed:
        told.append(f"{failed_there:,} of the {failed:,} that failed")
    elif failed:
        told.append(f"the {failed:,} that failed")
    return listed(told)


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
    """These, and others at random, so that there are `most` in total."""
    numbers = {trial.number for trial in always}
    rest = [trial for trial in trials if trial.number not in numbers]
    return [*always, *at_random(rest, max(most - len(numbers), 0))]


def at_random(trials: Sequence[Trial], most: int) -> list[Trial]:
    """At most `most` of the trials, the same ones at every call, in their order."""
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

    They are all numbers, if there are not too many. Else half are spaced evenly and half by equal
    factors, because the first trials change the line most; `count // 2` is always among them.
    """
    if count <= MOST_STEPS:
        return np.arange(1, count + 1)
    parts = (space(1, count, MOST_STEPS // 2) for space in (np.linspace, np.geomspace))
    return np.unique([*np.concatenate([*parts]).round().astype(int), count // 2])
