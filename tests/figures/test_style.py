"""The common look, and how a figure becomes a file."""

from pathlib import Path

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from study.figures.palette import PALETTE
from study.figures.style import DPI, STYLE, new_figure, save, styled
from study.records.base import NETWORKS


def drawing(word: str = "text") -> Figure:
    with styled():
        figure = new_figure(2, 1)
        figure.add_subplot().set_title(word)
    return figure


def test_the_look_ends_with_its_block() -> None:
    before = dict(matplotlib.rcParams)

    with styled():
        assert matplotlib.rcParams["text.color"] == STYLE["text.color"]

    assert dict(matplotlib.rcParams) == before


def test_both_networks_have_a_colour_of_their_own() -> None:
    assert PALETTE[NETWORKS[0]] != PALETTE[NETWORKS[1]]


def test_a_figure_is_saved_at_its_size(tmp_path: Path) -> None:
    save(drawing(), tmp_path / "a.png")

    with Image.open(tmp_path / "a.png") as image:
        assert image.format == "PNG"
        assert image.size == (2 * DPI, DPI)


def test_the_same_figure_gives_the_same_bytes(tmp_path: Path) -> None:
    save(drawing(), tmp_path / "a.png")
    save(drawing(), tmp_path / "b.png")
    save(drawing("other"), tmp_path / "c.png")

    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    assert (tmp_path / "a.png").read_bytes() != (tmp_path / "c.png").read_bytes()


def test_a_rare_colour_keeps_its_place_among_many(tmp_path: Path) -> None:
    figure = drawing()
    picture = np.random.default_rng(1).integers(0, 256, (100, 100, 3)) // (1, 1, 4)
    picture[50:55, 50:55] = (0, 0, 255)
    figure.figimage(picture.astype(np.uint8))

    save(figure, tmp_path / "a.png")

    with Image.open(tmp_path / "a.png") as image:
        kept = np.asarray(image.convert("RGB")).astype(int)
    assert np.abs(kept - (0, 0, 255)).sum(axis=2).min() < 10


def test_a_failed_write_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.png").write_bytes(b"old")

    def fail(path: Path, data: bytes) -> None:
        with path.open("wb") as file:
            file.write(data[:10])
        raise OSError("disk full")

    monkeypatch.setattr(Path, "write_bytes", fail)
    with pytest.raises(OSError, match="disk full"):
        save(drawing(), tmp_path / "a.png")

    assert (tmp_path / "a.png").read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


def test_a_dollar_in_a_name_is_a_dollar(tmp_path: Path) -> None:
    save(drawing(r"$\nonsense{$"), tmp_path / "a.png")

    assert (tmp_path / "a.png").is_file()


def test_what_turns_text_around_or_is_out_of_sight_is_shown_by_its_number(
    tmp_path: Path, recwarn: pytest.WarningsRecorder
) -> None:
    for file, name in (("a.png", "a\u202eb\x1b\r\udcff"), ("b.png", r"a\u202eb\x1b\r\udcff")):
        figure = drawing(name)
        with styled():
            figure.axes[0].set_xticks([0, 1], [name, name])
            figure.axes[0].set_ylabel(name)
        save(figure, tmp_path / file)

    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    assert not recwarn.list
