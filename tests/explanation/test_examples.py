"""What networks make of images, on networks of which it is known."""

import keras
import numpy as np
import pytest
from keras import layers

from study.data.dataset import KnownErrors
from study.errors import WrongName
from study.explanation.arrays import Evidence, MistakesInfo, Shown
from study.explanation.attribution import Explainer
from study.explanation.examples import (
    Asked,
    activations_info,
    all_heatmaps,
    evidence,
    heatmaps_info,
    methods_info,
    mistakes_info,
    most_active,
)
from study.records.finding import METHODS
from tests.explanation.known_networks import images, two_classes, two_heads
from tests.factories import predictions

LABELS = {"class": ("a", "b", "c"), "length": ("7 px", "15 px"), "color": ("red", "blue")}

# Activations


def bright_network() -> keras.Model:
    """4 x 4 grey images; channel 0 copies them, channel 1 only answers to more than 100."""
    keras.utils.set_random_seed(1)
    model = keras.Sequential(
        [
            keras.Input((4, 4, 1)),
            layers.Conv2D(2, 1, activation="relu", name="conv1"),
            layers.MaxPooling2D(2, name="pool1"),
            layers.GlobalAveragePooling2D(name="average"),
            layers.Dense(2, activation="softmax", name="scores"),
        ]
    )
    model.get_layer("conv1").set_weights([np.ones((1, 1, 1, 2)), np.array([0, -100])])
    return model


def dark_and_bright() -> np.ndarray:
    """All 10; and all 10 with one pixel of 150 in the top left corner."""
    made = np.full((2, 4, 4, 1), 10, np.uint8)
    made[1, 0, 0] = 150
    return made


def test_every_convolution_and_pooling_layer_is_seen() -> None:
    infos = activations_info(bright_network(), dark_and_bright())

    assert [(info.layer, info.kind) for info in infos] == [
        ("conv1", "convolution"),
        ("pool1", "pooling"),
        ("average", "pooling"),
    ]
    assert [info.maps.shape for info in infos] == [(2, 4, 4, 2), (2, 2, 2, 2), (2, 1, 1, 2)]
    assert all(info.maps.dtype == np.float32 for info in infos)


def test_maps_are_what_the_layers_put_out() -> None:
    conv, pool, average = activations_info(bright_network(), dark_and_bright())

    np.testing.assert_array_equal(conv.maps[..., 0], dark_and_bright()[..., 0])
    np.testing.assert_array_equal(pool.maps[1, :, :, 0], [[150, 10], [10, 10]])
    np.testing.assert_array_equal(pool.maps[1, :, :, 1], [[50, 0], [0, 0]])
    np.testing.assert_array_equal(average.maps[1, 0, 0], [45, 12.5])


def test_only_the_layers_asked_for_are_seen() -> None:
    assert [
        info.layer for info in activations_info(bright_network(), dark_and_bright(), ["pool1"])
    ] == ["pool1"]


def test_activations_of_an_unknown_layer_are_refused() -> None:
    with pytest.raises(WrongName, match="there are: conv1, pool1, average"):
        activations_info(bright_network(), dark_and_bright(), ["dense"])


def test_the_most_active_channels_are_shown_in_their_order() -> None:
    maps = np.array([0, 3, 1, -5, 2], np.float32).reshape(1, 1, 1, 5)

    assert most_active(maps, 3).tolist() == [1, 3, 4]
    assert most_active(maps, 9).tolist() == [0, 1, 2, 3, 4]


def test_channels_that_answer_to_no_image_are_counted() -> None:
    (bright,) = activations_info(bright_network(), dark_and_bright(), ["conv1"])
    (dark,) = activations_info(bright_network(), dark_and_bright()[:1], ["conv1"])

    assert (bright.total, bright.silent) == (2, 0)
    assert (dark.total, dark.silent) == (2, 1)


def test_only_the_most_active_channels_are_kept_with_their_numbers() -> None:
    (info,) = activations_info(bright_network(), dark_and_bright(), ["conv1"], channels=1)

    assert (info.channels.tolist(), info.total) == ([0], 2)
    np.testing.assert_array_equal(info.maps[..., 0], dark_and_bright()[..., 0])


# Heatmaps


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

    with pytest.raises(WrongName, match="does not depend on any convolution layer"):
        heatmaps_info(dense, images())


def test_another_class_than_the_predicted_can_be_explained() -> None:
    info = heatmaps_info(two_classes(), images()[2:3], target=1)

    assert info.heads[0].predicted.tolist() == [0]
    assert spots(info.heads[0].maps) == [(6, 5)]
    assert info.target == 1


def test_a_method_that_goes_down_to_the_pixels_is_asked_once_whatever_the_layers() -> None:
    asked = Asked(methods=("gradcam++", "smoothgrad"), head="color", target=1)

    infos = all_heatmaps(two_heads(), images(), ["conv1", "average"][:1], asked)

    assert [(info.method, info.asked_layer, info.target) for info in infos] == [
        ("gradcam++", "conv1", 1),
        ("smoothgrad", None, 1),
    ]
    assert [[head.head for head in info.heads] for info in infos] == [["color"], ["color"]]


def test_each_image_asks_one_head_in_turn() -> None:
    info = methods_info(Explainer(two_heads()), images(), seed=1)

    assert info.layer == "conv1"
    assert info.explained == [("color", 0), ("side", 0), ("color", 0), ("side", 0)]
    assert list(info.maps) == list(METHODS)
    assert {maps.shape for maps in info.maps.values()} == {(4, 8, 8)}


# Mistakes


def softmax_like(*rows: list[float]) -> np.ndarray:
    return np.array(rows, dtype=np.float32)


def test_the_most_confident_error_comes_first_with_both_classes() -> None:
    arrays = {
        "labels_class": np.array([0, 1, 2, 2]),
        "tuned_class": softmax_like(
            [0.125, 0.75, 0.125], [0.0, 1.0, 0.0], [0.0625, 0.9375, 0.0], [0.0, 0.0, 1.0]
        ),
    }

    assert mistakes_info(arrays, "tuned", ["class"], LABELS) == MistakesInfo(
        images=4,
        errors=2,
        shown=(
            Shown(2, ("c", "→ b (93.8%)"), 0.9375, "class"),
            Shown(0, ("a", "→ b (75.0%)"), 0.75, "class"),
        ),
    )


def test_several_heads_name_those_that_are_wrong() -> None:
    arrays = {
        "labels_length": np.array([0, 0, 1]),
        "labels_color": np.array([0, 0, 1]),
        "tuned_length": softmax_like([0.25, 0.75], [0.25, 0.75], [0.0, 1.0]),
        "tuned_color": softmax_like([0.5, 0.5], [0.25, 0.75], [0.0, 1.0]),
    }

    info = mistakes_info(arrays, "tuned", ["length", "color"], LABELS)

    assert info == MistakesInfo(
        images=3,
        errors=2,
        shown=(
            Shown(
                1,
                ("length 7 px", "→ 15 px (75.0%)", "color red", "→ blue (75.0%)"),
                0.5625,
                "length",
            ),
            Shown(0, ("length 7 px", "→ 15 px (75.0%)"), 0.375, "length"),
        ),
        heads=2,
    )


def test_without_errors_the_least_certain_images_are_shown() -> None:
    arrays = {
        "labels_length": np.array([0, 0]),
        "labels_color": np.array([0, 0]),
        "tuned_length": softmax_like([1.0, 0.0], [0.75, 0.25]),
        "tuned_color": softmax_like([1.0, 0.0], [0.875, 0.125]),
    }

    info = mistakes_info(arrays, "tuned", ["length", "color"], LABELS)

    assert info.errors == 0
    assert info.shown[0] == Shown(1, ("length 7 px", "→ 7 px (75.0%)"), 0.6562, "length")
    assert info.shown[1].words[1] == "→ 7 px (>99.9%)"


def test_no_more_than_18_tiles_are_shown_of_all_errors() -> None:
    info = mistakes_info(predictions({"class": 3}, images=400), "tuned", ["class"], LABELS)

    assert (info.errors, len(info.shown)) == (40, 18)
    assert [tile.image for tile in info.shown[:2]] == [390, 380]


def test_each_network_has_errors_of_its_own() -> None:
    arrays = predictions({"class": 3}, images=100)

    found = [mistakes_info(arrays, name, ["class"], LABELS) for name in ("baseline", "tuned")]

    assert [info.errors for info in found] == [20, 10]


def test_known_wrong_labels_are_marked_and_counted() -> None:
    arrays = predictions({"class": 3}, images=400)  # wrong on 0, 10, ..., 390

    known = KnownErrors((0, 11, 370, 390), "Somebody 2020")
    info = mistakes_info(arrays, "tuned", ["class"], LABELS, known)

    assert (info.mislabelled, info.mislabelled_errors) == (4, 3)
    assert [tile.image for tile in info.shown if tile.mislabelled] == [390, 370]


def grey_network(*heads: tuple[str, int]) -> keras.Model:
    """One convolution and a softmax a head, on 28 x 28 grey images."""
    keras.utils.set_random_seed(1)
    pixels = keras.Input((28, 28, 1))
    maps = layers.Conv2D(4, 3, padding="same", activation="relu")(pixels)
    flat = layers.Flatten()(layers.AveragePooling2D(4)(maps))
    outputs = [layers.Dense(n, activation="softmax", name=name)(flat) for name, n in heads]
    return keras.Model(pixels, outputs)


def test_the_heatmap_is_that_of_the_head_named_first() -> None:
    model = grey_network(("length", 2), ("color", 2))
    images = np.random.default_rng(1).integers(0, 255, (3, 28, 28, 1), np.uint8)

    def of(head: str) -> Evidence:
        shown = tuple(Shown(place, (), 0.9, head) for place in (2, 0))
        return evidence(model, MistakesInfo(3, 2, shown), images)

    np.testing.assert_array_equal(of("length").images, images[[2, 0]])
    assert of("length").maps.shape == (2, 28, 28)
    assert not np.allclose(of("length").maps, of("color").maps)
    other = evidence(model, MistakesInfo(3, 1, (Shown(2, (), 0.9, "color"),)), images)
    np.testing.assert_allclose(other.maps[0], of("color").maps[0], atol=1e-4)
