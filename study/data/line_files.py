"""Line images as files: a folder of PNGs or JPEGs whose names tell the class."""

import logging
import re
from pathlib import Path

import numpy as np
from PIL import Image

from study.data.distinct_images import digest
from study.data.image_files import read_image
from study.data.line_drawing import (
    ANGLES,
    ATTRIBUTES,
    CLASSES,
    COLORS,
    LENGTHS,
    RADIX,
    SIZE,
    WIDTHS,
)
from study.errors import WrongImage
from study.machine.files import can_be_filled, filling
from study.machine.foreign_text import visible

log = logging.getLogger(__name__)

SUFFIXES = (".png", ".jpg", ".jpeg")
FILE_NAME = re.compile(r"([0-9]{1,3})_([0-9]{1,3})_([0-9]{1,3})_([a-z]+)_.+", re.IGNORECASE)
EXAMPLE = "length_width_angle_color_ID.png, such as 15_3_45_red_0001.png"


def export(directory: Path, images: np.ndarray, classes: np.ndarray) -> None:
    """Write images as PNGs named length_width_angle_color_ID.png; IDs count from 1.

    None is there before all are written; interrupted or killed it can be done again.

    Raises:
        WrongImage: the folder is there and not empty, or a file, or cannot be made.
        CannotWrite: the disk is full.
    """
    digits = len(str(len(images)))
    names = [f"{_prefix(of)}_{number:0{digits}}.png" for number, of in enumerate(classes, start=1)]
    if directory.exists() and not (directory.is_dir() and can_be_filled(directory, names)):
        raise WrongImage(
            f"{visible(directory)}: expected a new or empty folder, got one in use; choose another"
        )
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WrongImage(
            f"{visible(directory)}: expected a folder to write to, got {error.strerror!r}; "
            "choose another"
        ) from error
    with filling(directory, names) as hidden:
        for name, image in zip(names, images, strict=True):
            Image.fromarray(image).save(hidden / name)


def read_folder(directory: Path) -> tuple[np.ndarray, np.ndarray]:
    """Read line images named length_width_angle_color_ID.png (.jpg, .jpeg), in class order.

    Of pixel-identical images of a class only the first by name is kept. The numbers of images left
    out and of files with another suffix are logged.

    Returns:
        Images (n, 28, 28, 3) uint8 and classes (n,) int64.

    Raises:
        WrongImage: the folder is missing or has no images; a file's name, size or mode does not
            fit or it cannot be read; two classes share an image; a class has fewer than two
            different images.
    """
    files = sorted((class_of(path), path.name, path) for path in _image_files(directory))
    images = np.empty((len(files), SIZE, SIZE, 3), np.uint8)
    first: dict[bytes, tuple[int, Path]] = {}
    kept = []
    for number, (index, _, path) in enumerate(files):
        images[number] = read_image(path, images.shape[1:], advice="replace or remove the file")
        twin_class, twin = first.setdefault(digest(images[number]), (index, path))
        if twin_class != index:
            raise WrongImage(
                f"{visible(path)}: expected an image of its own, got the same image as "
                f"{visible(twin)}, which has another class; remove the wrong one"
            )
        if twin is path:
            kept.append(number)
    if len(kept) < len(files):
        repeats = len(files) - len(kept)
        log.warning("%s: left out %d pixel-identical repeats", visible(directory), repeats)
    classes = np.array([index for index, _, _ in files], np.int64)[kept]
    _check_counts(directory, classes)
    return images[kept], classes


def class_of(path: Path) -> int:
    """The class index given by a file's name.

    Raises:
        WrongImage: The name does not give a class.
    """
    match = FILE_NAME.fullmatch(path.stem)
    if match is None:
        raise WrongImage(f"{visible(path)}: expected a name like {EXAMPLE}; rename or remove it")
    length, width, angle, color = match.groups()
    values = (int(length), int(width), int(angle), color.lower())
    digits = []
    for name, value, allowed in zip(
        ATTRIBUTES, values, (LENGTHS, WIDTHS, ANGLES, COLORS), strict=True
    ):
        if value not in allowed:
            choices = ", ".join(map(str, allowed))
            raise WrongImage(
                f"{visible(path)}: expected the {name} to be one of {choices}, got {value}; "
                "rename or remove it"
            )
        digits.append(allowed.index(value))
    return int(np.ravel_multi_index(digits, RADIX))


def _image_files(directory: Path) -> list[Path]:
    try:
        entries = [path for path in directory.iterdir() if not path.name.startswith(".")]
    except OSError as error:
        raise WrongImage(
            f"{visible(directory)}: expected a folder of line images, got {error.strerror!r}; "
            "check the path"
        ) from error
    files = [path for path in entries if path.suffix.lower() in SUFFIXES]
    if not files:
        raise WrongImage(
            f"{visible(directory)}: expected images named {EXAMPLE}, got none; put them there"
        )
    if others := len(entries) - len(files):
        log.warning("%s: ignored %d entries that are not PNG or JPEG", visible(directory), others)
    return files


def _check_counts(directory: Path, classes: np.ndarray) -> None:
    counts = np.bincount(classes, minlength=CLASSES)
    short = np.flatnonzero(counts < 2)
    if len(short):
        index = short[0]
        raise WrongImage(
            f"{visible(directory)}: expected at least two different images of each of the "
            f"{CLASSES} classes, got {counts[index]} of {_prefix(index)}_*"
            f" ({len(short)} classes have too few); add images"
        )


def _prefix(index: int) -> str:
    length, width, angle, color = np.unravel_index(index, RADIX)
    return f"{LENGTHS[length]}_{WIDTHS[width]}_{ANGLES[angle]}_{COLORS[color]}"
