"""Finding data sets by name, and their settings."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from study.data import dataset_names, load_dataset, sets
from study.data.corruptions import UNCHANGED
from study.data.corruptions.generic import GENERIC
from study.data.dataset import DataOptions
from study.data.sets import lines, mnist
from study.errors import WrongName, WrongSetting
from tests import tiny


def test_the_data_sets_are_the_files() -> None:
    assert {"lines", "mnist"} <= set(dataset_names())
    assert not {"dataset", "line_drawing", "_split"} & set(dataset_names())


@pytest.mark.parametrize("name", ["cifar", "dataset", "_split", "../lines", ""])
def test_other_names_are_answered_with_those_there_are(name: str) -> None:
    with pytest.raises(WrongName, match=r"there are: .*lines, .*mnist"):
        load_dataset(name, seed=1)


@pytest.mark.parametrize("name", ["lines", "mnist"])
def test_seed_zero_is_refused(name: str) -> None:
    with pytest.raises(WrongSetting, match="seed"):
        load_dataset(name, seed=0)


def test_data_set_is_loaded_by_name() -> None:
    dataset = load_dataset("lines", seed=1, options=lines.Options(images_per_class=5))
    assert dataset.name == "lines"
    assert dataset.image_shape == (28, 28, 3)


@pytest.mark.parametrize(
    ("options", "key", "value"),
    [
        (lines.Options, "images_per_class", 4),
        (lines.Options, "images_per_class", 10_001),
        (lines.Options, "line_dir", "/\udcff"),
        (lines.Options, "line_dir", "~nobody-of-that-name/lines"),
        (mnist.Options, "images", 9),
        (mnist.Options, "images", 60_001),
        (DataOptions, "validation", 0),
        (DataOptions, "validation", 0.51),
        (DataOptions, "validation", float("nan")),
        (DataOptions, "images", 10),
    ],
)
def test_settings_out_of_range_or_unknown_are_refused_by_name(
    options: type[DataOptions], key: str, value: float
) -> None:
    with pytest.raises(ValidationError, match=key):
        options(**{key: value})  # type: ignore[arg-type]


def test_a_folder_is_known_from_the_root_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert lines.Options(line_dir="mine").folders() == (tmp_path / "mine",)  # type: ignore[arg-type]
    assert lines.Options().folders() == mnist.Options().folders() == ()


@pytest.fixture
def others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder where data sets are found, too."""
    monkeypatch.setattr(sets, "__path__", [*sets.__path__, str(tmp_path)])
    for name in ("squares", "broken", "helper"):
        monkeypatch.delitem(sys.modules, f"study.data.sets.{name}", raising=False)
    return tmp_path


def test_a_module_with_a_load_is_a_data_set_and_no_other(others: Path) -> None:
    (others / "squares.py").write_text("def load(seed, options): return options.validation\n")
    (others / "helper.py").write_text("SIDE = 8\n")
    assert dataset_names() == ["lines", "mnist", "squares"]
    assert load_dataset("squares", seed=1) == 0.15
    with pytest.raises(WrongName):
        load_dataset("helper", seed=1)


def test_a_broken_module_says_so_to_those_alone_who_ask_for_it(others: Path) -> None:
    (others / "broken.py").write_text("raise ArithmeticError('no such number')\n")
    assert dataset_names() == ["lines", "mnist"]
    with pytest.raises(ArithmeticError, match="no such number"):
        load_dataset("broken", seed=1)


@pytest.mark.parametrize("options", [lines.Options(images_per_class=5), mnist.Options(images=10)])
def test_what_a_data_set_says_of_itself_holds_together(options: DataOptions) -> None:
    name = options.__module__.rpartition(".")[2]
    dataset = load_dataset(name, seed=1, options=options)
    for part in (dataset.train, dataset.validation, dataset.test):
        assert set(part.labels) == set(dataset.columns)
        for column, labels in part.labels.items():
            assert labels.max() < len(dataset.columns[column])
    shown = dataset.test.at(slice(3))
    changed = dataset.corruptions.with_unchanged(shown.images, shown.labels, seed=1)
    assert np.array_equal(changed[UNCHANGED], shown.images)
    assert {images.shape for images in changed.values()} == {shown.images.shape}
    assert len(changed) > 5
    assert dataset.corruptions.note
    if dataset.where:
        assert dataset.where(shown).shape == shown.images.shape[:3]
        assert dataset.where(shown).any(axis=(1, 2)).all()
    if dataset.crossed:
        test, crossed = dataset.test.labels, dataset.crossed
        sizes = [len(dataset.columns[column]) for column in crossed.columns]
        together = np.ravel_multi_index([test[column] for column in crossed.columns], sizes)
        assert np.array_equal(together, test[crossed.into])
    if dataset.known_errors:
        assert max(dataset.known_errors.places) < len(dataset.test)
        assert dataset.known_errors.source


def test_a_data_set_has_generic_corruptions_unless_it_says_otherwise() -> None:
    assert tiny.dataset().corruptions is GENERIC


def test_heads_tell_a_column_apart_alone_or_as_a_grid() -> None:
    dataset = tiny.dataset()
    assert dataset.told_apart_by(("class",)) == "class"
    assert dataset.told_apart_by(("shade", "side")) == "class"
    assert dataset.told_apart_by(("shade",)) == "shade"
    assert replace(dataset, crossed=None).told_apart_by(("shade", "side")) == "shade"


def test_data_sets_do_not_import_keras() -> None:
    code = (
        "import sys, study.data.sets.lines, study.data.sets.mnist;"
        "sys.exit(bool({'keras', 'tensorflow', 'sklearn', 'matplotlib'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
