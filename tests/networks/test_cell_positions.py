"""Where cells of a layer lie: known for convolutions and poolings one can follow by hand."""

import keras
import numpy as np
import pytest
from keras import layers

from study.networks.cell_positions import Axis, field, place, spread, stretched


def rows_at(*chain: keras.layers.Layer) -> Axis:
    """The rows of the last layer's maps, in a network of 28x28 images."""
    network = keras.Sequential([keras.Input((28, 28, 3)), *chain])
    return place(keras.Model(network.inputs, network.outputs), chain[-1].name)[0]


@pytest.mark.parametrize(
    ("chain", "expected"),
    [
        ([layers.Conv2D(2, 7)], Axis(22, 3, 1)),
        ([layers.Conv2D(2, 7, padding="same")], Axis(28, 0, 1)),
        ([layers.Conv2D(2, 3, dilation_rate=2)], Axis(24, 2, 1)),
        ([layers.MaxPooling2D(2)], Axis(14, 0.5, 2)),
        ([layers.Conv2D(2, 3, strides=2, padding="same")], Axis(14, 1, 2)),  # pads below only
        ([layers.DepthwiseConv2D(3), layers.AveragePooling2D(2)], Axis(13, 1.5, 2)),
        (
            [layers.Conv2D(2, 5), layers.MaxPooling2D(2), layers.ReLU(), layers.Conv2D(2, 3)],
            Axis(10, 4.5, 2),
        ),
    ],
)
def test_a_cell_lies_in_the_middle_of_what_it_sees(
    chain: list[keras.layers.Layer], expected: Axis
) -> None:
    assert rows_at(*chain) == expected


@pytest.mark.slow
def test_it_is_where_the_gradient_is() -> None:
    network = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(1, 5, strides=2, padding="same", kernel_initializer="ones"),
            layers.AveragePooling2D(2),
            layers.Conv2D(1, 3, kernel_initializer="ones", name="last"),
        ]
    )
    rows, columns = place(keras.Model(network.inputs, network.outputs), "last")
    seen = np.zeros((28, 28))
    for at in np.ndindex(28, 28):
        image = np.zeros((1, 28, 28, 1), np.float32)
        image[0, *at] = 1
        seen[at] = np.asarray(network(image))[0, 2, 1, 0]

    middle = [float(m) for m in (np.argwhere(seen) * seen[seen > 0][:, None]).sum(0) / seen.sum()]

    assert middle == pytest.approx([rows.first + 2 * rows.step, columns.first + columns.step])


@pytest.mark.parametrize("unit", [(0, 0), (3, 3), (6, 6)])
def test_a_unit_sees_the_pixels_that_move_it(unit: tuple[int, int]) -> None:
    network = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(1, 5, strides=2, padding="same", kernel_initializer="ones"),
            layers.AveragePooling2D(2),
            layers.Conv2D(1, 3, padding="same", kernel_initializer="ones"),
        ]
    )
    single = np.eye(28 * 28, dtype=np.float32).reshape(-1, 28, 28, 1)
    moved = np.asarray(network(single))[:, *unit, 0].reshape(28, 28) != 0

    rows, columns = field(network, unit)

    seen = np.zeros((28, 28), bool)
    seen[rows, columns] = True
    np.testing.assert_array_equal(seen, moved)


def test_where_it_is_no_chain_a_unit_may_see_the_whole_image() -> None:
    network = keras.Sequential([keras.Input((8, 6, 1)), layers.UpSampling2D(2), layers.ReLU()])

    assert field(network, (1, 1)) == (slice(0, 8), slice(0, 6))


def test_where_it_is_no_chain_maps_are_stretched() -> None:
    pixels = keras.Input((28, 28, 1))
    first = layers.Conv2D(2, 3)(pixels)
    joined = layers.Add()([first, layers.ReLU()(first)])
    network = keras.Model(pixels, layers.Conv2D(2, 1, name="last")(joined))

    assert place(network, "last") == (stretched(28, 26), stretched(28, 26))


def test_operations_and_layers_used_twice_are_followed_too() -> None:
    """A network written with `keras.ops` has its cells where the one of layers has them."""
    pixels, relu = keras.Input((28, 28, 1)), layers.ReLU()
    maps = relu(layers.Conv2D(2, 5)(keras.ops.divide(pixels, 255)))
    maps = relu(layers.Conv2D(2, 3)(keras.ops.relu(maps)))
    network = keras.Model(pixels, layers.Conv2D(2, 3, name="last")(maps))

    assert place(network, "last") == (Axis(20, 4, 1), Axis(20, 4, 1))


def test_layers_that_move_cells_in_unknown_ways_are_stretched() -> None:
    assert rows_at(layers.UpSampling2D(2), layers.Conv2D(1, 1)) == stretched(28, 56)


def test_a_pixel_between_two_cells_takes_from_both() -> None:
    shares = spread(Axis(2, first=1, step=2), pixels=5)

    assert shares.tolist() == [[1, 0], [1, 0], [0.5, 0.5], [0, 1], [0, 1]]


def test_stretching_is_the_usual_resize() -> None:
    shares = spread(stretched(4, 2), pixels=4)

    assert shares.tolist() == [[1, 0], [0.75, 0.25], [0.25, 0.75], [0, 1]]
