"""Confusion matrices of both networks."""

from pathlib import Path

import numpy as np
import pytest

from study.figures.results import confusion
from study.figures.results.confusion import Confusion
from tests.factories import ATTRIBUTES, NAMES, evaluation, predictions


def test_one_head_takes_the_confusion_of_the_evaluation() -> None:
    (only,) = confusion.confusion_info(
        evaluation(), predictions({"class": 3}), ["class"], {"class": "012"}, ()
    )

    assert only == Confusion(
        head="class",
        names=("0", "1", "2"),
        matrices={
            "baseline": ((8, 2, 0), (0, 8, 2), (2, 0, 8)),
            "tuned": ((9, 1, 0), (0, 9, 1), (1, 0, 9)),
        },
        blocks=(),
    )


def test_several_heads_count_their_predictions() -> None:
    arrays = predictions({"length": 2, "angle": 3}, images=12)  # tuned wrong on images 0 and 10

    length, angle = confusion.confusion_info(
        evaluation(), arrays, ["length", "angle"], NAMES, ATTRIBUTES
    )

    assert length.matrices["tuned"] == ((4, 2), (0, 6))
    assert angle.matrices["tuned"] == ((3, 1, 0), (0, 3, 1), (0, 0, 4))
    assert angle.names == ("0°", "60°", "120°")


def test_a_class_that_no_image_has_keeps_its_row() -> None:
    arrays = predictions({"length": 2, "angle": 3}, images=1)

    _, angle = confusion.confusion_info(
        evaluation(), arrays, ["length", "angle"], NAMES, ATTRIBUTES
    )

    assert angle.matrices["tuned"] == ((0, 1, 0), (0, 0, 0), (0, 0, 0))


def test_blocks_are_runs_of_the_most_significant_attributes() -> None:
    assert confusion.block_names(NAMES, ATTRIBUTES) == (
        "short, 0°", "short, 60°", "short, 120°", "long, 0°", "long, 60°", "long, 120°"
    )  # fmt: skip
    assert confusion.block_names(NAMES, ()) == ()


def test_errors_with_a_single_wrong_attribute_are_counted() -> None:
    wrong = np.zeros((12, 12), dtype=int)
    wrong[0, 0] = 100
    wrong[0, 1] = 1  # color
    wrong[0, 2] = 10  # angle
    wrong[4, 0] = 5  # angle
    wrong[0, 6] = 7  # length
    wrong[0, 7] = 50  # length and color

    counts = confusion.only_wrong(tuple(map(tuple, wrong.tolist())), (2, 3, 2))

    assert counts == (7, 15, 1)


def test_the_picture_of_ten_classes_tells_the_most_common_error(tmp_path: Path) -> None:
    digits = tuple("0123456789")
    (made,) = confusion.pictures(
        evaluation(classes=digits), predictions({"class": 10}), ["class"], {"class": digits}, (),
        tmp_path,
    )  # fmt: skip

    assert [path.name for path in tmp_path.iterdir()] == [made.file]
    assert "The tuned network makes 10 errors (most often 0 taken for 1: 1)" in made.caption


def test_the_picture_of_many_classes_is_small_and_tells_the_attribute(tmp_path: Path) -> None:
    names = {**NAMES, "color": tuple("abcdefgh"), "class": tuple(str(n) for n in range(48))}

    (made,) = confusion.pictures(
        evaluation(classes=names["class"]),
        predictions({"class": 48}),
        ["class"],
        names,
        ATTRIBUTES,
        tmp_path,
    )

    assert "Of the tuned network's 48, 42 have nothing but the color wrong." in made.caption
    assert (tmp_path / made.file).stat().st_size < 150_000


def test_the_picture_of_several_heads_tells_the_errors_of_each(tmp_path: Path) -> None:
    sizes = {"length": 2, "angle": 3, "color": 12}
    names = {**NAMES, "color": tuple("abcdefghijkl"), "class": tuple(str(n) for n in range(72))}

    (made,) = confusion.pictures(
        evaluation("multihead", names["class"], metrics=(*sizes, "joint")),
        predictions(sizes),
        tuple(sizes),
        names,
        ATTRIBUTES,
        tmp_path,
    )

    assert "3 errors on length (most often short taken for long: 3)" in made.caption


@pytest.mark.parametrize("score", [0.0, 1.0])
def test_networks_without_errors_or_without_success_can_be_drawn(
    tmp_path: Path, score: float
) -> None:
    given = evaluation(baseline=score, tuned=score, seeds=1)

    (made,) = confusion.pictures(
        given, predictions({"class": 3}), ["class"], {"class": "012"}, (), tmp_path
    )

    assert f"The tuned network makes {30 if score == 0 else 0} errors" in made.caption


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
    confusions = confusion.confusion_info(evaluation(), arrays, tuple(sizes), names, ())

    figure = confusion.draw_confusions(confusions)

    drawn = {"baseline": [], "tuned": []}
    for side, found in zip(figure.subfigs, drawn.values(), strict=True):
        for band in side.subfigs:
            found += [axes for axes in band.axes if axes.get_label() != "<colorbar>"]
    for found in drawn.values():
        cells = [(axes.get_images() or axes.collections)[0].get_array() for axes in found]
        by_size = {shown.shape[0]: axes for shown, axes in zip(cells, found, strict=True)}
        assert sorted(by_size) == sorted(sizes.values())
        for size, axes in by_size.items():
            assert bool(axes.texts) == (size <= 24)
            assert any(head in axes.get_title() or head in axes.get_title("left") for head in sizes)
    (made,) = confusion.pictures(evaluation(), arrays, tuple(sizes), names, (), tmp_path)
    assert all(f"on {head}" in made.caption for head in sizes)


def test_a_single_head_is_large_from_25_classes_on() -> None:
    of = {size: Confusion("class", tuple(map(str, range(size))), {}, ()) for size in (24, 25)}

    assert [one.is_large for one in of.values()] == [False, True]


def test_a_matrix_has_its_numbers_in_its_cells_and_none_where_there_are_no_errors() -> None:
    matrix = ((5, 2, 0), (0, 0, 9), (0, 0, 7))
    given = confusion.Confusion("class", ("a", "b", "c"), {"baseline": matrix, "tuned": matrix}, ())

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
