"""Line images: one straight line, 96 classes of length, width, angle and color.

28x28 RGB, black background, one line fully inside. Classes differ in length (7, 15 px), width
(1, 3 px), angle (0 to 165 degrees in steps of 15, counter-clockwise with y up) and color (red,
blue); images of a class differ only in the position of the line's centre. The images are either
generated or read from a folder of files named length_width_angle_color_ID.png.
"""

import hashlib
import logging
import re
from pathlib import Path
from typing import Annotated, ClassVar

import numpy as np
from PIL import Image
from pydantic import Field

from study.data.corruptions import Corruptions
from study.data.corruptions import redrawn_lines as variants
from study.data.dataset import CommandLine, Crossed, DataOptions, Dataset, Folder, Labels, Part
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
    draw,
    line_pixels,
)
from study.data.split import seed_sequence, split, split_validation
from study.errors import WrongImage
from study.machine.files import naming, temporary_folder
from study.machine.foreign_text import visible

log = logging.getLogger(__name__)

NAMES = {
    "class": tuple(
        f"{length}x{width} {angle}° {color}"
        for length in LENGTHS
        for width in WIDTHS
        for angle in ANGLES
        for color in COLORS
    ),
    "length": tuple(f"{length} px" for length in LENGTHS),
    "width": tuple(f"{width} px" for width in WIDTHS),
    "angle": tuple(f"{angle}°" for angle in ANGLES),
    "color": COLORS,
}

TEST_SHARE = 0.4

SUFFIXES = (".png", ".jpg", ".jpeg")
FILE_NAME = re.compile(r"([0-9]{1,3})_([0-9]{1,3})_([0-9]{1,3})_([a-z]+)_.+", re.IGNORECASE)
EXAMPLE = "length_width_angle_color_ID.png, such as 15_3_45_red_0001.png"


class Options(DataOptions):
    """Settings of the line images. Ends of ranges are included."""

    in_old_records: ClassVar[dict[str, str]] = DataOptions.in_old_records | {
        "images_per_class": "images_per_class",
        "line_dir": "line_dir",
    }

    images_per_class: Annotated[
        int,
        Field(ge=5, le=10_000),
        CommandLine(int, "N", "Line images generated for each of the 96 classes."),
    ] = 1000
    """Images generated for each class; 5 give 3 for training, 2 for testing."""
    line_dir: Annotated[
        Folder | None,
        CommandLine(Path, "FOLDER", "A folder of line images to use instead of generated ones."),
    ] = None
    """A folder of line images to read instead of generating them."""


def load(seed: int, options: Options) -> Dataset:
    """Line images, generated or read from `options.line_dir`: 60% for training, 40% for testing.

    The parts are stratified by class, and validation images come out of the 60%. No image occurs
    twice, within or across the parts, and no two classes share an image: no two images are equal in
    every pixel. Lines of a class differ only in their centre, often by less than a pixel, so test
    images have near twins among the training images.

    Raises:
        WrongSetting: The seed is below 1.
        WrongImage: The folder's images do not fit, see `read_folder`.
    """
    rng = np.random.default_rng(seed_sequence(seed))
    images, classes = all_images(seed, options)
    pool, test = split(classes, round(TEST_SHARE * len(classes)), rng, least=1, spare=1)
    train, validation = split_validation(classes[pool], options.validation, rng)
    whole = Part(images, label_columns(classes))
    return Dataset(
        name="lines",
        train=whole.at(pool[train]),
        validation=whole.at(pool[validation]),
        test=whole.at(test),
        columns=NAMES,
        crossed=Crossed(ATTRIBUTES, into="class"),
        where=lambda part: line_pixels(part.images),
        corruptions=Corruptions(variants.NOTE, variants.versions),
    )


def all_images(seed: int, options: Options) -> tuple[np.ndarray, np.ndarray]:
    """Images (n, 28, 28, 3) uint8 and classes (n,) int64 before the split; raises like `load`."""
    if options.line_dir is None:
        return generate(seed, options.images_per_class)
    return read_folder(options.line_dir)


def label_columns(classes: np.ndarray) -> Labels:
    """Class indices (n,) -> columns class, length, width, angle and color, each (n,) int64."""
    columns = dict(zip(ATTRIBUTES, np.unravel_index(classes, RADIX), strict=True))
    return {name: column.astype(np.int64) for name, column in {"class": classes, **columns}.items()}


def generate(seed: int, images_per_class: int) -> tuple[np.ndarray, np.ndarray]:
    """Generated images of all classes, in class order.

    Each class has its own random generator. Pixel-identical repeats are drawn again until all
    images are different.

    Returns:
        Images (96 * images_per_class, 28, 28, 3) uint8 and classes (n,) int64.

    Raises:
        WrongSetting: The seed is below 1.
    """
    images = np.zeros((CLASSES, images_per_class, SIZE, SIZE, 3), np.uint8)
    seen: set[bytes] = set()
    for index, child in enumerate(seed_sequence(seed).spawn(CLASSES)):
        rng = np.random.default_rng(child)
        missing = np.arange(images_per_class)
        while len(missing):
            images[index, missing] = draw(index, len(missing), rng)
            missing = np.array([i for i in missing if not _is_new(images[index, i], seen)], int)
    return images.reshape(-1, SIZE, SIZE, 3), np.repeat(np.arange(CLASSES), images_per_class)


def export(directory: Path, images: np.ndarray, classes: np.ndarray) -> None:
    """Write images as PNGs named length_width_angle_color_ID.png; IDs count from 1.

    The folder appears only when all images are written, so an interrupted export can be repeated.

    Raises:
        WrongImage: The folder exists and is not empty, is a file, or cannot be made.
        CannotWrite: The disk is full.
    """
    hidden = directory / ".new"
    if directory.exists() and not (
        directory.is_dir() and all(one == hidden for one in directory.iterdir())
    ):
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
    digits = len(str(len(images)))
    with naming(directory), temporary_folder(hidden):
        for number, (image, index) in enumerate(zip(images, classes, strict=True), start=1):
            Image.fromarray(image).save(hidden / f"{_prefix(index)}_{number:0{digits}}.png")
        for path in hidden.iterdir():
            path.rename(directory / path.name)


def read_folder(directory: Path) -> tuple[np.ndarray, np.ndarray]:
    """Read line images named length_width_angle_color_ID.png (.jpg, .jpeg), in class order.

    Of pixel-identical images of a class only the first by name is kept. The numbers of images left
    out and of files with another suffix are logged.

    Returns:
        Images (n, 28, 28, 3) uint8 and classes (n,) int64.

    Raises:
        WrongImage: The folder is missing or has no images; a file's name, size or mode does not fit
            or it cannot be read; two classes share an image; a class has fewer than two different
            images.
    """
    files = sorted((class_of(path), path.name, path) for path in _image_files(directory))
    images = np.empty((len(files), SIZE, SIZE, 3), np.uint8)
    first: dict[bytes, tuple[int, Path]] = {}
    kept = []
    for number, (index, _, path) in enumerate(files):
        images[number] = read_image(path, images.shape[1:], advice="replace or remove the file")
        twin_class, twin = first.setdefault(_digest(images[number]), (index, path))
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


def _is_new(image: np.ndarray, seen: set[bytes]) -> bool:
    """Whether the image has not been seen before; it is added to those seen."""
    before = len(seen)
    seen.add(_digest(image))
    return len(seen) > before


def _digest(image: np.ndarray) -> bytes:
    return hashlib.blake2b(image.tobytes(), digest_size=16).digest()
