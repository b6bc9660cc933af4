"""Small stand-ins: a problem that trains in milliseconds, its data, and workers in this process."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

import keras
import keras_tuner
import numpy as np
from keras import layers

from study.data.dataset import Crossed, Dataset, Part
from study.errors import StudyFailed
from study.problem.problem import Problem, signature
from study.records.recipe import Budget
from study.records.study import Signature

NAMES = {
    "class": ("left dark", "left mid", "left light", "right dark", "right mid", "right light"),
    "side": ("left", "right"),
    "shade": ("dark", "mid", "light"),
}


def part(images: int, seed: int) -> Part:
    """Noisy 6x6x1 images whose left or right half is dark, mid or light."""
    rng = np.random.default_rng(seed)
    classes = np.arange(images, dtype=np.int64) % 6
    labels = {"class": classes, "side": classes // 3, "shade": classes % 3}
    pixels = rng.integers(0, 40, (images, 6, 6, 1), np.uint8)
    for image, side, shade in zip(pixels, labels["side"], labels["shade"], strict=True):
        image[:, 3 * side : 3 * side + 3] += np.uint8(40 + 80 * shade)
    return Part(pixels, labels)


def dataset(test: Any = None) -> Dataset:
    """48 images to train on, 24 to validate, 30 to test."""
    return Dataset(
        name="tiny",
        train=part(48, seed=1),
        validation=part(24, seed=2),
        test=test or part(30, seed=3),
        columns=NAMES,
        crossed=Crossed(("side", "shade"), into="class"),
    )


def build(hp: keras_tuner.HyperParameters, signature: Signature, budget: Budget) -> keras.Model:
    """One output of six classes; an undeclared `heads` of 2 makes it the heads `shade` and `side`.

    Undeclared too: `adam` instead of SGD, which is traced in half the time, and `decay` of the
    rate over its steps, as in the search spaces.
    """
    units = hp.Choice("units", [4, 8, 16, 32], default=8)
    deep = hp.Boolean("deep", default=False)
    with hp.conditional_scope("deep", [True]):
        more = hp.Choice("more_units", [4, 8, 16], default=4)
    rate = hp.Float("rate", 1e-3, 1e-1, sampling="log", default=1e-2)
    pixels = keras.Input(signature.image_shape)
    x = layers.Flatten()(layers.Rescaling(1 / 255)(pixels))
    x = layers.BatchNormalization(momentum=0.5)(layers.Dense(units, activation="relu")(x))
    if deep:
        x = layers.Dense(more, activation="relu")(x)
    if hp.values.get("heads") == 2:
        shade = layers.Dense(3, activation="softmax", name="shade", dtype="float32")(x)
        outputs = [shade, layers.Dense(1, activation="sigmoid", name="side", dtype="float32")(x)]
        losses: Any = ["categorical_crossentropy", "binary_crossentropy"]
    else:
        outputs = layers.Dense(6, activation="softmax", name="class", dtype="float32")(x)
        losses = "categorical_crossentropy"
    model = keras.Model(pixels, outputs)
    if hp.values.get("decay"):
        rate = keras.optimizers.schedules.CosineDecay(rate, budget.steps)
    kind = keras.optimizers.Adam if hp.values.get("adam") else keras.optimizers.SGD
    model.compile(optimizer=kind(rate), loss=losses)
    return model


BASELINE: dict[str, Any] = {"units": 8, "deep": False, "rate": 1e-2}


def problem(**changes: Any) -> Problem:
    """The tiny problem with one head."""
    fields: dict[str, Any] = {
        "name": "tiny",
        "description": "Halves of images.",
        "data": "tiny",
        "heads": ("class",),
        "objective": "accuracy",
        "baseline": BASELINE,
        "build": build,
    }
    return Problem(**(fields | changes))


SIGNATURE = signature(problem(), dataset())


def two_heads(**changes: Any) -> Problem:
    """The tiny problem with two heads, in another order than the data set's attributes."""

    def build_heads(
        hp: keras_tuner.HyperParameters, signature: Signature, budget: Budget
    ) -> keras.Model:
        hp.values["heads"] = 2
        return build(hp, signature, budget)

    heads = {"heads": ("shade", "side"), "objective": "joint", "build": build_heads}
    return problem(**(heads | changes))


@dataclass
class InstantEngine:
    """An engine whose workers are done before `submit` returns."""

    workers: int = 1
    keys: list[str] = field(default_factory=list)

    def everywhere(self, function: Callable[[], Any]) -> list[Any]:
        """As `study.workers.engine.Engine.everywhere`."""
        return [function()]

    def submit(self, function: Callable[..., Any], *args: Any, key: str) -> "Future[Any]":
        """As `study.workers.engine.Engine.submit`."""
        self.keys.append(key)
        future: Future[Any] = Future()
        _do(future, lambda: function(*args))
        return future

    def wait_any(self, futures: Sequence["Future[Any]"]) -> None:
        """As `study.workers.engine.Engine.wait_any`."""
        assert any(future.done() for future in futures)

    def wait_for(self, future: "Future[Any]") -> Any:
        """As `study.workers.engine.Engine.wait_for`."""
        self.wait_any([future])
        return future.result(timeout=0)


@dataclass
class BackwardEngine(InstantEngine):
    """An engine on which the job submitted last is done first."""

    waiting: list[tuple["Future[Any]", Callable[[], Any]]] = field(default_factory=list)

    def submit(self, function: Callable[..., Any], *args: Any, key: str) -> "Future[Any]":
        """As `study.workers.engine.Engine.submit`."""
        self.keys.append(key)
        future: Future[Any] = Future()
        self.waiting.append((future, lambda: function(*args)))
        return future

    def wait_any(self, futures: Sequence["Future[Any]"]) -> None:
        """As `study.workers.engine.Engine.wait_any`."""
        while not any(future.done() for future in futures):
            _do(*self.waiting.pop())


def _do(future: "Future[Any]", job: Callable[[], Any]) -> None:
    try:
        future.set_result(job())
    except StudyFailed as error:
        future.set_exception(error)
