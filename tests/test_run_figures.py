"""Which images figures are drawn of."""

from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers

from study.explanation.attribution import Explainer
from study.figures.networks import activations, heatmaps, methods
from study.run_figures import example_indices, random_indices


def test_random_indices_do_not_repeat_and_follow_from_the_seed() -> None:
    chosen = random_indices(1000, 50, seed=1)

    assert len(np.unique(chosen)) == 50
    assert chosen.tolist() == sorted(chosen.tolist())
    assert chosen.tolist() == random_indices(1000, 50, seed=1).tolist()
    assert chosen.tolist() != random_indices(1000, 50, seed=2).tolist()
    assert random_indices(10, 50, seed=1).tolist() == list(range(10))


@pytest.mark.parametrize(
    ("classes", "count", "expected"),
    [
        (np.repeat(np.arange(96), 5), 6, [0, 95, 190, 285, 380, 475]),  # the first of each
        ([1, 0, 1, 0, 1, 0, 1, 0], 6, [1, 3, 5, 0, 2, 4]),  # a class gives its next
        ([0, 0, 1, 1], 6, [0, 1, 2, 3]),  # 2 classes of 2 images
        ([3, 1, 4, 0, 2], 6, [3, 1, 4, 0, 2]),  # 5 classes of 1 image, in their order
        ([0, 1, 1, 1, 1, 1, 1], 6, [0, 1, 2, 3, 4, 5]),  # others give what one has not
        ([7], 6, [0]),
        ([0, 0, 0, 5], 2, [0, 3]),
    ],
)
def test_examples_are_spread_over_the_classes_there_are(
    classes: list[int], count: int, expected: list[int]
) -> None:
    assert example_indices(np.asarray(classes), count).tolist() == expected


def test_figures_of_fewer_images_than_asked_for_are_drawn(tmp_path: Path) -> None:
    keras.utils.set_random_seed(1)
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(2, 3, activation="relu", name="conv1"),
            layers.Flatten(),
            layers.Dense(2, activation="softmax", name="class"),
        ]
    )
    classes = np.array([0, 1])
    shown = np.random.default_rng(1).integers(0, 255, (2, 8, 8, 1), np.uint8)
    names, truth = {"class": ("no", "yes")}, {"class": classes}
    chosen = example_indices(classes, 6)

    made = [
        *heatmaps.pictures(model, "tuned", shown[chosen], truth, names, tmp_path, rows=6),
        *activations.pictures(model, "tuned", shown[chosen], truth, names, tmp_path, rows=6),
        *methods.pictures(
            Explainer(model, samples=1), "tuned", shown[chosen], names, tmp_path, seed=1
        ),
    ]

    assert all((tmp_path / one.file).is_file() for one in made)
    assert "The same 2 test images" in made[-1].caption
