"""A search, chart by chart: the numbers that a chart shows, its words, its picture.

searched     what all charts have in common
course       trials by number, by time and by epoch
outcome      scores, fronts, importances, the best of fewer trials
by_value     the score over each hyperparameter, and all of them side by side
pairs        the score over two hyperparameters at once
scales       axes of hyperparameters
twins        the charts as pictures, for paper and for pages without scripts
value_twins  the pictures of those over hyperparameters

The page draws the same numbers (`study.report.charts`); of these files only the twins know
matplotlib.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from study.figures.search import by_value, course, outcome, pairs
from study.figures.search.outcome import LATENCY, PARAMETERS, SECONDS, cost_info, cost_words
from study.figures.search.searched import Searched, Words, searched

__all__ = ["CHARTS", "Kind", "Searched", "Words", "searched"]


class Kind(NamedTuple):
    """One of the charts."""

    name: str
    """What the chart is called if it cannot be made."""
    info: Callable[[Searched], Any]
    """The chart's numbers; None if the trials do not allow it."""
    words: Callable[[Searched, Any], Words]


CHARTS: dict[str, Kind] = {
    "history": Kind("history", course.history_info, course.history_words),
    "hyperparameters": Kind(
        "score against each hyperparameter", by_value.panels_info, by_value.panels_words
    ),
    "parallel": Kind("parallel coordinates", by_value.parallel_info, by_value.parallel_words),
    "importances": Kind("importances", outcome.importances_info, outcome.importances_words),
    "parameters": Kind(
        "accuracy against parameters", partial(cost_info, cost=PARAMETERS), cost_words
    ),
    "latency": Kind(
        "accuracy against time to predict", partial(cost_info, cost=LATENCY), cost_words
    ),
    "curves": Kind("learning curves", course.curves_info, course.curves_words),
    "more_trials": Kind(
        "the best of fewer trials", outcome.more_trials_info, outcome.more_trials_words
    ),
    "seconds": Kind("accuracy against training time", partial(cost_info, cost=SECONDS), cost_words),
    "contour": Kind("contour", pairs.contour_info, pairs.contour_words),
    "rank": Kind("rank", pairs.rank_info, pairs.rank_words),
    "distribution": Kind(
        "distribution of the scores", outcome.distribution_info, outcome.distribution_words
    ),
    "timeline": Kind("timeline", course.timeline_info, course.timeline_words),
}
"""Every chart of a search by its key, in the page's order. A picture's file is `search_KEY.png`."""
