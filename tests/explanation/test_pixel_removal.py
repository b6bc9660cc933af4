"""Deletion and insertion on a network that needs one half of the image."""

import numpy as np
import pytest

from study.explanation.pixel_removal import (
    STEPS,
    curves,
    delete,
    delete_all,
    replaced,
    replacements,
)
from study.records.finding import METHODS, Replacement


class Bright:
    """Sure of class 1 by the brightness of the left half; heatmaps point there, but Grad-CAM's."""

    layer = "conv1"
    heads = ("class",)

    def predict(self, images: np.ndarray) -> dict[str, np.ndarray]:
        """Probability of class 1: 0.2 of a black left half, 1 of a white one."""
        sure = 0.2 + 0.8 * images[:, :, :5].mean(axis=(1, 2, 3)) / 255
        return {"class": np.stack([1 - sure, sure], axis=1)}

    def predicted_in_turn(self, images: np.ndarray) -> list[tuple[str, int]]:
        """What it is surer of."""
        return [("class", int(sure.argmax())) for sure in self.predict(images)["class"]]

    def in_turn(self, images: np.ndarray, method: str, seed: int) -> np.ndarray:  # noqa: ARG002
        """Hot on the left; on the right by Grad-CAM."""
        maps = np.zeros(images.shape[:3])
        maps[:, :, :5] = 1
        return maps[:, :, ::-1] if method == "gradcam" else maps


def images(count: int = 4) -> np.ndarray:
    """White on the left of a black image; of a larger one, so that black is the median."""
    made = np.zeros((count, 10, 20, 1), np.uint8)
    made[:, :, :5] = 255
    return made


def test_the_pixels_that_count_first_are_missed_first() -> None:
    maps = Bright().in_turn(images(), "scorecam", 1)

    made = curves(Bright(), images(), maps, seed=1)  # type: ignore[arg-type]

    assert made.deletion.shape == made.insertion.shape == (4, STEPS + 1)
    assert made.deletion[0, [0, STEPS // 4, -1]] == pytest.approx([1, 0.2, 0.2])
    assert made.insertion[0, [0, STEPS // 4, -1]] == pytest.approx([0.2, 1, 1])
    assert made.deletion[0, 0] > made.deletion[0, 1] > made.deletion[0, 2]


def test_areas_are_under_the_curves() -> None:
    maps = Bright().in_turn(images(), "scorecam", 1)

    areas = curves(Bright(), images(), maps, seed=1).areas  # type: ignore[arg-type]

    # A quarter of the way down from 1 to 0.2, or up; then level.
    assert areas[0] == pytest.approx([0.25 * 0.6 + 0.75 * 0.2, 0.25 * 0.6 + 0.75, 0.6])


def test_equal_pixels_go_in_a_random_order() -> None:
    uniform = np.ones((4, 10, 20))

    made = curves(Bright(), images(), uniform, seed=1)  # type: ignore[arg-type]

    assert made.areas[:, 0].mean() == pytest.approx(0.6, abs=0.05)
    assert len(np.unique(made.areas[:, 0])) > 1


def test_drawings_lose_pixels_to_their_ground_and_photographs_to_two_replacements() -> None:
    assert replacements(images()) == ("background",)
    shades = np.arange(0, 200, dtype=np.uint8).reshape(1, 10, 20, 1)
    assert replacements(shades) == ("mean", "blur")


def test_what_replaces_pixels_is_the_median_the_mean_or_what_a_blur_leaves() -> None:
    some = images()  # a quarter is white
    assert replaced(some, "background").max() == 0
    np.testing.assert_allclose(replaced(some, "mean"), 255 / 4)
    blurred = replaced(some, "blur")
    assert blurred.shape == some.shape
    along = blurred[0, 5, :, 0]
    assert (np.diff(along) <= 0).all()  # from the white side to the black one,
    assert 60 < along[5] < 140  # with no edge where the white ended


@pytest.mark.parametrize("by", ["mean", "blur"])
def test_deletion_ends_and_insertion_begins_with_the_replacement(by: Replacement) -> None:
    maps = Bright().in_turn(images(), "scorecam", 1)

    made = curves(Bright(), images(), maps, seed=1, by=by)  # type: ignore[arg-type]

    alone = Bright().predict(replaced(images(), by))["class"][:, 1]
    np.testing.assert_allclose(made.deletion[:, -1], alone)
    np.testing.assert_allclose(made.insertion[:, 0], alone)
    assert delete({"tuned": Bright()}, images(), 1, by).replacement == by  # type: ignore[dict-item]


def test_every_replacement_that_suits_the_images_is_a_finding_of_its_own() -> None:
    explainers = {"tuned": Bright()}
    assert list(delete_all(explainers, images(), 1)) == ["deletion"]  # type: ignore[arg-type]
    shades = np.tile(np.arange(0, 200, dtype=np.uint8).reshape(1, 10, 20, 1), (4, 1, 1, 1))
    found = delete_all(explainers, shades, 1)  # type: ignore[arg-type]
    assert {name: one.replacement for name, one in found.items()} == {
        "deletion-mean": "mean",
        "deletion-blur": "blur",
    }


def test_methods_are_compared_with_sobel_on_the_same_images() -> None:
    found = delete({"tuned": Bright()}, images(), seed=1)  # type: ignore[dict-item]

    assert list(found.methods["tuned"]) == list(METHODS)
    assert list(found.controls["tuned"]) == ["sobel", "random"]
    assert found.above_sobel["tuned"]["scorecam"].ci95[0] > 0
    assert found.above_sobel["tuned"]["gradcam"].ci95[1] < 0
    assert found.methods["tuned"]["scorecam"].deletion_area.mean == pytest.approx(0.3)
