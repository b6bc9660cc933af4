"""Grad-CAM on networks of which it is known where they look."""

from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers
from matplotlib.figure import Figure

from study.errors import WrongName
from study.figures.networks.heatmaps import (
    Asked,
    HeadHeatmaps,
    HeatmapsInfo,
    caption,
    draw_heatmaps,
    heatmaps_info,
    overlay,
    pictures,
)

NAMES = {"class": ("red", "blue"), "color": ("red", "blue"), "side": ("left", "right", "none")}


def looks_at_red_and_blue(*heads: keras.layers.Layer) -> keras.Model:
    """Channel 0 of its maps is the image's red, channel 1 its blue; heads on their means."""
    pixels = keras.Input((8, 8, 3))
    x = layers.Rescaling(1 / 255)(pixels)
    convolution = layers.Conv2D(2, 1, activation="relu", name="conv1")
    means = layers.GlobalAveragePooling2D(name="average")(convolution(x))
    model = keras.Model(pixels, [head(means) for head in heads])
    convolution.set_weights([np.array([[[[1, 0], [0, 0], [0, 1]]]]), np.zeros(2)])
    return model


def weighted(layer: keras.layers.Dense, weights: list[list[float]]) -> keras.layers.Dense:
    layer.build((None, 2))
    layer.set_weights([np.array(weights), np.zeros(len(weights[0]))])
    return layer


def two_classes() -> keras.Model:
    """Says class 0 for red and class 1 for blue, very surely."""
    head = layers.Dense(2, activation="softmax", name="scores")
    return looks_at_red_and_blue(weighted(head, [[9000, -9000], [-9000, 9000]]))


def two_heads() -> keras.Model:
    """A sigmoid neuron, 1 for blue; and a softmax that only looks at red."""
    color = weighted(layers.Dense(1, activation="sigmoid", name="color"), [[-50], [50]])
    side = layers.Dense(3, activation="softmax", name="side")
    return looks_at_red_and_blue(color, weighted(side, [[0, 50, 0], [0, 0, 0]]))


def images() -> np.ndarray:
    """A red pixel at row 1, column 2; a blue one at row 6, column 5; both; nothing."""
    made = np.zeros((4, 8, 8, 3), np.uint8)
    made[0, 1, 2, 0] = made[2, 1, 2, 0] = 255
    made[1, 6, 5, 2] = 255
    made[2, 6, 5, 2] = 100
    return made


def spots(maps: np.ndarray) -> list[tuple[int, int]]:
    return [tuple(int(i) for i in np.argwhere(one > 0.5)[0]) for one in maps]


def test_the_heat_is_where_the_evidence_is() -> None:
    info = heatmaps_info(two_classes(), images()[:3])

    assert info.layers == {"conv1": (8, 8)}
    (head,) = info.heads
    assert head.head == "class"
    assert head.predicted.tolist() == [0, 1, 0]
    np.testing.assert_allclose(head.probability, 1, rtol=1e-6)
    assert spots(head.maps) == [(1, 2), (6, 5), (1, 2)]
    assert head.maps.sum(axis=(1, 2)).tolist() == [1, 1, 1]  # one pixel each, worth 1


def test_a_network_that_is_sure_has_a_heatmap_too() -> None:
    assert not heatmaps_info(two_classes(), images()[:2]).heads[0].empty.any()


def test_every_head_has_its_own_heatmap_of_its_own_class() -> None:
    info = heatmaps_info(two_heads(), images()[:3])

    color, side = info.heads
    assert [head.head for head in info.heads] == ["color", "side"]
    assert color.predicted.tolist() == [0, 1, 0]
    assert spots(color.maps) == [(1, 2), (6, 5), (1, 2)]
    assert side.predicted.tolist() == [1, 0, 1]
    assert spots(side.maps[[0, 2]]) == [(1, 2), (1, 2)]
    assert side.empty.tolist() == [False, True, False]


def test_no_evidence_is_told_and_drawn() -> None:
    info = heatmaps_info(two_heads(), images())

    assert info.heads[0].empty.tolist() == [False, False, False, True]
    assert "maps show no positive evidence" in caption(info, 4, None)
    assert words_in(draw_heatmaps(info, images())).count("no positive\nevidence") == 3


def test_coarse_maps_are_enlarged_in_place() -> None:
    pixels = keras.Input((8, 8, 3))
    x = layers.Conv2D(1, 2, strides=2, activation="relu", name="conv1")(pixels)
    x = layers.Flatten()(x)
    model = keras.Model(pixels, layers.Dense(2, activation="softmax")(x))
    convolution, dense = model.layers[1], model.layers[-1]
    convolution.set_weights([np.ones((2, 2, 3, 1)), np.zeros(1)])
    dense.set_weights([np.tile([1.0, 0], (16, 1)), np.zeros(2)])

    info = heatmaps_info(model, images()[:1])

    assert list(info.layers.values()) == [(4, 4)]
    hot = info.heads[0].maps[0]  # cell (0, 1) is the pixels of rows 0 and 1, columns 2 and 3
    assert hot.shape == (8, 8)
    assert np.argwhere(hot > 0.5).tolist() == [[0, 2], [0, 3], [1, 2], [1, 3]]
    words = caption(info, 1, None)
    assert "4 × 4 cells for 8 × 8 pixels, so a patch is no finer than 2 pixels" in words  # noqa: RUF001


def test_the_network_is_left_as_it_was() -> None:
    model = two_heads()
    before = [np.asarray(output) for output in model(images())]

    heatmaps_info(model, images())

    for output, expected in zip(model(images()), before, strict=True):
        np.testing.assert_array_equal(output, expected)


def test_a_pooling_layer_will_do() -> None:
    model = keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            layers.Conv2D(2, 3, name="conv1"),
            layers.MaxPooling2D(2, name="pool1"),
            layers.Conv2D(2, 3, name="conv2"),
            layers.Flatten(),
            layers.Dense(2, activation="softmax"),
        ]
    )

    assert list(heatmaps_info(model, images()).layers) == ["conv2"]
    at_pool = heatmaps_info(model, images(), "pool1")
    assert at_pool.layers == {"pool1": (3, 3)}


def test_a_layer_without_maps_is_refused() -> None:
    with pytest.raises(WrongName, match="'average' has no maps"):
        heatmaps_info(two_classes(), images(), "average")


def test_an_unknown_layer_is_refused() -> None:
    with pytest.raises(WrongName, match="there are: conv1, average"):
        heatmaps_info(two_classes(), images(), "conv2")


def test_a_network_without_convolutions_is_refused() -> None:
    dense = keras.Sequential([keras.Input((8, 8, 3)), layers.Flatten(), layers.Dense(2)])

    with pytest.raises(WrongName, match="no convolution layer"):
        heatmaps_info(dense, images())


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
    assert "Predicted right: 1 of 2." in single
    assert "Predicted right: 1 of 2 (color), 2 of 2 (side)." in several


def test_one_picture_of_the_last_convolution_layer_is_made(tmp_path: Path) -> None:
    truth = {"class": np.array([0, 1, 0, 1])}

    (made,) = pictures(two_classes(), "tuned", images(), truth, NAMES, tmp_path)

    assert (made.file, made.section, made.network) == ("heatmaps_tuned.png", "heatmaps", "tuned")
    assert (tmp_path / made.file).is_file()
    assert "4 images" in made.alt


def test_a_picture_of_each_layer_asked_for_is_made(tmp_path: Path) -> None:
    made = pictures(two_heads(), None, images(), None, None, tmp_path, ["conv1"], rows=2)

    assert [picture.file for picture in made] == ["heatmaps_conv1.png"]
    assert "2 images" in made[0].alt


def test_another_class_than_the_predicted_can_be_explained() -> None:
    info = heatmaps_info(two_classes(), images()[2:3], target=1)

    assert info.heads[0].predicted.tolist() == [0]
    assert spots(info.heads[0].maps) == [(6, 5)]
    assert "evidence for class blue," in caption(info, 1, None, NAMES)


def test_one_head_alone_is_drawn_with_its_name() -> None:
    info = heatmaps_info(two_heads(), images()[:2], head="side")

    assert [head.head for head in info.heads] == ["side"]
    axes = draw_heatmaps(info, images()[:2]).axes[0]
    above = [text.get_position()[1] for text in axes.texts if text.get_text() == "side"]
    assert len(above) == 2
    assert min(above) > min(axes.get_ylim()) + 0.15  # not cut off


def test_every_method_asked_for_is_a_figure_of_its_own(tmp_path: Path) -> None:
    asked = Asked(methods=("gradcam++", "smoothgrad"), head="color", target=1)

    made = pictures(two_heads(), None, images(), None, NAMES, tmp_path, ["conv1"], asked=asked)

    assert [picture.file for picture in made] == [
        "heatmaps_gradcam++_conv1.png",
        "heatmaps_smoothgrad.png",
    ]
    assert made[0].caption.startswith("Grad-CAM++ of 4 images at layer conv1: bright is where")
    assert made[1].caption.startswith("SmoothGrad of 4 images: bright is where")
    assert "class blue" in made[1].caption
    assert "cells" not in made[1].caption
