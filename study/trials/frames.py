"""Trials as pandas tables: their results, hyperparameters and learning curves.

All code that shows trials, counts them or computes with them takes the columns from here.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

import numpy as np
import pandas as pd

from study.records.base import INT64_MAX, Value
from study.records.evaluation import NetworkResult
from study.records.trial import Curves, Trial
from study.trials.ranking import ended_early

_COLUMNS = {
    "number": "int64",
    "status": "str",
    "score": "float64",
    "best_epoch": "Int64",
    "epochs": "int64",
    "parameters": "Int64",
    "latency": "float64",
    "seconds": "float64",
    "finished": "datetime64[us, UTC]",
    "seed": "int64",
    "error": "str",
}
"""Fields of a trial that become a column -> the column's dtype."""

_DTYPES: dict[frozenset[type], str] = {
    frozenset({bool}): "boolean",
    frozenset({int}): "Int64",
    frozenset({float}): "float64",
    frozenset({int, float}): "float64",
    frozenset({str}): "str",
}
"""Types of a hyperparameter's values -> the column's dtype; other mixtures stay unchanged."""


def trial_table(trials: Sequence[Trial]) -> pd.DataFrame:
    """One row per trial, in the order of their numbers, which are the index ("trial").

    Columns, with their marks of absent values:
        status: str, "completed", "ended early" or "failed".
        score: float64 in [0, 1]; NaN if the trial failed or its score is not a finite number.
        best_epoch: Int64, counted from 1; NA if the trial failed.
        epochs: int64.
        parameters: Int64; NA if there was no network.
        latency: float64, seconds per image; NaN if the trial failed.
        seconds: float64 of training.
        finished: datetime64[us, UTC]; NaT if the trial failed.
        seed: int64.
        error: str; NaN if there was none.

    Args:
        trials: Configurations (see `study.trials.ranking`), in any order.
    """
    rows = [[getattr(trial, name) for name in _COLUMNS] for trial in trials]
    ended = [datetime.fromisoformat(one.finished) if one.finished else None for one in trials]
    table = pd.DataFrame(rows, columns=[*_COLUMNS], dtype=object)
    table["finished"] = pd.to_datetime(pd.Series(ended, dtype=object), utc=True)
    table = table.astype(_COLUMNS).rename(columns={"number": "trial"}).set_index("trial")
    table.loc[table.index.isin([*ended_early(trials)]), "status"] = "ended early"
    scored = (table["status"] != "failed") & np.isfinite(table["score"])
    table["score"] = table["score"].where(scored)
    return table.sort_index()


def hyperparameter_table(
    trials: Sequence[Trial], names: Iterable[str] | None = None
) -> pd.DataFrame:
    """One row per trial as in `trial_table`, one column per hyperparameter.

    Whole numbers are Int64, other numbers float64, yes and no boolean, words str; if a
    hyperparameter does not apply, its value is missing.

    Args:
        trials: Trials in any order.
        names: Which hyperparameters; None: all, in the order in which they first occur.
    """
    if names is None:
        names = dict.fromkeys(name for trial in trials for name in trial.hyperparameters)
    columns, ordered = [*names], sorted(trials, key=lambda trial: trial.number)
    rows = [[trial.hyperparameters.get(name) for name in columns] for trial in ordered]
    index = pd.Index([trial.number for trial in ordered], name="trial", dtype="int64")
    table = pd.DataFrame(rows, index=index, columns=columns, dtype=object)
    return table.astype({name: _dtype(table[name]) for name in columns})


def _dtype(values: Iterable[Value | None]) -> str:
    given = [value for value in values if value is not None]
    if any(isinstance(value, int) and abs(value) > INT64_MAX for value in given):
        return "object"
    return _DTYPES.get(frozenset(map(type, given)), "object")


def trial_curves(trials: Sequence[Trial]) -> pd.DataFrame:
    """One row per trial, metric and epoch: columns trial, metric (str), epoch and value (float64).

    Epochs are counted from 1; a trial that continues another continues its count. Values are as
    recorded: if training diverged, they need not be finite.
    """
    ordered = sorted(trials, key=lambda trial: trial.number)
    return _long("trial", ((trial.number, trial.curves, trial.epochs) for trial in ordered))


def seed_curves(result: NetworkResult) -> pd.DataFrame:
    """One row per seed of a retrained network, metric and epoch: like `trial_curves`, by seed.

    Its column "kept" (bool) says whether the weights after that epoch were kept.
    """
    curves = _long("seed", ((seed.seed, seed.curves, 0) for seed in result.seeds))
    kept = curves["seed"].map({seed.seed: seed.epochs for seed in result.seeds})
    return curves.assign(kept=curves["epoch"] == kept)


def _long(key: str, curves: Iterable[tuple[int, Curves, int]]) -> pd.DataFrame:
    rows = [
        (number, metric, epoch, value)
        for number, metrics, epochs in curves
        for metric, values in metrics.items()
        for epoch, value in enumerate(values, start=max(epochs - len(values), 0) + 1)
    ]
    dtypes = {key: "int64", "metric": "str", "epoch": "int64", "value": "float64"}
    return pd.DataFrame(rows, columns=[*dtypes]).astype(dtypes)
