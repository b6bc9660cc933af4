"""The galleries of what the networks get wrong."""

from pathlib import Path

import keras
import numpy as np
from keras import layers
from matplotlib.patches import Rectangle
from numpy.testing import assert_allclose

from study.data.dataset import KnownErrors
from study.figures.results import mistakes
from study.figures.results.mistakes import MARK, ErrorsInfo, Evidence, Tile, draw_errors, evidence
from study.records.base import Picture
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

    assert mistakes.errors_info(arrays, "tuned", ["class"], NAMES) == ErrorsInfo(
        images=4,
        errors=2,
        tiles=(
            Tile(2, ("c", "→ b (93.8%)"), 0.9375, "class"),
            Tile(0, ("a", "→ b (75.0%)"), 0.75, "class"),
        ),
    )


def test_several_heads_name_those_that_are_wrong() -> None:
    arrays = {
        "labels_length": np.array([0, 0, 1]),
        "labels_color": np.array([0, 0, 1]),
        "tuned_length": softmax_like([0.25, 0.75], [0.25, 0.75], [0.0, 1.0]),
        "tuned_color": softmax_like([0.5, 0.5], [0.25, 0.75], [0.0, 1.0]),
    }

    info = mistakes.errors_info(arrays, "tuned", ["length", "color"], NAMES)

    assert info == ErrorsInfo(
        images=3,
        errors=2,
        tiles=(
            Tile(
                1,
                ("length 7 px", "→ 15 px (75.0%)", "color red", "→ blue (75.0%)"),
                0.5625,
                "length",
            ),
            Tile(0, ("length 7 px", "→ 15 px (75.0%)"), 0.375, "length"),
        ),
    )


def test_without_errors_the_least_certain_images_are_shown() -> None:
    arrays = {
        "labels_length": np.array([0, 0]),
        "labels_color": np.array([0, 0]),
        "tuned_length": softmax_like([1.0, 0.0], [0.75, 0.25]),
        "tuned_color": softmax_like([1.0, 0.0], [0.875, 0.125]),
    }

    info = mistakes.errors_info(arrays, "tuned", ["length", "color"], NAMES)

    assert info.errors == 0
    assert info.tiles[0] == Tile(1, ("length 7 px", "→ 7 px (75.0%)"), 0.6562, "length")
    assert info.tiles[1].words[1] == "→ 7 px (>99.9%)"


def test_no_more_than_18_tiles_are_shown_of_all_errors() -> None:
    info = mistakes.errors_info(predictions({"class": 3}, images=400), "tuned", ["class"], NAMES)

    assert (info.errors, len(info.tiles)) == (40, 18)
    assert [tile.image for tile in info.tiles[:2]] == [390, 380]


def test_each_network_has_errors_of_its_own() -> None:
    arrays = predictions({"class": 3}, images=100)

    found = [mistakes.errors_info(arrays, name, ["class"], NAMES) for name in ("baseline", "tuned")]

    assert [info.errors for info in found] == [20, 10]


def test_known_wrong_labels_are_marked_and_counted() -> None:
    arrays = predictions({"class": 3}, images=400)  # wrong on 0, 10, ..., 390

    info = mistakes.errors_info(arrays, "tuned", ["class"], NAMES, mislabelled=(0, 11, 370, 390))

    assert (info.mislabelled, info.mislabelled_errors) == (4, 3)
    assert [tile.image for tile in info.tiles if tile.mislabelled] == [390, 370]


DARK = Evidence(np.zeros((28, 28, 3)), empty=False)


def test_a_marked_tile_has_a_frame_and_says_why() -> None:
    tiles = (
        Tile(0, ("a", "→ b (90.0%)"), 0.9, "class", mislabelled=True),
        Tile(1, ("c", "→ b (80.0%)"), 0.8, "class"),
    )
    images = np.zeros((2, 28, 28, 1), np.uint8)

    (axes,) = draw_errors(ErrorsInfo(2, 2, tiles), images, [DARK, DARK]).axes

    assert len([patch for patch in axes.patches if isinstance(patch, Rectangle)]) == 1
    told = [text.get_text() for text in axes.texts]
    assert told == ["a", "→ b (90.0%)", MARK, "c", "→ b (80.0%)"]


def test_a_tile_without_evidence_says_so() -> None:
    tiles = (Tile(0, ("a", "→ b (90.0%)"), 0.9, "class"),)
    images = np.zeros((1, 28, 28, 1), np.uint8)

    (axes,) = draw_errors(ErrorsInfo(1, 1, tiles), images, [DARK._replace(empty=True)]).axes

    assert "no positive\nevidence" in [text.get_text() for text in axes.texts]


def network(*heads: tuple[str, int]) -> keras.Model:
    """One convolution and a softmax a head, on 28 x 28 grey images."""
    keras.utils.set_random_seed(1)
    pixels = keras.Input((28, 28, 1))
    maps = layers.Conv2D(4, 3, padding="same", activation="relu")(pixels)
    flat = layers.Flatten()(layers.AveragePooling2D(4)(maps))
    outputs = [layers.Dense(n, activation="softmax", name=name)(flat) for name, n in heads]
    return keras.Model(pixels, outputs)


def test_the_heatmap_is_that_of_the_head_named_first() -> None:
    model = network(("length", 2), ("color", 2))
    images = np.random.default_rng(1).integers(0, 255, (3, 28, 28, 1), np.uint8)

    def of(head: str) -> list[Evidence]:
        tiles = tuple(Tile(place, (), 0.9, head) for place in (2, 0))
        return evidence(model, ErrorsInfo(3, 2, tiles), images)

    assert len(of("length")) == 2
    assert of("length")[0].overlay.shape == (28, 28, 3)
    assert not np.allclose(of("length")[0].overlay, of("color")[0].overlay)
    (other,) = evidence(model, ErrorsInfo(3, 1, (Tile(2, (), 0.9, "color"),)), images)
    assert_allclose(other.overlay, of("color")[0].overlay, atol=1e-4)


def pictures_of(arrays: dict[str, np.ndarray], heads: list[str], folder: Path) -> list[Picture]:
    images = np.random.default_rng(1).integers(0, 255, (30, 28, 28, 1), np.uint8)
    model = network(*((head, len(NAMES[head])) for head in heads))
    return mistakes.pictures(
        model, "tuned", images, arrays, heads, NAMES, KnownErrors((10, 11), "Somebody 2020"), folder
    )


def test_the_picture_says_how_many_are_wrong(tmp_path: Path) -> None:
    (only,) = pictures_of(predictions({"class": 3}), ["class"], tmp_path)

    assert (only.file, only.network, only.section) == ("errors_tuned.png", "tuned", "errors")
    assert "tuned network gets 3 images of 30 wrong (10.00%)" in only.caption
    assert (
        "Of the 2 test images whose label is known to be wrong (Somebody 2020), 1 " in only.caption
    )
    assert "1 counts as an error here; 1 of them is among those shown" in only.caption
    assert "head named first" not in only.caption
    assert (tmp_path / only.file).stat().st_size > 0


def test_the_picture_of_a_perfect_network_says_so(tmp_path: Path) -> None:
    arrays = {key: array[1:10] for key, array in predictions({"length": 2, "color": 2}).items()}

    (only,) = pictures_of(arrays, ["length", "color"], tmp_path)

    assert only.title == "Least certain right answers, tuned network"
    assert "gets all 9 test images right" in only.caption
    assert "The heatmap is that of the head named first" in only.caption


def test_no_images_no_picture(tmp_path: Path) -> None:
    arrays = {key: array[:0] for key, array in predictions({"class": 3}).items()}

    assert pictures_of(arrays, ["class"], tmp_path) == []
