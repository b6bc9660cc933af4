"""What `predict` and `explain` answer of pictures, and what they say instead of an answer."""

import json
import logging
from contextlib import nullcontext
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers
from PIL import Image

from study.cli.commands import opening
from study.plan import work as plan
from study.problem.settings import Settings, Work
from study.records.base import NetworkName
from study.records.study import Ground, Signature
from study.run.store import Run
from tests import tiny
from tests.cli.conftest import Command
from tests.command import TINY, study
from tests.factories import trial

SHAPE = (28, 28, 1)
NAMES = ["zero", "one", "two"]


def network(path: Path, units: int = 3, activation: str | None = "softmax") -> str:
    """A small network with random weights."""
    keras.utils.set_random_seed(1)
    model = keras.Sequential(
        [
            keras.Input(SHAPE),
            layers.Rescaling(1 / 255),
            layers.Conv2D(2, 3, activation="relu"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(units, activation, name="class"),
        ]
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    model.save(path)
    return str(path)


def picture(folder: Path, ground: int, size: tuple[int, int] = (28, 28)) -> str:
    """An upright stroke: light on dark or dark on light."""
    pixels = np.full(size[::-1], ground, np.uint8)
    pixels[size[1] // 4 : -size[1] // 4, size[0] // 2 - 2 : size[0] // 2 + 2] = 255 - ground
    path = folder / f"on-{ground}.png"
    Image.fromarray(pixels).save(path)
    return str(path)


def signature(heads: dict[str, list[str]] | None = None, share: float = 1) -> Signature:
    return Signature(
        image_shape=SHAPE,
        heads=heads or {"class": NAMES},
        images={"train": 6, "validation": 2, "test": 2},
        ground=Ground(colour=[0], share=share),
    )


def begin(name: str = "demo", network_name: NetworkName = "tuned") -> Run:
    """A run with a saved network, and no signature yet."""
    work = Work(problems=["mnist"], settings=Settings(), seed=1, plan=["search"])
    run = plan.create_run(name, work, "none", workers=1)
    run.append_trial("mnist", trial())
    network(run.model_path("mnist", network_name))
    return run


@pytest.fixture
def run(command: Command) -> Run:
    """A run whose training images are on black."""
    assert command
    run = begin()
    run.write_signature("mnist", signature())
    return run


def warned(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.message for record in caplog.records if record.levelno == logging.WARNING]


# A picture that is the reverse of what the network knows


def test_the_reverse_of_the_training_images_is_answered_with_a_warning(
    command: Command, run: Run, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    light, dark = picture(tmp_path, 255), picture(tmp_path, 0)
    code, printed, _ = command("predict", run.name, dark, light, "--json")
    assert code == 0
    assert [json.loads(line)["image"] for line in printed.splitlines()] == [dark, light]
    (line,) = warned(caplog)
    assert line == (
        f"{light}: the ground of this picture is light (255 of 255), but that of the training "
        "images is dark (0 of 255), so the answer is likely wrong; pass --invert to swap light "
        "and dark"
    )


@pytest.mark.slow
def test_a_warning_goes_to_standard_error_and_the_answer_stays_json(tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)
        begin().write_signature("mnist", signature())
    light = picture(tmp_path, 255)
    done = study(tmp_path, "predict", "demo", light, "--json")
    assert json.loads(done.stdout)["image"] == light
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"{light}: the ground of this picture is light")


def test_invert_answers_as_of_the_picture_the_right_way(
    command: Command, run: Run, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    light, dark = picture(tmp_path, 255), picture(tmp_path, 0)
    answers = []
    for given in ([dark], [light, "--invert"]):
        _, printed, _ = command("predict", run.name, *given, "--json")
        answers.append(json.loads(printed)["class"])
    assert answers[0] == answers[1]
    assert warned(caplog) == []


def test_a_model_file_of_a_run_knows_the_ground_too(
    command: Command, run: Run, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    command("predict", str(run.model_path("mnist", "tuned")), picture(tmp_path, 255))
    assert len(warned(caplog)) == 1


@pytest.mark.parametrize(
    "recorded", [None, signature(share=0.9)], ids=["older run", "no common ground"]
)
def test_a_run_without_a_ground_gives_no_warning(
    command: Command,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    recorded: Signature | None,
) -> None:
    run = begin()
    if recorded:
        run.write_signature("mnist", recorded)
    code, _, _ = command("predict", run.name, picture(tmp_path, 255))
    assert code == 0
    assert warned(caplog) == []


def test_explain_warns_of_the_reverse_and_turns_it(
    command: Command, run: Run, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    light = picture(tmp_path, 255)
    given = ("explain", run.name, "--network", "tuned", "--kind", "heatmaps", "--image", light)
    code, _, _ = command(*given)
    assert code == 0
    assert "pass --invert" in "".join(warned(caplog))
    caplog.clear()
    code, _, _ = command(*given, "--invert")
    assert code == 0
    assert warned(caplog) == []


# What a run records when it begins


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> None:
    """Data are loaded; nothing is trained."""
    monkeypatch.setattr(opening, "workers_for", lambda *_: nullcontext(tiny.InstantEngine()))
    monkeypatch.setattr("study.steps.carry_out.carry_out", lambda *_: None)
    monkeypatch.setattr("study.steps.report_step.report_step", lambda *_: None)


SEARCH = ("search", "multihead", "--preset", TINY, "--name", "new")


@pytest.mark.usefixtures("begun")
def test_a_run_records_what_its_networks_take_and_tell_apart(command: Command) -> None:
    assert command(*SEARCH)[0] == 0
    recorded = Run("new").signature("multihead")
    assert recorded is not None
    assert recorded.image_shape == (28, 28, 3)
    assert {head: len(names) for head, names in recorded.heads.items()} == {
        "length": 2,
        "width": 2,
        "angle": 12,
        "color": 2,
    }
    assert recorded.heads["color"] == ["red", "blue"]
    assert recorded.ground == Ground(colour=[0, 0, 0], share=1)
    assert set(recorded.images) == {"train", "validation", "test"}
    assert sum(recorded.images.values()) == 96 * 8
    assert Run("new").problems() == []  # no search has begun


@pytest.mark.usefixtures("begun")
def test_an_older_run_that_goes_on_records_it_and_a_record_stays(command: Command) -> None:
    command(*SEARCH)
    path = Run("new").problem_folder("multihead") / "signature.json"
    recorded = path.read_text()
    path.unlink()
    assert command(*SEARCH)[0] == 0
    assert path.read_text() == recorded
    other = recorded.replace('"red"', '"crimson"')
    path.write_text(other)
    assert command(*SEARCH)[0] == 0
    assert path.read_text() == other


# What is no probability is not shown as one


@pytest.mark.parametrize(
    ("units", "activation", "told"),
    [
        (3, None, "outputs numbers from"),
        (1, None, "outputs one number per image by 'linear'"),
        (3, "sigmoid", "outputs a yes or no for each of 3 classes"),
    ],
)
@pytest.mark.parametrize("json_too", [[], ["--json"]])
def test_a_network_that_is_no_classifier_is_refused(
    command: Command,
    tmp_path: Path,
    units: int,
    activation: str | None,
    told: str,
    json_too: list[str],
) -> None:
    model, dark = network(tmp_path / "other.keras", units, activation), picture(tmp_path, 0)
    assert told in command.refused("predict", model, dark, *json_too)
    heatmaps = ("explain", model, "--image", dark, "--out", "drawn")
    assert told in command.refused(*heatmaps)
    assert not (tmp_path / "drawn").exists()


def test_activations_and_filters_of_a_network_that_is_no_classifier_are_drawn(
    command: Command, tmp_path: Path
) -> None:
    keras.Sequential([keras.Input(SHAPE), layers.Conv2D(2, 3)]).save(tmp_path / "map.keras")
    model, dark = str(tmp_path / "map.keras"), picture(tmp_path, 0)
    code, _, errors = command("explain", model, "--image", dark, "--kind", "activations")
    assert (code, errors) == (0, "")
    assert "an array of shape (26, 26, 2) per image" in command.refused("predict", model, dark)


def test_a_network_that_tensorflow_cannot_compile_is_refused_by_every_command(
    command: Command, tmp_path: Path
) -> None:
    flat = [layers.Flatten(), layers.Dense(2, "softmax")]
    odd = keras.Sequential([keras.Input(SHAPE), layers.Conv2D(2, 3, name="<b>x"), *flat])
    odd.save(tmp_path / "odd.keras")
    dark = picture(tmp_path, 0)
    for words in (
        ("predict", "odd.keras", dark),
        ("explain", "odd.keras", "--kind", "filters"),
        ("explain", "odd.keras", "--kind", "activations", "--image", dark),
    ):
        assert "found '<b>x'; give it another name" in command.refused(*words)
    assert not (tmp_path / "odd-figures").exists()


# Whose class names they are


def classes(command: Command, model: str, image: str) -> set[str]:
    code, printed, errors = command("predict", model, image, "--json")
    assert code == 0, errors
    return set(json.loads(printed)["class"])


INDICES = {"0", "1", "2"}


def test_a_network_of_a_run_has_its_class_names_wherever_the_run_lies(
    command: Command, run: Run, tmp_path: Path
) -> None:
    image = picture(tmp_path, 0)
    path = run.model_path("mnist", "tuned").resolve()
    assert classes(command, str(path), image) == set(NAMES)
    run.folder.rename(tmp_path / "elsewhere")
    moved = tmp_path / "elsewhere/mnist/models/tuned.keras"
    assert classes(command, str(moved), image) == set(NAMES)
    (tmp_path / "link.keras").symlink_to(moved)
    assert classes(command, str(tmp_path / "link.keras"), image) == set(NAMES)


@pytest.mark.parametrize("text", [None, "{}", "another problem"])
def test_a_folder_that_is_called_like_a_problem_makes_no_run(
    command: Command, run: Run, tmp_path: Path, text: str | None
) -> None:
    model = network(tmp_path / "my/mnist/models/tuned.keras")
    (tmp_path / "my/mnist/signature.json").write_text(signature().model_dump_json())
    if text == "another problem":
        text = run.study().model_copy(update={"problems": ["line"]}).model_dump_json()
    if text is not None:
        (tmp_path / "my/study.json").write_text(text)
    assert classes(command, model, picture(tmp_path, 0)) == INDICES


def test_a_network_that_somebody_put_beside_a_run_s_has_no_names(
    command: Command, run: Run, tmp_path: Path
) -> None:
    model = network(run.model_path("mnist", "tuned").with_name("mine.keras"))
    assert classes(command, model, picture(tmp_path, 0)) == INDICES


@pytest.mark.parametrize("heads", [{"class": ["a", "b"]}, {"other": NAMES}])
def test_names_that_do_not_fit_the_head_are_not_taken(
    command: Command, tmp_path: Path, heads: dict[str, list[str]]
) -> None:
    run = begin()
    run.write_signature("mnist", signature(heads))
    for target in (run.name, str(run.model_path("mnist", "tuned"))):
        assert classes(command, target, picture(tmp_path, 0)) == INDICES


def test_classes_of_an_older_run_without_a_signature_have_numbers(
    command: Command, tmp_path: Path
) -> None:
    assert classes(command, begin().name, picture(tmp_path, 0)) == INDICES


def test_a_run_without_networks_is_refused(command: Command, tmp_path: Path) -> None:
    work = Work(problems=["mnist"], settings=Settings(), seed=1, plan=["search"])
    plan.create_run("demo", work, "none", workers=1)
    assert "no networks yet" in command.refused("predict", "demo", picture(tmp_path, 0))
