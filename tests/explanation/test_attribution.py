"""Heatmaps by every method, on networks of which it is known where they look."""

import keras
import numpy as np
import pytest
from keras import layers

from study.errors import WrongName
from study.explanation.attribution import ROWS, Explainer, attribute
from study.networks.prediction import predict
from study.records.finding import METHODS, Method


def network(neuron: bool = True) -> keras.Model:
    """Channel 0 of its maps is the image's red, channel 1 its blue.

    Heads: a sigmoid neuron that is 1 for blue, and a softmax of none, red and blue.
    """
    keras.utils.set_random_seed(1)
    pixels = keras.Input((8, 8, 3))
    x = layers.Rescaling(1 / 255)(pixels)
    seen = layers.Conv2D(2, 1, activation="relu", name="conv1")
    means = layers.GlobalAveragePooling2D(name="average")(seen(x))
    color = layers.Dense(1, activation="sigmoid", name="color")
    side = layers.Dense(3, activation="softmax", name="side")
    model = keras.Model(pixels, [color(means), side(means)] if neuron else side(means))
    seen.set_weights([np.array([[[[1, 0], [0, 0], [0, 1]]]]), np.zeros(2)])
    if neuron:
        color.set_weights([np.array([[-90.0], [90]]), np.zeros(1)])
    side.set_weights([np.array([[0.0, 90, 0], [0, 0, 90]]), np.zeros(3)])
    return model


def images(count: int = 4) -> np.ndarray:
    """A red square at rows and columns 1 and 2, a blue one at 5 and 6, brighter by turns."""
    made = np.zeros((count, 8, 8, 3), np.uint8)
    made[:, 1:3, 1:3, 0] = 200
    made[:, 5:7, 5:7, 2] = 200
    made[::2, 1:3, 1:3, 0] = 250
    made[1::2, 5:7, 5:7, 2] = 250
    return made


RED, BLUE = np.s_[1:3, 1:3], np.s_[5:7, 5:7]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("head", ["color", "side"])
def test_maps_are_in_the_images_size_and_within_0_and_1(method: Method, head: str) -> None:
    maps = attribute(network(), images(), method, head=head)

    assert maps.shape == (4, 8, 8)
    assert maps.dtype == np.float32
    assert np.isfinite(maps).all()
    assert maps.min() >= 0
    assert maps.max() == 1


@pytest.mark.parametrize("method", ["gradcam", "gradcam++", "scorecam"])
def test_the_class_that_is_asked_for_is_explained(method: Method) -> None:
    explainer = Explainer(network())

    red = explainer.maps(images(), method, "side", 1)
    blue = explainer.maps(images(), method, "side", 2)

    assert (red[:, *RED].mean(axis=(1, 2)) > red[:, *BLUE].mean(axis=(1, 2))).all()
    assert (blue[:, *BLUE].mean(axis=(1, 2)) > blue[:, *RED].mean(axis=(1, 2))).all()


@pytest.mark.parametrize("method", ["gradcam", "gradcam++", "scorecam"])
def test_a_single_neuron_speaks_for_both_of_its_classes(method: Method) -> None:
    explainer = Explainer(network())

    red = explainer.maps(images(), method, "color", 0)
    blue = explainer.maps(images(), method, "color", 1)

    assert (red[:, *RED].mean(axis=(1, 2)) > red[:, *BLUE].mean(axis=(1, 2))).all()
    assert (blue[:, *BLUE].mean(axis=(1, 2)) > blue[:, *RED].mean(axis=(1, 2))).all()


@pytest.mark.parametrize("method", METHODS)
def test_by_default_the_predicted_class_of_each_image_is_explained(method: Method) -> None:
    model, chosen = network(neuron=False), predict(network(neuron=False), images())["side"]

    predicted = attribute(model, images(), method)
    given = attribute(model, images(), method, classes=chosen.argmax(axis=1))

    assert chosen.argmax(axis=1).tolist() == [1, 2, 1, 2]
    np.testing.assert_array_equal(predicted, given)


def test_a_smoothed_gradient_is_the_mean_over_noisy_copies() -> None:
    """Red always counts where it is bright, and where it is black if the noise is above zero."""
    explainer = Explainer(network(), samples=400)

    (found,) = explainer.maps(images()[:1], "smoothgrad", "side", 1)

    assert found[RED] == pytest.approx(np.ones((2, 2)), abs=0.05)
    assert np.median(found) == pytest.approx(0.5, abs=0.05)


def test_noise_comes_from_the_seed_alone() -> None:
    model, rng = network(), np.random.default_rng(1)
    model.get_layer("side").set_weights([rng.normal(size=(2, 3)), np.zeros(3)])
    pixels = rng.integers(0, 255, (3, 8, 8, 3), np.uint8)

    first, again, other = (
        attribute(model, pixels, "smoothgrad", head="side", seed=seed) for seed in (1, 1, 2)
    )

    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


@pytest.mark.parametrize("method", METHODS)
def test_more_images_than_fit_at_once_give_the_same_maps(method: Method) -> None:
    explainer = Explainer(network(), samples=ROWS // 2, channels=2)
    many = np.concatenate([images()] * (ROWS // 6 if method == "scorecam" else 1))

    together = explainer.maps(many, method, "side")

    np.testing.assert_allclose(together[:2], explainer.maps(many[:2], method, "side"), atol=1e-5)
    assert len(together) == len(many)


def test_no_images_give_no_maps() -> None:
    assert attribute(network(), images()[:0], "gradcam").shape == (0, 8, 8)


def test_score_cam_tries_the_channels_that_vary_most_in_each_image() -> None:
    """With one channel to try, the image's own: a red image's is the red one."""
    explainer = Explainer(network(), channels=1)
    pixels = images(2)
    pixels[0, *BLUE] = pixels[1, *RED] = 0

    maps = explainer.maps(pixels, "scorecam", "side")

    assert (maps[0] > 0.5).nonzero()[0].tolist() == [1, 1, 2, 2]
    assert (maps[1] > 0.5).nonzero()[0].tolist() == [5, 5, 6, 6]


def test_a_very_sure_network_has_a_map_by_grad_cam_plus_plus() -> None:
    model = network(neuron=False)
    model.get_layer("side").set_weights([np.array([[0.0, 9e3, 0], [0, 0, 9e3]]), np.zeros(3)])

    maps = attribute(model, images(), "gradcam++")

    assert np.isfinite(maps).all()
    assert (maps.max(axis=(1, 2)) == 1).all()


def test_heads_are_explained_in_turn() -> None:
    explainer = Explainer(network())

    turns = explainer.in_turn(images(), "gradcam")

    for index, head in enumerate(["color", "side", "color", "side"]):
        np.testing.assert_allclose(
            turns[index], explainer.maps(images(), "gradcam", head)[index], atol=1e-6
        )


def test_maps_lie_where_the_cells_look() -> None:
    """A convolution of 5 without padding that sees one pixel's brightness in the middle."""
    pixels = keras.Input((8, 8, 1))
    seen = layers.Conv2D(1, 5, name="conv1")
    flat = layers.Flatten()(seen(pixels))
    model = keras.Model(pixels, layers.Dense(2, activation="softmax", name="class")(flat))
    kernel = np.zeros((5, 5, 1, 1))
    kernel[2, 2] = 1
    seen.set_weights([kernel, np.zeros(1)])
    model.get_layer("class").set_weights([np.ones((16, 2)), np.zeros(2)])
    image = np.zeros((1, 8, 8, 1), np.uint8)
    image[0, 3, 4] = 255

    for method in ("gradcam", "gradcam++", "scorecam"):
        maps = attribute(model, image, method, classes=0)  # type: ignore[arg-type]
        assert np.argwhere(maps[0] > 0.5).tolist() == [[3, 4]], method


def test_the_network_is_left_as_it_was() -> None:
    model = network()
    before = [np.asarray(output) for output in model(images())]

    explainer = Explainer(model)
    for weight in explainer.network.weights:
        weight.assign(weight * 0)

    for output, expected in zip(model(images()), before, strict=True):
        np.testing.assert_array_equal(output, expected)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"head": "nope"}, "no head 'nope'; there are: color, side"),
        ({"head": "side", "classes": 3}, "no class 3 of head 'side'; there are: 0 to 2"),
        ({"head": "color", "classes": [0, 1, 0, -1]}, "no class -1 .* 0 to 1"),
        ({"layer": "nope"}, "there are: conv1, average"),
        ({"layer": "average"}, "has no maps"),
    ],
)
def test_what_is_not_there_is_refused(asked: dict, message: str) -> None:
    with pytest.raises(WrongName, match=message):
        attribute(network(), images(), "gradcam", **asked)
