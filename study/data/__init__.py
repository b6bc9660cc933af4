"""Finds data sets: every module of `study.data.sets` is one.

The module of a data set holds

    its docstring           the first line is the data set's description
    load(seed, options)     (int >= 1, its Options) -> Dataset
    Options                 its settings, a subclass of `DataOptions`; only if it has further ones

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
    """Names of all data sets, sorted, without modules that cannot be imported."""
    return [name for name in _public_modules() if hasattr(_imported(name), "load")]


def default_options(name: str) -> DataOptions:
    """The default settings of a data set.

    Raises:
        WrongName: There is no data set of that name.
    """
    options: DataOptions = getattr(_module(name), "Options", DataOptions)()
    return options


def load_dataset(name: str, *, seed: int, options: DataOptions | None = None) -> Dataset:
    """The data set of that name, split; the same arguments give the same images and parts.

    Args:
        name: Name of the data set.
        seed: 1 or more.
        options: The data set's settings; None: its defaults.

    Raises:
        WrongName: There is no data set of that name.
        WrongSetting: The seed is below 1.
        WrongImage: An image of the user's does not fit.
        DataUnavailable: The data could not be fetched.
    """
    dataset: Dataset = _module(name).load(seed, options or default_options(name))
    return dataset


def export_dataset(name: str, directory: Path, *, seed: int, options: DataOptions) -> int:
    """Write all images of a data set into a new folder; returns how many.

    Raises:
        WrongUse: Images of this data set cannot be written as files.
        WrongImage: The folder cannot be used.
    """
    module = _module(name)
    if not hasattr(module, "export"):
        raise WrongUse(f"--export: expected a data set that can be written as files, got {name!r}")
    images, classes = module.all_images(seed, options)
    module.export(directory, images, classes)
    return len(images)


def _module(name: str) -> ModuleType:
    """The data set's module; raises the module's own error if it cannot be imported."""
    if name in _public_modules():
        module = importlib.import_module(f"{sets.__name__}.{name}")
        if hasattr(module, "load"):
            return module
    raise WrongName(f"no data set {name!r}; there are: {', '.join(dataset_names())}")


def _imported(name: str) -> ModuleType | None:
    with suppress(Exception):  # its error is raised when the data set is asked for
        return importlib.import_module(f"{sets.__name__}.{name}")
    return None


def _public_modules() -> list[str]:
    found = (module.name for module in pkgutil.iter_modules(sets.__path__))
    return sorted(name for name in found if not name.startswith("_"))
