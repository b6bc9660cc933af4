"""The data sets there are: every module of `study.data.sets`.

A data set module holds

    its docstring           the first line is the data set's description
    NAMES                   label column -> names of its classes
    load(seed, options)     (int >= 1, DataOptions) -> Dataset

and, if its images can be written as files,

    all_images(seed, options)               -> images, classes
    export(directory, images, classes)
"""

import importlib
import pkgutil
from pathlib import Path
from types import ModuleType

from study.data import sets
from study.data.dataset import DataOptions, Dataset
from study.errors import WrongName, WrongUse


def dataset_names() -> list[str]:
    """Names of all data sets, sorted; imports none of them."""
    return sorted(module.name for module in pkgutil.iter_modules(sets.__path__))


def load_dataset(name: str, *, seed: int, options: DataOptions | None = None) -> Dataset:
    """The data set of that name, split; the same arguments give the same images and parts.

    Raises:
        WrongName: there is none of that name.
        WrongSetting: the seed is below 1.
        WrongImage: `options.line_dir` holds something that does not fit.
        DataUnavailable: the data could not be fetched.
    """
    dataset: Dataset = _module(name).load(seed, options or DataOptions())
    return dataset


def class_names(name: str) -> dict[str, tuple[str, ...]]:
    """Label column -> names of its classes, without loading the data.

    Raises:
        WrongName: there is no data set of that name.
    """
    return dict(_module(name).NAMES)


def export_dataset(name: str, directory: Path, *, seed: int, options: DataOptions) -> int:
    """Write all images of a data set into a new folder; returns how many.

    Raises:
        WrongUse: images of this data set cannot be written as files.
        WrongImage: the folder cannot be used.
    """
    module = _module(name)
    if not hasattr(module, "export"):
        raise WrongUse(f"--export: expected a data set that can be written as files, got {name!r}")
    images, classes = module.all_images(seed, options)
    module.export(directory, images, classes)
    return len(images)


def _module(name: str) -> ModuleType:
    if name not in dataset_names():
        raise WrongName(f"no data set {name!r}; there are: {', '.join(dataset_names())}")
    return importlib.import_module(f"{sets.__name__}.{name}")
