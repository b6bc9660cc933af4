"""The sanity check on maps whose answer is known."""

import json
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from study.explanation.attribution import Explainer
from study.explanation.ground_truth import control_maps
from study.explanation.weight_randomisation import (
    LIMIT,
    cascade,
    check,
    check_all,
    crossed_estimate,
    randomise,
    similarity,
)
from study.records.finding import METHODS, Sanity
from tests.command import ROOT

pytestmark = pytest.mark.slow


def network(seed: int = 1) -> keras.Model:
    """conv1 with its normalisation, a dense layer and two heads."""
    keras.utils.set_random_seed(seed)
    pixels = keras.Input((8, 8, 1))
    x = layers.Rescaling(1 / 255)(pixels)
    x = layers.Conv2D(4, 3, activation="relu", name="conv1")(x)
    x = layers.BatchNormalization(name="conv1_norm")(x)
    x = layers.Dense(8, activation="relu", name="dense")(layers.Flatten()(x))
    heads = [layers.Dense(3, "softmax", name="a")(x), layers.Dense(1, "sigmoid", name="b")(x)]
    return keras.Model(pixels, heads)


def images(count: int = 6) -> np.ndarray:
    return np.random.default_rng(3).integers(0, 255, (count, 8, 8, 1), np.uint8)


Maps = Callable[[keras.Model, np.ndarray], np.ndarray]


class Stub:
    """Maps by a function of the network and the images, for every method."""

    def __init__(self, maps: Maps, seed: int) -> None:
        self.network, self.maps = network(seed), maps

    def in_turn(self, images: np.ndarray, method: str, seed: int) -> np.ndarray:  # noqa: ARG002
        """(n, 8, 8)."""
        return self.maps(self.network, images)


def edges(_: keras.Model, images: np.ndarray) -> np.ndarray:
    """What knows nothing of the network."""
    return control_maps(images, seed=1)["sobel"]


def of_weights(network: keras.Model, images: np.ndarray) -> np.ndarray:
    """Pixels drawn from the head's weights and the image."""
    weights = np.asarray(network.get_layer("a").kernel).tobytes()
    return np.stack([
        np.random.default_rng([*weights, *image.tobytes()]).random((8, 8)) for image in images
    ])  # fmt: skip


def half_edges(network: keras.Model, images: np.ndarray) -> np.ndarray:
    """Mostly edges, and a little of the network."""
    found = edges(network, images)
    return found / found.max() + 0.3 * of_weights(network, images)


def constant(_: keras.Model, images: np.ndarray) -> np.ndarray:
    """The same everywhere, whatever the network."""
    return np.ones(images.shape[:3])


def vanishing(network: keras.Model, images: np.ndarray) -> np.ndarray:
    """A map of the network as it was built, and nothing of any other one."""
    trained = abs(float(np.asarray(network.get_layer("a").bias)[0])) > 0
    return of_weights(network, images) * trained


def checked(maps: Maps, seed: int) -> Sanity:
    stub: Any = Stub(maps, seed)
    stub.network.get_layer("a").bias.assign([1, 1, 1])  # as if it were trained
    return check_all({"tuned": stub}, images(), seed)


SEEDS = range(1, 7)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("maps", [edges, half_edges])
def test_maps_that_ignore_the_weights_are_not_to_be_trusted(maps: Maps, seed: int) -> None:
    found = checked(maps, seed)

    assert found.verdicts("tuned") == dict.fromkeys(METHODS, "stays")
    if maps is edges:
        for ends in found.networks["tuned"].similarity.values():
            assert [end.mean for end in ends] == pytest.approx([1, 1, 1])


@pytest.mark.parametrize("seed", SEEDS)
def test_maps_that_follow_the_weights_are_trusted(seed: int) -> None:
    found = checked(of_weights, seed)

    assert found.verdicts("tuned") == dict.fromkeys(METHODS, "reacts")


@pytest.mark.parametrize("seed", SEEDS)
def test_maps_that_vanish_do_not_pass(seed: int) -> None:
    found = checked(vanishing, seed)

    assert found.verdicts("tuned") == dict.fromkeys(METHODS, "vanishes")
    assert found.networks["tuned"].vanished == dict.fromkeys(METHODS, 1)


@pytest.mark.parametrize("seed", SEEDS)
def test_maps_that_are_always_the_same_everywhere_do_not_pass(seed: int) -> None:
    found = checked(constant, seed)

    assert found.verdicts("tuned") == {}
    assert found.networks["tuned"].compared == dict.fromkeys(METHODS, 0)


def test_a_gradient_that_is_the_weights_themselves_reacts() -> None:
    """Of a network without any bend SmoothGrad is the product of its weights, for any image."""
    verdicts = []
    for seed in (1, 2, 3):
        keras.utils.set_random_seed(seed)
        pixels = keras.Input((8, 8, 1))
        flat = layers.Flatten()(layers.Conv2D(4, 3, name="conv1")(pixels))
        model = keras.Model(pixels, layers.Dense(3, "softmax", name="class")(flat))
        verdicts.append(check_all({"tuned": Explainer(model, samples=1)}, images(), seed))

    assert {one.verdicts("tuned")["smoothgrad"] for one in verdicts} == {"reacts"}


def test_the_explainer_is_left_as_it_was() -> None:
    explainer = Explainer(network(), samples=2)
    before = explainer.network.get_weights()

    found = check(explainer, images(2), seed=1, draws=2)

    for weight, kept in zip(explainer.network.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weight, kept)
    assert found.stages == ["heads", "dense", "conv1"]
    assert set(found.similarity) == set(METHODS)


@pytest.mark.parametrize(
    ("of_draws", "of_images"), [(0.2, 0.0), (0.0, 0.2), (0.1, 0.1), (0.0, 0.0)]
)
def test_intervals_hold_the_truth_whatever_it_is_that_varies(
    of_draws: float, of_images: float
) -> None:
    """500 tables of five draws of twelve images."""
    rng = np.random.default_rng(1)
    held = 0
    for _ in range(500):
        values = 0.2 + rng.normal(0, 0.1, (5, 12))
        values += rng.normal(0, of_draws, (5, 1)) + rng.normal(0, of_images, 12)
        low, high = crossed_estimate(values).ci95
        held += low <= 0.2 <= high

    assert 0.92 <= held / 500 <= 0.995


def test_draws_that_differ_widen_the_interval() -> None:
    """One draw says 0 of every image, the others say 0.8: no interval of images alone."""
    values = np.repeat([[0.0], [0.8], [0.8], [0.8], [0.8]], 100, axis=1)

    found = crossed_estimate(values)

    assert found.mean == pytest.approx(0.64)
    assert found.ci95[0] < 0.5
    assert crossed_estimate(np.full((5, 12), 0.3)).ci95 == (pytest.approx(0.3), pytest.approx(0.3))


def test_the_same_seed_draws_the_same_weights() -> None:
    explainer = Explainer(network(), samples=2)
    first, again, other = (check(explainer, images(2), seed, draws=2) for seed in (5, 5, 6))

    assert first == again
    assert first.similarity != other.similarity


def test_the_cascade_goes_from_the_heads_down() -> None:
    stages = [(stage.name, [layer.name for layer in stage.layers]) for stage in cascade(network())]

    assert stages == [
        ("heads", ["a", "b"]),
        ("dense", ["dense"]),
        ("conv1", ["conv1", "conv1_norm"]),
    ]


def test_randomised_layers_are_as_before_training() -> None:
    model = network()
    norm, dense = model.get_layer("conv1_norm"), model.get_layer("dense")
    for layer in (norm, dense):
        layer.set_weights([np.full(weight.shape, 7.0) for weight in layer.get_weights()])

    for layer in (norm, dense):
        randomise(layer, np.random.default_rng(1))

    gamma, beta, mean, variance = norm.get_weights()
    assert (gamma == 1).all()
    assert (beta == 0).all()
    assert (mean == 0).all()
    assert (variance == 1).all()
    kernel, bias = dense.get_weights()
    assert (bias == 0).all()
    assert 0 < np.abs(kernel).max() < 1
    assert len(np.unique(kernel)) > kernel.size / 2


def test_similarity_is_that_of_ranks() -> None:
    rising = np.arange(16.0).reshape(1, 4, 4)

    assert similarity(rising, rising**3).item() == pytest.approx(1)
    assert similarity(rising, -rising).item() == pytest.approx(-1)
    assert np.isnan(similarity(rising, np.ones((1, 4, 4))).item())


def test_the_limit_is_on_the_last_stage() -> None:
    found = checked(edges, seed=1)

    assert found.limit == LIMIT
    assert found.model_copy(update={"limit": 1.0}).methods("tuned", "stays") == []


def test_a_record_of_one_draw_is_read_and_gives_no_verdict() -> None:
    """As runs of older versions left it."""
    path = ROOT / "results/example/mnist/findings/sanity.json"
    written = json.loads(path.read_text())
    for network in written["networks"].values():
        for key in ("at_most", "vanished"):
            network.pop(key, None)
    written.pop("draws", None)

    found = Sanity.model_validate(written)

    assert not found.decides
    assert found.verdicts("tuned") == {}
    assert set(found.ends("tuned")) == set(METHODS)


def test_softmax_layers_of_their_own_are_randomised_with_their_scores() -> None:
    pixels = keras.Input((8, 8, 1))
    x = layers.Conv2D(4, 3, name="conv1")(pixels)
    x = layers.Dense(3, name="scores")(layers.Flatten()(x))
    separate = keras.Model(pixels, layers.Reshape((3,))(layers.Softmax()(x)))

    assert [stage.name for stage in cascade(separate)] == ["head", "conv1"]
    assert [layer.name for layer in cascade(separate)[0].layers] == ["scores"]
