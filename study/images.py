"""Read image files that come from outside, with errors that name the file."""

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from study.errors import WrongImage

FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP")
"""Pixel formats only: some of Pillow's other readers start external programs."""

MODES = {1: "L", 3: "RGB"}
"""Channels a network takes -> Pillow's mode."""

EIGHT_BIT_MODES = ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr")


def read_images(
    paths: Sequence[Path], shape: tuple[int, int, int], *, resize: bool = False
) -> np.ndarray:
    """Image files as one array, in the order given.

    Args:
        shape: (height, width, channels) expected; 1 channel is grey, 3 are RGB.
        resize: convert images of another size or mode instead of refusing them: turned as
            their EXIF data says, put on black where transparent, scaled (Lanczos) to fit and
            padded with black, so that the aspect ratio, and with it every angle, stays.

    Returns:
        (n, height, width, channels) uint8.

    Raises:
        WrongImage: a file is missing, not an image, damaged, too large, or of another size
            or mode.
    """
    images = np.empty((len(paths), *shape), np.uint8)
    for index, path in enumerate(paths):
        images[index] = read_image(path, shape, resize=resize)
    return images


def read_image(
    path: Path,
    shape: tuple[int, int, int],
    *,
    resize: bool = False,
    advice: str = "pass --resize to convert it",
) -> np.ndarray:
    """One image file, (height, width, channels) uint8; see `read_images`.

    Args:
        advice: end of the message about an image of another size or mode.
    """
    height, width, channels = shape
    mode = MODES[channels]
    with _opened(path) as image:
        fits = image.size == (width, height) and image.mode == mode
        if not fits and not resize:
            came = f"got {image.width}x{image.height} {image.mode}"
            raise WrongImage(f"{shown(path)}: expected {width}x{height} {mode}, {came}; {advice}")
        if not fits:
            image = _convert(image, (width, height), mode, path)
        return np.asarray(image).reshape(shape)


def shown(path: Path) -> str:
    """The path for a one-line message: quoted if a character in it would break the line."""
    text = str(path)
    return text if text.isprintable() else ascii(text)


@contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    """Open an image file; whatever goes wrong with it in the block becomes a WrongImage.

    Pillow refuses an image of more than `Image.MAX_IMAGE_PIXELS` (89 million) pixels when
    it opens the file, before it makes room for the pixels: by a warning, turned into an error
    here, or by an error.
    """
    try:
        if not path.is_file():  # a folder, a pipe or a device among them
            came = "something else" if path.exists() else "no such file"
            raise WrongImage(f"{shown(path)}: expected an image file, got {came}; check the path")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path, formats=FORMATS) as image:
                yield image
    except WrongImage:
        raise
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        most = Image.MAX_IMAGE_PIXELS
        raise WrongImage(
            f"{shown(path)}: expected an image of at most {most} pixels, got more; shrink it first"
        ) from error
    except UnidentifiedImageError as error:
        formats = ", ".join(FORMATS)
        raise WrongImage(
            f"{shown(path)}: expected an image ({formats}), got something else; check the file"
        ) from error
    except Exception as error:  # damaged files make Pillow raise OSError, SyntaxError, zlib.error..
        reason = " ".join(str(error).split())
        raise WrongImage(
            f"{shown(path)}: expected a readable image, got {reason!r}; replace the file"
        ) from error


def _convert(image: Image.Image, size: tuple[int, int], mode: str, path: Path) -> Image.Image:
    if image.mode not in EIGHT_BIT_MODES:
        raise WrongImage(
            f"{shown(path)}: expected 8 bits a channel, got mode {image.mode}; save it as 8-bit"
        )
    image = ImageOps.exif_transpose(image)
    if image.has_transparency_data:
        black = Image.new("RGBA", image.size, "black")
        image = Image.alpha_composite(black, image.convert("RGBA"))
    return ImageOps.pad(image.convert(mode), size, Image.Resampling.LANCZOS, color=0)
