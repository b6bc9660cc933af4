"""Confusion matrices of both networks."""

from pathlib import Path

import numpy as np
import pytest

from study.figures.classes import confusion
from study.figures.classes.confusion_counts import (
    Confusion,
    block_names,
    confused_pairs,
    confusion_info,
    only_wrong,
)
from tests.factories import CROSSED, NAMES, predictions


def heads(*columns: str) -> dict[str, tuple[str, ...]]:
    return {column: NAMES[column] for column in columns}


DIGITS = tuple("0123456789")


def test_every_head_counts_its_predictions() -> None:
    arrays = predictions({"length": 2, "angle": 3}, images=12)  # tuned wrong on images 0 and 10

    length, angle = confusion_info(arrays, heads("length", "angle"), CROSSED, NAMES)

    assert length.matrices["tuned"] == ((4, 2), (0, 6))
    assert angle.matrices["tuned"] == ((3, 1, 0), (0, 3, 1), (0, 0, 4))
    assert angle.names == ("0°", "60°", "120°")
    assert (length.title, length.blocks) == ("length", ())


def test_a_single_head_is_not_told_by_name() -> None:
    (only,) = confusion_info(predictions({"class": 3}), {"class": "012"})

    assert only == Confusion(
        head="class",
        names=("0", "1", "2"),
        matrices={
            "baseline": ((8, 2, 0), (0, 8, 2), (2, 0, 8)),
            "tuned": ((9, 1, 0), (0, 9, 1), (1, 0, 9)),
        },
        blocks=(),
        title="",
    )


def test_a_class_that_no_image_has_keeps_its_row() -> None:
    arrays = predictions({"length": 2, "angle": 3}, images=1)

    _, angle = confusion_info(arrays, heads("length", "angle"))

    assert angle.matrices["tuned"] == ((0, 1, 0), (0, 0, 0), (0, 0, 0))


def test_only_classes_that_make_a_grid_have_blocks() -> None:
    arrays = predictions({"class": 12})
    (crossed,) = confusion_info(arrays, heads("class"), CROSSED, NAMES)
    (plain,) = confusion_info(arrays, heads("class"), None, NAMES)
    assert len(crossed.blocks) == 6
    assert plain.blocks == ()


def test_the_pairs_most_often_confused_come_first() -> None:
    wrong = np.diag([9] * 300)
    wrong[7, 8], wrong[290, 1] = 3, 5
    wrong[np.arange(100, 120), 0] = 1
    names = tuple(f"species {n}" for n in range(300))
    matrix = tuple(map(tuple, wrong.tolist()))

    pairs = confused_pairs(Confusion("species", names, {"tuned": matrix}, ()), "tuned")

    assert pairs[:3] == [
        ("species 290", "species 1", 5), ("species 7", "species 8", 3),
        ("species 100", "species 0", 1),
    ]  # fmt: skip
    assert len(pairs) == 15


def test_blocks_are_runs_of_the_most_significant_attributes() -> None:
    assert block_names(NAMES, CROSSED.columns) == (
        "short, 0°", "short, 60°", "short, 120°", "long, 0°", "long, 60°", "long, 120°"
    )  # fmt: skip
    assert block_names(NAMES, ()) == ()


def test_errors_with_a_single_wrong_attribute_are_counted() -> None:
    wrong = np.zeros((12, 12), dtype=int)
    wrong[0, 0] = 100
    wrong[0, 1] = 1  # color
    wrong[0, 2] = 10  # angle
    wrong[4, 0] = 5  # angle
    wrong[0, 6] = 7  # length
    wrong[0, 7] = 50  # length and color

    counts = only_wrong(tuple(map(tuple, wrong.tolist())), (2, 3, 2))

    assert counts == (7, 15, 1)


def test_the_picture_of_ten_classes_tells_the_most_common_error(tmp_path: Path) -> None:
    (made,) = confusion.pictures(
        "mnist", predictions({"class": 10}), {"class": DIGITS}, None, {}, tmp_path
    )

    assert [path.name for path in tmp_path.iterdir()] == [made.file]
    assert "The tuned network makes 3 errors (most often 0 mistaken for 1: 3)" in made.caption


def test_the_picture_of_many_classes_is_small_and_tells_the_column(tmp_path: Path) -> None:
    names = {**NAMES, "color": tuple("abcdefgh"), "class": tuple(str(n) for n in range(48))}

    (made,) = confusion.pictures(
        "line", predictions({"class": 48}, 480), {"class": names["class"]}, CROSSED, names, tmp_path
    )

    assert "In 48 of the tuned network's 48 errors only the color is wrong." in made.caption
    assert (tmp_path / made.file).stat().st_size < 200_000


def test_the_picture_of_several_heads_tells_the_errors_of_each(tmp_path: Path) -> None:
    sizes = {"length": 2, "angle": 3, "color": 12}
    of = {**heads("length", "angle"), "color": tuple("abcdefghijkl")}

    (made,) = confusion.pictures("multihead", predictions(sizes), of, CROSSED, NAMES, tmp_path)

    assert "3 errors on length (most often short mistaken for long: 3)" in made.caption


@pytest.mark.parametrize("answer", [0, 1])
def test_networks_without_errors_or_without_success_can_be_drawn(
    tmp_path: Path, answer: int
) -> None:
    labels, given = np.zeros(30, int), np.eye(2)[np.full(30, answer)]
    arrays = {"labels_class": labels, "baseline_class": given, "tuned_class": given}

    (made,) = confusion.pictures("mnist", arrays, {"class": "ab"}, None, {}, tmp_path)

    assert f"The tuned network makes {30 * answer} errors" in made.caption


@pytest.mark.parametrize("classes", [2, 3, 24, 25, 300])
def test_any_number_of_classes_with_long_names_is_drawn(tmp_path: Path, classes: int) -> None:
    names = tuple(f"a rather long name of species number {n}" for n in range(classes))
    arrays = predictions({"species": classes}, images=600)
    (made,) = confusion.pictures("birds", arrays, {"species": names}, None, {}, tmp_path)
    assert (tmp_path / made.file).stat().st_size < 300_000

    figure = confusion.draw_confusions(confusion_info(arrays, {"species": names}))

    figure.draw_without_rendering()
    box, (width, height) = figure.get_tightbbox(), figure.get_size_inches()
    assert min(box.min) >= -0.02
    assert box.x1 <= width + 0.02
    assert box.y1 <= height + 0.02


@pytest.mark.parametrize(
    "sizes",
    [
        {"length": 30, "angle": 3, "color": 5},  # the first is large
        {"length": 3, "angle": 5, "color": 30},  # a later one is
        {"length": 25, "angle": 40, "color": 24},
    ],
)
def test_every_head_is_drawn_as_its_size_wants_it(tmp_path: Path, sizes: dict[str, int]) -> None:
    names = {head: tuple(f"{head}{n}" for n in range(size)) for head, size in sizes.items()}
    arrays = predictions(sizes, images=60)
    confusions = confusion_info(arrays, names)

    figure = confusion.draw_confusions(confusions)

    drawn = {"baseline": [], "tuned": []}
    for side, found in zip(figure.subfigs, drawn.values(), strict=True):
        for band in side.subfigs:
            found += [
                axes for axes in band.axes if axes.axison and axes.get_label() != "<colorbar>"
            ]
    for found in drawn.values():
        cells = [(axes.get_images() or axes.collections)[0].get_array() for axes in found]
        by_size = {shown.shape[0]: axes for shown, axes in zip(cells, found, strict=True)}
        assert sorted(by_size) == sorted(sizes.values())
        for size, axes in by_size.items():
            assert bool(axes.texts) == (size <= 24)
            assert any(head in axes.get_title() or head in axes.get_title("left") for head in sizes)
    (made,) = confusion.pictures("any", arrays, names, None, names, tmp_path)
    assert all(f"on {head}" in made.caption for head in sizes)


def test_a_single_head_is_large_from_25_classes_on() -> None:
    of = {size: Confusion("class", tuple(map(str, range(size))), {}, ()) for size in (24, 25)}

    assert [one.is_large for one in of.values()] == [False, True]


def test_a_matrix_has_its_numbers_in_its_cells_and_none_where_there_are_no_errors() -> None:
    matrix = ((5, 2, 0), (0, 0, 9), (0, 0, 7))
    given = Confusion("class", ("a", "b", "c"), {"baseline": matrix, "tuned": matrix}, ())

    axes = confusion.draw_confusions([given]).axes[0]

    cells = {text.get_position(): text.get_text() for text in axes.texts}
    assert cells == {
        (0.5, 0.5): "5",
        (1.5, 0.5): "2",
        (1.5, 1.5): "0",
        (2.5, 1.5): "9",
        (2.5, 2.5): "7",
    }
    assert axes.get_ylim() == (3, 0)  # the first class is above
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a", "b", "c"]
