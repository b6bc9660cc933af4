import numpy as np
import optuna
import pytest
from optuna.importance import PedAnovaImportanceEvaluator

from study.trials.importances import quiet_optuna
from study.trials.ped_anova import gridded, ped_anova
from tests.optuna_searches import study_of

KINDS = {
    "always": optuna.distributions.FloatDistribution(0, 1),
    "choice": optuna.distributions.CategoricalDistribution(["max", "average", "stride"]),
    "counted": optuna.distributions.IntDistribution(1, 4),
    "doubled": optuna.distributions.IntDistribution(8, 512, log=True),
    "many": optuna.distributions.IntDistribution(0, 1000),
    "rate": optuna.distributions.FloatDistribution(1e-4, 1e-1, log=True),
    "stepped": optuna.distributions.FloatDistribution(0, 0.5, step=0.1),
    "switch": optuna.distributions.CategoricalDistribution([True, False]),
}
SELDOM = {"many": 0.5, "switch": 0.3, "stepped": 0.05}
"""Share of the trials that have a conditional hyperparameter."""


def searched(count: int, seed: int) -> optuna.Study:
    """Trials at random whose scores some hyperparameters move; several have the same score."""
    rng = np.random.default_rng(seed)
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=seed))
    trials = []
    for _ in range(count):
        there = {name: kind for name, kind in KINDS.items() if rng.random() < SELDOM.get(name, 1)}
        params = study.ask(there).params
        score = 0.1 * params["counted"] + 0.3 * (params["choice"] == "max") * params["always"]
        score = round(score + rng.uniform(0, 0.2), 2)
        trials.append(optuna.trial.create_trial(value=score, params=params, distributions=there))
    return study_of(trials)


@pytest.mark.parametrize(("count", "quantile"), [(6, 0.5), (40, 0.125), (300, 0.1)])
@pytest.mark.parametrize("seed", [1, 2])
def test_divergences_are_those_of_optuna(count: int, quantile: float, seed: int) -> None:
    study = searched(count, seed)
    trials = study.get_trials()
    known = sorted({name for one in trials for name in one.params})
    grids = {name: gridded(trials, name, KINDS[name]) for name in known}
    found = ped_anova(grids, np.array([one.value for one in trials]), quantile)
    with quiet_optuna():
        evaluator = PedAnovaImportanceEvaluator(target_quantile=quantile)
        expected = evaluator.evaluate(study, known)
    assert max(expected.values()) > 0.001
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-12)
