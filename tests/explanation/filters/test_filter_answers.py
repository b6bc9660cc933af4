"""What filters answer to, on networks whose answer is known."""

import keras
import numpy as np
import pytest
from keras import layers

from study.errors import WrongName
from study.explanation.filters.filter_answers import filters_info, scores_record
from study.problem.settings import FigureSettings
from tests.figures.networks.test_filters import made_info

pytestmark = pytest.mark.slow

EDGE = np.array([[1, 1, 1], [0, 0, 0], [-1, -1, -1]], np.float32)


SHORT = FigureSettings(ascent_steps=2, fourier_steps=2)


def network(kernels: list[np.ndarray], bias: list[float] | None = None) -> keras.Model:
    """9 x 9 grey images, one 3 x 3 convolution with these kernels, ReLU, pooling."""
    model = keras.Sequential(
        [
            keras.Input((9, 9, 1)),
            layers.Rescaling(1 / 255),
            layers.Conv2D(len(kernels), 3, activation="relu", name="conv1"),
            layers.MaxPooling2D(2, name="pool1"),
            layers.Flatten(),
            layers.Dense(2, activation="softmax"),
        ]
    )
    weights = np.stack(kernels, axis=-1)[:, :, np.newaxis, :]
    model.get_layer("conv1").set_weights([weights, np.array(bias or [0] * len(kernels))])
    return model


def deep(seed: int = 3) -> keras.Model:
    keras.utils.set_random_seed(seed)
    return keras.Sequential(
        [
            keras.Input((16, 16, 3)),
            layers.Rescaling(1 / 255),
            layers.Conv2D(4, 3, activation="relu", padding="same", name="conv1"),
            layers.BatchNormalization(),
            layers.MaxPooling2D(2, name="pool1"),
            layers.Conv2D(20, 3, activation="relu", padding="same", name="conv2"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(2),
        ]
    )


def noise(count: int, shape: tuple[int, ...] = (9, 9, 1)) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (count, *shape), np.uint8)


def test_a_filter_that_nothing_wakes_is_dead() -> None:
    info = filters_info(network([EDGE, EDGE], bias=[0, -1000]))[0]

    assert info.dead.tolist() == [False, True]
    assert info.silent is None


def test_a_filter_without_weights_is_dead() -> None:
    assert filters_info(network([np.zeros_like(EDGE)]))[0].dead.tolist() == [True]


def test_real_images_decide_which_filters_are_dead() -> None:
    dark = np.zeros((3, 9, 9, 1), np.uint8)

    on_dark = filters_info(network([EDGE, EDGE], bias=[-1000, 1]), None, dark, SHORT)[0]
    on_noise = filters_info(network([EDGE, EDGE], bias=[0, 1]), None, noise(3), SHORT)[0]

    assert on_dark.dead.tolist() == [True, False]
    assert (on_dark.silent, on_dark.tested) == (1, 3)
    assert on_noise.dead.tolist() == [False, False]


def test_a_filter_is_dead_though_the_ascent_wakes_it_if_no_real_image_does() -> None:
    info = filters_info(network([EDGE]), images=np.zeros((3, 9, 9, 1), np.uint8))[0]

    assert info.pixels.scores[0] > 0
    assert info.dead.tolist() == [True]


def test_a_filter_that_real_images_wake_but_the_ascent_does_not_is_not_dead(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TF_KERAS_VIS_MAX_STEPS", "1")  # not far enough
    sharp = np.zeros((1, 9, 9, 1), np.uint8)
    sharp[:, :4] = 255

    info = filters_info(network([EDGE], bias=[-2.9]), images=sharp)[0]

    assert info.pixels.scores[0] < 0
    assert (info.dead.tolist(), info.asleep[0].tolist()) == ([False], [True])


def test_colours_that_no_image_has_are_told() -> None:
    images = noise(4, (16, 16, 3))
    images[..., 1] = 0

    info = filters_info(deep(), ["conv1"], images, SHORT)[0]

    assert info.absent == ("green",)
    assert filters_info(deep(), ["conv1"], noise(4, (16, 16, 3)), SHORT)[0].absent == ()


def test_the_same_network_gives_the_same_pictures() -> None:
    first, second = filters_info(deep(), budget=SHORT), filters_info(deep(), budget=SHORT)

    for one, other in zip(first, second, strict=True):
        for ascent, same in ((one.pixels, other.pixels), (one.fourier, other.fourier)):
            np.testing.assert_array_equal(ascent.images, same.images)
            np.testing.assert_array_equal(ascent.scores, same.scores)


def test_the_network_is_left_as_it_was() -> None:
    model = deep()
    images = noise(2, (16, 16, 3))
    before, output = model.get_weights(), np.asarray(model(images))

    filters_info(model, budget=SHORT)

    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))
    np.testing.assert_array_equal(np.asarray(model(images)), output)
    assert model.get_layer("conv1").activation is keras.activations.relu


def test_layers_that_pool_have_no_filters() -> None:
    assert [info.layer for info in filters_info(deep(), budget=SHORT)] == ["conv1", "conv2"]
    assert filters_info(deep(), ["pool1"]) == []


def test_an_unknown_layer_is_refused() -> None:
    with pytest.raises(WrongName, match="there are: conv1, pool1, conv2"):
        filters_info(deep(), ["conv3"])


def test_only_the_first_filters_are_drawn() -> None:
    info = filters_info(
        deep(), ["conv2"], budget=FigureSettings(filters=5, ascent_steps=2, fourier_steps=2)
    )[0]

    assert info.filters.tolist() == [0, 1, 2, 3, 4]
    assert info.total == 20
    assert info.pixels.images.shape == info.fourier.images.shape == (5, 16, 16, 3)
    assert info.like.shape == info.dead.shape == (5,)


def test_near_duplicates_are_counted_in_the_whole_layer() -> None:
    info = filters_info(
        network([EDGE, EDGE.T, EDGE, 2 * EDGE]),
        None,
        noise(3),
        FigureSettings(filters=3, fourier_steps=2),
    )[0]

    assert info.like.tolist() == [-1, -1, 0]
    assert info.alike == 2


def test_without_images_weights_tell_near_duplicates() -> None:
    info = filters_info(network([EDGE, 2 * EDGE]), budget=SHORT)[0]

    assert (info.like.tolist(), info.alike, info.patches) == ([-1, 0], 1, None)


def test_real_patches_are_those_that_excite_the_filter() -> None:
    images = np.zeros((4, 9, 9, 1), np.uint8)
    images[3, 3] = 255

    patches = filters_info(network([EDGE]), None, images, SHORT)[0].patches

    assert patches is not None
    assert patches.images.shape == (1, 3, 3, 3, 1)
    assert patches.sources[0, 0] == 3
    assert (patches.images[0, 0, 0] == 255).all()
    np.testing.assert_allclose(patches.scores[0], [3, 0, 0], rtol=1e-5)


def test_the_record_has_the_scores_of_every_layer() -> None:
    record = scores_record([made_info(patches=3), made_info()])

    assert record.images == 7
    assert [layer.real for layer in record.layers] == [[4, -1, 8, 40], []]
    assert record.layers[0].pixels == [1, 2, -3, 12.4]
    assert record.layers[0].fourier == [5, 1, 6, 50]
    assert scores_record([]).layers == []
