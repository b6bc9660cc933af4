"""What the study uses of its libraries that is not public, so that an upgrade fails here.

That fused steps and the epoch loop do what Keras does is tested beside them.
"""

import ast
import inspect
import random
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import keras
import keras_tuner
import pytest
import tensorflow as tf
from distributed import Scheduler, utils, worker_state_machine
from keras import layers, optimizers
from keras.src.random import seed_generator
from keras_tuner import oracles

import study
from study.libraries import internals

SOURCES = sorted(
    path
    for package in ("study", "search_spaces", "benchmarks")
    for path in (Path(study.__file__).parents[1] / package).rglob("*.py")
)

PUBLIC_ALL_THE_SAME = {"_replace", "_asdict", "_fields", "_exit"}
"""Of named tuples, whose other names are the fields', and `os._exit`."""

OURS = ("study", "search_spaces", "benchmarks")


def private_names(source: str) -> Iterator[str]:
    """What a file uses of others that is private to them."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Attribute(value=owner, attr=name):
                if _is_private(name) and ast.unparse(owner) not in ("self", "cls", "super()"):
                    yield ast.unparse(node)
            case ast.Call(func=ast.Name(id="getattr" | "setattr" | "hasattr"), args=[_, name, *_]):
                if isinstance(name, ast.Constant) and _is_private(str(name.value)):
                    yield ast.unparse(node)
            case ast.ImportFrom(module=str(module), names=names):
                inside = [*module.split("."), *(one.name for one in names)]
                if module.split(".")[0] not in OURS and any(
                    one == "src" or _is_private(one) for one in inside
                ):
                    yield ast.unparse(node)


def _is_private(name: str) -> bool:
    dunder = name.startswith("__") and name.endswith("__")
    return name.startswith("_") and not dunder and name not in PUBLIC_ALL_THE_SAME


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: "/".join(path.parts[-3:]))
def test_only_one_file_uses_what_is_private_to_others(path: Path) -> None:
    found = [
        name
        for name in private_names(path.read_text(encoding="utf-8"))
        if not (path.parent.name == "benchmarks" and name == "search._run")  # our own
    ]
    assert not found or path == Path(internals.__file__)


def test_what_is_private_is_found() -> None:
    assert set(private_names(Path(internals.__file__).read_text(encoding="utf-8"))) >= {
        "model._compute_loss",
        "utils._forkserver_preload_set",
        "from keras.src.random import seed_generator",
    }
    assert list(private_names("getattr(oracle, '_brackets', ())")) == [
        "getattr(oracle, '_brackets', ())"
    ]
    assert list(private_names("self._mine, super()._theirs, point._replace(x=1), a.__doc__")) == []


BASE = optimizers.Optimizer


@pytest.mark.parametrize("kind", [optimizers.Adam, optimizers.RMSprop, optimizers.SGD])
def test_optimizers_with_a_kernel_leave_the_update_of_all_weights_to_their_base(kind: type) -> None:
    """Else exchanging it would drop what they do beside it, as Nadam does."""
    assert kind._backend_update_step is BASE._backend_update_step
    assert kind.apply is BASE.apply
    parameters = inspect.signature(BASE._backend_update_step).parameters
    assert list(parameters) == ["self", "grads", "trainable_variables", "learning_rate"]
    assert optimizers.Nadam._backend_update_step is not BASE._backend_update_step


def test_the_base_hands_all_weights_at_once_to_what_is_exchanged() -> None:
    weights = [keras.Variable([1.0]), keras.Variable([2.0])]
    optimizer = optimizers.Adam(0.5)
    optimizer.build(weights)
    calls = []
    optimizer._backend_update_step = lambda *given: calls.append(given)
    gradients = [tf.constant([3.0]), tf.constant([4.0])]
    optimizer.apply(gradients, weights)
    [(handed, variables, rate)] = calls
    assert [float(one[0]) for one in handed] == [3.0, 4.0]
    assert variables == weights
    assert float(rate) == 0.5
    assert optimizer.iterations.numpy() == 1


def test_one_device_s_sum_of_gradients_is_the_gradients() -> None:
    weights = [keras.Variable([1.0])]
    optimizer = optimizers.Adagrad()
    optimizer.build(weights)
    pairs = [(tf.constant([3.0]), weights[0].value)]
    [(gradient, variable)] = optimizer._all_reduce_sum_gradients(pairs)
    assert variable is weights[0].value
    assert float(gradient[0]) == 3.0
    calls = []
    optimizer._all_reduce_sum_gradients = lambda given: calls.append(given) or list(given)
    optimizer.apply([tf.constant([3.0])], weights)
    assert len(calls) == 1


@pytest.mark.parametrize(
    ("optimizer", "states"),
    [
        (optimizers.Adam(), ["_momentums", "_velocities"]),
        (optimizers.RMSprop(momentum=0.5), ["_momentums", "_velocities"]),
        (optimizers.SGD(momentum=0.5), ["momentums"]),
    ],
    ids=["Adam", "RMSprop", "SGD"],
)
def test_optimizers_keep_a_state_for_each_weight_tensor(
    optimizer: optimizers.Optimizer, states: list[str]
) -> None:
    weights = [keras.Variable([1.0]), keras.Variable([[1.0, 2.0]])]
    optimizer.build(weights)
    for name in states:
        kept = getattr(optimizer, name)
        places = [optimizer._get_variable_index(weight.value) for weight in weights]
        assert [tuple(kept[place].shape) for place in places] == [(1,), (1, 2)]
        assert all(kept[place].value.handle.dtype == tf.resource for place in places)


def test_rmsprop_without_momentum_keeps_none() -> None:
    optimizer = optimizers.RMSprop()
    optimizer.build([keras.Variable([1.0])])
    assert optimizer._momentums == []


def test_wrappers_show_what_they_wrap_and_their_base_finalizes_nothing() -> None:
    inner = optimizers.Adam()
    assert optimizers.LossScaleOptimizer(inner).inner_optimizer is inner
    assert optimizers.MultiOptimizer(optimizers.OptimizerMap(inner)).optimizers == [inner]
    assert not inner.use_ema
    assert optimizers.Adam.finalize_variable_values is BASE.finalize_variable_values


def test_a_model_lists_its_layers_nested_ones_too() -> None:
    norm = layers.BatchNormalization(momentum=0.25)
    inner = keras.Sequential([keras.Input((2,)), norm])
    outer = keras.Sequential([keras.Input((2,)), inner])
    assert norm in internals.layers_within(outer)
    assert norm.momentum == 0.25


def test_a_model_s_loss_is_asked_for_as_in_its_own_step() -> None:
    class Mine(keras.Model):
        def compute_loss(
            self, x: object, y: object, y_pred: object, sample_weight: object
        ) -> object:
            return (x, y, y_pred, sample_weight)

    pixels = keras.Input((2,))
    model = Mine(pixels, layers.Dense(1)(pixels))
    assert internals.loss_in_training(model, 1, 2, 3) == (1, 2, 3, None)
    assert "self._compute_loss(" in inspect.getsource(keras.Model.train_step)


def test_seeds_come_from_one_generator_that_can_be_exchanged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drawn = []
    for _ in range(2):
        monkeypatch.setattr(seed_generator, "python_random", random.Random(3))
        drawn.append(layers.Dense(2).kernel_initializer.seed)
    assert drawn[0] == drawn[1]


def test_dropout_keeps_its_seed_and_a_counter() -> None:
    model = keras.Sequential([keras.Input((2,)), layers.Dropout(0.5, seed=7)])
    [state] = internals.seed_states(model)
    before = state.numpy()
    model(tf.ones((1, 2)), training=True)
    assert before[0] == 7
    assert state.numpy()[0] == before[0]
    assert state.numpy()[1] > before[1]


# Networks as graphs


def test_a_tensor_knows_the_call_it_comes_from_and_a_layer_its_calls() -> None:
    dense = layers.Dense(2)
    one, other = keras.Input((2,)), keras.Input((2,))
    first, second = dense(one), dense(other)
    assert internals.uses(dense) == 2
    for given, made in ((one, first), (other, second)):
        operation, call, place = internals.origin(made)
        assert (operation, place) == (dense, 0)
        assert list(call.input_tensors) == [given]


def test_the_shapes_of_all_calls_of_a_layer_are_known() -> None:
    shared = keras.layers.Conv2D(3, 2)
    shared(keras.Input((5, 6, 1)))
    shared(keras.Input((2, 2, 1)))
    assert internals.output_shapes(shared) == [(None, 4, 5, 3), (None, 1, 1, 3)]


# Keras Tuner


def hyperparameters() -> keras_tuner.HyperParameters:
    space = keras_tuner.HyperParameters()
    space.Int("a", 1, 10**6)
    space.Choice("b", [1, 2, 3])
    return space


def shared() -> dict[str, object]:
    objective = keras_tuner.Objective("val_accuracy", "max")
    return {"objective": objective, "hyperparameters": hyperparameters(), "seed": 1}


@pytest.mark.parametrize(
    "kind",
    [oracles.RandomSearchOracle, oracles.HyperbandOracle, oracles.BayesianOptimizationOracle],
)
def test_oracles_draw_random_points_by_a_method_that_a_subclass_can_replace(
    kind: type, tmp_path: Path
) -> None:
    class Mine(kind):  # type: ignore[misc, valid-type]
        def _random_values(self) -> dict[str, int]:
            return {"a": 7, "b": 2}

    oracle = Mine(**shared())
    oracle._set_project_dir(str(tmp_path), "search")
    values = oracle.create_trial("tuner0").hyperparameters.values
    assert {name: values[name] for name in ("a", "b")} == {"a": 7, "b": 2}


def test_an_oracle_lets_a_subclass_refuse_points_and_keep_its_files_to_itself(
    tmp_path: Path,
) -> None:
    asked, saved = [], []

    class Mine(oracles.RandomSearchOracle):
        def _duplicate(self, values: dict[str, object]) -> bool:
            asked.append(dict(values))
            return super()._duplicate(values) or len(asked) == 1

        def _save_trial(self, trial: object) -> None:
            saved.append(trial)

        def save(self) -> None:
            saved.append("oracle")

    oracle = Mine(**shared())
    oracle._set_project_dir(str(tmp_path), "search")
    trial = oracle.create_trial("tuner0")
    assert Path(oracle._project_dir) == tmp_path / "search"
    assert len(asked) == 2
    assert trial.hyperparameters.values == asked[1]
    assert "oracle" in saved
    assert [one.trial_id for one in saved if one != "oracle"] == [trial.trial_id]
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_grid_search_goes_on_from_the_trials_in_its_list(tmp_path: Path) -> None:
    oracle = oracles.GridSearchOracle(max_trials=9, **shared())
    oracle._set_project_dir(str(tmp_path), "search")
    first = oracle.create_trial("tuner0")
    assert oracle._populate_next == [first.trial_id]
    second = oracle.create_trial("tuner1")
    assert oracle._populate_next == []  # it waits for the second to end
    assert oracle.create_trial("tuner2").status == "IDLE"
    oracle._populate_next.append(second.trial_id)
    assert oracle.create_trial("tuner2").status == "RUNNING"


def test_hyperband_shows_who_is_in_which_round_of_a_bracket(tmp_path: Path) -> None:
    oracle = oracles.HyperbandOracle(max_epochs=3, **shared())
    oracle._set_project_dir(str(tmp_path), "search")
    trial = oracle.create_trial("tuner0")
    [bracket] = oracle._brackets
    below, above = bracket["rounds"]
    assert [(one["id"], one["past_id"]) for one in below] == [(trial.trial_id, None)]
    assert above == []


# Dask


def test_dask_preloads_what_it_chooses_unless_it_thinks_that_it_has(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(utils, "_forkserver_preload_set", False)
    chosen: list[list[str]] = []
    context = utils.multiprocessing.get_context("forkserver")
    monkeypatch.setattr(utils.multiprocessing, "get_context", lambda _: context)
    monkeypatch.setattr(
        type(context), "set_forkserver_preload", lambda _, names: chosen.append(names)
    )
    with utils.dask.config.set({"distributed.worker.multiprocessing-method": "forkserver"}):
        internals.have_dask_preload_nothing()
        utils.get_mp_context()
        assert chosen == []
        utils._forkserver_preload_set = False
        utils.get_mp_context()
    assert len(chosen) == 1


def test_a_scheduler_counts_failures_up_to_a_number_that_can_be_set() -> None:
    scheduler = Scheduler.__new__(Scheduler)
    internals.allow_failures(7)(scheduler)
    assert scheduler.allowed_failures == 7
    assert "suspicious > self.allowed_failures" in inspect.getsource(Scheduler)


def test_a_worker_s_task_can_be_cancelled() -> None:
    assert "cancelled" in get_args(worker_state_machine.TaskStateState)


# TensorFlow


def test_the_rewriting_of_graphs_can_be_switched_off_and_on() -> None:
    before = tf.config.optimizer.get_experimental_options()
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
    try:
        assert tf.config.optimizer.get_experimental_options()["disable_meta_optimizer"]
    finally:
        tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": False} | before)
    assert not tf.config.optimizer.get_experimental_options().get("disable_meta_optimizer")
