"""Jobs that train on the tiny data."""

from collections.abc import Callable
from typing import Any

import keras
import pytest

from study.data.dataset import DataOptions
from study.problem.problem import Problem
from study.records.recipe import Budget
from study.records.study import Signature
from study.training.job import Job
from tests import tiny

Setup = Callable[[Problem], None]
EAGERLY = pytest.mark.usefixtures("eagerly")


def job(**changes: Any) -> Job:
    fields: dict[str, Any] = {
        "problem": "tiny",
        "signature": tiny.SIGNATURE,
        "values": tiny.BASELINE,
        "seed": 1,
        "data": DataOptions(),
        "data_seed": 1,
        "epochs": 3,
        "batch_size": 16,
    }
    return Job(**(fields | changes))


def overshooting(hp: Any, signature: Signature, budget: Budget) -> keras.Model:
    """Learns for two epochs of four and is thrown off by a huge rate from then on."""
    model = tiny.build(hp, signature, budget)
    rate = keras.optimizers.schedules.PiecewiseConstantDecay([budget.steps // 2], [5e-2, 10.0])
    model.compile(optimizer=keras.optimizers.Adam(rate), loss="categorical_crossentropy")
    return model
