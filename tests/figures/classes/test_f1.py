"""F1 of every class of every head, of both networks."""

from pathlib import Path

import numpy as np
import pytest

from study.figures.classes import f1, f1_grid
from study.figures.classes.answered import Answered, in_grid, per_head
from study.figures.classes.f1_scores import F1Group, F1Row, HeadF1, groups, head_f1
from tests.factories import CROSSED, NAMES, predictions

Scores = list[float]
Arrays = dict[str, np.ndarray]


def head(baseline: Scores, tuned: Scores, names: tuple[str, ...] = ("0", "1", "2")) -> HeadF1:
    scores = {"baseline": np.array(baseline), "tuned": np.array(tuned)}
    return HeadF1("class", names, scores)  # type: ignore[arg-type]


def answers(labels: list[int], baseline: list[int], tuned: list[int], classes: int) -> Arrays:
    return {
        "labels_class": np.array(labels),
        "baseline_class": np.eye(classes)[baseline],
        "tuned_class": np.eye(classes)[tuned],
    }


# Scores


def test_rows_start_with_the_worst_class_of_the_tuned_network() -> None:
    (group,) = groups(head([0.7, 0.8, 0.6], [0.9, 0.85, 0.95]))

    assert group == F1Group(
        "class", (F1Row("1", 0.8, 0.85), F1Row("0", 0.7, 0.9), F1Row("2", 0.6, 0.95))
    )


def test_of_many_classes_the_worst_and_those_that_changed_most_are_shown() -> None:
    names = tuple(f"species {n}" for n in range(300))
    tuned = np.linspace(0.5, 0.99, 300)
    baseline = tuned.copy()
    baseline[290:] += np.linspace(-0.1, -0.01, 10)

    worst, changed = groups(head(baseline.tolist(), tuned.tolist(), names))

    assert [row.label for row in worst.rows] == [f"species {n}" for n in range(20)]
    assert [row.label for row in changed.rows] == [f"species {n}" for n in range(290, 300)]
    assert (worst.title, changed.title) == ("class: the 20 worst", "class: the 10 largest changes")


def test_scores_are_counted_from_the_answers() -> None:
    arrays = answers([0, 0, 1, 1], [0, 0, 1, 1], [0, 1, 1, 1], classes=3)
    (only,) = per_head(arrays, {"class": "abc"})

    found = head_f1(only).scores

    assert found["baseline"].tolist() == pytest.approx([1, 1, np.nan], nan_ok=True)
    assert found["tuned"].tolist() == pytest.approx([2 / 3, 0.8, np.nan], nan_ok=True)


# Grids


def test_heads_make_a_grid_together_whatever_their_order() -> None:
    sizes = {"color": 2, "length": 2, "angle": 3}
    arrays = predictions(sizes, images=60)
    found = in_grid(per_head(arrays, {name: NAMES[name] for name in sizes}), CROSSED, NAMES)

    assert found
    assert found.names == NAMES["class"]
    expected = (arrays["labels_length"] * 3 + arrays["labels_angle"]) * 2 + arrays["labels_color"]
    assert found.labels.tolist() == expected.tolist()


@pytest.mark.parametrize("heads", [["length", "angle"], ["color"]])
def test_no_product_is_formed_of_heads_that_do_not_make_the_grid(heads: list[str]) -> None:
    sizes = {name: len(NAMES[name]) for name in heads}
    answered = per_head(predictions(sizes), {name: NAMES[name] for name in heads})
    assert in_grid(answered, CROSSED, NAMES) is None
    assert in_grid(answered, None, NAMES) is None


def test_f1_of_a_column_is_the_mean_of_its_classes() -> None:
    scores = [n / 16 for n in range(12)]
    given = head(scores, scores[::-1], NAMES["class"])

    length, angle, color = f1_grid.by_column(given, CROSSED.columns, NAMES)

    assert length == F1Group(
        "length", (F1Row("short", 2.5 / 16, 8.5 / 16), F1Row("long", 8.5 / 16, 2.5 / 16))
    )
    assert [row.baseline for row in angle.rows] == [3.5 / 16, 5.5 / 16, 7.5 / 16]
    assert [row.baseline for row in color.rows] == [5 / 16, 6 / 16]


def test_the_grid_has_the_column_of_most_classes_across() -> None:
    scores = [n / 16 for n in range(12)]
    given = head(scores, scores, NAMES["class"])

    grid = f1_grid.in_grid(given, CROSSED.columns, NAMES)

    assert grid.rows == ("short, red", "short, blue", "long, red", "long, blue")
    assert (grid.columns, grid.column_name) == (NAMES["angle"], "angle")
    # class = (length * 3 + angle) * 2 + color
    assert grid.values["tuned"] == tuple(
        tuple(((length * 3 + angle) * 2 + color) / 16 for angle in range(3))
        for length in (0, 1)
        for color in (0, 1)
    )


def test_means_leave_out_classes_without_test_images() -> None:
    """Nothing of 120 degrees; of 60 degrees only the short ones."""
    missing = [*range(4, 6), *range(8, 12)]
    scores = [np.nan if n in missing else 0.5 + n / 100 for n in range(12)]
    given = head(scores, scores, NAMES["class"])

    length, angle, _ = f1_grid.by_column(given, CROSSED.columns, NAMES)
    caption = f1_grid.grid_caption(f1_grid.in_grid(given, CROSSED.columns, NAMES))

    assert [row.label for row in angle.rows] == ["0°", "60°"]
    assert angle.rows[1].tuned == pytest.approx(0.525)
    assert length.rows[0].tuned == pytest.approx(0.515)
    assert "worst class is short, red, 0°" in caption
    assert "F1 of all 6 classes" in caption


# Pictures


def test_columns_that_do_not_cross_have_rows_per_head(tmp_path: Path) -> None:
    sizes = {"length": 2, "color": 2}
    heads = {name: NAMES[name] for name in sizes}
    (made,) = f1.pictures(predictions(sizes, 200), heads, None, NAMES, tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == [made.file] == ["results_f1.png"]
    assert "On length the tuned network's worst class is" in made.caption
    assert "On color the tuned network's worst class is" in made.caption


def test_a_head_of_the_grid_s_classes_has_the_grid_and_the_columns(tmp_path: Path) -> None:
    names = {**NAMES, "color": tuple("abcdefgh"), "class": tuple(str(n) for n in range(48))}
    arrays = predictions({"class": 48}, 960)

    made = f1.pictures(arrays, {"class": names["class"]}, CROSSED, names, tmp_path)

    assert [picture.file for picture in made] == ["results_f1.png", "results_f1_attributes.png"]
    assert all((tmp_path / picture.file).stat().st_size < 150_000 for picture in made)


def test_heads_that_cross_have_the_grid_and_rows_of_their_own(tmp_path: Path) -> None:
    sizes = {"length": 2, "angle": 3, "color": 2}
    heads = {name: NAMES[name] for name in sizes}

    made = f1.pictures(predictions(sizes, 240), heads, CROSSED, NAMES, tmp_path)

    assert [picture.file for picture in made] == ["results_f1.png", "results_f1_heads.png"]
    assert "On angle the tuned network's worst class is" in made[1].caption


@pytest.mark.parametrize("classes", [2, 3, 24, 300])
def test_any_number_of_classes_is_drawn_in_bounds(tmp_path: Path, classes: int) -> None:
    names = tuple(f"a rather long name of species number {n}" for n in range(classes))
    arrays = predictions({"species": classes}, 20 * classes)

    made = f1.pictures(arrays, {"species": names}, None, {"species": names}, tmp_path)

    assert len(made) == (2 if classes > 24 else 1)
    for picture in made:
        assert (tmp_path / picture.file).stat().st_size < 150_000
        assert "so little can be said" not in picture.caption


def test_the_largest_change_may_be_a_loss(tmp_path: Path) -> None:
    labels = [0] * 10 + [1] * 10
    arrays = answers(labels, labels, [0] * 10 + [1] * 5 + [0] * 5, classes=2)

    (made,) = f1.pictures(arrays, {"class": "ab"}, None, {}, tmp_path)

    assert "change from baseline to tuned is −33.33 points on b." in made.caption  # noqa: RUF001


@pytest.mark.parametrize("answer", [0, 1])
def test_networks_without_errors_or_without_success_can_be_drawn(
    tmp_path: Path, answer: int
) -> None:
    arrays = answers([0] * 20, [answer] * 20, [answer] * 20, classes=2)

    (made,) = f1.pictures(arrays, {"class": "ab"}, None, {}, tmp_path)

    assert (tmp_path / made.file).exists()


def test_a_class_without_test_images_is_no_worst_class(tmp_path: Path) -> None:
    labels = [0] * 12 + [2] * 12
    arrays = answers(labels, labels, labels, classes=3)

    (made,) = f1.pictures(arrays, {"class": "abc"}, None, {}, tmp_path)

    assert "worst class is a with" in made.caption
    assert "beats the baseline on 0 of 2 classes" in made.caption
    assert made.caption.endswith(
        "1 of 3 classes have no test images, hence no F1, and are left out: b."
    )


def test_a_class_of_few_test_images_is_said_to_be_uncertain(tmp_path: Path) -> None:
    labels = [0] * 10 + [1] * 9
    arrays = answers(labels, labels, labels, classes=2)

    (made,) = f1.pictures(arrays, {"class": "ab"}, None, {}, tmp_path)

    assert made.caption.endswith(
        "1 of 2 classes has fewer than 10 test images, so little can be said about their F1."
    )
    assert Answered("class", ("a", "b"), np.array(labels), {}).with_few_images == 1
