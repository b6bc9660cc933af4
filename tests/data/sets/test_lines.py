"""Line images: how they look, that they differ, that they go to files and back."""

import hashlib
import logging
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ExifTags, Image
from pydantic import ValidationError

from study.data.dataset import Dataset, Part
from study.data.line_files import class_of
from study.data.sets import lines
from study.data.sets.lines import Options
from study.errors import WrongImage, WrongSetting
from tests.command import ROOT

CLASS = st.integers(0, lines.CLASSES - 1)
SEED = st.integers(1, 2**32)


def drawn(index: int, count: int, seed: int) -> np.ndarray:
    """(count, 28, 28) in [0, 1], whatever the color."""
    images: np.ndarray = lines.draw(index, count, np.random.default_rng(seed)).sum(-1) / 255
    return images


def moments(image: np.ndarray) -> tuple[float, float, float]:
    """Centre x and y (px from left and top) and angle of the principal axis (degrees, y up)."""
    y, x = np.mgrid[: image.shape[0], : image.shape[1]] + 0.5
    weights = image / image.sum()
    centre_x, centre_y = (weights * x).sum(), (weights * y).sum()
    right, up = x - centre_x, centre_y - y
    covariance = 2 * (weights * right * up).sum()
    angle = np.degrees(np.arctan2(covariance, (weights * (right**2 - up**2)).sum())) / 2
    return centre_x, centre_y, angle


def geometry(index: int) -> tuple[int, int, int, str]:
    """Length, width, angle and color, worked out from the definition of the class index."""
    rest, color = divmod(index, 2)
    rest, angle = divmod(rest, 12)
    length, width = divmod(rest, 2)
    return (7, 15)[length], (1, 3)[width], 15 * angle, ("red", "blue")[color]


@pytest.fixture(scope="module")
def full() -> Dataset:
    """The data set as the study uses it: 1,000 images a class."""
    return lines.load(1, Options())


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two images of each class."""
    directory = tmp_path_factory.mktemp("lines") / "example"
    lines.export(directory, *lines.generate(1, 2))
    return directory


@pytest.fixture
def folder(example: Path, tmp_path: Path) -> Path:
    """The example, free to be damaged."""
    return Path(shutil.copytree(example, tmp_path / "lines"))


def of_class(folder: Path, prefix: str) -> list[Path]:
    return sorted(folder.glob(f"{prefix}_*"))


# --- how a line looks


@given(CLASS, SEED)
def test_line_has_the_area_of_its_length_and_width(index: int, seed: int) -> None:
    length, width, _, _ = geometry(index)
    tolerance = {1: 0.15, 3: 0.04}[width]  # of sampling the coverage at pixel centres
    assert drawn(index, 1, seed).sum() == pytest.approx(length * width, rel=tolerance)


@given(CLASS, SEED)
def test_line_runs_counter_clockwise_with_y_up(index: int, seed: int) -> None:
    _, _, expected, _ = geometry(index)
    _, _, angle = moments(drawn(index, 1, seed)[0])
    assert abs((angle - expected + 90) % 180 - 90) < 1


def test_line_of_45_degrees_rises_to_the_right() -> None:
    index = lines.NAMES["class"].index("15x1 45° red")
    row, column = np.nonzero(drawn(index, 1, 1)[0] > 0.5)
    assert row[column.argmin()] > row[column.argmax()]


@given(CLASS, SEED)
def test_whole_line_is_inside(index: int, seed: int) -> None:
    length, width, angle, _ = geometry(index)
    x, y, _ = moments(drawn(index, 1, seed)[0])
    cos, sin = abs(np.cos(np.deg2rad(angle))), abs(np.sin(np.deg2rad(angle)))
    half_length, half_width = length / 2 + 0.5, width / 2 + 0.5
    across = half_length * cos + half_width * sin
    down = half_length * sin + half_width * cos
    slack = 0.1  # of the centre of mass
    assert across - slack < x < 28 - across + slack
    assert down - slack < y < 28 - down + slack


def test_lines_are_where_they_can_be_at_sub_pixel_positions() -> None:
    images = drawn(lines.NAMES["class"].index("7x3 0° blue"), 500, 1)
    x, y, _ = np.array([moments(image) for image in images]).T
    assert x.min() < 4.2
    assert x.max() > 23.8
    assert y.min() < 2.2
    assert y.max() > 25.8
    assert np.histogram(x % 1, 4, (0, 1))[0].min() > 80


@given(CLASS, SEED)
def test_only_the_channel_of_the_color_is_lit(index: int, seed: int) -> None:
    image = lines.draw(index, 1, np.random.default_rng(seed))[0]
    lit = {"red": 0, "blue": 2}[geometry(index)[3]]
    assert image[..., lit].any()
    assert not np.delete(image, lit, axis=-1).any()


# --- labels


def test_class_is_the_mixed_radix_number_of_the_attributes() -> None:
    classes = np.arange(96)
    labels = lines.label_columns(classes)
    length, width, angle, color = (labels[name] for name in lines.ATTRIBUTES)
    assert (((length * 2 + width) * 12 + angle) * 2 + color == classes).all()
    assert {column.dtype for column in labels.values()} == {np.dtype(np.int64)}
    assert [(len(np.unique(labels[name]))) for name in lines.ATTRIBUTES] == [2, 2, 12, 2]


def test_names_tell_what_the_class_is() -> None:
    for index, name in enumerate(lines.NAMES["class"]):
        length, width, angle, color = geometry(index)
        assert name == f"{length}x{width} {angle}° {color}"
    assert lines.NAMES["length"] == ("7 px", "15 px")
    assert lines.NAMES["width"] == ("1 px", "3 px")
    assert lines.NAMES["angle"][:3] == ("0°", "15°", "30°")
    assert lines.NAMES["color"] == ("red", "blue")


# --- the data set


def parts(dataset: Dataset) -> tuple[Part, Part, Part]:
    return dataset.train, dataset.validation, dataset.test


def digests(images: np.ndarray) -> list[bytes]:
    return [hashlib.sha256(image.tobytes()).digest() for image in images]


def test_no_image_occurs_twice_within_or_across_parts_and_classes(full: Dataset) -> None:
    found = [digest for part in parts(full) for digest in digests(part.images)]
    assert len(found) == 96_000
    assert len(set(found)) == 96_000


def test_parts_are_stratified_shares(full: Dataset) -> None:
    for part, count in zip(parts(full), (510, 90, 400), strict=True):
        assert np.bincount(part.labels["class"], minlength=96).tolist() == [count] * 96
        assert part.images.shape == (96 * count, 28, 28, 3)
        assert part.images.dtype == np.uint8


def test_labels_belong_to_the_images(full: Dataset) -> None:
    for part in parts(full):
        lit = part.images.any((1, 2))  # (n, 3)
        color = part.labels["color"]
        assert (lit == np.stack([color == 0, color < 0, color == 1], axis=-1)).all()
        for image, angle in zip(part.images[:50], part.labels["angle"][:50], strict=True):
            assert abs((moments(image.sum(-1))[2] - 15 * angle + 90) % 180 - 90) < 1


def test_same_seed_gives_the_same_data_and_another_seed_other_data() -> None:
    options = Options(images_per_class=5)
    first, same, other = (lines.load(seed, options) for seed in (7, 7, 8))
    for a, b, c in zip(parts(first), parts(same), parts(other), strict=True):
        assert np.array_equal(a.images, b.images)
        assert all(np.array_equal(a.labels[name], b.labels[name]) for name in a.labels)
        assert not set(digests(a.images)) & set(digests(c.images))


def test_seed_zero_is_refused() -> None:
    with pytest.raises(WrongSetting, match="seed"):
        lines.generate(0, 2)


def test_repeats_are_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where a class draws an image of another one: here all classes draw from 1,000."""

    def draw_few(_index: int, count: int, rng: np.random.Generator) -> np.ndarray:
        images = np.zeros((count, 28, 28, 3), np.uint8)
        images[:, 0, 0, 0], images[:, 0, 0, 1] = rng.integers([[250], [4]], size=(2, count))
        return images

    monkeypatch.setattr(lines, "draw", draw_few)
    images, _ = lines.generate(1, 5)
    assert len(set(digests(images))) == 480


def test_smallest_data_set_has_every_class_in_training_and_testing() -> None:
    dataset = lines.load(1, Options(images_per_class=5))
    assert np.bincount(dataset.train.labels["class"], minlength=96).min() >= 1
    assert np.bincount(dataset.test.labels["class"]).tolist() == [2] * 96
    assert len(dataset.validation) == 43


# --- lines for training that are drawn in varied ways


@pytest.fixture(scope="module")
def varied() -> Dataset:
    return lines.load(7, Options(images_per_class=30, drawing="varied"))


def test_varied_drawing_changes_neither_the_test_part_nor_any_label(varied: Dataset) -> None:
    plain = lines.load(7, Options(images_per_class=30))

    assert np.array_equal(varied.test.images, plain.test.images)
    for one, other in zip(parts(varied), parts(plain), strict=True):
        assert all(np.array_equal(one.labels[name], other.labels[name]) for name in one.labels)
    for part in ("train", "validation"):
        ours, theirs = getattr(varied, part).images, getattr(plain, part).images
        assert not set(digests(ours)) & set(digests(theirs))


def test_varied_lines_occur_once_within_and_across_parts(varied: Dataset) -> None:
    every = [one for part in parts(varied) for one in digests(part.images)]
    assert len(set(every)) == len(every) == 96 * 30


def test_a_test_image_is_not_drawn_again_for_training(monkeypatch: pytest.MonkeyPatch) -> None:
    """Here the varied lines are the plain ones first, and so all those for testing."""
    options = Options(images_per_class=5)
    kept = dict(zip(range(96), lines.generate(7, 5)[0].reshape(96, 5, 28, 28, 3), strict=True))
    given: set[int] = set()

    def draw_again(index: int, count: int, rng: np.random.Generator) -> np.ndarray:
        if index in given:
            return lines.draw(index, count, rng)
        given.add(index)
        return kept[index][:count]

    monkeypatch.setattr(lines, "draw_varied", draw_again)
    dataset = lines.load(7, options.model_copy(update={"drawing": "varied"}))
    every = [one for part in parts(dataset) for one in digests(part.images)]
    assert given == set(range(96))
    assert len(set(every)) == len(every)


def test_varied_lines_are_the_same_for_the_same_seed() -> None:
    options = Options(images_per_class=5, drawing="varied")
    first, same, other = (lines.load(seed, options) for seed in (7, 7, 8))
    for a, b, c in zip(parts(first), parts(same), parts(other), strict=True):
        assert np.array_equal(a.images, b.images)
        assert not set(digests(a.images)) & set(digests(c.images))


def test_where_a_varied_line_is_is_known(varied: Dataset) -> None:
    assert varied.where
    found = varied.where(varied.validation)
    width = np.array(lines.WIDTHS)[varied.validation.labels["width"]]
    length = np.array(lines.LENGTHS)[varied.validation.labels["length"]]
    assert 0.7 < np.median(found.sum(axis=(1, 2)) / (length * width)) < 1.5


def test_the_exported_images_are_those_of_the_data_set() -> None:
    options = Options(images_per_class=5, drawing="varied")
    dataset, (images, _) = lines.load(7, options), lines.all_images(7, options)
    every = [one for part in parts(dataset) for one in digests(part.images)]
    assert sorted(digests(images)) == sorted(every)


def test_a_reader_is_told_how_lines_for_training_were_drawn(varied: Dataset) -> None:
    plain = lines.load(1, Options(images_per_class=5))
    assert "no network was trained on such images" in plain.corruptions.note
    assert "the varied renderers drew the lines for training" in varied.corruptions.note
    assert varied.corruptions.groups == plain.corruptions.groups


def test_lines_that_are_read_are_not_drawn() -> None:
    with pytest.raises(ValidationError, match="where lines are read from line_dir"):
        Options(line_dir=Path("mine"), drawing="varied")
    assert Options(line_dir=Path("mine"), drawing="plain").drawing == "plain"


# --- files


def test_exported_images_are_read_back_identical(tmp_path: Path) -> None:
    images, classes = lines.generate(3, 11)
    lines.export(tmp_path / "new" / "folder", images, classes)
    read_images, read_classes = lines.read_folder(tmp_path / "new" / "folder")
    assert np.array_equal(read_images, images)
    assert np.array_equal(read_classes, classes)


def test_an_export_that_is_interrupted_leaves_nothing_and_one_that_was_killed_is_done_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    images, classes = lines.generate(1, 2)
    (tmp_path / ".new").mkdir()
    (tmp_path / ".new/half.png").touch()

    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Image.Image, "save", stopped)
        with pytest.raises(KeyboardInterrupt):
            lines.export(tmp_path, images, classes)
    assert list(tmp_path.iterdir()) == []
    lines.export(tmp_path, images, classes)
    assert len(list(tmp_path.iterdir())) == len(images)


KILLED = """
import os, signal
from pathlib import Path
from study.data.sets import lines

replace, left = Path.replace, 5
def killed(self, target):
    global left
    left -= 1
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)
    return replace(self, target)

Path.replace = killed
lines.export(Path("new"), *lines.generate(1, 2))
"""


def test_an_export_that_was_killed_as_its_files_appeared_is_done_again(tmp_path: Path) -> None:
    folder, (images, classes) = tmp_path / "new", lines.generate(1, 2)
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    killed = subprocess.run(
        [sys.executable, "-c", KILLED], cwd=tmp_path, env=environment, check=False
    )
    assert killed.returncode == -signal.SIGKILL
    assert len([*folder.glob("*.png")]) == 4
    with pytest.raises(WrongImage, match="got one in use"):
        lines.export(folder, *lines.generate(1, 11))  # files of other names would be left
    lines.export(folder, images, classes)
    assert len([*folder.iterdir()]) == len(images)
    assert np.array_equal(lines.read_folder(folder)[0], images)
    with pytest.raises(WrongImage, match="got one in use"):
        lines.export(folder, images, classes)


def test_an_export_that_is_interrupted_as_its_files_appear_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace, left = Path.replace, iter(range(5))

    def stopped(path: Path, target: Path) -> Path:
        if next(left, None) is None:
            raise KeyboardInterrupt
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", stopped)
    with pytest.raises(KeyboardInterrupt):
        lines.export(tmp_path, *lines.generate(1, 2))
    assert list(tmp_path.iterdir()) == []


def test_exported_names_tell_the_class_and_a_unique_id(example: Path) -> None:
    names = [path.name for path in sorted(example.iterdir())]
    assert names[0] == "15_1_0_blue_099.png"
    assert len({name.split("_")[-1] for name in names}) == 192


@pytest.mark.parametrize("what", ["folder in use", "file", "under a file"])
def test_export_goes_to_a_new_folder_only(what: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    directory = {"folder in use": tmp_path, "file": tmp_path / "file"}.get(
        what, tmp_path / "file" / "new"
    )
    with pytest.raises(WrongImage, match=r"expected a .*folder.*; choose another"):
        lines.export(directory, *lines.generate(1, 2))
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@given(CLASS, st.sampled_from([".png", ".JPG", ".jpeg"]), st.integers(0))
def test_class_round_trips_through_the_file_name(index: int, suffix: str, identity: int) -> None:
    length, width, angle, color = geometry(index)
    assert class_of(Path(f"{length}_{width}_{angle}_{color}_{identity}{suffix}")) == index


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("line.png", "expected a name like length_width_angle_color_ID.png"),
        ("15_3_45_red.png", "expected a name like"),
        ("15_3_45_red_.png", "expected a name like"),
        ("15_3_-45_red_1.png", "expected a name like"),
        ("15_3_4.5_red_1.png", "expected a name like"),
        ("15_3_٤٥_red_1.png", "expected a name like"),
        ("9_3_45_red_1.png", "expected the length to be one of 7, 15, got 9"),
        ("15_2_45_red_1.png", "expected the width to be one of 1, 3, got 2"),
        ("15_3_50_red_1.png", "expected the angle to be one of 0, 15, .*165, got 50"),
        ("15_3_180_red_1.png", "expected the angle .*, got 180"),
        ("15_3_45_green_1.png", "expected the color to be one of red, blue, got green"),
    ],
)
def test_name_that_does_not_fit_is_refused_by_name(folder: Path, name: str, message: str) -> None:
    of_class(folder, "15_3_45_red")[0].rename(folder / name)
    with pytest.raises(WrongImage, match=message) as caught:
        lines.read_folder(folder)
    assert name in str(caught.value)


def test_jpegs_in_any_case_are_read_too(folder: Path) -> None:
    for number, path in enumerate(sorted(folder.iterdir())):
        target = path.with_suffix((".jpg", ".JPEG", ".PNG")[number % 3])
        if target.suffix == ".PNG":
            path.rename(target)
        else:
            Image.open(path).save(target, quality=95)
            path.unlink()
    images, classes = lines.read_folder(folder)
    assert np.bincount(classes).tolist() == [2] * 96
    assert images.shape == (192, 28, 28, 3)


def test_two_images_a_class_are_enough(example: Path, caplog: pytest.LogCaptureFixture) -> None:
    dataset = lines.load(1, Options(line_dir=example))
    assert len(dataset.test) == 96
    assert np.bincount(dataset.test.labels["class"]).tolist() == [1] * 96
    assert (len(dataset.train), len(dataset.validation)) == (95, 1)
    assert "too few images" in caplog.text


@pytest.mark.parametrize(
    ("size", "mode", "came"), [((30, 28), "RGB", "30x28 RGB"), ((28, 28), "RGBA", "28x28 RGBA")]
)
def test_image_of_another_size_or_mode_is_refused_by_name(
    folder: Path, size: tuple[int, int], mode: str, came: str
) -> None:
    path = of_class(folder, "7_1_0_red")[1]
    Image.new(mode, size).save(path)
    with pytest.raises(WrongImage, match=f"{path.name}: expected 28x28 RGB, got {came}"):
        lines.read_folder(folder)


def test_an_image_that_lies_on_its_side_is_turned_as_its_exif_data_says(folder: Path) -> None:
    before, _ = lines.read_folder(folder)
    path = of_class(folder, "7_1_0_red")[1]
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    Image.fromarray(np.rot90(np.asarray(Image.open(path))).copy()).save(path, exif=exif)
    assert np.array_equal(lines.read_folder(folder)[0], before)


def test_an_image_of_which_nothing_is_seen_on_black_is_refused_by_name(folder: Path) -> None:
    path = of_class(folder, "7_1_0_red")[1]
    line = np.asarray(Image.open(path)).any(axis=-1)
    black_on_white = np.where(line[..., None], 0, 255).astype(np.uint8).repeat(3, axis=-1)
    Image.fromarray(black_on_white).save(path, transparency=(255, 255, 255))
    with pytest.raises(WrongImage, match=f"{path.name}: expected something to see"):
        lines.read_folder(folder)


def test_damaged_image_is_refused_by_name(folder: Path) -> None:
    path = of_class(folder, "7_1_0_red")[1]
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(WrongImage, match=f"{path.name}: expected a readable image"):
        lines.read_folder(folder)


def test_class_with_one_image_is_refused_by_name(folder: Path) -> None:
    of_class(folder, "15_3_165_blue")[0].unlink()
    with pytest.raises(WrongImage, match=r"at least two .* got 1 of 15_3_165_blue_\* \(1 class"):
        lines.read_folder(folder)


def test_missing_classes_are_counted_and_the_first_is_named(folder: Path) -> None:
    for path in of_class(folder, "7"):
        path.unlink()
    with pytest.raises(WrongImage, match=r"96 classes, got 0 of 7_1_0_red_\* \(48 classes"):
        lines.read_folder(folder)


def test_repeats_in_a_class_are_left_out_and_counted(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first = of_class(folder, "7_1_0_red")[0]
    shutil.copy(first, folder / "7_1_0_red_copy.png")
    with caplog.at_level(logging.WARNING):
        images, _ = lines.read_folder(folder)
    assert len(images) == len(set(digests(images))) == 192
    assert "left out 1 pixel-identical repeats" in caplog.text


def test_repeats_do_not_count_as_two_images(folder: Path) -> None:
    first, second = of_class(folder, "7_1_0_red")
    shutil.copy(first, second)
    with pytest.raises(WrongImage, match=r"two different images .* got 1 of 7_1_0_red"):
        lines.read_folder(folder)


def test_image_in_two_classes_is_refused_by_both_names(folder: Path) -> None:
    shutil.copy(of_class(folder, "7_1_0_red")[0], folder / "7_1_0_blue_copy.png")
    with pytest.raises(WrongImage, match=r"7_1_0_blue_copy\.png: .*7_1_0_red_001\.png"):
        lines.read_folder(folder)


def test_other_files_are_ignored_and_counted(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (folder / "notes.txt").touch()
    (folder / ".hidden.png").touch()
    assert len(lines.read_folder(folder)[0]) == 192
    assert "ignored 1 entries" in caplog.text


def test_folder_that_is_missing_or_empty_or_a_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WrongImage, match=r"expected images named .* got none"):
        lines.read_folder(tmp_path)
    with pytest.raises(WrongImage, match="expected a folder of line images, got 'No such file"):
        lines.read_folder(tmp_path / "nowhere")
    (tmp_path / "file").touch()
    with pytest.raises(WrongImage, match="expected a folder of line images, got 'Not a dir"):
        lines.read_folder(tmp_path / "file")


def test_reading_a_folder_does_not_depend_on_the_order_of_files(
    example: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    images, _ = lines.read_folder(example)
    entries = sorted(example.iterdir(), reverse=True)
    monkeypatch.setattr(Path, "iterdir", lambda _: iter(entries))
    assert np.array_equal(lines.read_folder(example)[0], images)
