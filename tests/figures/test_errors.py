"""The gallery of what the tuned network gets wrong."""

from pathlib import Path

import numpy as np

from study.figures import errors
from study.figures.errors import ErrorsInfo, Tile
from tests.factories import predictions

NAMES = {"class": ("a", "b", "c"), "length": ("7 px", "15 px"), "color": ("red", "blue")}


def softmax_like(*rows: list[float]) -> np.ndarray:
    return np.array(rows, dtype=np.float32)


def test_the_most_confident_error_comes_first_with_both_classes() -> None:
    arrays = {
        "labels_class": np.array([0, 1, 2, 2]),
        "tuned_class": softmax_like(
            [0.125, 0.75, 0.125], [0.0, 1.0, 0.0], [0.0625, 0.9375, 0.0], [0.0, 0.0, 1.0]
        ),
    }

    assert errors.errors_info(arrays, ["class"], NAMES) == ErrorsInfo(
        images=4,
        errors=2,
        tiles=(
            Tile(2, ("c", "→ b (93.8%)"), 0.9375),
            Tile(0, ("a", "→ b (75.0%)"), 0.75),
        ),
    )


def test_several_heads_name_those_that_are_wrong() -> None:
    arrays = {
        "labels_length": np.array([0, 0, 1]),
        "labels_color": np.array([0, 0, 1]),
        "tuned_length": softmax_like([0.25, 0.75], [0.25, 0.75], [0.0, 1.0]),
        "tuned_color": softmax_like([0.5, 0.5], [0.25, 0.75], [0.0, 1.0]),
    }

    info = errors.errors_info(arrays, ["length", "color"], NAMES)

    assert info == ErrorsInfo(
        images=3,
        errors=2,
        tiles=(
            Tile(
                1,
                ("length 7 px", "→ 15 px (75.0%)", "color red", "→ blue (75.0%)"),
                0.5625,
            ),
            Tile(0, ("length 7 px", "→ 15 px (75.0%)"), 0.375),
        ),
    )


def test_without_errors_the_least_certain_images_are_shown() -> None:
    arrays = {
        "labels_length": np.array([0, 0]),
        "labels_color": np.array([0, 0]),
        "tuned_length": softmax_like([1.0, 0.0], [0.75, 0.25]),
        "tuned_color": softmax_like([1.0, 0.0], [0.875, 0.125]),
    }

    info = errors.errors_info(arrays, ["length", "color"], NAMES)

    assert info.errors == 0
    assert info.tiles[0] == Tile(1, ("length 7 px", "→ 7 px (75.0%)"), 0.6562)
    assert info.tiles[1].words[1] == "→ 7 px (>99.9%)"


def test_no_more_than_24_tiles_are_shown_of_all_errors() -> None:
    info = errors.errors_info(predictions({"class": 3}, images=400), ["class"], NAMES)

    assert (info.errors, len(info.tiles)) == (40, 24)
    assert [tile.image for tile in info.tiles[:2]] == [390, 380]


def test_the_picture_says_how_many_are_wrong(tmp_path: Path) -> None:
    images = np.zeros((30, 28, 28, 1), np.uint8)

    (only,) = errors.pictures(images, predictions({"class": 3}), ["class"], NAMES, tmp_path)

    assert (only.file, only.network, only.section) == ("errors_tuned.png", "tuned", "errors")
    assert "gets 3 images of 30 wrong (10.00%)" in only.caption
    assert (tmp_path / only.file).stat().st_size > 0


def test_the_picture_of_a_perfect_network_says_so(tmp_path: Path) -> None:
    arrays = {key: array[1:10] for key, array in predictions({"length": 2, "color": 2}).items()}
    images = np.zeros((9, 28, 28, 3), np.uint8)

    (only,) = errors.pictures(images, arrays, ["length", "color"], NAMES, tmp_path)

    assert only.title == "Least certain right answers"
    assert "gets all 9 test images right" in only.caption


def test_no_images_no_picture(tmp_path: Path) -> None:
    arrays = {key: array[:0] for key, array in predictions({"class": 3}).items()}

    assert errors.pictures(np.zeros((0, 28, 28, 1)), arrays, ["class"], NAMES, tmp_path) == []
