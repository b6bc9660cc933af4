"""Finding data sets by name, and their settings."""

import subprocess
import sys

import pytest
from pydantic import ValidationError

from study.data import dataset_names, load_dataset
from study.data.dataset import DataOptions
from study.errors import WrongName, WrongSetting


def test_the_data_sets_are_the_files() -> None:
    assert {"lines", "mnist"} <= set(dataset_names())
    assert not {"dataset", "_split"} & set(dataset_names())


@pytest.mark.parametrize("name", ["cifar", "dataset", "_split", "../lines", ""])
def test_other_names_are_answered_with_those_there_are(name: str) -> None:
    with pytest.raises(WrongName, match=r"there are: .*lines, .*mnist"):
        load_dataset(name, seed=1)


@pytest.mark.parametrize("name", ["lines", "mnist"])
def test_seed_zero_is_refused(name: str) -> None:
    with pytest.raises(WrongSetting, match="seed"):
        load_dataset(name, seed=0)


def test_data_set_is_loaded_by_name() -> None:
    dataset = load_dataset("lines", seed=1, options=DataOptions(images_per_class=5))
    assert dataset.name == "lines"
    assert dataset.image_shape == (28, 28, 3)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("images_per_class", 4),
        ("images_per_class", 10_001),
        ("mnist_images", 9),
        ("mnist_images", 60_001),
        ("validation", 0),
        ("validation", 0.51),
        ("validation", float("nan")),
        ("images", 10),
    ],
)
def test_settings_out_of_range_or_unknown_are_refused_by_name(key: str, value: float) -> None:
    with pytest.raises(ValidationError, match=key):
        DataOptions(**{key: value})  # type: ignore[arg-type]


def test_data_sets_do_not_import_keras() -> None:
    code = (
        "import sys, study.data.sets.lines, study.data.sets.mnist;"
        "sys.exit(bool({'keras', 'tensorflow', 'sklearn', 'matplotlib'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
