"""The figure of accuracies on corrupted images and what is said of it."""

from pathlib import Path

import numpy as np
import pytest

from study.evaluation.robustness import GroupMean, Robustness, Version
from study.explanation.arrays import SHOWN_CORRUPTED, CorruptedExamples
from study.figures.results import corrupted_images
from study.figures.results.corrupted_images import caption, clear, draw_robustness, rows_of
from study.records.base import Estimate

NAMES = ("unchanged", "fog", "stripe", "shear")


def version(name: str, baseline: float, tuned: float, half: float = 0.02) -> Version:
    gain = tuned - baseline
    return Version(
        name=name,
        accuracy={
            "baseline": Estimate(mean=baseline, ci95=(baseline - 0.03, baseline + 0.03)),
            "tuned": Estimate(mean=tuned, ci95=(tuned - 0.03, tuned + 0.03)),
        },
        difference=Estimate(mean=gain, ci95=(gain - half, gain + half)),
    )


FOUND = Robustness(
    metric="accuracy",
    images=200,
    unchanged=version("unchanged", 0.9, 0.95),
    corrupted=[version("fog", 0.5, 0.2), version("stripe", 0.3, 0.7), version("shear", 0.6, 0.61)],
    mean={"baseline": 0.4667, "tuned": 0.5033},
    mean_difference=Estimate(mean=0.0366, ci95=(0.01, 0.06)),
)
IMAGES = {name: np.full((4, 28, 28, 1), 50, np.uint8) for name in NAMES}


def test_only_a_difference_whose_interval_leaves_out_zero_is_clear() -> None:
    assert [clear(row) for row in FOUND.corrupted] == [True, True, False]
    assert not clear(version("fog", 0.5, 0.75, half=0.25))  # an end at zero


def test_the_caption_has_the_means_the_worst_and_where_the_networks_differ() -> None:
    told = caption(FOUND)

    assert "same 200 test images, unchanged and corrupted in 3 ways" in told
    assert "read again after the evaluation" in told
    assert "46.67% for the baseline and 50.33% for the tuned network" in told
    assert "(+3.66 points, 95% interval +1.00 to +6.00)" in told
    assert "against 90.00% and 95.00% unchanged" in told
    assert "The baseline network's lowest accuracy is on stripe: 30.00%." in told
    assert "The tuned network's lowest accuracy is on fog: 20.00%." in told
    better = "network is clearly better on 1 of the 3 corruptions, most of all on"
    assert f"tuned {better} stripe (by 40.00 points)" in told
    assert f"baseline {better} fog (by 30.00 points)" in told


def test_the_caption_says_so_where_nothing_differs() -> None:
    same = [version("fog", 0.5, 0.51), version("shear", 0.6, 0.59)]
    told = caption(FOUND.model_copy(update={"corrupted": same}))

    assert "The two networks do not differ clearly on any corruption." in told
    assert "clearly better" not in told


def test_every_row_has_its_name_examples_and_both_networks() -> None:
    strip, axes = draw_robustness(FOUND, {n: i[:SHOWN_CORRUPTED] for n, i in IMAGES.items()}).axes

    assert [text.get_text() for text in strip.texts] == list(NAMES)
    assert len(strip.images) == SHOWN_CORRUPTED * len(NAMES)
    dots = [path.get_offsets()[0].tolist() for path in axes.collections]
    assert [x for x, _ in dots] == pytest.approx([0.9, 0.95, 0.5, 0.2, 0.3, 0.7, 0.6, 0.61])
    assert [round(y) for _, y in dots] == [0, 0, 1, 1, 2, 2, 3, 3]
    told = {text.get_text(): text.get_weight() for text in axes.texts[: len(NAMES)]}
    assert told == {"+5.0": "bold", "-30.0": "bold", "+40.0": "bold", "+1.0": "normal"}


GROUPED = FOUND.model_copy(
    update={
        "groups": [
            GroupMean(
                name="odd ones", versions=["stripe", "shear"],
                mean={"baseline": 0.45, "tuned": 0.655},
                difference=Estimate(mean=0.205, ci95=(0.15, 0.25)),
            )
        ]
    }
)  # fmt: skip


def test_a_group_ends_with_its_mean_between_lines() -> None:
    rows = rows_of(GROUPED)

    assert [row.name for row in rows] == [*NAMES, "mean, odd ones"]
    assert [row.ends_block for row in rows] == [True, True, False, False, True]
    strip, axes = draw_robustness(GROUPED, IMAGES).axes
    assert [text.get_text() for text in strip.texts][-1] == "mean, odd ones"
    assert len(strip.images) == SHOWN_CORRUPTED * len(NAMES)  # a mean has no pictures
    dots = [path.get_offsets()[0].tolist() for path in axes.collections]
    assert [x for x, _ in dots[-2:]] == pytest.approx([0.45, 0.655])


def test_the_caption_names_a_group_and_has_its_means(tmp_path: Path) -> None:
    told = caption(GROUPED)

    assert "Over the 2 odd ones (stripe; shear) it is 45.00% for the baseline and 65.50%" in told
    assert "(+20.50 points, 95% interval +15.00 to +25.00)." in told
    assert "Over the" not in caption(FOUND)
    grouped, plain = (
        corrupted_images.pictures(found, CorruptedExamples(IMAGES, ""), tmp_path)[0].reading
        for found in (GROUPED, FOUND)
    )
    assert "A mean over the rows between two lines" in grouped
    assert "A mean over" not in plain


def test_each_row_shows_its_own_images() -> None:
    shades = {name: np.full((4, 28, 28, 1), 60 * n, np.uint8) for n, name in enumerate(NAMES)}
    strip, _ = draw_robustness(FOUND, shades).axes

    for image in strip.images:
        _, _, bottom, top = image.get_extent()
        row = round((bottom + top) / 2)
        assert (np.asarray(image.get_array()) == 60 * row).all()


def test_the_picture_is_drawn_with_what_the_reader_must_know(tmp_path: Path) -> None:
    (only,) = corrupted_images.pictures(FOUND, CorruptedExamples(IMAGES, "Fog is grey."), tmp_path)

    assert (only.file, only.section, only.network) == ("robustness.png", "robustness", None)
    assert only.reading.endswith("Fog is grey.")
    assert "fog, stripe, shear" in only.alt
    assert (tmp_path / only.file).stat().st_size > 0
