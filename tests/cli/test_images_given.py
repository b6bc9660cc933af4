"""Pictures, layers, heads and folders that are given: taken, or refused with what there is."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from study.cli.commands import opening
from tests.cli.conftest import Command
from tests.cli.presets import preset
from tests.command import TINY


def picture(tmp_path: Path, size: tuple[int, int], mode: str, name: str = "photo.png") -> str:
    path = tmp_path / name
    Image.new(mode, size).save(path)
    return str(path)


@pytest.fixture
def model(tmp_path: Path) -> str:
    """A small saved network that takes 28x28 RGB."""
    import keras

    network = keras.Sequential(
        [
            keras.Input((28, 28, 3)),
            keras.layers.Conv2D(2, 3, activation="relu", name="conv1"),
            keras.layers.Flatten(),
            keras.layers.Dense(4, activation="softmax", name="class"),
        ]
    )
    network.save(tmp_path / "small.keras")
    return str(tmp_path / "small.keras")


def test_image_of_the_wrong_size_is_refused_with_both_sizes(
    command: Command, model: str, tmp_path: Path
) -> None:
    line = command.refused("predict", model, picture(tmp_path, (640, 480), "RGB"))
    for words in ("photo.png", "28x28", "640x480", "--resize"):
        assert words in line


def test_image_of_the_wrong_mode_is_refused_with_both_modes(
    command: Command, model: str, tmp_path: Path
) -> None:
    line = command.refused("predict", model, picture(tmp_path, (28, 28), "L"))
    assert "28x28 RGB" in line
    assert "28x28 L" in line


def test_image_of_the_wrong_size_is_taken_with_resize(
    command: Command, model: str, tmp_path: Path
) -> None:
    code, printed, _ = command(
        "predict", model, picture(tmp_path, (640, 480), "L"), "--resize", "--top", "1"
    )
    assert code == 0
    assert "photo.png: class:" in printed


def test_file_that_is_no_image_is_refused(command: Command, model: str, tmp_path: Path) -> None:
    (tmp_path / "notes.png").write_text("not an image")
    assert "notes.png" in command.refused("predict", model, str(tmp_path / "notes.png"))


def test_missing_model_is_refused(command: Command, tmp_path: Path) -> None:
    assert "none.keras" in command.refused(
        "predict", "none.keras", picture(tmp_path, (28, 28), "RGB")
    )


def test_model_that_brings_code_along_is_refused(command: Command, tmp_path: Path) -> None:
    import keras

    image = picture(tmp_path, (28, 28), "RGB")
    network = keras.Sequential(
        [keras.Input((28, 28, 3)), keras.layers.Lambda(lambda x: x * 2), keras.layers.Flatten()]
    )
    network.save(tmp_path / "evil.keras")
    code, _, errors = command("predict", str(tmp_path / "evil.keras"), image)
    assert code == 1
    assert "evil.keras" in errors
    assert len(errors.splitlines()) == 1


def test_unknown_layer_is_answered_with_those_there_are(command: Command, model: str) -> None:
    line = command.refused("explain", model, "--layer", "conv9", "--kind", "filters")
    assert "conv9" in line
    assert "conv1" in line


def test_figures_that_need_images_are_refused_without(command: Command, model: str) -> None:
    assert "--image" in command.refused("explain", model, "--kind", "heatmaps")


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (["--head", "nose"], ["'nose'", "class"]),
        (["--class", "cat"], ["'cat'", "0 to 3"]),
        (["--class", "4"], ["'4'", "0 to 3"]),
        (["--method", "guess"], ["guess", "scorecam"]),
    ],
)
def test_head_class_or_method_that_is_not_there_is_answered_with_those_there_are(
    command: Command, model: str, tmp_path: Path, asked: list[str], told: list[str]
) -> None:
    image = picture(tmp_path, (28, 28), "RGB")
    line = command.refused("explain", model, "--kind", "heatmaps", "--image", image, *asked)
    assert all(word in line for word in told)


def test_a_class_of_several_heads_needs_the_head(command: Command, tmp_path: Path) -> None:
    import keras

    pixels = keras.Input((8, 8, 3))
    x = keras.layers.Flatten()(keras.layers.Conv2D(2, 3)(pixels))
    heads = [keras.layers.Dense(2, "softmax", name=name)(x) for name in ("color", "side")]
    path = tmp_path / "two.keras"
    keras.Model(pixels, heads).save(path)
    image = picture(tmp_path, (8, 8), "RGB")
    line = command.refused("explain", str(path), "--image", image, "--class", "1")
    assert "--head" in line
    assert "color, side" in line


def test_heatmaps_are_drawn_by_every_method_asked_for(
    command: Command, model: str, tmp_path: Path
) -> None:
    image = picture(tmp_path, (28, 28), "RGB")
    asked = ("--method", "scorecam", "--method", "smoothgrad", "--class", "2")
    given = ("explain", model, "--kind", "heatmaps", "--image", image, "--out", "drawn")
    code, printed, errors = command(*given, *asked)
    assert (code, errors) == (0, "")
    assert printed.splitlines() == [
        "drawn/heatmaps_scorecam.png",
        "drawn/heatmaps_smoothgrad.png",
    ]


def test_line_folder_with_a_misnamed_file_is_refused(command: Command, tmp_path: Path) -> None:
    lines = tmp_path / "lines"
    lines.mkdir()
    Image.fromarray(np.zeros((28, 28, 3), np.uint8)).save(lines / "line_one.png")
    line = command.refused("search", "line", "--preset", TINY, "--line-dir", str(lines))
    assert "line_one.png" in line
    assert not (tmp_path / "results").exists()


@pytest.mark.usefixtures("workplace")
def test_line_folder_is_the_same_for_workers_in_another_folder(tmp_path: Path) -> None:
    mine = preset(tmp_path, '[data.lines]\nline_dir = "lines"\n')
    given = [(mine, {}), (TINY, {"lines": {"line_dir": Path("lines")}})]
    found = [opening.settings_from(*one).data.folders() for one in given]
    assert found == [(tmp_path / "lines",)] * 2


def test_missing_line_folder_is_refused(command: Command) -> None:
    assert "nowhere" in command.refused("data", "line", "--line-dir", "nowhere")


def test_export_of_images_that_have_no_files_is_refused(command: Command) -> None:
    assert "mnist" in command.refused("data", "mnist", "--export", "out")
