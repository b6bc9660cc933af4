"""Pictures in a grid: the pieces that the network figures share."""

import numpy as np
import pytest

from study.figures.tiles import (
    SIDE,
    as_rgb,
    class_name,
    file_name,
    new_grid,
    row_labels,
    tile,
    whose,
)

NAMES = {"width": ("1 px", "3 px"), "color": ("red", "blue")}
TRUTH = {"width": np.array([1, 0]), "color": np.array([0, 1])}


def test_one_channel_becomes_three_alike() -> None:
    grey = np.array([[[[7], [200]]]], np.uint8)

    assert as_rgb(grey).tolist() == [[[[7, 7, 7], [200, 200, 200]]]]


def test_three_channels_stay() -> None:
    colours = np.arange(12, dtype=np.uint8).reshape(1, 2, 2, 3)

    np.testing.assert_array_equal(as_rgb(colours), colours)


@pytest.mark.parametrize(
    ("head", "index", "name"),
    [("width", 1, "3 px"), ("width", 2, "2"), ("angle", 5, "5")],
    ids=["known", "more classes than names", "unknown head"],
)
def test_a_class_has_its_name_or_else_its_index(head: str, index: int, name: str) -> None:
    assert class_name(NAMES, head, index) == name
    assert class_name(None, head, index) == str(index)


def test_a_row_is_labelled_by_its_true_class_of_every_head() -> None:
    assert row_labels(TRUTH, NAMES, 2) == ["3 px, red", "1 px, blue"]
    assert row_labels(TRUTH, None, 1) == ["1, 0"]


def test_rows_of_unknown_class_are_numbered() -> None:
    assert row_labels(None, NAMES, 2) == ["image 1", "image 2"]


def test_file_names_tell_kind_network_and_layer() -> None:
    assert file_name("activations", "tuned", "conv1") == "activations_tuned_conv1.png"
    assert file_name("heatmaps", "baseline") == "heatmaps_baseline.png"
    assert file_name("filters", None, "conv1") == "filters_conv1.png"


def test_a_layers_name_cannot_lead_out_of_the_folder_or_clash() -> None:
    names = [file_name("filters", "tuned", layer) for layer in ("../x", "..%2Fx", "..\\x", "x")]

    assert len(set(names)) == 4
    assert not any("/" in name or "\\" in name for name in names)


def test_a_network_is_called_by_its_name_if_it_has_one() -> None:
    assert whose("tuned") == "tuned network"
    assert whose(None) == "network"


def test_a_grid_shows_its_range_and_a_tile_does_not_change_it() -> None:
    axes = new_grid(-1, -0.5, 3, 2, inch=0.5)

    image = tile(axes, np.zeros((4, 4)), 1, 1)

    assert (axes.get_xlim(), axes.get_ylim()) == ((-1, 3), (2, -0.5))
    assert tuple(image.get_extent()) == (1, 1 + SIDE, 1 + SIDE, 1)
