import numpy as np
import optuna
import pytest
from optuna.importance import FanovaImportanceEvaluator

from study.trials.fanova import encode, fanova
from study.trials.importances import importances
from tests.optuna_searches import study_of

KINDS = {
    "depth": optuna.distributions.IntDistribution(1, 4),
    "norm": optuna.distributions.CategoricalDistribution([True, False]),
    "rate": optuna.distributions.FloatDistribution(1e-4, 1e-2, log=True),
    "way": optuna.distributions.CategoricalDistribution(["max", "average", "stride"]),
}


def searched(count: int, kinds: dict[str, optuna.distributions.BaseDistribution]) -> optuna.Study:
    rng = np.random.default_rng(3)
    trials = []
    for _ in range(count):
        params = {
            name: kind.to_external_repr(rng.integers(len(kind.choices)))
            if isinstance(kind, optuna.distributions.CategoricalDistribution)
            else kind.to_external_repr(rng.uniform(kind.low, kind.high))  # type: ignore[attr-defined]
            for name, kind in kinds.items()
        }
        score = 0.1 * params.get("depth", 0) + float(rng.uniform(0, 0.3))
        score += 0.2 * (params.get("way") == "max")
        trials.append(optuna.trial.create_trial(value=score, params=params, distributions=kinds))
    return study_of(trials)


@pytest.mark.parametrize(("trees", "seed"), [(1, 4), (8, 0)])
def test_shares_are_those_of_optuna(trees: int, seed: int) -> None:
    study = searched(40, KINDS)
    trials = study.get_trials()
    found = fanova(encode(trials, KINDS), np.array([one.value for one in trials]), trees, seed)
    evaluator = FanovaImportanceEvaluator(n_trees=trees, seed=seed)
    assert found == pytest.approx(evaluator.evaluate(study, [*KINDS]), abs=1e-12)


def test_a_choice_of_many_values_is_no_harder() -> None:
    """Optuna tries all 2**40 combinations of its values."""
    kinds = {"many": optuna.distributions.CategoricalDistribution(range(40)), **KINDS}
    trials = searched(200, kinds).get_trials()
    found = fanova(encode(trials, kinds), np.array([one.value for one in trials]), 2, 0)
    assert 0 <= found["many"] < 1


def test_resamples_of_one_score_do_not_fail() -> None:
    """Of five trials of which one differs every third resample has but one score."""
    kind = {"depth": KINDS["depth"]}
    trials = [
        optuna.trial.create_trial(value=value, params={"depth": depth}, distributions=kind)
        for depth, value in [(1, 0.5), (2, 0.5), (3, 0.5), (4, 0.5), (1, 0.9)]
    ]
    found = importances(trials, ["depth"])
    assert [(one.name, one.share) for one in found.fanova] == [("depth", 1)]
