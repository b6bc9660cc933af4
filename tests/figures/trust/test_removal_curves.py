"""Deletion and insertion of a hand-made record."""

from pathlib import Path

from study.figures.trust.ground_truth_scores import Dot
from study.figures.trust.removal_curves import areas_info, caption, draw_curves, pictures
from study.records.base import Estimate
from study.records.finding import METHODS, Deletion, Ranking


def ranking(deletion: float, insertion: float) -> Ranking:
    return Ranking(
        deletion=[1, deletion, 0],
        insertion=[0, insertion, 1],
        deletion_area=Estimate(mean=deletion, ci95=(deletion - 0.1, deletion + 0.1)),
        insertion_area=Estimate(mean=insertion, ci95=(insertion - 0.1, insertion + 0.1)),
    )


def found() -> Deletion:
    """Score-CAM is best, the others are no better than Sobel."""
    methods = {method: ranking(0.5, 0.6) for method in METHODS} | {"scorecam": ranking(0.2, 0.9)}
    above = {method: Estimate(mean=-0.3, ci95=(-0.4, -0.2)) for method in METHODS}
    above["scorecam"] = Estimate(mean=0.1, ci95=(0.05, 0.15))
    return Deletion(
        images=64,
        layers={"tuned": "conv4"},
        methods={"tuned": methods},
        controls={"tuned": {"sobel": ranking(0.3, 0.8), "random": ranking(0.6, 0.5)}},
        above_sobel={"tuned": above},
    )


def test_areas_have_a_panel_each_with_methods_then_controls() -> None:
    deletion, insertion = areas_info(found())

    assert deletion.dots[2] == Dot("Score-CAM", "tuned", Estimate(mean=0.2, ci95=(0.1, 0.2 + 0.1)))
    assert [dot.row for dot in insertion.dots][-2:] == ["Sobel", "random"]
    assert [dot.score.mean for dot in insertion.dots] == [0.6, 0.6, 0.9, 0.6, 0.8, 0.5]


def test_curves_go_from_all_pixels_to_none_and_back() -> None:
    figure = draw_curves(found())

    lines = {line.get_label(): line for line in figure.axes[1].get_lines()}
    assert figure.axes[1].get_title(loc="left") == "insertion, tuned network"
    assert list(lines["Score-CAM"].get_xdata()) == [0, 0.5, 1]
    assert list(lines["Score-CAM"].get_ydata()) == [0, 0.9, 1]
    assert len(lines) == len(METHODS) + 2


def test_the_caption_says_who_is_best_and_who_is_no_better_than_sobel() -> None:
    words = caption(found())

    assert "Mean curves over 64 test images." in words
    assert "Score-CAM ranks pixels best: deletion area 0.20 (0.10 to 0.30)" in words
    assert "insertion minus deletion area: Grad-CAM, Grad-CAM++, SmoothGrad." in words


def test_pictures_of_photographs_say_what_replaced_their_pixels(tmp_path: Path) -> None:
    made = pictures(found().model_copy(update={"replacement": "blur"}), tmp_path)

    assert [picture.file for picture in made] == ["deletion_blur.png", "deletion_areas_blur.png"]
    assert all("replaced by the colours of the blurred image" in one.title for one in made)
    assert "are replaced by the colours of the blurred image." in made[0].caption


def test_two_pictures_are_made(tmp_path: Path) -> None:
    made = pictures(found(), tmp_path)

    assert [picture.file for picture in made] == ["deletion.png", "deletion_areas.png"]
    assert all((tmp_path / picture.file).is_file() for picture in made)
    assert {picture.section for picture in made} == {"trust"}
    assert [picture.reading[:15] for picture in made] == ["The pixels of e", "Each dot is the"]
