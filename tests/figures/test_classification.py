"""Figures of the results on the test part."""

from pathlib import Path

import numpy as np
import pytest

from study.figures import classification
from study.figures.classification import AccuracyRow, Confusion, F1Group, F1Row
from study.records import NETWORKS, Evaluation, PerClass
from tests.factories import evaluation, predictions

NAMES = {
    "class": tuple(f"{n}" for n in range(12)),
    "length": ("short", "long"),
    "angle": ("0°", "60°", "120°"),
    "color": ("red", "blue"),
}
ATTRIBUTES = ("length", "angle", "color")


def with_f1(given: Evaluation, baseline: list[float], tuned: list[float]) -> Evaluation:
    networks = {
        name: given.networks[name].model_copy(
            update={"per_class": PerClass(precision=f1, recall=f1, f1=f1)}
        )
        for name, f1 in zip(NETWORKS, (baseline, tuned), strict=True)
    }
    return given.model_copy(update={"networks": networks})


def test_accuracy_has_a_row_a_network_the_compared_metric_first() -> None:
    rows = classification.accuracy_info(evaluation(metrics=("length", "joint"), seeds=1))

    assert rows == (
        AccuracyRow("joint", "baseline", 0.8, (0.8 - 0.02, 0.8 + 0.02), (0.8,)),
        AccuracyRow("joint", "tuned", 0.9, (0.9 - 0.02, 0.9 + 0.02), (0.9,)),
        AccuracyRow("length", "baseline", 0.8, (0.8 - 0.02, 0.8 + 0.02), (0.8,)),
        AccuracyRow("length", "tuned", 0.9, (0.9 - 0.02, 0.9 + 0.02), (0.9,)),
    )


def test_one_head_takes_the_confusion_of_the_evaluation() -> None:
    (only,) = classification.confusion_info(
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

    length, angle = classification.confusion_info(
        evaluation(), arrays, ["length", "angle"], NAMES, ATTRIBUTES
    )

    assert length.matrices["tuned"] == ((4, 2), (0, 6))
    assert angle.matrices["tuned"] == ((3, 1, 0), (0, 3, 1), (0, 0, 4))
    assert angle.names == ("0°", "60°", "120°")


def test_a_class_that_no_image_has_keeps_its_row() -> None:
    arrays = predictions({"length": 2, "angle": 3}, images=1)

    _, angle = classification.confusion_info(
        evaluation(), arrays, ["length", "angle"], NAMES, ATTRIBUTES
    )

    assert angle.matrices["tuned"] == ((0, 1, 0), (0, 0, 0), (0, 0, 0))


def test_blocks_are_runs_of_the_most_significant_attributes() -> None:
    assert classification.block_names(NAMES, ATTRIBUTES) == (
        "short, 0°", "short, 60°", "short, 120°", "long, 0°", "long, 60°", "long, 120°"
    )  # fmt: skip
    assert classification.block_names(NAMES, ()) == ()


def test_errors_with_a_single_wrong_attribute_are_counted() -> None:
    wrong = np.zeros((12, 12), dtype=int)
    wrong[0, 0] = 100
    wrong[0, 1] = 1  # color
    wrong[0, 2] = 10  # angle
    wrong[4, 0] = 5  # angle
    wrong[0, 6] = 7  # length
    wrong[0, 7] = 50  # length and color

    counts = classification.only_wrong(tuple(map(tuple, wrong.tolist())), (2, 3, 2))

    assert counts == (7, 15, 1)


def test_f1_rows_start_with_the_worst_class_of_the_tuned_network() -> None:
    given = with_f1(evaluation(), [0.7, 0.8, 0.6], [0.9, 0.85, 0.95])

    assert classification.f1_by_class(given) == F1Group(
        "class", (F1Row("1", 0.8, 0.85), F1Row("0", 0.7, 0.9), F1Row("2", 0.6, 0.95))
    )


def test_f1_of_an_attribute_is_the_mean_of_its_classes() -> None:
    f1 = [n / 16 for n in range(12)]
    given = with_f1(evaluation(classes=NAMES["class"]), f1, f1[::-1])

    length, angle, color = classification.f1_by_attribute(given, NAMES, ATTRIBUTES)

    assert length == F1Group(
        "length", (F1Row("short", 2.5 / 16, 8.5 / 16), F1Row("long", 8.5 / 16, 2.5 / 16))
    )
    assert [row.baseline for row in angle.rows] == [3.5 / 16, 5.5 / 16, 7.5 / 16]
    assert [row.baseline for row in color.rows] == [5 / 16, 6 / 16]


def test_f1_grid_has_the_longest_attribute_in_columns() -> None:
    f1 = [n / 16 for n in range(12)]
    given = with_f1(evaluation(classes=NAMES["class"]), f1, f1)

    grid = classification.f1_grid(given, NAMES, ATTRIBUTES)

    assert grid.rows == ("short, red", "short, blue", "long, red", "long, blue")
    assert (grid.columns, grid.column_attribute) == (NAMES["angle"], "angle")
    # class = (length * 3 + angle) * 2 + color
    assert grid.values["tuned"] == tuple(
        tuple(((length * 3 + angle) * 2 + color) / 16 for angle in range(3))
        for length in (0, 1)
        for color in (0, 1)
    )


def test_pictures_of_ten_classes(tmp_path: Path) -> None:
    digits = tuple("0123456789")
    made = classification.pictures(
        evaluation(classes=digits), predictions({"class": 10}), ["class"], {"class": digits}, (),
        tmp_path,
    )  # fmt: skip

    assert [picture.file for picture in made] == [
        "results_accuracy.png",
        "results_confusion.png",
        "results_f1.png",
    ]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(p.file for p in made)
    assert "80.00% for the baseline and 90.00% for the tuned" in made[0].caption
    assert "+10.00 points (95% interval +7.00 to +13.00): tuned is better." in made[0].caption
    assert "The tuned network makes 10 errors (most often 0 taken for 1: 1)" in made[1].caption
    assert "better on 10 of 10 classes" in made[2].caption


def test_pictures_of_many_classes_with_attributes(tmp_path: Path) -> None:
    names = {**NAMES, "color": tuple("abcdefgh"), "class": tuple(str(n) for n in range(48))}

    made = classification.pictures(
        evaluation(classes=names["class"]),
        predictions({"class": 48}),
        ["class"],
        names,
        ATTRIBUTES,
        tmp_path,
    )

    assert made[-1].file == "results_f1_attributes.png"
    assert "Of the tuned network's 48, 42 have nothing but the color wrong." in made[1].caption
    assert all((tmp_path / picture.file).stat().st_size < 150_000 for picture in made)


def test_pictures_of_several_heads_tell_the_errors_of_each(tmp_path: Path) -> None:
    sizes = {"length": 2, "angle": 3, "color": 12}
    names = {**NAMES, "color": tuple("abcdefghijkl"), "class": tuple(str(n) for n in range(72))}

    made = classification.pictures(
        evaluation("multihead", names["class"], metrics=(*sizes, "joint")),
        predictions(sizes),
        tuple(sizes),
        names,
        ATTRIBUTES,
        tmp_path,
    )

    assert "3 errors on length (most often short taken for long: 3)" in made[1].caption


@pytest.mark.parametrize("score", [0.0, 1.0])
def test_networks_without_errors_or_without_success_can_be_drawn(
    tmp_path: Path, score: float
) -> None:
    given = evaluation(baseline=score, tuned=score, seeds=1)

    made = classification.pictures(
        given, predictions({"class": 3}), ["class"], {"class": "012"}, (), tmp_path
    )

    assert f"The tuned network makes {30 if score == 0 else 0} errors" in made[1].caption
