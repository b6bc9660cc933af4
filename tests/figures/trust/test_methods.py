"""The methods side by side."""

from pathlib import Path

import numpy as np

from study.explanation.arrays import MethodsInfo
from study.figures.trust.methods import draw_methods, pictures
from study.records.finding import METHODS
from tests.explanation.known_networks import images
from tests.figures.networks.test_heatmaps import NAMES


def made_info(explained: list[tuple[str, int]], maps: np.ndarray) -> MethodsInfo:
    """These maps by every method."""
    return MethodsInfo(
        layer="conv1",
        resolution=(8, 8),
        explained=explained,
        maps=dict.fromkeys(METHODS, maps),
        heads=2,
        samples=3,
        channels=2,
    )


def test_what_is_asked_is_written_above_and_methods_beside() -> None:
    info = made_info([("color", 1), ("side", 2)], np.ones((2, 8, 8)))
    info.maps["scorecam"] = np.zeros((2, 8, 8))

    (axes,) = draw_methods(info, images()[:2], NAMES).axes

    assert [text.get_text() for text in axes.texts] == [
        *("input", "Grad-CAM", "Grad-CAM++", "Score-CAM", "SmoothGrad"),
        *("color: blue", "no positive\nevidence", "side: none", "no positive\nevidence"),
    ]
    assert len(axes.images) == 2 * 5


def test_a_map_that_is_nowhere_dark_is_drawn_so() -> None:
    flat = np.full((1, 8, 8), 0.6)
    flat[0, 0, 0] = 1.0
    info = made_info([("color", 1)], flat)

    (axes,) = draw_methods(info, images()[:1], NAMES).axes

    assert {image.get_clim() for image in axes.images[1:]} == {(0, 1)}


def test_a_picture_of_the_network_is_made(tmp_path: Path) -> None:
    info = made_info([("color", 1), ("side", 2)], np.ones((2, 8, 8)))

    (made,) = pictures(info, "tuned", images(), NAMES, tmp_path)

    assert "The same 2 test images" in made.caption
    assert "the class that one head predicts, the heads taking turns" in made.caption
    assert (made.file, made.section, made.network) == ("methods_tuned.png", "trust", "tuned")
    assert made.kind == "methods"
    assert (tmp_path / made.file).is_file()
    assert "3 noisy copies; Score-CAM tried 2 channels" in made.caption
    assert made.reading.startswith("Each column is an image, each row a method.")
