"""Intermediate activations drawn, and their words."""

from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from study.explanation.arrays import ActivationsInfo
from study.figures.networks.activations import caption, colour_scale, draw_activations, pictures
from study.figures.palette import DIVERGING, SEQUENTIAL

NAMES = {"class": ("dark", "bright")}


def images(count: int = 2) -> np.ndarray:
    return np.full((count, 4, 4, 1), 10, np.uint8)


def made_info(
    shape: tuple[int, ...] = (2, 4, 4, 2), total: int = 2, silent: int = 0
) -> ActivationsInfo:
    maps = np.random.default_rng(1).random(shape, np.float32)
    channels = np.arange(shape[-1]) + total - shape[-1]
    return ActivationsInfo("conv2", "convolution", maps, channels, total, silent)


def test_channels_that_answer_to_no_image_are_told() -> None:
    assert "every channel responds" in caption(made_info())
    dark = made_info((1, 4, 4, 2), silent=1)
    assert "1 of 2 channels stay at zero on all 1 images" in caption(dark)


def test_the_caption_tells_how_many_channels_are_shown() -> None:
    words = caption(made_info((6, 7, 5, 16), total=64))

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
    figure = draw_activations(made_info(total=9), images(), ["dark", "bright"])

    assert words_in(figure) == ["input", "7", "8", "dark", "bright"]
    assert len(figure.axes[0].images) == 2 * (1 + 2)
    assert figure.axes[0].child_axes[0].get_ylabel() == "activation"


def test_all_tiles_share_one_scale() -> None:
    axes = draw_activations(made_info(), images(), ["dark", "bright"]).axes[0]

    assert len({id(image.norm) for image in axes.images if image.get_array().ndim == 2}) == 1


def test_a_picture_of_each_layer_is_made(tmp_path: Path) -> None:
    infos = [made_info(), made_info()._replace(layer="average", kind="pooling")]

    made = pictures(infos, "tuned", images(), {"class": np.array([0, 1])}, NAMES, tmp_path)

    assert [picture.file for picture in made] == [
        "activations_tuned_conv2.png",
        "activations_tuned_average.png",
    ]
    assert {path.name for path in tmp_path.iterdir()} == {picture.file for picture in made}
    assert [picture.kind for picture in made] == ["activations_conv2", "activations_average"]
    assert {(picture.section, picture.network) for picture in made} == {("activations", "tuned")}
    assert "dark; bright" in made[0].alt
    with Image.open(tmp_path / made[0].file) as image:
        image.verify()


def test_any_network_and_images_will_do(tmp_path: Path) -> None:
    made = pictures([made_info((1, 4, 4, 2))], None, images(1), None, None, tmp_path)

    assert [picture.file for picture in made] == ["activations_conv2.png"]
    assert "image 1" in made[0].alt
    assert "image 2" not in made[0].alt
