"""Before any test imports TensorFlow: one thread, no GPU, no chatter, as on a worker."""

import gc
import random
import sys
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from study.libraries import variables
from tests.zygote import Zygote

variables.decide()
gc.disable()  # until all is collected

# A slow machine is no failure.
hypothesis.settings.register_profile("study", deadline=None)
hypothesis.settings.load_profile("study")

OF_PROCESSES = {"chromium", "zygote"}
"""Fixtures that begin processes which take seconds."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Slow tests first: begun last, one test process would be left with them.

    Those of a file stay together, or it would make its fixtures twice.
    """
    minutes: dict[Path, float] = {}
    for item in items:
        if OF_PROCESSES & set(getattr(item, "fixturenames", ())):
            item.add_marker("slow")
        if slow := item.get_closest_marker("slow"):
            taken = max(slow.kwargs.get("minutes", 0.1), minutes.get(item.path, 0))
            minutes[item.path] = taken
    items.sort(key=lambda item: -minutes.get(item.path, 0))


def pytest_collection_finish() -> None:
    """What is imported stays, as on a worker: a collection, of which Keras asks for one before
    every training, takes a quarter of a second less, and to look for garbage during the imports
    takes two seconds and finds none.
    """
    gc.freeze()
    gc.enable()


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
