"""The data sets there are: every module of `study.data.sets`.

The module of a data set holds

    its docstring           the first line is the data set's description
    load(seed, options)     (int >= 1, its Options) -> Dataset
    Options                 its settings: a subclass of `DataOptions`, if it has more than those

and, if its images can be written as files,

    all_images(seed, options)               -> images, classes
    export(directory, images, classes)
"""

import importlib
import pkgutil
from contextlib import suppress
from pathlib import Path
from types import ModuleType

from study.data import sets
from study.data.dataset import DataOptions, Dataset
from study.errors import WrongName, WrongUse


def dataset_names() -> list[str]:
    """Names of all data sets, sorted; of modules that cannot be imported none."""
    return [name for name in _public_modules() if hasattr(_imported(name), "load")]


def default_options(name: str) -> DataOptions:
    """The settings of that data set, as they are unless told otherwise.

    Raises:
        WrongName: there is none of that name.
    """
    options: DataOptions = getattr(_module(name), "Options", DataOptions)()
    return options


def load_dataset(name: str, *, seed: int, options: DataOptions | None = None) -> Dataset:
    """The data set of that name, split; the same arguments give the same images and parts.

    Args:
        name: Of the data set.
        seed: 1 or more.
        options: Its own; None: those it has unless told otherwise.

    Raises:
        WrongName: there is none of that name.
        WrongSetting: the seed is below 1.
        WrongImage: an image that the user has does not fit.
        DataUnavailable: the data could not be fetched.
    """
    dataset: Dataset = _module(name).load(seed, options or default_options(name))
    return dataset


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
    """The data set's module; one that cannot be imported says why."""
    if name in _public_modules():
        module = importlib.import_module(f"{sets.__name__}.{name}")
        if hasattr(module, "load"):
            return module
    raise WrongName(f"no data set {name!r}; there are: {', '.join(dataset_names())}")


def _imported(name: str) -> ModuleType | None:
    with suppress(Exception):  # whoever asks for that data set is told what is wrong with it
        return importlib.import_module(f"{sets.__name__}.{name}")
    return None


def _public_modules() -> list[str]:
    found = (module.name for module in pkgutil.iter_modules(sets.__path__))
    return sorted(name for name in found if not name.startswith("_"))
