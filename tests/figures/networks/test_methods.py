"""The methods side by side."""

from pathlib import Path

import numpy as np

from study.explanation.attribution import Explainer
from study.figures.networks.methods import MethodsInfo, draw_methods, methods_info, pictures
from study.records.base import METHODS
from tests.figures.networks.test_heatmaps import NAMES, images, two_heads


def test_each_image_asks_one_head_in_turn() -> None:
    info = methods_info(Explainer(two_heads()), images(), seed=1)

    assert info.layer == "conv1"
    assert info.explained == [("color", 0), ("side", 0), ("color", 0), ("side", 0)]
    assert list(info.maps) == list(METHODS)
    assert {maps.shape for maps in info.maps.values()} == {(4, 8, 8)}


def test_what_is_asked_is_written_above_and_methods_beside() -> None:
    info = MethodsInfo(
        layer="conv1",
        explained=[("color", 1), ("side", 2)],
        maps={method: np.ones((2, 8, 8)) for method in METHODS} | {"scorecam": np.zeros((2, 8, 8))},
    )

    (axes,) = draw_methods(info, images()[:2], NAMES).axes

    assert [text.get_text() for text in axes.texts] == [
        *("input", "Grad-CAM", "Grad-CAM++", "Score-CAM", "SmoothGrad"),
        *("color: blue", "no positive\nevidence", "side: none", "no positive\nevidence"),
    ]
    assert len(axes.images) == 2 * 5


def test_a_map_that_is_nowhere_dark_is_drawn_so() -> None:
    flat = np.full((1, 8, 8), 0.6)
    flat[0, 0, 0] = 1.0
    info = MethodsInfo("conv1", [("color", 1)], dict.fromkeys(METHODS, flat))

    (axes,) = draw_methods(info, images()[:1], NAMES).axes

    assert {image.get_clim() for image in axes.images[1:]} == {(0, 1)}


def test_a_picture_a_network_is_made(tmp_path: Path) -> None:
    explainer = Explainer(two_heads(), samples=3, channels=2)

    (made,) = pictures(explainer, "tuned", images(), NAMES, tmp_path, seed=1)

    assert (made.file, made.section, made.network) == ("methods_tuned.png", "trust", "tuned")
    assert (tmp_path / made.file).is_file()
    assert "3 noisy copies; Score-CAM tried 2 channels" in made.caption
    assert made.reading.startswith("A column is an image, a row a method.")
