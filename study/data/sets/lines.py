"""Line images: one straight line, 96 classes of length, width, angle and color.

28x28 RGB, black background, one line fully inside. Classes differ in length (7, 15 px), width
(1, 3 px), angle (0 to 165 degrees in steps of 15, counter-clockwise with y up) and color (red,
blue); images of a class differ only in the position of the line's centre. The images are either
generated or read from a folder of files named length_width_angle_color_ID.png. Lines for training
may be drawn in varied ways, which also differ in shade and a little in size; lines for testing stay
as they are.
"""

from pathlib import Path
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field, ValidationInfo, field_validator

from study.data.corruptions import Corruptions
from study.data.corruptions import redrawn_lines as variants
from study.data.dataset import CommandLine, Crossed, DataOptions, Dataset, Folder, Labels, Part
from study.data.distinct_images import all_new, digest
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
from study.data.line_files import export, read_folder
from study.data.renderers.varied_lines import draw_varied
from study.data.split import seed_sequence, split, split_validation

__all__ = ["NAMES", "Options", "all_images", "export", "generate", "label_columns", "load"]

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
    drawing: Annotated[
        Literal["plain", "varied"],
        CommandLine(str, "plain|varied", "How generated lines for training are drawn."),
    ] = "plain"
    """How lines for training and validation are drawn: as those for testing, or each in one of
    many ways that other programs draw lines, in other shades, blurred, as JPEG."""

    @field_validator("drawing")
    @classmethod
    def _is_drawn(cls, drawing: str, given: ValidationInfo) -> str:
        if drawing != "plain" and given.data.get("line_dir") is not None:
            raise ValueError("expected 'plain' where lines are read from line_dir and not drawn")
        return drawing


def load(seed: int, options: Options) -> Dataset:
    """Line images, generated or read from `options.line_dir`: 60% for training, 40% for testing.

    The parts are stratified by class, and validation images come out of the 60%. No image occurs
    twice, within or across the parts, and no two classes share an image: no two images are equal in
    every pixel. Lines of a class differ only in their centre, often by less than a pixel, so test
    images have near twins among the training images. Test images and the labels of all parts are
    the same whatever `options.drawing` is.

    Raises:
        WrongSetting: The seed is below 1.
        WrongImage: The folder's images do not fit, see `read_folder`.
    """
    rng = np.random.default_rng(seed_sequence(seed))
    images, classes, pool, test = _halves(seed, options, rng)
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
        corruptions=Corruptions(
            variants.NOTES[options.drawing], variants.versions, variants.GROUPS
        ),
        # Any move may push an end of a line outside, and a rotation changes its angle.
        changes=("half_turn", "contrast", "noise"),
    )


def all_images(seed: int, options: Options) -> tuple[np.ndarray, np.ndarray]:
    """Images (n, 28, 28, 3) uint8 and classes (n,) int64 before the split; raises like `load`."""
    rng = np.random.default_rng(seed_sequence(seed))
    images, classes, *_ = _halves(seed, options, rng)
    return images, classes


def label_columns(classes: np.ndarray) -> Labels:
    """Class indices (n,) -> columns class, length, width, angle and color, each (n,) int64."""
    columns = dict(zip(ATTRIBUTES, np.unravel_index(classes, RADIX), strict=True))
    return {name: column.astype(np.int64) for name, column in {"class": classes, **columns}.items()}


def generate(seed: int, images_per_class: int) -> tuple[np.ndarray, np.ndarray]:
    """Plain lines of all classes, in class order.

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
        images[index] = all_new(index, images_per_class, draw, rng, seen)
    return images.reshape(-1, SIZE, SIZE, 3), np.repeat(np.arange(CLASSES), images_per_class)


def vary(images: np.ndarray, classes: np.ndarray, pool: np.ndarray, seed: int) -> None:
    """Draw the images at the indices `pool` in varied ways, in place; all images stay different.

    Each class has its own random generator, which `generate` has not used.
    """
    others = np.delete(np.arange(len(images)), pool)
    seen = {digest(image) for image in images[others]}
    for index, child in enumerate(seed_sequence(seed).spawn(2 * CLASSES)[CLASSES:]):
        places = np.sort(pool[classes[pool] == index])
        rng = np.random.default_rng(child)
        images[places] = all_new(index, len(places), draw_varied, rng, seen)


def _halves(
    seed: int, options: Options, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Images and classes, and the indices of those for training and of those for testing."""
    if options.line_dir is None:
        images, classes = generate(seed, options.images_per_class)
    else:
        images, classes = read_folder(options.line_dir)
    pool, test = split(classes, round(TEST_SHARE * len(classes)), rng, least=1, spare=1)
    if options.drawing == "varied":
        vary(images, classes, pool, seed)
    return images, classes, pool, test
