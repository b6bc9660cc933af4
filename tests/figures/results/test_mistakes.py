"""The galleries of what the networks get wrong."""

from pathlib import Path

import numpy as np
from matplotlib.patches import Rectangle

from study.data.dataset import KnownErrors
from study.explanation.arrays import Evidence, Mistakes, MistakesInfo, Shown
from study.explanation.examples import mistakes_info
from study.figures.results import mistakes
from study.figures.results.mistakes import MARK, draw_errors
from study.records.picture import Picture
from tests.factories import predictions

NAMES = {"class": ("a", "b", "c"), "length": ("7 px", "15 px"), "color": ("red", "blue")}


def evidence_of(images: int, heat: float = 1) -> Evidence:
    maps = np.full((images, 28, 28), heat, np.float32)
    return Evidence(np.zeros((images, 28, 28, 1), np.uint8), maps)


def test_a_marked_tile_has_a_frame_and_says_why() -> None:
    tiles = (
        Shown(0, ("a", "→ b (90.0%)"), 0.9, "class", mislabelled=True),
        Shown(1, ("c", "→ b (80.0%)"), 0.8, "class"),
    )

    (axes,) = draw_errors(MistakesInfo(2, 2, tiles), evidence_of(2)).axes

    assert len([patch for patch in axes.patches if isinstance(patch, Rectangle)]) == 1
    told = [text.get_text() for text in axes.texts]
    assert told == ["a", "→ b (90.0%)", MARK, "c", "→ b (80.0%)"]


def test_a_tile_without_evidence_says_so() -> None:
    tiles = (Shown(0, ("a", "→ b (90.0%)"), 0.9, "class"),)

    (axes,) = draw_errors(MistakesInfo(1, 1, tiles), evidence_of(1, heat=0)).axes

    assert "no positive\nevidence" in [text.get_text() for text in axes.texts]


def pictures_of(arrays: dict[str, np.ndarray], heads: list[str], folder: Path) -> list[Picture]:
    info = mistakes_info(arrays, "tuned", heads, NAMES, KnownErrors((10, 11), "Somebody 2020"))
    return mistakes.pictures(Mistakes(info, evidence_of(len(info.shown))), "tuned", folder)


def test_the_picture_says_how_many_are_wrong(tmp_path: Path) -> None:
    (only,) = pictures_of(predictions({"class": 3}), ["class"], tmp_path)

    assert (only.file, only.network, only.section) == ("errors_tuned.png", "tuned", "errors")
    assert only.kind == "errors"
    assert "tuned network gets 3 images of 30 wrong (10.00%)" in only.caption
    assert (
        "Of the 2 test images whose label is known to be wrong (Somebody 2020), 1 " in only.caption
    )
    assert "1 counts as an error here; 1 of them is shown, with a frame." in only.caption
    assert "head that is named first" not in only.caption
    assert (tmp_path / only.file).stat().st_size > 0


def test_the_picture_of_a_perfect_network_says_so(tmp_path: Path) -> None:
    arrays = {key: array[1:10] for key, array in predictions({"length": 2, "color": 2}).items()}

    (only,) = pictures_of(arrays, ["length", "color"], tmp_path)

    assert only.title == "Least certain correct answers, tuned network"
    assert "gets all 9 test images right" in only.caption
    assert "The heatmap belongs to the head that is named first" in only.caption


def test_no_images_no_picture(tmp_path: Path) -> None:
    arrays = {key: array[:0] for key, array in predictions({"class": 3}).items()}

    assert pictures_of(arrays, ["class"], tmp_path) == []
