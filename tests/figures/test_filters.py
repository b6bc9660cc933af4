"""What filters answer to: gradient ascent on networks whose answer is known."""

from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers
from matplotlib.figure import Figure

from study.errors import WrongName
from study.figures.filters import FiltersInfo, caption, draw_filters, filters_info, pictures

EDGE = np.array([[1, 1, 1], [0, 0, 0], [-1, -1, -1]], np.float32)


def network(kernels: list[np.ndarray], bias: list[float] | None = None) -> keras.Model:
    """9 x 9 grey images, one 3 x 3 convolution with these kernels, ReLU, pooling."""
    model = keras.Sequential(
        [
            keras.Input((9, 9, 1)),
            layers.Rescaling(1 / 255),
            layers.Conv2D(len(kernels), 3, activation="relu", name="conv1"),
            layers.MaxPooling2D(2, name="pool1"),
            layers.Flatten(),
            layers.Dense(2, activation="softmax"),
        ]
    )
    weights = np.stack(kernels, axis=-1)[:, :, np.newaxis, :]
    model.get_layer("conv1").set_weights([weights, np.array(bias or [0] * len(kernels))])
    return model


def deep(seed: int = 3) -> keras.Model:
    keras.utils.set_random_seed(seed)
    return keras.Sequential(
        [
            keras.Input((16, 16, 3)),
            layers.Rescaling(1 / 255),
            layers.Conv2D(4, 3, activation="relu", padding="same", name="conv1"),
            layers.BatchNormalization(),
            layers.MaxPooling2D(2, name="pool1"),
            layers.Conv2D(20, 3, activation="relu", padding="same", name="conv2"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(2),
        ]
    )


def noise(count: int, shape: tuple[int, ...] = (9, 9, 1)) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (count, *shape), np.uint8)


def test_a_first_layers_filter_finds_its_own_kernel() -> None:
    info = filters_info(network([EDGE, -EDGE]))[0]

    assert info.field == (slice(3, 6), slice(3, 6))
    found = info.images[:, 3:6, 3:6, 0]
    for picture, sign in zip(found, (1, -1), strict=True):
        np.testing.assert_array_equal(np.sign(picture.astype(float) - 127.5)[[0, 2]],
                                      sign * EDGE[[0, 2]])  # fmt: skip
        assert np.abs(picture[1] - 127.5).max() <= 1  # the kernel's zeros leave blank
    np.testing.assert_allclose(info.scores, 3, rtol=0.01)  # white above black, the most there is
    assert not info.dead.any()


def test_nothing_is_drawn_outside_of_what_the_unit_sees() -> None:
    info = filters_info(deep(), ["conv2"])[0]

    outside = info.images.copy()
    outside[:, info.field[0], info.field[1]] = 128
    assert (outside == 128).all()
    assert [part.stop - part.start for part in info.field] == [8, 8]


def test_a_filter_that_nothing_wakes_is_dead() -> None:
    info = filters_info(network([EDGE, EDGE], bias=[0, -1000]))[0]

    assert info.dead.tolist() == [False, True]
    assert info.silent is None
    assert "Dead, that is not to be woken: 1 of these 2." in caption(info)


def test_a_filter_without_weights_is_dead() -> None:
    assert filters_info(network([np.zeros_like(EDGE)]))[0].dead.tolist() == [True]


def test_real_images_decide_which_filters_are_dead() -> None:
    dark = np.zeros((3, 9, 9, 1), np.uint8)

    on_dark = filters_info(network([EDGE, EDGE], bias=[-1000, 1]), images=dark)[0]
    on_noise = filters_info(network([EDGE, EDGE], bias=[0, 1]), images=noise(3))[0]

    assert on_dark.dead.tolist() == [True, False]
    assert not on_dark.stuck.any()
    assert (on_dark.silent, on_dark.tested) == (1, 3)
    assert "silent on 3 images of the data: 1 of the layer's 2" in caption(on_dark)
    assert on_noise.dead.tolist() == [False, False]


def test_a_filter_is_dead_though_the_ascent_wakes_it_if_no_real_image_does() -> None:
    info = filters_info(network([EDGE]), images=np.zeros((3, 9, 9, 1), np.uint8))[0]

    assert info.scores[0] > 0
    assert info.dead.tolist() == [True]


def test_a_filter_that_real_images_wake_but_the_ascent_does_not_is_not_dead(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TF_KERAS_VIS_MAX_STEPS", "1")  # not far enough
    sharp = np.zeros((1, 9, 9, 1), np.uint8)
    sharp[:, :4] = 255

    info = filters_info(network([EDGE], bias=[-2.9]), images=sharp)[0]

    assert info.scores[0] < 0
    assert (info.dead.tolist(), info.stuck.tolist()) == ([False], [True])


def test_silent_filters_are_counted_over_all_batches_and_the_whole_layer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("study.figures.filters.BATCH", 2)
    images = np.zeros((5, 9, 9, 1), np.uint8)
    images[0, 5:] = 255  # what wakes the second filter is in the first batch only,
    images[4, :4] = 255  # and what wakes the first one in the last

    info = filters_info(network([EDGE, -EDGE, 0 * EDGE]), images=images, limit=1)[0]

    assert info.filters.tolist() == [0]
    assert (info.total, info.silent) == (3, 1)
    assert "the first 1 of 3 filters" in caption(info)


def test_colours_that_no_image_has_are_told() -> None:
    images = noise(4, (16, 16, 3))
    images[..., 1] = 0

    info = filters_info(deep(), ["conv1"], images)[0]

    assert info.absent == ("green",)
    assert "No image of the data has green" in caption(info)
    assert filters_info(deep(), ["conv1"], noise(4, (16, 16, 3)))[0].absent == ()


def test_the_same_network_gives_the_same_pictures() -> None:
    first, second = filters_info(deep()), filters_info(deep())

    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one.images, other.images)
        np.testing.assert_array_equal(one.scores, other.scores)


def test_the_ascent_goes_up(monkeypatch: pytest.MonkeyPatch) -> None:
    found = filters_info(deep())
    monkeypatch.setattr("study.figures.filters.REACH", 0.0)
    blank = filters_info(deep())

    for start, end in zip(blank, found, strict=True):
        assert (start.images == 128).all()
        assert (end.scores > start.scores).all()


def test_the_network_is_left_as_it_was() -> None:
    model = deep()
    images = noise(2, (16, 16, 3))
    before, output = model.get_weights(), np.asarray(model(images))

    filters_info(model)

    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))
    np.testing.assert_array_equal(np.asarray(model(images)), output)
    assert model.get_layer("conv1").activation is keras.activations.relu


def test_layers_that_pool_have_no_filters() -> None:
    assert [info.layer for info in filters_info(deep())] == ["conv1", "conv2"]
    assert filters_info(deep(), ["pool1"]) == []


def test_an_unknown_layer_is_refused() -> None:
    with pytest.raises(WrongName, match="there are: conv1, pool1, conv2"):
        filters_info(deep(), ["conv3"])


def test_only_the_first_filters_are_drawn() -> None:
    info = filters_info(deep(), ["conv2"], limit=5)[0]

    assert info.filters.tolist() == [0, 1, 2, 3, 4]
    assert info.images.shape == (5, 16, 16, 3)
    assert info.images.dtype == np.uint8


def test_steps_obey_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_KERAS_VIS_MAX_STEPS", "1")
    limited = filters_info(network([EDGE]))[0]

    assert np.abs(limited.images.astype(float) - 127.5).max() < 255 / 40 + 1


def made_info(dead: list[bool], stuck: list[bool]) -> FiltersInfo:
    count = len(dead)
    return FiltersInfo(
        layer="conv1",
        filters=np.arange(count),
        total=count,
        images=np.full((count, 5, 5, 1), 128, np.uint8),
        field=(slice(1, 4), slice(1, 4)),
        scores=np.arange(count, dtype=np.float32),
        dead=np.array(dead),
        stuck=np.array(stuck),
        silent=sum(dead),
        tested=9,
        absent=(),
    )


def words_in(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.axes[0].texts]


def test_dead_filters_are_crossed_out_and_labelled() -> None:
    figure = draw_filters(made_info([False, True, False], [False, False, True]))

    assert words_in(figure) == ["0", "0", "1", "1", "dead", "2", "2", "no ascent"]
    assert len(figure.axes[0].lines) == 2
    assert [image.get_array().shape for image in figure.axes[0].images] == [(3, 3, 3)] * 3


def test_the_caption_has_this_runs_numbers() -> None:
    words = caption(made_info([False, True, False], [False, False, True]))

    assert "3 × 3 pixels" in words  # noqa: RUF001
    assert "silent on 9 images of the data: 1 of the layer's 3" in words
    assert "1 that real images wake" in words


def test_a_picture_of_each_convolution_layer_is_made(tmp_path: Path) -> None:
    made = pictures(deep(), "baseline", None, None, None, tmp_path, filters=2, steps=2)

    assert [picture.file for picture in made] == [
        "filters_baseline_conv1.png",
        "filters_baseline_conv2.png",
    ]
    assert {path.name for path in tmp_path.iterdir()} == {picture.file for picture in made}
    assert {picture.section for picture in made} == {"filters"}
