"""Axes of hyperparameters: where a value lies on one, and what is written beside it."""

import math
from collections.abc import Collection, Iterable
from typing import Literal, NamedTuple

from study.records.base import Value
from study.records.trial import Hyperparameter
from study.wording import value as written

FEW_DECADES = 30
"""Largest ratio of a logarithmic axis's ends with which it has ticks between powers of ten."""
MOST_STEPS = 6
"""Largest number of ticks of a linear axis."""
MOST_CATEGORIES = 6
"""Largest number of values of a range with steps that are drawn as categories."""
GOLDEN = (math.sqrt(5) - 1) / 2
SPREAD = 0.5
"""Width over which dots of one category spread, as a share of the distance between categories."""

ScaleKind = Literal["categories", "linear", "log"]


class Scale(NamedTuple):
    """The axis of one hyperparameter."""

    name: str
    kind: ScaleKind
    low: float
    """The lowest value tried; 0 for categories."""
    high: float
    """The highest value tried; for categories the place of the last."""
    choices: tuple[Value, ...] = ()
    """The values tried, in the space's order or by size, if the kind is "categories"."""
    whole: bool = False
    """Whether there are only whole numbers on the axis."""

    def place(self, value: Value) -> float:
        """The value's place on the axis: itself, or the place of its category, 0, 1, 2, ..."""
        if self.kind == "categories":
            return float(self.choices.index(value))
        return float(value)

    def share(self, value: Value) -> float:
        """The value's distance from the low end, as a share of the axis, in [0, 1]."""
        return self.share_of_place(self.place(value))

    def share_of_place(self, place: float) -> float:
        """The place's distance from the low end, as a share of the axis, in [0, 1]."""
        if self.high == self.low:
            return 0.5
        if self.kind == "log":
            return math.log(place / self.low) / math.log(self.high / self.low)
        return (place - self.low) / (self.high - self.low)

    def ticks(self) -> tuple[tuple[float, str], ...]:
        """(place, label) of each tick, from the low end to the high one."""
        if self.kind == "categories":
            return tuple((float(n), written(choice)) for n, choice in enumerate(self.choices))
        places = log_ticks(self.low, self.high) if self.kind == "log" else self._steps()
        return tuple((place, short_number(place)) for place in places)

    def _steps(self) -> list[float]:
        """Places of ticks: multiples of 1, 2 or 5 times a power of ten."""
        if self.low == self.high:
            return [self.low]
        rough = (self.high - self.low) / (MOST_STEPS - 1)
        power = 10.0 ** math.floor(math.log10(rough))
        step = power * next(n for n in (1, 2, 5, 10) if n * power >= rough * (1 - 1e-9))
        if self.whole:
            step = max(1.0, step)
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        ticks = [n * step for n in range(first, last + 1)]
        return ticks if len(ticks) > 1 else [self.low, self.high]


def scale_of(one: Hyperparameter, values: Collection[Value]) -> Scale:
    """The axis of a hyperparameter for which these values, at least one, were tried.

    Numbers that have steps are categories too, as long as few of them were tried.
    """
    tried = tuple(choice for choice in one.values if choice in values)
    if one.kind == "int" or one.step:
        tried = tuple(sorted(set(values), key=float))
    if one.kind == "choice" or 0 < len(tried) <= MOST_CATEGORIES:
        return Scale(one.name, "categories", 0.0, float(len(tried) - 1), tried)
    numbers = [float(value) for value in values]
    kind: ScaleKind = "log" if one.log else "linear"
    return Scale(one.name, kind, min(numbers), max(numbers), whole=one.kind == "int")


def log_ticks(low: float, high: float) -> list[float]:
    """At least two places to mark on a logarithmic axis from `low` to `high`.

    They are powers of ten, on a short axis also 2 and 5 times these; if fewer than two of them lie
    on the axis, they are its ends.
    """
    steps = (1, 2, 5) if high < FEW_DECADES * low else (1,)
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    ticks = [float(f"{step}e{power}") for power in powers for step in steps]
    inside = [tick for tick in ticks if low <= tick <= high]
    return inside if len(inside) > 1 else [low, high]


def short_number(number: float) -> str:
    """0.00034567 -> "3.46e-4", 0.31 -> "0.31", 1024.0 -> "1024"."""
    if number == round(number):
        return f"{number:.0f}"
    text = f"{number:.3g}"
    if abs(number) < 0.001:
        mantissa, power = f"{number:.2e}".split("e")
        text = f"{mantissa.rstrip('0').rstrip('.')}e{int(power)}"
    return text


def spread(scale: Scale, numbers: Iterable[int], places: Iterable[float]) -> tuple[float, ...]:
    """Where the trials' dots lie: in categories beside each other, else at their places.

    The golden ratio spreads any run of trial numbers evenly, and the same way every time.
    """
    if scale.kind != "categories":
        return tuple(places)
    pairs = zip(numbers, places, strict=True)
    return tuple(place + SPREAD * ((number * GOLDEN) % 1 - 0.5) for number, place in pairs)
