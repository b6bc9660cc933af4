"""The scores of heatmaps: rows, words and marks of a hand-made record."""

from pathlib import Path

import pytest

from study.figures.trust.ground_truth_scores import (
    Dot,
    better_than_sobel,
    caption,
    draw_panels,
    localisation_info,
    pictures,
)
from study.records.base import Estimate
from study.records.finding import CONTROLS, METHODS, TRUTH_SCORES, Localisation


def estimate(mean: float) -> Estimate:
    return Estimate(mean=mean, ci95=(mean - 0.01, mean + 0.01))


def found(heads: tuple[str, ...] = ("class",)) -> Localisation:
    """Sobel at 20%; on the baseline Score-CAM above it, everything else below."""
    means = {"gradcam": 0.1, "gradcam++": 0.12, "scorecam": 0.3, "smoothgrad": 0.05}

    def scores(mean: float) -> dict:
        return dict.fromkeys(TRUTH_SCORES, estimate(mean))

    of = {
        "baseline": {method: scores(means[method]) for method in METHODS},
        "tuned": {method: scores(means[method] / 3) for method in METHODS},
    }
    return Localisation(
        images=500,
        truth_share=0.028,
        heads=list(heads),
        layers={"baseline": "conv1", "tuned": "conv4"},
        empty={"baseline": dict.fromkeys(METHODS, 0), "tuned": dict.fromkeys(METHODS, 0)},
        methods=of,
        controls={"sobel": scores(0.2), "random": scores(0.03), "uniform": scores(0.028)},
        above_sobel={
            network: {
                method: {score: estimate(one[score].mean - 0.2) for score in TRUTH_SCORES}
                for method, one in methods.items()
            }
            for network, methods in of.items()
        },
    )


def test_every_score_has_a_panel_with_methods_then_controls() -> None:
    panels = localisation_info(found())

    assert [panel.title.replace("\n", " ") for panel in panels] == [
        "maximum on the evidence",
        "energy on the evidence",
        "energy within 1 px of it",
        "energy within 2 px of it",
        "rank accuracy",
    ]
    first = panels[0]
    assert first.dashed == 0.2
    assert first.dots[0] == Dot("Grad-CAM", "baseline", estimate(0.1))
    assert first.dots[-len(CONTROLS) :] == [
        Dot("Sobel", None, estimate(0.2)),
        Dot("random", None, estimate(0.03)),
        Dot("uniform", None, estimate(0.028)),
    ]
    assert len(first.dots) == 2 * len(METHODS) + len(CONTROLS)


def test_the_caption_says_who_is_best_and_who_is_no_better_than_sobel() -> None:
    words = caption(found())

    assert "500 test images compared with the evidence, which makes up 2.8% of the pixels" in words
    assert (
        "For the baseline network (layer conv1), Score-CAM localises best: 30.0% (29.0 to 31.0)"
        in words
    )
    assert "puts 20.0% (19.0 to 21.0) of its energy there, a uniform map 2.8%" in words
    assert "Better than Sobel for the baseline network: Score-CAM by 5 of 5 scores." in words
    assert (
        "No better than Sobel by any score for the tuned network: "
        "Grad-CAM, Grad-CAM++, Score-CAM, SmoothGrad." in words
    )
    assert "take turns" not in words


def test_a_difference_whose_interval_holds_zero_is_no_better() -> None:
    record = found()
    overlapping = Estimate(mean=0.1, ci95=(0.0, 0.2))
    record.above_sobel["baseline"]["scorecam"]["rank"] = overlapping

    assert better_than_sobel(record, "baseline", "scorecam") == 4
    assert better_than_sobel(record, "tuned", "scorecam") == 0


def test_heads_and_empty_maps_are_told() -> None:
    record = found(heads=("color", "angle"))
    record.empty["tuned"]["gradcam"] = 7

    words = caption(record)

    assert "one of the heads, which take turns: color, angle." in words
    assert "7 maps by Grad-CAM for the tuned network showed no evidence" in words


def test_rows_and_networks_are_named() -> None:
    figure = draw_panels(localisation_info(found()))

    rows = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert rows == [
        *("Grad-CAM", "Grad-CAM++", "Score-CAM", "SmoothGrad"),
        *("Sobel", "random", "uniform"),
    ]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["baseline", "tuned"]
    left, right = figure.axes[0].get_xlim()
    assert left == 0
    assert right == pytest.approx(1.08 * 0.31)


def test_one_picture_in_the_section_of_trust_is_made(tmp_path: Path) -> None:
    (made,) = pictures(found(), tmp_path)

    assert (made.file, made.section, made.network) == ("localisation.png", "trust", None)
    assert (tmp_path / made.file).is_file()
    assert "95%" in made.reading
