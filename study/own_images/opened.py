"""A loaded network with what is known about it, for predicting and explaining images.

This is the only way from pictures to answers, for the command line and for Python.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import keras
import numpy as np

from study.data.dataset import Names
from study.data.image_files import read_images
from study.errors import WrongImage, WrongName, WrongUse
from study.networks.answers import class_count, find_head, fitting_names
from study.networks.prediction import predict
from study.networks.saved import image_shape, load_model
from study.problem.metrics import Probabilities
from study.problem.problem import head_names
from study.records.study import Ground

Pictures = Sequence[Path] | np.ndarray
"""Image files, or raw pixels (n, height, width, channels) in 0..255."""


@dataclass(frozen=True)
class OpenedNetwork:
    """A network and what is known about its classes and its training images."""

    model: keras.Model
    names: dict[str, tuple[str, ...]]
    """Head -> class names, for the heads whose class names are known."""
    ground: Ground | None = None
    """Ground of the training images, if known."""

    @cached_property
    def heads(self) -> list[str]:
        """Names of the network's outputs, in order."""
        return head_names(self.model)

    @cached_property
    def image_shape(self) -> tuple[int, int, int]:
        """(height, width, channels) of the images that it takes."""
        return image_shape(self.model)

    def class_names(self, head: str) -> tuple[str, ...]:
        """Names of a head's classes, in class order; numbers if the names are not known."""
        numbers = tuple(map(str, range(class_count(self.model, head))))
        return self.names.get(head, numbers)

    def pixels(self, images: Pictures, resize: bool = False, invert: bool = False) -> np.ndarray:
        """The images as the network takes them, (n, height, width, channels).

        Args:
            images: Files, or pixels in 0..255 of the network's own size.
            resize: Convert files that do not fit; see `study.data.image_files.read_images`.
            invert: Swap light and dark in files.

        Raises:
            WrongImage: An image does not fit.
            WrongUse: Arrays of pixels are to be resized or inverted.
        """
        if not isinstance(images, np.ndarray):
            return read_images(
                images, self.image_shape, resize=resize, invert=invert, ground=self.ground
            )
        if resize or invert:
            raise WrongUse("resize and invert apply to image files only, not to arrays")
        return _checked(images, self.image_shape)

    def predict(self, pixels: np.ndarray) -> Probabilities:
        """Each head's class probabilities for images as `pixels` returns them.

        Raises:
            WrongUse: The network's outputs are not probabilities, see `study.networks.answers`.
        """
        return predict(self.model, pixels)

    def class_index(self, head: str | None, name: str | int | None) -> int | None:
        """Index of the class of the head, or of the only head; None for None.

        Args:
            name: A number is an index; a text is a name if there is such a name, else an index,
                because MNIST's classes are named 0 to 9.

        Raises:
            WrongUse: A class is named without its head although there are several heads.
            WrongName: There is no such head or class.
        """
        if name is not None and head is None and len(self.heads) > 1:
            heads = ", ".join(self.heads)
            raise WrongUse(f"--class needs its head: give --head, one of {heads}")
        head = find_head(self.heads, head)
        if name is None:
            return None
        known, classes = self.names.get(head, ()), class_count(self.model, head)
        if isinstance(name, str) and name in known:
            return known.index(name)
        if str(name).isdecimal() and int(name) < classes:
            return int(name)
        there = f"0 to {classes - 1}" + (f", or {', '.join(known)}" if known else "")
        raise WrongName(f"no class {name!r} of head {head!r}; there are: {there}")


def open_network(path: Path, names: Names, ground: Ground | None = None) -> OpenedNetwork:
    """The network in a .keras file, which may come from anywhere.

    Args:
        names: Head -> class names, as far as they are known; names that do not fit are left out.

    Raises:
        WrongName: There is no such file, it is not a .keras file, or its network does not take
            images.
        CorruptRecord: The file cannot be read, or needs code that plain Keras does not have.
    """
    model = load_model(path)
    return OpenedNetwork(model, fitting_names(model, names), ground)


def likeliest(p: np.ndarray, names: Sequence[str], most: int) -> dict[str, float]:
    """Class name -> probability, for the `most` likeliest classes of one image (k,), in order."""
    order = p.argsort()[::-1][:most]
    return {names[i]: round(float(p[i]), 6) for i in order}


def _checked(images: np.ndarray, shape: tuple[int, int, int]) -> np.ndarray:
    if images.shape[1:] != shape or images.ndim != 4:
        raise WrongImage(
            f"expected pixels of shape (n, {', '.join(map(str, shape))}), got {images.shape}"
        )
    if images.dtype.kind not in "uif" or not np.isfinite(images).all():
        raise WrongImage(f"expected pixels as numbers from 0 to 255, got {images.dtype}")
    if len(images) and (images.min() < 0 or images.max() > 255):
        raise WrongImage(
            f"expected pixels from 0 to 255, got {images.min():.4g} to {images.max():.4g}"
        )
    return images
