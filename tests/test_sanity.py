"""The sanity check on maps whose answer is known."""

from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from study.attribution import Explainer
from study.records import METHODS, Sanity
from study.sanity import LIMIT, cascade, check, check_all, randomise, similarity


def network() -> keras.Model:
    """conv1 with its normalisation, a dense layer and two heads."""
    pixels = keras.Input((8, 8, 1))
    x = layers.Rescaling(1 / 255)(pixels)
    x = layers.Conv2D(4, 3, activation="relu", name="conv1")(x)
    x = layers.BatchNormalization(name="conv1_norm")(x)
    x = layers.Dense(8, activation="relu", name="dense")(layers.Flatten()(x))
    heads = [layers.Dense(3, "softmax", name="a")(x), layers.Dense(1, "sigmoid", name="b")(x)]
    return keras.Model(pixels, heads)


def images(count: int = 6) -> np.ndarray:
    return np.random.default_rng(3).integers(0, 255, (count, 8, 8, 1), np.uint8)


class Stub:
    """Maps by a function of the network's top weights and the images, for every method."""

    def __init__(self, depends_on_weights: bool) -> None:
        self.network = network()
        self.depends_on_weights = depends_on_weights

    def in_turn(self, images: np.ndarray, method: str, seed: int) -> np.ndarray:  # noqa: ARG002
        """The image itself, or pixels drawn from the head's weights."""
        if not self.depends_on_weights:
            return images[..., 0].astype(np.float32)
        weights = np.asarray(self.network.get_layer("a").kernel).tobytes()
        return np.random.default_rng(list(weights)).random(images.shape[:3])


def checked(explainer: Any) -> Sanity:
    return check_all({"tuned": explainer}, images(), seed=1)


def test_a_map_of_the_image_alone_stays_and_is_not_trusted() -> None:
    found = checked(Stub(depends_on_weights=False))

    for ends in found.networks["tuned"].similarity.values():
        assert [end.mean for end in ends] == pytest.approx([1, 1, 1])
    assert found.distrusted("tuned") == list(METHODS)


def test_a_map_of_the_top_weights_changes_at_once_and_is_trusted() -> None:
    found = checked(Stub(depends_on_weights=True))

    for ends in found.networks["tuned"].similarity.values():
        assert all(abs(end.mean) < 0.3 for end in ends)
    assert found.distrusted("tuned") == []


def test_the_real_methods_react_to_a_real_networks_weights() -> None:
    found = check(Explainer(network()), images(), seed=1)

    assert found.stages == ["heads", "dense", "conv1"]
    assert set(found.similarity) == set(METHODS)
    for ends in found.similarity.values():
        assert abs(ends[-1].mean) < 0.3  # weights drawn apart have nothing in common


def test_the_same_seed_draws_the_same_weights() -> None:
    model = network()
    first, again = (check(Explainer(model), images(), seed=5) for _ in range(2))

    assert first == again


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
    assert similarity(rising, np.ones((1, 4, 4))).item() == 0


def test_the_limit_is_on_the_last_stage() -> None:
    found = checked(Stub(depends_on_weights=False))

    assert found.limit == LIMIT
    assert found.model_copy(update={"limit": 1.0}).distrusted("tuned") == []
