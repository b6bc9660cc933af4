"""Which corruptions a data set has."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from study.data.corruptions import UNCHANGED, note, versions
from study.data.corruptions.digits import CORRUPTIONS
from study.data.corruptions.redrawn_lines import ORDER
from study.data.sets import lines

DIGITS = np.zeros((2, 28, 28, 1), np.uint8)
LINES, CLASSES = lines.generate(seed=1, images_per_class=1)


@pytest.mark.parametrize(
    ("data", "images", "classes", "names"),
    [("mnist", DIGITS, np.zeros(2, int), tuple(CORRUPTIONS)), ("lines", LINES, CLASSES, ORDER)],
)
def test_the_images_themselves_come_first(
    data: str, images: np.ndarray, classes: np.ndarray, names: tuple[str, ...]
) -> None:
    labels = lines.label_columns(classes) if data == "lines" else {"class": classes}

    made = versions(data, images, labels, seed=1)

    assert tuple(made) == (UNCHANGED, *names)
    assert_array_equal(made[UNCHANGED], images)
    assert note(data)


def test_a_data_set_without_corruptions_has_no_versions() -> None:
    assert versions("flowers", DIGITS, {}, seed=1) == {}
    assert note("flowers") == ""
