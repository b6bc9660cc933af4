"""Image files from outside: read as they are, converted on request, refused by name."""

import io
import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image

from study.data.image_files import MODES, read_image, read_images
from study.errors import WrongImage
from study.records.study import Ground

GREY, COLOR = (28, 28, 1), (28, 28, 3)


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, shape, np.uint8)


def saved(path: Path, pixels: np.ndarray) -> Path:
    Image.fromarray(pixels).save(path)
    return path


def test_images_come_as_one_array_in_order(tmp_path: Path) -> None:
    pixels = noise(3, 28, 28, 3)
    paths = [saved(tmp_path / f"{index}.png", image) for index, image in enumerate(pixels)]
    assert np.array_equal(read_images(paths[::-1], COLOR), pixels[::-1])


def test_grey_images_have_one_channel(tmp_path: Path) -> None:
    pixels = noise(28, 28)
    images = read_images([saved(tmp_path / "grey.bmp", pixels)], GREY)
    assert images.dtype == np.uint8
    assert np.array_equal(images, pixels[None, ..., None])


def test_no_paths_give_no_images() -> None:
    assert read_images([], COLOR).shape == (0, 28, 28, 3)


@pytest.mark.parametrize(
    ("mode", "shape", "message"),
    [
        ("L", COLOR, "photo.png: expected 28x28 RGB, got 64x48 L; pass --resize to convert it"),
        ("RGB", GREY, "photo.png: expected 28x28 L, got 64x48 RGB; pass --resize to convert it"),
    ],
)
def test_other_size_or_mode_is_refused_with_both_named(
    tmp_path: Path, mode: str, shape: tuple[int, int, int], message: str
) -> None:
    Image.new(mode, (64, 48)).save(tmp_path / "photo.png")
    with pytest.raises(WrongImage, match=message):
        read_images([tmp_path / "photo.png"], shape)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
@pytest.mark.parametrize("shape", [GREY, COLOR])
def test_resize_converts_size_and_mode(
    tmp_path: Path, mode: str, shape: tuple[int, int, int]
) -> None:
    Image.new("RGB", (56, 56), "white").convert(mode).save(tmp_path / "photo.png")
    image = read_image(tmp_path / "photo.png", shape, resize=True)
    assert image.shape == shape
    assert (image >= 254).all()


@pytest.mark.parametrize("mode", ["CMYK", "YCbCr"])
@pytest.mark.parametrize("shape", [GREY, COLOR])
def test_resize_converts_what_printers_and_cameras_write(
    tmp_path: Path, mode: str, shape: tuple[int, int, int]
) -> None:
    Image.new("RGB", (56, 56), "white").convert(mode).save(tmp_path / "photo.jpg")
    assert (read_image(tmp_path / "photo.jpg", shape, resize=True) >= 250).all()


def test_resize_leaves_images_that_fit_alone(tmp_path: Path) -> None:
    pixels = noise(28, 28, 3)
    path = saved(tmp_path / "photo.png", pixels)
    assert np.array_equal(read_image(path, COLOR, resize=True), pixels)


def test_resize_puts_transparent_images_on_black(tmp_path: Path) -> None:
    pixels = np.full((28, 28, 4), 255, np.uint8)
    pixels[:, :14, 3] = 0
    image = read_image(saved(tmp_path / "photo.png", pixels), GREY, resize=True)
    assert not image[:, :14].any()
    assert (image[:, 14:] == 255).all()


def test_resize_keeps_the_aspect_ratio_on_black(tmp_path: Path) -> None:
    path = saved(tmp_path / "photo.png", np.full((28, 56), 255, np.uint8))
    image = read_image(path, GREY, resize=True)[..., 0]
    assert not image[:7].any()
    assert (image[7:21] == 255).all()
    assert not image[21:].any()


LAID: dict[int, Callable[[np.ndarray], np.ndarray]] = {
    1: lambda upright: upright,
    2: np.fliplr,
    3: lambda upright: np.rot90(upright, 2),
    4: np.flipud,
    5: lambda upright: np.swapaxes(upright, 0, 1),
    6: np.rot90,
    7: lambda upright: np.swapaxes(np.rot90(upright, 2), 0, 1),
    8: lambda upright: np.rot90(upright, -1),
}
"""EXIF orientation -> how the pixels of an upright picture then lie in the file."""


def tagged(path: Path, upright: np.ndarray, orientation: int) -> Path:
    """A file whose pixels lie otherwise, with the tag that says how."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    Image.fromarray(np.ascontiguousarray(LAID[orientation](upright))).save(path, exif=exif)
    return path


@pytest.mark.parametrize("resize", [False, True])
@pytest.mark.parametrize("orientation", LAID)
@pytest.mark.parametrize("suffix", ["png", "tiff"])
@pytest.mark.parametrize("shape", [GREY, COLOR, (20, 28, 1), (28, 20, 3)])
def test_photos_of_the_right_size_are_turned_as_their_exif_data_says(
    tmp_path: Path, shape: tuple[int, int, int], suffix: str, orientation: int, resize: bool
) -> None:
    """Also where width and height are right only once it is turned."""
    pixels = noise(*shape)
    path = tagged(tmp_path / f"photo.{suffix}", pixels.squeeze(), orientation)
    assert np.array_equal(read_image(path, shape, resize=resize), pixels)


def test_a_photo_of_the_right_size_until_it_is_turned_is_refused(tmp_path: Path) -> None:
    path = tagged(tmp_path / "photo.png", noise(28, 20), 6)  # 28 wide and 20 high in the file
    with pytest.raises(WrongImage, match="expected 28x20 L, got 20x28 L"):
        read_image(path, (20, 28, 1))


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "tiff"])
def test_resize_turns_photos_as_their_exif_data_says(tmp_path: Path, suffix: str) -> None:
    pixels = np.zeros((56, 56, 3), np.uint8)
    pixels[28:] = 255
    path = tagged(tmp_path / f"photo.{suffix}", pixels, 3)
    image = read_image(path, GREY, resize=True)
    assert (image[:10] < 5).all()
    assert (image[18:] > 250).all()


def transparent(mode: str, ink: int) -> tuple[Image.Image, dict[str, object]]:
    """28x28: a square of that grey on a ground that is transparent, and how to save it."""
    pixels = np.full((28, 28), ink, np.uint8)
    alpha = np.zeros((28, 28), np.uint8)
    alpha[8:20, 8:20] = 255
    picture = Image.merge("LA", [Image.fromarray(pixels), Image.fromarray(alpha)])
    if mode in ("LA", "RGBA"):
        return picture.convert(mode), {}
    other = 255 - ink  # the value that a tRNS chunk declares transparent
    opaque = Image.composite(picture.getchannel(0), Image.new("L", (28, 28), other), picture)
    if mode == "P":
        indexed = Image.fromarray((alpha > 0).astype(np.uint8)).convert("P")
        indexed.putpalette([other] * 3 + [ink] * 3)
        return indexed, {"transparency": 0}
    return opaque.convert(mode), {"transparency": (other,) * 3 if mode == "RGB" else other}


TRANSPARENT_MODES = ("1", "L", "LA", "P", "RGB", "RGBA")


@pytest.mark.parametrize("mode", TRANSPARENT_MODES)
@pytest.mark.parametrize("shape", [GREY, COLOR, (56, 56, 1)])
def test_the_transparent_is_put_on_black_however_it_is_written(
    tmp_path: Path, mode: str, shape: tuple[int, int, int]
) -> None:
    picture, how = transparent(mode, ink=255)
    picture.save(tmp_path / "ink.png", **how)
    fits = picture.mode == MODES[shape[2]] and picture.size == shape[:2]
    image = read_image(tmp_path / "ink.png", shape, resize=not fits)
    inner, margin = slice(2 * shape[0] // 5, 3 * shape[0] // 5), shape[0] // 5
    assert (image[inner, inner] == 255).all()
    assert not image[:margin].any()
    assert not image[:, :margin].any()


@pytest.mark.parametrize("mode", TRANSPARENT_MODES)
@pytest.mark.parametrize("shape", [GREY, COLOR, (56, 56, 1)])
def test_dark_ink_on_a_transparent_ground_is_refused_for_there_is_nothing_to_see(
    tmp_path: Path, mode: str, shape: tuple[int, int, int]
) -> None:
    picture, how = transparent(mode, ink=0)
    picture.save(tmp_path / "ink.png", **how)
    fits = picture.mode == MODES[shape[2]] and picture.size == shape[:2]
    with pytest.raises(WrongImage, match=r"ink\.png: .*one colour.*without transparency"):
        read_image(tmp_path / "ink.png", shape, resize=not fits)


def stroke(height: int, width: int, ground: int) -> np.ndarray:
    """An upright stroke of the opposite level on that ground, (height, width) uint8."""
    pixels = np.full((height, width), ground, np.uint8)
    pixels[height // 4 : -height // 4, width // 2 - 2 : width // 2 + 2] = 255 - ground
    return pixels


@pytest.mark.parametrize(("height", "width"), [(28, 28), (480, 640), (640, 480), (20, 200)])
def test_the_reverse_of_the_training_images_is_warned_of_by_name(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, height: int, width: int
) -> None:
    """Also where black padding would hide its ground."""
    ground = Ground(colour=[0], share=1)
    dark = saved(tmp_path / "dark.png", stroke(height, width, 0))
    light = saved(tmp_path / "light.png", stroke(height, width, 255))
    expected = read_image(dark, GREY, resize=True, ground=ground)
    assert caplog.text == ""
    read_image(light, GREY, resize=True, ground=ground)
    assert "light.png: the ground of this picture is light" in caplog.text
    caplog.clear()
    turned = read_image(light, GREY, resize=True, invert=True, ground=ground)
    assert caplog.text == ""
    assert np.abs(turned.astype(int) - expected).max() <= 1  # of rounding


def test_what_a_picture_lacks_is_filled_with_the_known_ground(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    white = Ground(colour=[255], share=1)
    pixels = saved(tmp_path / "paper.png", stroke(480, 640, 255))
    image = read_image(pixels, GREY, resize=True, ground=white)
    assert (image[:6] == 255).all()
    ink, how = transparent("LA", ink=0)
    ink.save(tmp_path / "ink.png", **how)
    image = read_image(tmp_path / "ink.png", GREY, resize=True, ground=white)
    assert (image[0, 0], image[14, 14]) == (255, 0)
    assert caplog.text == ""


@pytest.mark.parametrize("mode", TRANSPARENT_MODES)
def test_invert_makes_dark_ink_on_a_transparent_ground_light_on_black(
    tmp_path: Path, mode: str
) -> None:
    picture, how = transparent(mode, ink=0)
    picture.save(tmp_path / "ink.png", **how)
    image = read_image(tmp_path / "ink.png", GREY, resize=True, invert=True)
    assert (image[0, 0], image[14, 14]) == (0, 255)
    picture, how = transparent(mode, ink=255)
    picture.save(tmp_path / "ink.png", **how)
    with pytest.raises(WrongImage, match=r"a ground that is light.*or leave out --invert"):
        read_image(tmp_path / "ink.png", GREY, resize=True, invert=True)


def test_an_opaque_picture_may_be_of_one_even_colour(tmp_path: Path) -> None:
    """With an alpha channel that hides nothing, too."""
    for mode in ("L", "LA"):
        Image.new("L", (28, 28)).convert(mode).save(tmp_path / "blank.png")
        assert not read_image(tmp_path / "blank.png", GREY, resize=True).any()


@pytest.mark.parametrize("suffix", ["gif", "webp", "png", "tiff"])
def test_of_several_images_in_a_file_the_first_counts(tmp_path: Path, suffix: str) -> None:
    white, black = Image.new("RGB", (28, 28), "white"), Image.new("RGB", (28, 28))
    path = tmp_path / f"several.{suffix}"
    white.save(path, save_all=True, append_images=[black])
    assert (read_image(path, COLOR, resize=True) >= 254).all()


@pytest.mark.parametrize("resize", [False, True])
@pytest.mark.parametrize("size", [28, 56])
def test_more_than_eight_bits_are_refused(tmp_path: Path, size: int, resize: bool) -> None:
    path = saved(tmp_path / "deep.png", np.full((size, size), 40_000, np.uint16))
    with pytest.raises(WrongImage, match=r"deep\.png: expected 8 bits per channel.*got mode I;16"):
        read_image(path, GREY, resize=resize)


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(WrongImage, match=r"nowhere\.png: expected an image file, got no such file"):
        read_image(tmp_path / "nowhere.png", COLOR)


@pytest.mark.parametrize("name", ["x" * 300, "nul\0"])
def test_impossible_file_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(WrongImage):
        read_image(tmp_path / name, COLOR)


def test_folders_and_pipes_are_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    for path, kind in ((tmp_path, "folder"), (tmp_path / "pipe.png", "pipe")):
        with pytest.raises(WrongImage, match=f"expected a file, got a {kind}"):
            read_image(path, COLOR)


def test_symbolic_links_are_followed(tmp_path: Path) -> None:
    pixels = noise(28, 28, 3)
    saved(tmp_path / "photo.png", pixels)
    (tmp_path / "link.png").symlink_to("photo.png")
    assert np.array_equal(read_image(tmp_path / "link.png", COLOR), pixels)


def postscript() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (28, 28)).save(buffer, "EPS")
    return buffer.getvalue()


@pytest.mark.parametrize("content", [b"", b"text", postscript()], ids=["empty", "text", "EPS"])
def test_files_that_are_no_images_are_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "photo.png").write_bytes(content)
    with pytest.raises(WrongImage, match=r"photo\.png: expected an image \(PNG, .*something else"):
        read_image(tmp_path / "photo.png", COLOR)


def png(*chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG file of these chunks, with right check sums."""
    content = b"\x89PNG\r\n\x1a\n"
    for kind, data in chunks:
        check = struct.pack(">I", zlib.crc32(kind + data))
        content += struct.pack(">I", len(data)) + kind + data + check
    return content


@pytest.mark.parametrize("bits", [2, 4, 8])
def test_one_transparent_grey_counts_in_files_of_any_depth(tmp_path: Path, bits: int) -> None:
    """Four columns of ink, and four of white that is declared transparent."""
    white, ink = 2**bits - 1, 2 ** (bits - 1)
    header = struct.pack(">IIBBBBB", 8, 8, bits, 0, 0, 0, 0)
    levels = np.repeat([ink, white], 4).astype(np.uint8)
    row = b"\0" + np.packbits(np.unpackbits(levels[:, None], axis=1)[:, 8 - bits :]).tobytes()
    chunks = [(b"IHDR", header), (b"tRNS", struct.pack(">H", white))]
    data = zlib.compress(8 * row)
    (tmp_path / "grey.png").write_bytes(png(*chunks, (b"IDAT", data), (b"IEND", b"")))
    image = read_image(tmp_path / "grey.png", (8, 8, 1))
    assert (image[:, :4] == ink * 255 // white).all()
    assert not image[:, 4:].any()


@pytest.mark.parametrize("side", [10_000, 2**31 - 1])
@pytest.mark.parametrize("resize", [False, True])
def test_decompression_bombs_are_refused(tmp_path: Path, side: int, resize: bool) -> None:
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    bomb = png((b"IHDR", header), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b""))
    (tmp_path / "bomb.png").write_bytes(bomb)
    with pytest.raises(WrongImage, match=r"bomb\.png: expected an image of at most \d+ pixels"):
        read_image(tmp_path / "bomb.png", COLOR, resize=resize)


def test_huge_texts_in_images_are_refused(tmp_path: Path) -> None:
    header = struct.pack(">IIBBBBB", 28, 28, 8, 2, 0, 0, 0)
    text = b"Comment\0\0" + zlib.compress(bytes(10_000_000))
    content = png((b"IHDR", header), (b"zTXt", text), (b"IDAT", zlib.compress(bytes(28 * 85))))
    (tmp_path / "text.png").write_bytes(content)
    with pytest.raises(WrongImage, match=r"text\.png"):
        read_image(tmp_path / "text.png", COLOR)


def refusal(path: Path, resize: bool) -> str | None:
    try:
        read_image(path, COLOR, resize=resize)
    except WrongImage as error:
        return str(error)
    return None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data(), st.sampled_from(["PNG", "JPEG", "GIF", "TIFF", "WEBP", "BMP"]), st.booleans())
def test_damaged_files_are_read_or_refused_in_one_line(
    tmp_path: Path, data: st.DataObject, kind: str, resize: bool
) -> None:
    buffer = io.BytesIO()
    Image.fromarray(noise(28, 28, 3)).save(buffer, kind)
    content = bytearray(buffer.getvalue())
    for position in data.draw(st.lists(st.integers(0, len(content) - 1), max_size=4)):
        content[position] = data.draw(st.integers(0, 255))
    end = data.draw(st.integers(0, len(content)))
    (tmp_path / "photo").write_bytes(content[:end])
    message = refusal(tmp_path / "photo", resize)
    assert message is None or ("photo: expected" in message and message.isprintable())


def test_a_name_that_would_break_the_line_does_not(tmp_path: Path) -> None:
    with pytest.raises(WrongImage, match=r"/a\\nb\\x1b\[31m\.png: expected an image file, got no"):
        read_image(tmp_path / "a\nb\x1b[31m.png", GREY)
