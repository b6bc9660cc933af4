"""Images of any size and colours, with any number of classes, from a new problem to its figures."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

import search_spaces
from study.data import load_dataset, sets
from study.data.dataset import DataOptions, Dataset
from study.evaluation import evaluate
from study.networks.prediction import predict
from study.networks.saved import load_model
from study.own_images.any_network import SavedModel, drawing
from study.problem import metrics
from study.problem.problem import Problem, load_problem, signature
from study.records.finding import METHODS
from study.records.study import Signature
from study.training.training import Job, cached_dataset, train

PROBLEM = '''"""Generated: nothing to be learnt."""

from search_spaces import _cnn

DATA, HEADS, OBJECTIVE = "generated", ("class",), "accuracy"
BASELINE = _cnn.baseline(HEADS)
build = _cnn.build
'''
DATA = '''"""Noise."""

from tests import generated


def load(seed, options):
    return generated.dataset(seed, {side}, {channels}, {classes})
'''
QUICK = {"filters": 16, "dense_units": 64}


@dataclass
class Added:
    """A problem and a data set that were added to the study, a file each."""

    problem: Problem
    dataset: Dataset

    @property
    def signature(self) -> Signature:
        return signature(self.problem, self.dataset)

    def job(self) -> Job:
        """An epoch of a small network."""
        return Job(
            problem=self.problem.name,
            signature=self.signature,
            values=self.problem.baseline | QUICK,
            seed=1,
            data=DataOptions(),
            data_seed=1,
            epochs=1,
            batch_size=16,
        )


@pytest.fixture
def added(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Added]:
    side, channels, classes = request.param
    for package, text in (
        (search_spaces, PROBLEM),
        (sets, DATA.format(side=side, channels=channels, classes=classes)),
    ):
        folder = tmp_path / package.__name__
        folder.mkdir()
        (folder / "generated.py").write_text(text)
        monkeypatch.setattr(package, "__path__", [*package.__path__, str(folder)])
        monkeypatch.delitem(sys.modules, f"{package.__name__}.generated", raising=False)
    monkeypatch.setenv("TF_KERAS_VIS_MAX_STEPS", "2")
    tf.config.run_functions_eagerly(True)  # tracing a training takes longer than the epoch
    yield Added(load_problem("generated"), load_dataset("generated", seed=1))
    tf.config.run_functions_eagerly(False)
    cached_dataset.cache_clear()
    for package in (search_spaces, sets):
        sys.modules.pop(f"{package.__name__}.generated", None)


CASES = pytest.mark.parametrize(
    "added",
    [
        (8, 1, 2),
        pytest.param((8, 3, 300), marks=pytest.mark.slow),
        pytest.param((28, 3, 3), marks=pytest.mark.slow),
        pytest.param((64, 1, 300), marks=pytest.mark.slow),
        pytest.param((128, 3, 2), marks=pytest.mark.slow),
        pytest.param((128, 1, 300), marks=pytest.mark.slow),
    ],
    indirect=True,
    ids=lambda case: "{}px-{}channels-{}classes".format(*case),
)


@CASES
def test_a_network_is_trained_scored_saved_and_drawn(added: Added, tmp_path: Path) -> None:
    model, trained = train(added.job())
    assert 0 <= trained.score <= 1
    assert np.isfinite(trained.curves["loss"]).all()

    path = tmp_path / "model.keras"
    path.write_bytes(evaluate._saved(model))
    images, labels = added.dataset.test.images, added.dataset.test.labels
    probabilities = predict(load_model(path), images)
    classes = len(added.signature.heads["class"])
    assert probabilities["class"].shape == (12, classes)
    np.testing.assert_allclose(probabilities["class"].sum(axis=1), 1, rtol=1e-4)
    np.testing.assert_allclose(probabilities["class"], predict(model, images)["class"], atol=1e-4)
    assert set(metrics.scores(labels, probabilities)) == {"loss", "accuracy"}

    saved = SavedModel(path, "generated", {"class": tuple(added.signature.heads["class"])})
    kinds = ("activations", "filters", "heatmaps")
    draw = drawing(saved, kinds, [], written(images[:2], tmp_path), resize=False, by=METHODS)
    drawn = draw(tmp_path / "figures")
    heatmaps = [picture for picture in drawn if picture.section == "heatmaps"]
    assert len(heatmaps) == len(METHODS)
    assert {picture.section for picture in drawn} == set(kinds)
    for picture in drawn:
        with Image.open(tmp_path / "figures" / picture.file) as opened:
            assert min(opened.size) > 100


def written(images: np.ndarray, folder: Path) -> list[Path]:
    """The images as PNG files."""
    paths = [folder / f"{number}.png" for number in range(len(images))]
    for path, image in zip(paths, images, strict=True):
        Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image).save(path)
    return paths
