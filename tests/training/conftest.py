"""What a job trains, and how quickly."""

from collections.abc import Iterator

import pytest
import tensorflow as tf

from study.data.dataset import Dataset
from study.problem.problem import Problem
from study.training import training
from tests import tiny
from tests.training.jobs import Setup


@pytest.fixture
def setup(monkeypatch: pytest.MonkeyPatch) -> Setup:
    """Have jobs train this problem on the tiny data."""

    def use(problem: Problem, dataset: Dataset | None = None) -> None:
        monkeypatch.setattr(training, "load_problem", lambda _: problem)
        made = dataset or tiny.dataset()
        monkeypatch.setattr(training, "cached_dataset", lambda *_: made)

    use(tiny.problem())
    return use


@pytest.fixture
def eagerly() -> Iterator[None]:
    """Run TensorFlow's functions as plain Python: tracing a graph takes a second a training."""
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)
