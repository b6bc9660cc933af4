"""Which images are explained, and what is found out of every problem."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers

from study.data import load_dataset
from study.data.corruptions.redrawn_lines import GROUPS
from study.data.dataset import Dataset, Part
from study.data.sets import lines
from study.evaluation.robustness import Robustness
from study.explanation import findings
from study.explanation.arrays import Examples, MethodsInfo
from study.explanation.findings import OF_NETWORKS, Subject, example_indices, random_indices
from study.problem.settings import FigureSettings
from study.records.base import NETWORKS, NetworkName
from study.records.finding import AcrossSearch, Deletion, Localisation, Sanity
from tests import tiny
from tests.factories import predictions

BUDGET = FigureSettings(
    filters=2,
    ascent_steps=1,
    fourier_steps=1,
    patches=1,
    curve_images=2,
    sanity_images=2,
    smooth_samples=1,
    scorecam_channels=1,
)


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


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[NetworkName, Path]:
    """Two small saved networks of the tiny problem's images."""
    folder, saved = tmp_path_factory.mktemp("models"), {}
    for seed, network in enumerate(NETWORKS, start=1):
        keras.utils.set_random_seed(seed)
        model = keras.Sequential(
            [
                keras.Input((6, 6, 1)),
                layers.Conv2D(2, 3, activation="relu", name="conv1"),
                layers.Flatten(),
                layers.Dense(6, activation="softmax", name="class"),
            ]
        )
        saved[network] = folder / f"{network}.keras"
        model.save(saved[network])
    return saved


def subject(models: Mapping[NetworkName, Path], dataset: Dataset | None = None) -> Subject:
    return Subject(
        problem=tiny.problem(),
        signature=tiny.SIGNATURE,
        dataset=dataset or tiny.dataset(),
        budget=BUDGET,
        seed=1,
        trials=[],
        search_folder=Path("nowhere"),
        models=models,
        predictions=partial(predictions, {"class": 6}),
    )


def test_before_the_evaluation_only_the_search_is_asked() -> None:
    assert findings.parts(evaluated=False) == ["across-search"]
    assert findings.parts(evaluated=True) == [*OF_NETWORKS, "across-search"]


@pytest.mark.slow
def test_a_problem_of_any_data_set_has_its_pixels_removed_and_its_weights_randomised(
    models: dict[NetworkName, Path],
) -> None:
    """The tiny problem's data set knows no ground truth."""
    removed = findings.find(subject(models), "pixel-removal")
    randomised = findings.find(subject(models), "weight-randomisation")["sanity"]

    assert set(removed) == {"deletion-mean", "deletion-blur"}  # its images have no even ground
    for curves in removed.values():
        assert isinstance(curves, Deletion)
        assert set(curves.methods) == set(NETWORKS)
    assert isinstance(randomised, Sanity)
    assert set(randomised.networks) == set(NETWORKS)
    assert findings.find(subject(models), "ground-truth") == {}
    assert set(findings.find(subject(models), "robustness")) == {"robustness", "corrupted"}


def test_renderers_of_lines_have_means_of_their_own(tmp_path: Path) -> None:
    """Also where the lines for training were drawn in varied ways."""
    dataset = load_dataset(
        "lines", seed=1, options=lines.Options(images_per_class=5, drawing="varied")
    )
    head = layers.Dense(96, activation="softmax", name="class")
    model = keras.Sequential([keras.Input((28, 28, 3)), layers.Flatten(), head])
    model.save(tmp_path / "any.keras")
    saved = dict.fromkeys(NETWORKS, tmp_path / "any.keras")

    found = findings.find(subject(saved, dataset), "robustness")["robustness"]

    assert isinstance(found, Robustness)
    assert {group.name: tuple(group.versions) for group in found.groups} == GROUPS


def test_where_ground_truth_is_known_heatmaps_are_held_against_it(
    models: dict[NetworkName, Path],
) -> None:
    dataset = replace(tiny.dataset(), where=bright)

    (found,) = findings.find(subject(models, dataset), "ground-truth").values()

    assert isinstance(found, Localisation)
    assert found.truth_share == pytest.approx(bright(dataset.test).mean())


def bright(part: Part) -> np.ndarray:
    """Where the evidence is, in a made-up data set."""
    return np.asarray(part.images[..., 0] > 40)


def test_trials_are_compared_by_ground_truth_where_it_is_known_else_by_pixel_removal(
    models: dict[NetworkName, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[int, bool]] = []

    def across(*given: object) -> AcrossSearch | None:
        images, truth = given[4:6]
        assert isinstance(images, np.ndarray)
        asked.append((len(images), truth is not None))
        return None

    monkeypatch.setattr(findings, "across_search", across)
    assert findings.find(subject(models), "across-search") == {}
    known = replace(tiny.dataset(), where=bright)
    assert findings.find(subject(models, known), "across-search") == {}
    assert asked == [(2, False), (24, True)]


@pytest.mark.parametrize("part", [one for one in OF_NETWORKS if one.startswith("tuned-")])
def test_everything_found_of_one_network_bears_its_name(
    models: dict[NetworkName, Path], part: str
) -> None:
    found = findings.find(subject(models), part)

    assert found
    assert all(name.endswith("-tuned") for name in found)


def test_fewer_images_than_asked_for_are_explained(models: dict[NetworkName, Path]) -> None:
    two = tiny.dataset(test=tiny.part(2, seed=3))
    few = subject(models, two)

    (examples,) = findings.find(few, "examples").values()
    (methods,) = findings.find(few, "tuned-methods").values()

    assert isinstance(examples, Examples)
    assert len(examples.images) == 2
    assert isinstance(methods, MethodsInfo)
    assert len(methods.explained) == 2
