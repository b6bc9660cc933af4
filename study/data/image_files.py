"""Reads image files from outside, with errors that name the file."""

import logging
import math
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image, ImageFile, ImageOps, TiffImagePlugin, UnidentifiedImageError

from study.data.ground import known_colour, oddity, turned, words
from study.errors import WrongImage
from study.machine import untrusted
from study.machine.foreign_text import visible
from study.records.study import Ground

log = logging.getLogger(__name__)

FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP")
"""Pixel formats only: some of Pillow's other readers start external programs."""

MODES = {1: "L", 3: "RGB"}
"""Channels a network takes -> Pillow's mode."""

GREY_STEPS = {"L;2": 85, "L;4": 17}
"""Mode of a PNG with grey in 2 or 4 bits -> how much one of its levels is in 8 bits."""

OPAQUE = 255

FILE_BYTES = 128 * untrusted.MIB

PIXELS = 50_000_000
"""Largest number of pixels of an image: that of a large camera, for which Pillow takes 200 MB."""

TILE_PIXELS = 4_000_000
"""Largest number of pixels of a TIFF's pieces, which may be larger than the image."""

TILE_SIDES = 322, 323
"""Numbers of the TIFF tags with the width and length of the pieces."""

FAINT = 32
"""Smallest difference within an image, of 255, with which there is something to see in it."""

EIGHT_BIT_MODES = ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr")


def read_images(
    paths: Sequence[Path],
    shape: tuple[int, int, int],
    *,
    resize: bool = False,
    invert: bool = False,
    ground: Ground | None = None,
) -> np.ndarray:
    """Image files as one array, in the order given.

    Every image is turned as its EXIF data says, and its transparent parts get the ground of the
    training images. If a file has several images, the first counts. If a picture's own ground
    differs from the training images', a warning is logged.

    Args:
        shape: (height, width, channels) expected; 1 channel is grey, 3 are RGB.
        resize: Convert images of another size or mode instead of refusing them: they are scaled
            (Lanczos) to fit and padded with the ground, so that the aspect ratio, and with it
            every angle, stays the same.
        invert: Swap light and dark, see `study.data.ground.turned`.
        ground: Ground of the training images; black if it is unknown or not uniform.

    Returns:
        (n, height, width, channels) uint8.

    Raises:
        WrongImage: A file is missing, not an image, damaged, too large, has more than 8 bits per
            channel, has another size or mode, or shows nothing on the ground.
    """
    images = np.empty((len(paths), *shape), np.uint8)
    for index, path in enumerate(paths):
        images[index] = read_image(path, shape, resize=resize, invert=invert, ground=ground)
    return images


def read_image(
    path: Path,
    shape: tuple[int, int, int],
    *,
    resize: bool = False,
    invert: bool = False,
    ground: Ground | None = None,
    advice: str = "pass --resize to convert it",
) -> np.ndarray:
    """One image file, (height, width, channels) uint8; see `read_images`.

    Args:
        advice: End of the message about an image of another size or mode.
    """
    height, width, channels = shape
    mode = MODES[channels]
    with _opened(path) as file:
        _check_bits(file, path)
        if not resize and sorted(file.size) != sorted((width, height)):  # checked before unpacking
            came = f"got {file.width}x{file.height} {file.mode}"
            raise WrongImage(f"{visible(path)}: expected {width}x{height} {mode}, {came}; {advice}")
        image = _upright(file)
        if not resize and (image.size != (width, height) or image.mode != mode):
            came = f"got {image.width}x{image.height} {image.mode}"
            raise WrongImage(f"{visible(path)}: expected {width}x{height} {mode}, {came}; {advice}")
        known = known_colour(ground, channels)
        fill = np.zeros(channels, np.uint8) if known is None else known
        opaque = _opaque(image, mode, fill, invert, path)
        pixels = np.asarray(ImageOps.contain(opaque, (width, height), Image.Resampling.LANCZOS))
    pixels = pixels.reshape(*pixels.shape[:2], channels)
    if invert:
        pixels = turned(pixels)
    if known is not None and (odd := oddity(pixels, known, invert)):
        log.warning("%s: %s", visible(path), odd)
    return _padded(pixels, shape, fill)


@contextmanager
def _opened(path: Path) -> Iterator[ImageFile.ImageFile]:
    """Open an image file; any error with it in the block becomes a WrongImage.

    The number of pixels is checked before memory is allocated for them.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            # Pillow gets an open file: given a path, Pillow 13 maps an uncompressed TIFF that lies
            # on its side into memory with width and height mixed up.
            with (
                untrusted.opened(path, FILE_BYTES) as file,
                Image.open(file, formats=FORMATS) as image,
            ):
                _check_pixels(image)
                yield image
    except FileNotFoundError as error:
        raise WrongImage(
            f"{visible(path)}: expected an image file, got no such file; check the path"
        ) from error
    except untrusted.Refused as error:
        raise WrongImage(f"{visible(path)}: {error}; check the file") from error
    except WrongImage:
        raise
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise WrongImage(
            f"{visible(path)}: expected an image of at most {PIXELS} pixels, got more; "
            "shrink it first"
        ) from error
    except UnidentifiedImageError as error:
        formats = ", ".join(FORMATS)
        raise WrongImage(
            f"{visible(path)}: expected an image ({formats}), got something else; check the file"
        ) from error
    except Exception as error:  # damaged files make Pillow raise OSError, SyntaxError, zlib.error..
        reason = " ".join(str(error).split())
        raise WrongImage(
            f"{visible(path)}: expected a readable image, got {reason!r}; replace the file"
        ) from error


def _check_pixels(image: ImageFile.ImageFile) -> None:
    pixels = image.width * image.height
    if pixels > PIXELS:
        raise Image.DecompressionBombError
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        sides = [int(image.tag_v2.get(number, 0)) for number in TILE_SIDES]
        if math.prod(sides) > max(pixels, TILE_PIXELS):
            raise untrusted.Refused(
                f"expected a TIFF in pieces of at most {TILE_PIXELS} pixels, "
                f"got {sides[0]}x{sides[1]}"
            )


def _check_bits(image: ImageFile.ImageFile, path: Path) -> None:
    if image.mode not in EIGHT_BIT_MODES:
        raise WrongImage(
            f"{visible(path)}: expected 8 bits per channel, grey or in colour, got mode "
            f"{image.mode}; save it as an 8-bit image"
        )


def _upright(image: ImageFile.ImageFile) -> Image.Image:
    """The image turned as its EXIF data says, which can swap width and height."""
    raw = image.tile[0].args if image.tile else None
    if isinstance(raw, str) and raw in GREY_STEPS and "transparency" in image.info:
        image.info["transparency"] *= GREY_STEPS[raw]  # Pillow 13 leaves the file's own level
    ImageOps.exif_transpose(image, in_place=True)
    return image


def _opaque(
    image: Image.Image, mode: str, fill: np.ndarray, invert: bool, path: Path
) -> Image.Image:
    """The image in that mode, with the final fill colour in its transparent parts.

    Raises:
        WrongImage: Nothing can be seen then, as with black ink on a transparent ground.
    """
    if not image.has_transparency_data:
        return image if image.mode == mode else image.convert(mode)
    under = turned(fill) if invert else fill
    layered = image.convert("RGBA")
    ground = Image.new(mode, image.size, tuple(under.tolist())).convert("RGBA")
    opaque = Image.alpha_composite(ground, layered).convert(mode)
    hides = np.asarray(layered.getchannel("A")).min() < OPAQUE
    if hides and _contrast(opaque) < FAINT:
        turn = "leave out --invert" if invert else "let `predict` or `explain` --invert it"
        raise WrongImage(
            f"{visible(path)}: expected something to see, got an image of (nearly) one colour once "
            f"its transparent parts get a ground that is {words(under)}; save it without "
            f"transparency, on a ground that it stands out from, or {turn}"
        )
    return opaque


def _padded(pixels: np.ndarray, shape: tuple[int, int, int], fill: np.ndarray) -> np.ndarray:
    """The pixels in the middle of an image of that shape."""
    padded = np.full(shape, fill, np.uint8)
    height, width = pixels.shape[:2]
    top, left = round((shape[0] - height) / 2), round((shape[1] - width) / 2)
    padded[top : top + height, left : left + width] = pixels
    return padded


def _contrast(image: Image.Image) -> float:
    """The greatest difference within any channel, of 255."""
    extremes = np.reshape(image.getextrema(), (-1, 2))
    return float(np.ptp(extremes, axis=1).max())
