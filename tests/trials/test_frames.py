"""Trials as tables: what is in which column, of which type."""

import math

import pandas as pd
import pytest
from pydantic import ValidationError

from study.records.trial import Trial
from study.trials.frames import hyperparameter_table, seed_curves, trial_curves, trial_table
from tests.factories import curves, network_result, trial

ENDED = "2026-11-22T08:27:42+00:00"


def test_a_row_per_trial_in_the_order_of_their_numbers() -> None:
    table = trial_table([trial(2, 0.9, epochs=4, finished=ENDED), trial(0, 0.8), trial(1, None)])

    assert table.index.name == "trial"
    assert table.index.tolist() == [0, 1, 2]
    assert table["status"].tolist() == ["ended early", "failed", "completed"]
    assert table["score"].tolist()[::2] == [0.8, 0.9]
    assert table["epochs"].tolist() == [2, 0, 4]
    assert table["finished"].tolist()[2] == pd.Timestamp(ENDED)
    assert table["error"].tolist()[1] == "ValueError: no such layer"


@pytest.mark.parametrize("moment", ["2026-W47-7T08:27:42", "20261122T102742+0200"])
def test_any_moment_of_iso_8601_is_one(moment: str) -> None:
    assert trial_table([trial(0, finished=moment)])["finished"].tolist() == [pd.Timestamp(ENDED)]


def test_a_number_that_no_table_holds_is_refused() -> None:
    with pytest.raises(ValidationError, match="less than or equal to 9223372036854775807"):
        trial(0, seed=2**63)


def test_what_a_failed_trial_has_not_is_missing() -> None:
    failed = trial_table([trial(0, None)]).loc[0]

    absent = failed.isna()
    assert list(absent[absent].index) == [
        "score",
        "best_epoch",
        "parameters",
        "latency",
        "finished",
    ]


@pytest.mark.parametrize("trials", [[], [trial(0, None)], [trial(0, 0.9, finished=ENDED)]])
def test_columns_have_the_same_types_whatever_is_in_them(trials: list[Trial]) -> None:
    assert trial_table(trials).dtypes.astype(str).to_dict() == {
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
    assert trial_curves(trials).dtypes.astype(str).to_dict() == {
        "trial": "int64",
        "metric": "str",
        "epoch": "int64",
        "value": "float64",
    }


@pytest.mark.parametrize("score", [math.nan, math.inf, -math.inf])
def test_a_score_that_is_no_number_is_none(score: float) -> None:
    assert trial_table([trial(0, score)])["score"].isna().all()


def test_hyperparameters_keep_their_types_where_they_do_not_always_apply() -> None:
    table = hyperparameter_table(
        [
            trial(1, hyperparameters={"units": 64, "rate": 1.0, "norm": True, "kind": "sgd"}),
            trial(0, hyperparameters={"mixed": 1, "odd": "three"}),
            trial(2, hyperparameters={"mixed": 0.5, "odd": 3, "huge": 2**70}),
        ]
    )

    assert table.dtypes.astype(str).to_dict() == {
        "units": "Int64",
        "rate": "float64",
        "norm": "boolean",
        "kind": "str",
        "mixed": "float64",
        "odd": "object",
        "huge": "object",
    }
    assert table.loc[1, ["units", "rate", "norm", "kind"]].tolist() == [64, 1.0, True, "sgd"]
    assert table.loc[[0, 2], ["units", "rate", "norm", "kind"]].isna().all(axis=None)
    assert table["odd"].tolist() == ["three", None, 3]


def test_hyperparameters_can_be_asked_for_by_name() -> None:
    table = hyperparameter_table([trial(0, hyperparameters={"a": 1, "b": 2})], ["b", "c"])
    assert list(table) == ["b", "c"]
    assert table["c"].isna().all()


def test_curves_go_on_where_a_continued_trial_started() -> None:
    resumed = trial(3, 0.9, epochs=5, curves={"val_accuracy": [0.8, 0.9], "loss": [0.1]})

    assert trial_curves([resumed]).values.tolist() == [
        [3, "val_accuracy", 4, 0.8],
        [3, "val_accuracy", 5, 0.9],
        [3, "loss", 5, 0.1],
    ]


def test_curves_of_seeds_say_which_weights_were_kept() -> None:
    result = network_result(0.9)  # each seed kept the second epoch
    longer = result.seeds[1].model_copy(update={"curves": curves(0.9, epochs=3)})
    found = seed_curves(result.model_copy(update={"seeds": [result.seeds[0], longer]}))

    scores = found[found["metric"] == "val_accuracy"].drop(columns=["metric", "value"])
    assert scores.values.tolist() == [
        [1, 1, False],
        [1, 2, True],
        [2, 1, False],
        [2, 2, True],
        [2, 3, False],
    ]
