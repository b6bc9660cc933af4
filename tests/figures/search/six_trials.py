"""A search that the charts are tried on, and its parts in other combinations."""

from functools import cache
from typing import Any

from study.figures.search import Searched, searched
from study.records.base import Value
from study.records.trial import Hyperparameter, SearchSpace, Trial
from tests.factories import trial
from tests.report.inputs import searched as problem


@cache
def six() -> Searched:
    """Trials 0, 1, 2, 4, 5 and 7, of which 2 failed and 5 is the best."""
    given = problem()
    return searched(given.trials, given.space, "random")


def of(*trials: Trial, hyperparameters: tuple[Hyperparameter, ...] = (), **known: Any) -> Searched:
    """A search for accuracy that tried these trials."""
    space = SearchSpace(objective="accuracy", hyperparameters=[*hyperparameters])
    return searched(trials, space, **known)


def scored(*scores: float | None, tuner: str = "random") -> Searched:
    """Trials 0, 1, 2, ... with these scores."""
    return of(*(trial(number, score) for number, score in enumerate(scores)), tuner=tuner)


def choice(name: str, *values: Value) -> Hyperparameter:
    """One of these values."""
    return Hyperparameter(name=name, kind="choice", values=[*values])


def number(name: str, low: float, high: float, **known: Any) -> Hyperparameter:
    """A number from that range."""
    return Hyperparameter(name=name, kind="float", low=low, high=high, **known)


def varied(one: Hyperparameter, *values: Value | None) -> Searched:
    """Trials 0, 1, 2, ... with these values of it, and scores that rise by four points each."""
    return of(
        *(
            trial(
                place,
                0.5 + 0.04 * place,
                hyperparameters={} if value is None else {one.name: value},
            )
            for place, value in enumerate(values)
        ),
        hyperparameters=(one,),
    )


def grid() -> Searched:
    """Trials 0, 2, 4 and 6, one for each pair of two hyperparameters' values, and a failed one."""
    tried = [
        (0, 0.5, {"filters": 16, "norm": False}),
        (2, 0.6, {"filters": 16, "norm": True}),
        (3, None, {"filters": 32, "norm": True}),
        (4, 0.9, {"filters": 32, "norm": True}),
        (6, 0.7, {"filters": 32, "norm": False}),
    ]
    return of(
        *(trial(place, score, hyperparameters=values) for place, score, values in tried),
        hyperparameters=(choice("filters", 16, 32, 64), choice("norm", True, False)),
    )
