"""F1 of every class, of both networks."""

from pathlib import Path

import pytest

from study.figures.results import f1
from study.figures.results.f1 import F1Group, F1Row
from study.records.base import NETWORKS, Evaluation, PerClass
from tests.factories import ATTRIBUTES, NAMES, evaluation

Scores = list[float] | list[float | None]


def with_f1(given: Evaluation, baseline: Scores, tuned: Scores) -> Evaluation:
    networks = {
        name: given.networks[name].model_copy(
            update={"per_class": PerClass(precision=scores, recall=scores, f1=scores)}
        )
        for name, scores in zip(NETWORKS, (baseline, tuned), strict=True)
    }
    return given.model_copy(update={"networks": networks})


def test_rows_start_with_the_worst_class_of_the_tuned_network() -> None:
    given = with_f1(evaluation(), [0.7, 0.8, 0.6], [0.9, 0.85, 0.95])

    assert f1.by_class(given) == F1Group(
        "class", (F1Row("1", 0.8, 0.85), F1Row("0", 0.7, 0.9), F1Row("2", 0.6, 0.95))
    )


def test_f1_of_an_attribute_is_the_mean_of_its_classes() -> None:
    scores = [n / 16 for n in range(12)]
    given = with_f1(evaluation(classes=NAMES["class"]), scores, scores[::-1])

    length, angle, color = f1.by_attribute(given, NAMES, ATTRIBUTES)

    assert length == F1Group(
        "length", (F1Row("short", 2.5 / 16, 8.5 / 16), F1Row("long", 8.5 / 16, 2.5 / 16))
    )
    assert [row.baseline for row in angle.rows] == [3.5 / 16, 5.5 / 16, 7.5 / 16]
    assert [row.baseline for row in color.rows] == [5 / 16, 6 / 16]


def test_the_grid_has_the_longest_attribute_in_columns() -> None:
    scores = [n / 16 for n in range(12)]
    given = with_f1(evaluation(classes=NAMES["class"]), scores, scores)

    grid = f1.in_grid(given, NAMES, ATTRIBUTES)

    assert grid.rows == ("short, red", "short, blue", "long, red", "long, blue")
    assert (grid.columns, grid.column_attribute) == (NAMES["angle"], "angle")
    # class = (length * 3 + angle) * 2 + color
    assert grid.values["tuned"] == tuple(
        tuple(((length * 3 + angle) * 2 + color) / 16 for angle in range(3))
        for length in (0, 1)
        for color in (0, 1)
    )


def test_without_attributes_classes_have_a_row_each(tmp_path: Path) -> None:
    (made,) = f1.pictures(evaluation(classes=tuple("0123456789")), {}, (), tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == [made.file] == ["results_f1.png"]
    assert "better on 10 of 10 classes" in made.caption


def test_the_largest_change_may_be_a_loss(tmp_path: Path) -> None:
    given = with_f1(evaluation(), [0.7, 0.8, 0.9], [0.71, 0.5, 0.9])

    (made,) = f1.pictures(given, {}, (), tmp_path)

    assert "the largest change is -30.00 points on 1." in made.caption


def test_with_attributes_there_is_a_grid_and_rows_of_what_classes_share(tmp_path: Path) -> None:
    names = {**NAMES, "color": tuple("abcdefgh"), "class": tuple(str(n) for n in range(48))}

    made = f1.pictures(evaluation(classes=names["class"]), names, ATTRIBUTES, tmp_path)

    assert [picture.file for picture in made] == ["results_f1.png", "results_f1_attributes.png"]
    assert all((tmp_path / picture.file).stat().st_size < 150_000 for picture in made)


@pytest.mark.parametrize("score", [0.0, 1.0])
def test_networks_without_errors_or_without_success_can_be_drawn(
    tmp_path: Path, score: float
) -> None:
    (made,) = f1.pictures(evaluation(baseline=score, tuned=score), {}, (), tmp_path)

    assert (tmp_path / made.file).exists()


def test_a_class_without_test_images_is_no_worst_class(tmp_path: Path) -> None:
    given = with_f1(evaluation(), [0.7, None, 0.6], [0.9, None, 0.95])

    (made,) = f1.pictures(given, {}, (), tmp_path)

    assert [row.label for row in f1.by_class(given).rows] == ["0", "2"]
    assert "worst first: 0 with" in made.caption
    assert "better on 2 of 2 classes" in made.caption
    assert made.caption.endswith(
        "1 of 3 classes have no test images and so no F1; they are left out: 1."
    )


def test_means_and_grids_leave_out_classes_without_test_images(tmp_path: Path) -> None:
    """Nothing of 120 degrees; of 60 degrees only the short ones."""
    missing = [*range(4, 6), *range(8, 12)]
    scores = [None if n in missing else 0.5 + n / 100 for n in range(12)]
    given = with_f1(evaluation(classes=NAMES["class"]), scores, scores)

    length, angle, _ = f1.by_attribute(given, NAMES, ATTRIBUTES)
    grid, attributes = f1.pictures(given, NAMES, ATTRIBUTES, tmp_path)

    assert [row.label for row in angle.rows] == ["0°", "60°"]
    assert angle.rows[1].tuned == pytest.approx(0.525)
    assert length.rows[0].tuned == pytest.approx(0.515)
    assert "worst class is short, red, 0°" in grid.caption
    assert "6 of 12 classes have no test images" in grid.caption
    assert "0 of 12" not in attributes.caption
    assert "120°" not in attributes.caption
