"""What a worker is asked to train, and the result of the training."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from study.data.dataset import DataOptions
from study.records.base import Value
from study.records.study import DtypePolicy, Signature
from study.records.trial import Curves

OnEpoch = Callable[[int, float], None]
"""Called after every epoch with its number (from 1) and its validation objective."""


@dataclass(frozen=True)
class Job:
    """Everything a worker needs to train one network; small and picklable."""

    problem: str
    signature: Signature = field(repr=False)  # follows from the problem and its data
    values: dict[str, Value]
    seed: int
    """Seed of weights, dropout and the order of images; 1 or more."""
    data: DataOptions
    data_seed: int
    epochs: int
    """Train up to this epoch."""
    batch_size: int
    max_images: int | None = None
    """Number of training images to use, the first ones of the shuffled part; None: all."""
    decay_epochs: int | None = None
    """Epochs over which the learning rate decays, if training may end before; None: `epochs`."""
    first_epoch: int = 0
    """Epochs already trained by the trial this one continues."""
    load_from: Path | None = None
    """The checkpoint of the trial this one continues."""
    checkpoint: Path | None = None
    """The checkpoint written after every epoch; if it exists, training continues from it."""
    dtype_policy: DtypePolicy = "float32"
    keep_best: bool = False
    """Whether the network ends with the weights of its best epoch instead of its last."""

    def training(self) -> str:
        """Identifies the training: equal for equal jobs, wherever their files are."""
        return repr(replace(self, load_from=None, checkpoint=None))


@dataclass(frozen=True)
class Trained:
    """The result of training a network."""

    curves: Curves
    best_epoch: int
    """Epoch of the best validation objective, from 1."""
    score: float
    """The best validation objective, in [0, 1]."""
    parameters: int
    hyperparameters: dict[str, Value]
    """The hyperparameters that were active in the network."""
    seconds: float
    latency: float
    """Seconds per image when predicting many, in the quickest validation."""
    finished: str
    """When training finished, ISO 8601 in UTC."""
