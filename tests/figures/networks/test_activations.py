"""Intermediate activations: what the figure is drawn from, and its words."""

from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers
from matplotlib.figure import Figure
from PIL import Image

from study.errors import WrongName
from study.figures.networks.activations import (
    ActivationsInfo,
    activations_info,
    caption,
    colour_scale,
    draw_activations,
    most_active,
    pictures,
)
from study.figures.palette import DIVERGING, SEQUENTIAL

NAMES = {"class": ("dark", "bright")}


def network() -> keras.Model:
    """4 x 4 grey images; channel 0 copies them, channel 1 only answers to more than 100."""
    keras.utils.set_random_seed(1)
    model = keras.Sequential(
        [
            keras.Input((4, 4, 1)),
            layers.Conv2D(2, 1, activation="relu", name="conv1"),
            layers.MaxPooling2D(2, name="pool1"),
            layers.GlobalAveragePooling2D(name="average"),
            layers.Dense(2, activation="softmax", name="scores"),
        ]
    )
    model.get_layer("conv1").set_weights([np.ones((1, 1, 1, 2)), np.array([0, -100])])
    return model


def images() -> np.ndarray:
    """All 10; and all 10 with one pixel of 150 in the top left corner."""
    made = np.full((2, 4, 4, 1), 10, np.uint8)
    made[1, 0, 0] = 150
    return made


def test_every_convolution_and_pooling_layer_is_seen() -> None:
    infos = activations_info(network(), images())

    assert [(info.layer, info.kind) for info in infos] == [
        ("conv1", "convolution"),
        ("pool1", "pooling"),
        ("average", "pooling"),
    ]
    assert [info.maps.shape for info in infos] == [(2, 4, 4, 2), (2, 2, 2, 2), (2, 1, 1, 2)]
    assert all(info.maps.dtype == np.float32 for info in infos)


def test_maps_are_what_the_layers_put_out() -> None:
    conv, pool, average = activations_info(network(), images())

    np.testing.assert_array_equal(conv.maps[..., 0], images()[..., 0])
    np.testing.assert_array_equal(pool.maps[1, :, :, 0], [[150, 10], [10, 10]])
    np.testing.assert_array_equal(pool.maps[1, :, :, 1], [[50, 0], [0, 0]])
    np.testing.assert_array_equal(average.maps[1, 0, 0], [45, 12.5])


def test_only_the_layers_asked_for_are_seen() -> None:
    assert [info.layer for info in activations_info(network(), images(), ["pool1"])] == ["pool1"]


def test_an_unknown_layer_is_refused() -> None:
    with pytest.raises(WrongName, match="there are: conv1, pool1, average"):
        activations_info(network(), images(), ["dense"])


def test_channels_that_answer_to_no_image_are_told() -> None:
    bright = activations_info(network(), images(), ["conv1"])[0]
    dark = activations_info(network(), images()[:1], ["conv1"])[0]

    assert bright.active.tolist() == [True, True]
    assert dark.active.tolist() == [True, False]
    assert "every channel responds" in caption(bright, 2)
    assert "1 of 2 channels stay at zero on all 1 images" in caption(dark, 1)


def test_the_most_active_channels_are_shown_in_their_order() -> None:
    maps = np.array([0, 3, 1, -5, 2], np.float32).reshape(1, 1, 1, 5)

    assert most_active(maps, 3).tolist() == [1, 3, 4]
    assert most_active(maps, 9).tolist() == [0, 1, 2, 3, 4]


def test_the_caption_tells_how_many_channels_are_shown() -> None:
    info = ActivationsInfo("conv2", "convolution", np.ones((6, 7, 5, 64), np.float32))

    words = caption(info, shown=6, channels=16)

    assert "conv2" in words
    assert "7 × 5 map" in words  # noqa: RUF001
    assert "16 of 64 channels, the most active" in words
    assert "6 images" in words


def test_amounts_start_at_zero_and_one_strong_pixel_does_not_darken_the_rest() -> None:
    maps = np.linspace(0, 1, 1000)
    maps[-1] = 1000

    cmap, norm = colour_scale(maps)

    assert (cmap, norm.vmin) == (SEQUENTIAL, 0)
    assert norm.vmax == pytest.approx(1, rel=0.01)


def test_values_on_both_sides_have_zero_in_the_middle() -> None:
    cmap, norm = colour_scale(np.linspace(-3, 1, 1000))

    assert cmap == DIVERGING
    assert norm.vmax == -norm.vmin == pytest.approx(3, rel=0.01)


def test_slightly_negative_values_are_still_amounts() -> None:
    cmap, norm = colour_scale(np.linspace(-0.1, 1, 1000))

    assert cmap == SEQUENTIAL
    assert norm.vmin == pytest.approx(-0.1, rel=0.05)


@pytest.mark.parametrize("value", [0.0, 2.0, -2.0])
def test_maps_that_are_all_alike_have_a_scale(value: float) -> None:
    _, norm = colour_scale(np.full(10, value))

    assert norm.vmin < norm.vmax


def words_in(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.axes[0].texts]


def test_rows_and_columns_are_named() -> None:
    info = activations_info(network(), images(), ["conv1"])[0]

    figure = draw_activations(info, images(), ["dark", "bright"])

    assert words_in(figure) == ["input", "0", "1", "dark", "bright"]
    assert len(figure.axes[0].images) == 2 * (1 + 2)
    assert figure.axes[0].child_axes[0].get_ylabel() == "activation"


def test_all_tiles_share_one_scale() -> None:
    info = activations_info(network(), images(), ["conv1"])[0]

    axes = draw_activations(info, images(), ["dark", "bright"]).axes[0]

    assert len({id(image.norm) for image in axes.images if image.get_array().ndim == 2}) == 1


def test_a_picture_of_each_layer_is_made(tmp_path: Path) -> None:
    made = pictures(network(), "tuned", images(), {"class": np.array([0, 1])}, NAMES, tmp_path)

    assert [picture.file for picture in made] == [
        "activations_tuned_conv1.png",
        "activations_tuned_pool1.png",
        "activations_tuned_average.png",
    ]
    assert {path.name for path in tmp_path.iterdir()} == {picture.file for picture in made}
    assert {(picture.section, picture.network) for picture in made} == {("activations", "tuned")}
    assert "dark; bright" in made[0].alt
    with Image.open(tmp_path / made[0].file) as image:
        image.verify()


def test_any_network_and_images_will_do(tmp_path: Path) -> None:
    made = pictures(network(), None, images(), None, None, tmp_path, ["pool1"], rows=1)

    assert [picture.file for picture in made] == ["activations_pool1.png"]
    assert "image 1" in made[0].alt
    assert "image 2" not in made[0].alt
