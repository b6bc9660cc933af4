"""When a training is given up: its loss is not finite, or far above that of guessing."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras


class Diverged(ArithmeticError):
    """The loss stopped being finite, or rose far above that of guessing."""


def loss_of_guessing(model: "keras.Model") -> float:
    """The loss of a network that gives all classes equal probability, in nats."""
    return sum(math.log(max(2, output.shape[-1])) for output in model.outputs)


def check_converging(losses: Sequence[float], guessing: float, epoch: int) -> None:
    """Give up a network whose loss is twice that of guessing and that after its first epoch."""
    if losses[-1] > 2 * max(losses[0], guessing):
        raise Diverged(
            f"the training loss rose from {losses[0]:.3g} to {losses[-1]:.3g} in epoch {epoch}"
        )


def check_finite(which: str, loss: float, epoch: int) -> None:
    if not math.isfinite(loss):
        raise Diverged(f"the {which} loss became {loss} in epoch {epoch}")
