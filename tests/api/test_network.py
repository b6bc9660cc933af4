"""Predict and explain from Python: as the commands do."""

import json
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image

import study
from study.errors import WrongImage, WrongName, WrongUse
from tests.cli.conftest import Command, command

__all__ = ["command"]

EXAMPLE = Path(__file__).parents[2] / "results/example"


@pytest.fixture(scope="module")
def network() -> study.Network:
    return study.open_run(EXAMPLE).network("multihead")


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A classifier from elsewhere."""
    return small(tmp_path_factory.mktemp("elsewhere") / "small.keras")


def small(path: Path, pixels: str = "pixels", layer: str = "one") -> Path:
    keras.utils.set_random_seed(1)
    keras.Sequential(
        [
            keras.Input((8, 6, 1), name=pixels),
            keras.layers.Conv2D(3, 3, name=layer),
            keras.layers.Flatten(),
            keras.layers.Dense(4, activation="softmax", name="kind"),
        ]
    ).save(path)
    return path


def lines(count: int) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (count, 28, 28, 3), np.uint8)


def test_what_is_known_of_a_run_s_network(network: study.Network) -> None:
    assert network.image_shape == (28, 28, 3)
    assert [*network.classes] == ["length", "width", "color", "angle"]
    assert network.classes["color"] == ("red", "blue")
    assert "conv1" in network.layers
    assert isinstance(network.model, keras.Model)
    assert repr(network).startswith("<Network multihead-tuned: (28, 28, 3) -> length: 2, ")
    assert "<td>conv1</td><td>Conv2D</td>" in network._repr_html_()


def test_arrays_are_predicted_as_they_are(network: study.Network) -> None:
    found = network.predict(lines(3))
    assert len(found) == 3
    assert found.images == ["0", "1", "2"]
    assert {head: p.shape for head, p in found.probabilities.items()} == {
        "length": (3, 2),
        "width": (3, 2),
        "color": (3, 2),
        "angle": (3, 12),
    }
    classes = found.classes()
    assert [*classes.columns] == [*network.classes]
    assert classes["color"].isin(["red", "blue"]).all()
    table = found.table(top=2)
    assert len(table) == 3 * 4 * 2
    assert (table.groupby(["image", "head"])["probability"].diff().dropna() <= 0).all()
    (one,) = network.predict(lines(1)[0]).probabilities["angle"]
    assert one == pytest.approx(found.probabilities["angle"][0], abs=1e-5)


@pytest.mark.slow
def test_files_are_predicted_as_by_the_command(command: Command) -> None:
    mnist = study.open_run(EXAMPLE).network("mnist")
    pixels = np.zeros((40, 30), np.uint8)
    pixels[8:32, 14:17] = 255
    Image.fromarray(pixels).save("one.png")
    found = mnist.predict("one.png", resize=True)
    code, printed, _ = command("predict", str(mnist.path), "one.png", "--resize", "--json")
    assert code == 0
    told = json.loads(printed)
    table = found.table(top=3)
    assert told == {
        "image": "one.png",
        "class": dict(zip(table["class"], table["probability"], strict=True)),
    }
    assert found.images == ["one.png"]
    assert mnist.predict([Path("one.png")], resize=True).classes().equals(found.classes())


@pytest.mark.slow
def test_heatmaps_explain_what_was_asked_for(network: study.Network) -> None:
    images = lines(2)
    found = network.explain(images)
    assert [*found.maps] == [*network.classes]
    assert all(one.shape == (2, 28, 28) for one in found.maps.values())
    assert (len(found), found.method) == (2, "gradcam")
    predicted = network.predict(images).classes()
    assert found.classes["angle"] == [*predicted["angle"]]

    layer = network.layers[0]
    one = network.explain(images, method="gradcam++", layer=layer, head="color", target="blue")
    assert one.layers == {"color": layer}
    assert one.classes == {"color": ["blue", "blue"]}
    same = network.explain(images, method="gradcam++", layer=layer, head="color", target=1)
    assert (one.maps["color"] == same.maps["color"]).all()
    assert network.explain(images[:1], method="smoothgrad").layers == {}


def test_an_explanation_shows_itself_and_is_saved_as_the_same_picture(
    network: study.Network, tmp_path: Path
) -> None:
    found = network.explain(lines(2), head="color")
    path = found.save(tmp_path / "picture.png")
    with Image.open(path) as picture:
        assert picture.width > 100
    shown = found._repr_html_()
    assert shown.startswith('<img src="data:image/png;base64,')
    assert 'alt="Grad-CAM of 2 images' in shown
    assert repr(found) == "<Explanation of 2 images by Grad-CAM>"


def test_many_images_are_explained_and_few_drawn(saved: Path) -> None:
    images = np.random.default_rng(1).integers(0, 256, (30, 8, 6, 1), np.uint8)
    found = study.load_network(saved).explain(images)
    assert found.maps["kind"].shape == (30, 8, 6)
    assert "of 12 images" in found._repr_html_()


def test_a_network_from_elsewhere_has_numbered_classes_and_no_html_of_its_own(
    saved: Path, tmp_path: Path
) -> None:
    network = study.load_network(saved)
    assert network.classes == {"kind": ("0", "1", "2", "3")}
    hostile_input = study.load_network(small(tmp_path / "hostile.keras", pixels="<b>one"))
    assert "<td>&lt;b&gt;one</td>" in hostile_input._repr_html_()
    with pytest.raises(WrongName, match="found '<b>one'; give it another name"):
        study.load_network(small(tmp_path / "hostile.keras", layer="<b>one"))
    found = network.predict(np.zeros((25, 8, 6, 1)))
    hostile = study.Predictions(["<i>"] * 25, found.probabilities, found.names)
    assert "<i>" not in hostile._repr_html_()
    assert hostile._repr_html_().count("<tr>") == 1 + 20
    assert "the first 20 of them" in hostile._repr_html_()


@pytest.mark.parametrize(
    ("images", "said"),
    [
        (np.zeros((2, 6, 8, 1)), r"expected pixels of shape \(n, 8, 6, 1\), got \(2, 6, 8, 1\)"),
        (np.zeros((8, 6)), r"expected pixels of shape"),
        (np.full((1, 8, 6, 1), 256), r"expected pixels from 0 to 255, got 256 to 256"),
        (np.full((1, 8, 6, 1), -1.0), r"expected pixels from 0 to 255"),
        (np.full((1, 8, 6, 1), np.nan), r"expected pixels as numbers from 0 to 255"),
        (np.full((1, 8, 6, 1), "x"), r"expected pixels as numbers from 0 to 255"),
        ("missing.png", r"missing\.png: expected an image file, got no such file"),
    ],
)
def test_what_is_no_image_of_the_network_s_is_refused(
    saved: Path, images: np.ndarray | str, said: str
) -> None:
    with pytest.raises(WrongImage, match=said):
        study.load_network(saved).predict(images)


def test_wrong_questions_are_refused(network: study.Network) -> None:
    images = lines(1)
    with pytest.raises(WrongName, match="no method 'magic'; there are: gradcam"):
        network.explain(images, method="magic")  # type: ignore[arg-type]
    with pytest.raises(WrongName, match="no head 'x'; there are: length"):
        network.explain(images, head="x")
    with pytest.raises(WrongName, match="no convolution or pooling layer 'x'"):
        network.explain(images, layer="x")
    with pytest.raises(WrongName, match="no class 'green' of head 'color'; there are: 0 to 1"):
        network.explain(images, head="color", target="green")
    with pytest.raises(WrongName, match="no class 2 of head 'color'"):
        network.explain(images, head="color", target=2)
    with pytest.raises(WrongName, match="no class -1 of head 'color'"):
        network.explain(images, head="color", target=-1)
    with pytest.raises(WrongUse, match="needs its head"):
        network.explain(images, target="blue")
    with pytest.raises(WrongUse, match="resize and invert apply to image files only"):
        network.predict(images, resize=True)
    with pytest.raises(WrongName, match=r"no model file nothing\.keras"):
        study.load_network("nothing.keras")
