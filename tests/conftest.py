"""Before any test imports TensorFlow: one thread, no GPU, no chatter, as on a worker."""

import random
import sys
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from study.machine import variables
from tests.zygote import Zygote

variables.decide()

# A slow machine is no failure.
hypothesis.settings.register_profile("study", deadline=None)
hypothesis.settings.load_profile("study")

SLOW = ("test_faults", "test_chaos", "test_cluster", "test_end_to_end")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The slow files first: begun last, one test process would be left with them."""
    items.sort(key=lambda item: item.path.stem not in SLOW)


@pytest.fixture(autouse=True)
def _keras_draws_as_it_does() -> Iterator[None]:
    """Training gives Keras a generator of its own; `keras.utils.set_random_seed` seeds Python's."""
    yield
    if keras_seeds := sys.modules.get("keras.src.random.seed_generator"):
        keras_seeds.python_random = random


@pytest.fixture(scope="session")
def zygote() -> Iterator[Zygote]:
    """What studies are launched from; one for each test process that launches any."""
    with Zygote() as begun:
        yield begun


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder: results/ and reports/ are relative to it."""
    monkeypatch.chdir(tmp_path)
    return tmp_path
