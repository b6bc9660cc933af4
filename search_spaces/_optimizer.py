"""Optimizers of the general search space, their schedules and their hyperparameters."""

import math
from typing import Any

import keras
import keras_tuner

from study.records.base import Value

USUAL_BATCH = 64
"""Images per optimizer step that learning rates are chosen for; for others they are scaled."""

FIRST_SHARE = 0.04
"""Of the highest rate, with which a one-cycle schedule begins (Smith and Topin 2018)."""

BASELINE: dict[str, Value] = {
    "optimizer": "adam",
    "learning_rate": 1e-3,
    "beta_1": 0.9,
    "beta_2": 0.999,
    "schedule": "none",
}
"""The prescribed optimizer, as Keras has it."""

NOT_DECAYED = ["bias", "gamma", "beta"]
"""Names of weights that weight decay leaves as they are."""


def optimizer(
    hp: keras_tuner.HyperParameters, steps: int, batch_size: int
) -> keras.optimizers.Optimizer:
    """The optimizer with the schedule of its learning rate.

    The rate is that for batches of USUAL_BATCH. For others it is scaled: with the batch for SGD
    (Goyal et al. 2017, section 2.1), with its square root for the others (Malladi et al. 2022).

    Args:
        hp: Declared are the hyperparameters of BASELINE, of which the betas are Adam's and AdamW's,
            and `weight_decay` of AdamW; `sgd_learning_rate` and `momentum` of SGD, in place of the
            others; `peak_at` of a one-cycle schedule.
        steps: Optimizer steps that the schedule spans, 1 or more.
        batch_size: Images per step, 1 or more.
    """
    name = hp.Choice("optimizer", ["adam", "adamw", "rmsprop", "sgd"], default="adam")
    with hp.conditional_scope("optimizer", ["adam", "adamw", "rmsprop"]):
        adaptive = hp.Float("learning_rate", 3e-4, 1e-2, sampling="log", default=1e-3)
    with hp.conditional_scope("optimizer", ["adam", "adamw"]):
        beta_1 = hp.Float("beta_1", 0.7, 0.95, default=0.9)
        beta_2 = hp.Float("beta_2", 0.9, 0.999, default=0.999)
    with hp.conditional_scope("optimizer", ["adamw"]):
        weight_decay = hp.Float("weight_decay", 1e-3, 0.3, sampling="log", default=0.02)
    with hp.conditional_scope("optimizer", ["sgd"]):
        plain = hp.Float("sgd_learning_rate", 1e-2, 0.2, sampling="log", default=0.05)
        momentum = hp.Float("momentum", 0.8, 0.98, default=0.9)
    batches = batch_size / USUAL_BATCH
    rate = plain * batches if name == "sgd" else adaptive * math.sqrt(batches)
    scheduled = _schedule(hp, rate, steps)

    match name:
        case "sgd":
            return keras.optimizers.SGD(scheduled, momentum=momentum, nesterov=True)
        case "rmsprop":
            return keras.optimizers.RMSprop(scheduled)
        case "adamw":
            made = keras.optimizers.AdamW(scheduled, weight_decay, beta_1, beta_2)
            made.exclude_from_weight_decay(var_names=NOT_DECAYED)
            return made
        case _:
            return keras.optimizers.Adam(scheduled, beta_1, beta_2)


def _schedule(hp: keras_tuner.HyperParameters, rate: float, steps: int) -> Any:
    """The rate, or a schedule of it over the steps.

    step: a tenth from half of the steps on, a hundredth from three quarters on. cosine: to 0
    (Loshchilov and Hutter 2017, without restarts). one-cycle: from FIRST_SHARE in a straight line
    up to the rate, at a share `peak_at` of the steps, then by a cosine to 0.
    """
    name = hp.Choice("schedule", ["none", "step", "cosine", "one-cycle"], default="none")
    with hp.conditional_scope("schedule", ["one-cycle"]):
        peak_at = hp.Float("peak_at", 0.05, 0.45, default=0.25)
    schedules = keras.optimizers.schedules
    match name:
        case "step":
            rates = [rate, rate / 10, rate / 100]
            return schedules.PiecewiseConstantDecay([steps // 2, steps * 3 // 4], rates)
        case "cosine":
            return schedules.CosineDecay(rate, steps)
        case "one-cycle":
            rising = max(1, round(peak_at * steps))
            first, falling = rate * FIRST_SHARE, max(1, steps - rising)
            return schedules.CosineDecay(first, falling, warmup_target=rate, warmup_steps=rising)
        case _:
            return rate
