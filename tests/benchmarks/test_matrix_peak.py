"""Operations are counted as by hand."""

import keras
from keras import layers

from benchmarks.matrix_peak import flops


def test_operations_of_a_convolution_and_a_dense_layer() -> None:
    model = keras.Sequential(
        [
            keras.Input((6, 6, 2)),
            layers.Conv2D(5, 3),  # 4 x 4 places, 3 x 3 x 2 x 5 weights
            layers.BatchNormalization(),
            layers.Flatten(),
            layers.Dense(10),
        ]
    )
    first = 2 * 16 * 90
    assert flops(model) == (first + 2 * 80 * 10, first)
