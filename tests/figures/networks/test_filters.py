"""What filters answer to, drawn, and its words."""

from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from study.explanation.arrays import Ascent, FiltersInfo, Patches
from study.figures.networks.filters import caption, draw_filters, number, pictures


def made_info(patches: int = 0) -> FiltersInfo:
    """Four filters: one well, one dead, one that the ascent in pixels did not wake, one alike."""
    images = np.full((4, 5, 5, 1), 128, np.uint8)
    best = np.array([[4, 2, 1], [-1, -2, -3], [8, 8, 8], [40, 20, 10]], np.float32)[:, :patches]
    corners = np.zeros((*best.shape, 2), int)
    real = np.full((*best.shape, 3, 3, 1), 200, np.uint8)
    return FiltersInfo(
        layer="conv1",
        filters=np.arange(4),
        total=9,
        seen=((1, 4), (1, 4)),
        pixels=Ascent(images, np.array([1, 2, -3, 12.4], np.float32)),
        fourier=Ascent(images, np.array([5, 1, 6, 50], np.float32)),
        patches=Patches(real, best, corners[..., 0], corners) if patches else None,
        asleep=np.array([[False, False, True, False], [False] * 4]),
        dead=np.array([False, True, False, False]),
        like=np.array([-1, -1, -1, 0]),
        silent=3 if patches else None,
        alike=2,
        tested=7 if patches else 0,
        absent=("green",),
    )


def words_in(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.axes[0].texts]


def test_a_filter_is_a_row_of_tiles_with_their_values() -> None:
    figure = draw_filters(made_info(patches=3))

    assert words_in(figure) == [
        *["pixels", "Fourier", "real patches"] * 2,
        *["0", "1", "5", "4", "50%", "25%"],
        *["1", "dead", "2", "1", "-1", "-2", "-3"],  # no shares of less than nothing
        *["2", "-3", "no ascent", "6", "8", "100%", "100%"],
        *["3", "like 0", "12", "50", "40", "50%", "25%"],
    ]
    assert len(figure.axes[0].lines) == 4  # two crosses
    assert [image.get_array().shape for image in figure.axes[0].images] == [(3, 3, 3)] * 20


def test_without_real_patches_four_filters_stand_abreast() -> None:
    figure = draw_filters(made_info())

    assert words_in(figure)[:8] == ["pixels", "Fourier"] * 4
    assert figure.get_figheight() < 2


@pytest.mark.parametrize("patches", [0, 1, 3])
def test_the_figure_fits_the_report(patches: int) -> None:
    assert draw_filters(made_info(patches)).get_figwidth() <= 8


def test_the_caption_has_this_runs_numbers() -> None:
    words = caption(made_info(patches=3))

    assert "the first 4 of 9 filters of conv1" in words
    assert "3 × 3 pixels" in words  # noqa: RUF001
    assert "ended higher than the ascent in pixels for 3 of 4 filters" in words
    assert "best patch of 7 real images: 3 in Fourier space, 1 in pixels" in words
    assert "silent on all of these images: 3 of 9" in words
    assert "whose responses repeat another filter's: 2 of 9" in words
    assert "For 1 filter an ascent failed: real images activate them" in words
    assert "has green" in words


@pytest.mark.parametrize(
    ("value", "words"), [(0.0123, "0.012"), (5.55, "5.5"), (-8.1, "-8.1"), (286.4, "286")]
)
def test_numbers_are_short(value: float, words: str) -> None:
    assert number(value) == words


def test_the_caption_without_real_images_is_about_weights() -> None:
    words = caption(made_info())

    assert "Dead filters, which neither ascent could activate: 1 of these 4." in words
    assert "whose weights repeat another filter's: 2 of 9" in words


def test_a_picture_of_each_convolution_layer_is_made(tmp_path: Path) -> None:
    infos = [made_info(patches=3), made_info()._replace(layer="conv2")]

    made = pictures(infos, "baseline", tmp_path)

    assert [picture.file for picture in made] == [
        "filters_baseline_conv1.png",
        "filters_baseline_conv2.png",
    ]
    assert {path.name for path in tmp_path.iterdir()} == {picture.file for picture in made}
    assert [picture.kind for picture in made] == ["filters_conv1", "filters_conv2"]
    assert {picture.section for picture in made} == {"filters"}
    assert all(picture.reading for picture in made)
