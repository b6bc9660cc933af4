"""What the drawing of a search leaves beside its pictures: which hyperparameters mattered."""

from typing import Annotated

from pydantic import Field

from study.records.base import Record, Whole

Share = Annotated[float, Field(ge=0, le=1)]
"""Ends included."""


class Importance(Record):
    """How much a hyperparameter mattered: shares of 1 among all that a method looked at."""

    name: str
    share: Share
    low: Share
    """2.5% quantile over resamples of the trials."""
    high: Share
    """97.5% quantile."""
    equal: Share
    """What each would have if none mattered more than another: shares of noise lie about it."""

    @property
    def settled(self) -> bool:
        """Whether there are trials enough: the interval holds the share, ends above an equal part
        and is narrower than the share."""
        narrow = self.high - self.low < self.share
        return self.equal < self.low <= self.share <= self.high and narrow


class Importances(Record):
    """findings/importances.json: both methods' shares, the most important first.

    () where there is nothing to compute.
    """

    fanova: tuple[Importance, ...] = ()
    """Functional ANOVA of a random forest (Hutter et al. 2014, "An Efficient Approach for
    Assessing Hyperparameter Importance"): share of the scores' variance. Hyperparameters that
    not every trial has are not in it."""
    ped_anova: tuple[Importance, ...] = ()
    """PED-ANOVA (Watanabe et al. 2023): how far the best trials' values differ from all
    trials' values."""
    good: Whole = 0
    """How many trials are the best ones of PED-ANOVA."""
    trials: Whole = 0
    """How many both are computed from."""
    asked: str = ""
    """SHA-256, hexadecimal, of the search's trials and of its space, as they were asked about."""
