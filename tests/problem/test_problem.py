"""The problems there are: one module of `search_spaces` each, found by its name."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import keras
import keras_tuner
import pytest

import search_spaces
from study.data import dataset_names, load_dataset
from study.data.sets.lines import Options
from study.errors import WrongName
from study.problem.problem import (
    check_heads,
    check_network,
    load_problem,
    problem_description,
    problem_names,
)
from study.records.recipe import Budget
from tests import tiny


def test_the_three_problems_of_the_study_are_there() -> None:
    assert problem_names() == ["line", "mnist", "multihead"]


@pytest.mark.parametrize("name", problem_names())
def test_a_problem_holds_together(name: str) -> None:
    problem = load_problem(name)
    assert problem.name == name
    assert problem.data in dataset_names()
    assert problem.objective == ("accuracy" if len(problem.heads) == 1 else "joint")
    assert problem.description == problem_description(name) != ""


@pytest.mark.parametrize("heads", [("digit",), ("length", "digit"), ("color", "color"), ()])
def test_heads_that_are_no_columns_are_refused(heads: tuple[str, ...]) -> None:
    lines = load_dataset("lines", seed=1, options=Options(images_per_class=5))
    for name in ("line", "multihead"):
        check_heads(load_problem(name), lines)
    check_heads(replace(load_problem("line"), heads=("length", "width")), lines)
    with pytest.raises(WrongName, match=r"line\.py: expected HEADS .* of class, length, width"):
        check_heads(replace(load_problem("line"), heads=heads), lines)


class Subclassed(keras.Model):
    def call(self, pixels: object) -> object:
        return pixels


class WithStep(keras.Model):
    def train_step(self, data: object) -> object:
        return super().train_step(data)


class WithFit(keras.Sequential):
    def fit(self, *args: object, **options: object) -> object:
        return super().fit(*args, **options)


def network(kind: type = keras.Model, compiled: bool = True) -> keras.Model:
    pixels, dense = keras.Input((6, 6, 1)), keras.layers.Dense(2, name="any")
    if issubclass(kind, keras.Sequential):
        model = kind([pixels, keras.layers.Flatten(), dense])
    else:
        model = kind(pixels, dense(keras.layers.Flatten()(pixels)))
    if compiled:
        model.compile("sgd", "mse")
    return model


def frozen() -> keras.Model:
    model = network()
    model.trainable = False
    return model


def with_instance_step() -> keras.Model:
    model = network()
    model.train_step = dict
    return model


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (lambda: None, "got NoneType"),
        (Subclassed, "expected build to return a functional keras.Model, .* got Subclassed"),
        (lambda: keras.Sequential([keras.layers.Dense(2)]), "or a Sequential one with an Input"),
        (lambda: network(compiled=False), "call model.compile in build"),
        (lambda: network(WithStep), "overrides Keras's train_step, which the study does not call"),
        (lambda: network(WithFit), "overrides Keras's fit, which"),
        (with_instance_step, "overrides Keras's train_step, which"),
        (frozen, "without trainable weights"),
    ],
)
def test_a_network_that_the_study_would_train_otherwise_is_refused(
    made: Callable[[], keras.Model], said: str
) -> None:
    with pytest.raises(WrongName, match=rf"^search_spaces/tiny\.py: .*{said}"):
        check_network(tiny.problem(), made())


def test_outputs_in_another_order_than_heads_are_refused() -> None:
    """They would be trained towards each other's labels."""
    problem = tiny.two_heads()
    model = problem.build(keras_tuner.HyperParameters(), tiny.SIGNATURE, Budget(1))
    check_network(problem, model)
    shade, side = model.outputs
    swapped = keras.Model(model.inputs, [side, shade])
    swapped.compile("sgd", "mse")
    with pytest.raises(
        WrongName, match=r"\('shade', 'side'\), in this order, .* got \('side', 'shade'"
    ):
        check_network(problem, swapped)
    with pytest.raises(WrongName, match=r"HEADS = \('class',\), in this order, from"):
        check_network(tiny.problem(), model)


@pytest.mark.parametrize("kind", [keras.Model, keras.Sequential])
def test_an_output_has_the_name_of_its_head(kind: type) -> None:
    check_network(tiny.problem(heads=("any",)), network(kind))
    with pytest.raises(WrongName, match=r"HEADS = \('class',\), .* of that name, got \('any',\)"):
        check_network(tiny.problem(), network(kind))


@pytest.mark.parametrize("name", ["nist", "_blocks", "../line", "", "search_spaces.line"])
def test_an_unknown_problem_is_refused_with_those_there_are(name: str) -> None:
    for asked in (load_problem, problem_description):
        with pytest.raises(WrongName, match="there are: line, mnist, multihead"):
            asked(name)


def test_a_problem_that_lacks_something_is_told_what(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "circle.py").write_text(
        '"""Circles."""\nHEADS, OBJECTIVE, BASELINE = ("a",), "accuracy", {}\n'
    )
    monkeypatch.setattr(search_spaces, "__path__", [str(tmp_path)])
    monkeypatch.delitem(sys.modules, "search_spaces.circle", raising=False)
    with pytest.raises(WrongName, match=r"circle\.py: expected it to define DATA, build$"):
        load_problem("circle")


def test_a_new_problem_is_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "circle.py").write_text(
        '"""Circles: round or not.\n\nMore."""\n'
        "DATA, HEADS, OBJECTIVE, BASELINE = 'circles', ['class'], 'accuracy', {'depth': 1}\n"
        "def build(hp, signature, budget): return 'a model'\n"
    )
    monkeypatch.setattr(search_spaces, "__path__", [str(tmp_path)])
    monkeypatch.delitem(sys.modules, "search_spaces.circle", raising=False)
    assert problem_names() == ["circle"]
    assert problem_description("circle") == "Circles: round or not."
    problem = load_problem("circle")
    monkeypatch.delitem(sys.modules, "search_spaces.circle")
    assert (problem.heads, problem.baseline) == (("class",), {"depth": 1})


def test_a_problem_s_baseline_cannot_be_changed_for_others() -> None:
    load_problem("mnist").baseline["depth"] = 4
    assert load_problem("mnist").baseline["depth"] == 1
    assert load_problem("line").baseline["depth"] == 1


def test_all_but_training_and_drawing_comes_without_keras() -> None:
    code = (
        "import sys; from study.problem.problem import *; "
        "import study.steps.report_step, study.data.sets.mnist, study.data.sets.lines; "
        "[problem_description(name) for name in problem_names()]; "
        "sys.exit(bool({'keras', 'tensorflow'} & set(sys.modules)))"
    )
    root = Path(__file__).parents[2]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0
