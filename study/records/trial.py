"""What a search leaves: its space and its trials."""

from typing import Annotated, Literal

from pydantic import Field

from study.records.base import Many, Moment, Record, Seconds, Value, Whole

Curves = dict[str, Many[float]]
"""Metric name ("loss", "val_loss", "accuracy", "val_accuracy", ...) -> one number per epoch."""


class Trial(Record):
    """One configuration trained during a search, failed or not; a line of trials.jsonl."""

    number: Whole
    """0, 1, 2, ... in the order in which the oracle proposed the trials; 0 is the baseline."""
    trial_id: Annotated[str, Field(pattern=r"^[\w.-]{1,100}$")]
    """Keras Tuner's own name for the trial, which is part of its folder's name: no path."""
    hyperparameters: dict[str, Value]
    """Active hyperparameters only: a conditional one that does not apply is absent."""
    tuner: dict[str, Value] = {}
    """Keras Tuner's own tuner/* values (Hyperband's bracket, round, epochs, ...)."""
    status: Literal["completed", "failed"]
    error: str | None = None
    score: float | None = None
    """Validation objective at the best epoch, in [0, 1]; None if failed."""
    best_epoch: Whole | None = None
    """Epoch of the score, counted from 1."""
    epochs: Whole = 0
    """Epochs trained, including those of the trial that this one continues (Hyperband)."""
    curves: Curves = {}
    parameters: Whole | None = None
    """Number of weights in the network, trainable or not."""
    seconds: Seconds = 0.0
    """Wall time on the worker, in seconds: building, tracing and training."""
    latency: Seconds | None = None
    """Seconds it takes to predict an image, many at a time, on one core; None if failed."""
    finished: Moment | None = None
    """When training ended; None if it failed."""
    seed: Whole
    rejected: Many[str] = []
    """Why each point that was drawn for this trial before was not taken: it makes no network, or
    one with too many parameters."""


class Hyperparameter(Record):
    """One dimension of a search space."""

    name: str
    kind: Literal["choice", "int", "float"]
    values: list[Value] = []
    """Values of a choice, in the order in which they were declared; empty for a number."""
    low: float | None = None
    """Lower end of a number's range; both ends are included."""
    high: float | None = None
    step: float | None = None
    """Between values of a number, from `low` on; None: any value."""
    log: bool = False
    """Whether the number is drawn evenly on a logarithmic scale."""
    conditions: dict[str, list[Value]] = {}
    """Other hyperparameters and the values that all of them must have for this one to apply."""


class SearchSpace(Record):
    """space.json: what a search could choose from."""

    objective: str
    """The metric it maximises on validation: "accuracy" or "joint"."""
    hyperparameters: list[Hyperparameter]
