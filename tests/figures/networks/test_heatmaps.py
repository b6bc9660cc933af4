"""Heatmaps drawn: what is written beside them, and in the caption."""

from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from study.explanation.arrays import HeadHeatmaps, HeatmapsInfo
from study.figures.networks.heatmaps import caption, draw_heatmaps, overlay, pictures
from tests.explanation.known_networks import images

NAMES = {"class": ("red", "blue"), "color": ("red", "blue"), "side": ("left", "right", "none")}


def test_no_evidence_is_told_and_drawn() -> None:
    info = made_info(["color", "side"], 4)
    info.heads[0].maps[3] = info.heads[1].maps[:2] = 0

    assert info.heads[0].empty.tolist() == [False, False, False, True]
    assert "maps show no positive evidence" in caption(info, 4, None)
    assert words_in(draw_heatmaps(info, images())).count("no positive\nevidence") == 3


def test_an_overlay_keeps_the_foreground_and_shows_the_heat() -> None:
    picture = np.zeros((4, 4, 3), np.uint8)
    picture[0, 0] = (255, 0, 0)
    heat = np.zeros((4, 4))
    heat[0, 0] = heat[3, 3] = 1

    laid = overlay(picture, heat)

    assert laid.min() >= 0
    assert laid.max() <= 1
    assert laid[0, 0, 0] > 0.8  # still red,
    assert laid[0, 0, 1] < 0.3
    assert laid[3, 3, 1] > 0.8  # and the heat as bright as in the heatmap


def test_of_a_photograph_brightness_and_heat_are_both_to_be_seen() -> None:
    picture = np.repeat(np.arange(0, 256, 17, np.uint8).reshape(4, 4, 1), 3, axis=2)
    cold, hot = overlay(picture, np.zeros((4, 4))), overlay(picture, np.ones((4, 4)))

    assert cold.min() >= 0
    assert hot.max() <= 1
    for laid in (cold, hot):
        brightness = laid.mean(axis=-1).ravel()
        assert (np.diff(brightness) > 0.02).all()
    assert np.abs(hot - cold).max(axis=-1).min() > 0.3


def test_colours_of_a_photograph_are_not_taken_for_heat() -> None:
    picture = np.zeros((2, 2, 3), np.uint8)
    picture[..., 0] = [[0, 70], [140, 210]]  # all red
    laid = overlay(picture, np.zeros((2, 2)))
    assert np.ptp(laid - laid.mean(axis=-1, keepdims=True), axis=(0, 1)).max() < 1e-6


def made_info(heads: list[str], images: int = 2) -> HeatmapsInfo:
    """Class 1 predicted for every image, evidence everywhere, at a coarse layer."""
    return HeatmapsInfo(
        heads=[
            HeadHeatmaps(
                head=head,
                predicted=np.ones(images, np.int64),
                probability=np.full(images, 0.75, np.float32),
                maps=np.ones((images, 8, 8), np.float32),
                layer="conv3",
                resolution=(4, 4),
            )
            for head in heads
        ],
        method="gradcam",
        target=None,
        asked_layer=None,
        channels=16,
        named=len(heads) > 1,
    )


def words_in(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.axes[0].texts]


def test_true_and_predicted_class_are_written_and_errors_marked() -> None:
    truth = {"class": np.array([1, 0])}

    words = words_in(draw_heatmaps(made_info(["class"]), images()[:2], truth, NAMES))

    assert words[-4:] == [
        "true blue",
        "✓ predicted blue, 75%",
        "true red",
        "✗ predicted blue, 75%",
    ]


def test_each_head_is_written_with_its_name_and_classes() -> None:
    truth = {"color": np.array([1]), "side": np.array([2])}

    figure = draw_heatmaps(made_info(["color", "side"], 1), images()[:1], truth, NAMES)

    assert words_in(figure) == [
        "input",
        *("heatmap", "overlay", "color", "heatmap", "overlay", "side"),
        *("true blue", "✓ predicted blue, 75%", "true none", "✗ predicted right, 75%"),
    ]
    assert len(figure.axes[0].images) == 1 + 2 * 2
    assert figure.axes[0].child_axes[0].get_title(loc="left") == "evidence"


def test_without_truth_or_names_the_prediction_is_an_index() -> None:
    words = words_in(draw_heatmaps(made_info(["class"], 1), images()[:1]))

    assert words[-1] == "predicted 1, 75%"


@pytest.mark.parametrize("count", [1, 2, 3, 6, 7])
def test_every_image_has_input_heatmap_and_overlay(count: int) -> None:
    some = np.zeros((count, 8, 8, 1), np.uint8)

    figure = draw_heatmaps(made_info(["class"], count), some)

    corners = {(image.get_extent()[0], image.get_extent()[3]) for image in figure.axes[0].images}
    assert len(corners) == 3 * count


def test_the_caption_has_this_runs_numbers() -> None:
    single = caption(made_info(["class"]), 2, {"class": np.array([1, 0])})
    several = caption(
        made_info(["color", "side"]), 2, {"color": np.array([1, 0]), "side": np.array([1, 1])}
    )

    assert "conv3" in single
    assert "4 × 4 cells for 8 × 8 pixels, so the map is no" in single  # noqa: RUF001
    assert "so the map is no finer than 2 pixels." in single
    assert "Predicted correctly: 1 of 2." in single
    assert "Predicted correctly: 1 of 2 (color), 2 of 2 (side)." in several


def test_the_class_that_was_asked_for_is_named() -> None:
    info = made_info(["class"], 1)._replace(target=0)

    assert "evidence for class red," in caption(info, 1, None, NAMES)


def test_how_many_channels_were_tried_is_told() -> None:
    info = made_info(["class"], 1)._replace(method="scorecam", channels=7)

    assert "the 7 channels that vary most were tried" in caption(info, 1, None)


def test_one_of_several_heads_is_drawn_with_its_name() -> None:
    axes = draw_heatmaps(made_info(["side"])._replace(named=True), images()[:2]).axes[0]

    above = [text.get_position()[1] for text in axes.texts if text.get_text() == "side"]
    assert len(above) == 2
    assert min(above) > min(axes.get_ylim()) + 0.15  # not cut off


def test_a_picture_of_each_method_and_layer_is_made(tmp_path: Path) -> None:
    plain = made_info(["class"], 4)
    infos = [
        plain,
        plain._replace(method="gradcam++", asked_layer="conv1", target=1),
        plain._replace(method="smoothgrad"),
    ]
    truth = {"class": np.array([0, 1, 0, 1])}

    made = pictures(infos, "tuned", images(), truth, NAMES, tmp_path)

    assert [picture.file for picture in made] == [
        "heatmaps_tuned.png",
        "heatmaps_gradcam++_tuned_conv1.png",
        "heatmaps_smoothgrad_tuned.png",
    ]
    assert [one.kind for one in made] == [
        *("heatmaps", "heatmaps_gradcam++_conv1", "heatmaps_smoothgrad")
    ]
    assert {(one.section, one.network) for one in made} == {("heatmaps", "tuned")}
    assert all((tmp_path / one.file).is_file() for one in made)
    assert all("4 images" in one.alt for one in made)
    assert made[1].caption.startswith("Grad-CAM++ of 4 images at layer conv3: bright is where")
    assert "class blue" in made[1].caption
    assert made[2].caption.startswith("SmoothGrad of 4 images: bright is where")
    assert "cells" not in made[2].caption


def test_figures_of_any_network_are_named_without_one(tmp_path: Path) -> None:
    (made,) = pictures([made_info(["class"])], None, images()[:2], None, None, tmp_path)

    assert made.file == "heatmaps.png"
