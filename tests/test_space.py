import keras_tuner
import pytest

from study.problems import load_problem, problem_names
from study.records import Hyperparameter, SearchSpace
from study.space import search_space
from tests import tiny


def space_of(monkeypatch: pytest.MonkeyPatch, declare: object) -> list[Hyperparameter]:
    problem = tiny.problem()
    object.__setattr__(problem, "build", lambda hp, _: declare(hp))  # type: ignore[operator]
    return search_space(problem).hyperparameters
