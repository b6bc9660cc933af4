"""The overview of dead and near-duplicate filters, from hand-made records."""

from pathlib import Path

import pytest

from study.figures.networks.idle_filters import (
    LayerRow,
    caption,
    draw_health,
    health_info,
    pictures,
)
from study.records.finding import FilterHealth, LayerHealth


def layer(name: str = "conv1", **changes: object) -> LayerHealth:
    fields: dict[str, object] = {
        "layer": name,
        "filters": 4,
        "dead": 1,
        "alike": 0,
        "alike_kernels": 0,
        "nearest": [0.5, 0.6, 0.6],
        "nearest_kernels": [0.2, -0.3, 0.2],
    }
    return LayerHealth.model_validate(fields | changes)


def found() -> FilterHealth:
    tuned = [layer(dead=0), layer("conv2", filters=12, dead=0, alike=3, nearest_kernels=None)]
    return FilterHealth(
        images=300, limit=0.95, networks={"tuned": tuned, "baseline": [layer()]}
    )  # as JSON may order them


def test_there_is_a_row_a_layer_those_of_the_baseline_first() -> None:
    assert health_info(found()) == [
        LayerRow("baseline", "conv1", "4 filters: 1 dead, 0 near-duplicates", [0.5, 0.6, 0.6],
                 [0.2, -0.3, 0.2]),
        LayerRow("tuned", "conv1", "4 filters: 0 dead, 0 near-duplicates", [0.5, 0.6, 0.6],
                 [0.2, -0.3, 0.2]),
        LayerRow("tuned", "conv2", "12 filters: 0 dead, 3 near-duplicates", [0.5, 0.6, 0.6], []),
    ]  # fmt: skip


def test_every_filter_is_a_dot_at_its_likeness() -> None:
    left, right = draw_health(health_info(found()), 0.95).axes

    across = [[x for x, _ in dots.get_offsets()] for dots in left.collections]
    assert across == [[0.5, 0.6, 0.6]] * 3
    assert [len(dots.get_offsets()) for dots in right.collections] == [3, 3, 0]
    assert right.get_xlim() == (-0.3, 1)
    heights = [[y for _, y in dots.get_offsets()] for dots in left.collections]
    assert all(abs(y - row) <= 0.25 for row, ys in enumerate(heights) for y in ys)
    assert heights[0][1] != heights[0][2]  # equal values do not hide each other


def test_rows_are_named_and_counted() -> None:
    left, right = draw_health(health_info(found()), 0.95).axes

    assert [tick.get_text() for tick in left.get_yticklabels()] == [
        "baseline conv1", "tuned conv1", "tuned conv2",
    ]  # fmt: skip
    counts = right.child_axes[0].get_yticklabels()
    assert counts[2].get_text() == "12 filters: 0 dead, 3 near-duplicates"


def test_the_caption_has_this_runs_numbers() -> None:
    words = caption(found())

    assert "300 validation images" in words
    assert "baseline network has 4 filters: 1 dead (25%), 0 near-duplicates (0%)." in words
    assert "Its two most similar filters, in conv1, correlate at 0.60." in words
    assert "tuned network has 16 filters: 0 dead (0%), 3 near-duplicates (19%)." in words
    assert "0.95 or more" in words


@pytest.mark.parametrize("filters", [1, 4])
def test_a_layer_of_dead_filters_is_drawn(filters: int, tmp_path: Path) -> None:
    lost = layer(filters=filters, dead=filters, nearest=[], nearest_kernels=[])
    record = FilterHealth(images=3, limit=0.95, networks={"baseline": [lost], "tuned": []})

    assert f"{filters} dead (100%)" in caption(record)
    assert len(pictures(record, tmp_path)) == 1


def test_networks_without_convolutions_have_no_picture(tmp_path: Path) -> None:
    record = FilterHealth(images=3, limit=0.95, networks={"baseline": [], "tuned": []})

    assert pictures(record, tmp_path) == []


def test_the_picture_says_its_numbers_to_those_who_cannot_see_it(tmp_path: Path) -> None:
    picture, = pictures(found(), tmp_path)  # fmt: skip

    assert (tmp_path / picture.file).is_file()
    assert (picture.file, picture.section, picture.network) == (
        "filters_health.png", "filters", None,
    )  # fmt: skip
    assert "tuned conv2 12 filters: 0 dead, 3 near-duplicates" in picture.alt
    assert picture.reading
