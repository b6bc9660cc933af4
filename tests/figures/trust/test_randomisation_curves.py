"""The picture of the sanity check, of a hand-made record."""

from pathlib import Path

from study.figures.trust.randomisation_curves import caption, draw_sanity, pictures
from study.records.finding import METHODS
from tests.factories import sanity


def test_methods_whose_maps_stay_are_marked_and_those_near_the_limit_undecided() -> None:
    words = caption(sanity(0.1, 0.51, 0.2, 0.9))

    assert (
        "40 test images as the networks' weights are replaced, with 5 draws of random weights."
        in words
    )
    assert (
        "For the tuned network: not to be trusted, because the maps still resemble the original "
        "ones: SmoothGrad (0.90); undecided: Grad-CAM++ (0.51); reacting to the weights: Grad-CAM "
        "(0.10), Score-CAM (0.20)." in words
    )


def test_all_and_none_that_react_read_well() -> None:
    assert "For the baseline network: all methods react to the weights: Grad-CAM (0.10)" in caption(
        sanity(0.1, 0.1, 0.1, 0.1)
    )
    assert caption(sanity(0.9, 0.9, 0.9, 0.9)).endswith("Score-CAM (0.90), SmoothGrad (0.90).")


def test_maps_that_could_not_be_compared_are_said() -> None:
    found = sanity(0.1, 0.2, 0.2, 0.9)
    tuned = found.networks["tuned"]
    without = {method: of for method, of in tuned.similarity.items() if method != "gradcam++"}
    compared = tuned.compared | {"gradcam": 27, "gradcam++": 0}
    tuned = tuned.model_copy(update={"similarity": without, "compared": compared})
    found = found.model_copy(update={"networks": found.networks | {"tuned": tuned}})

    words = caption(found)

    assert "reacting to the weights: Grad-CAM (0.10 on 27 images), Score-CAM (0.20); " in words
    assert words.endswith("no maps to compare, because at most one is not constant: Grad-CAM++.")


def test_maps_that_vanish_are_no_reaction() -> None:
    words = caption(sanity(0.1, 0.45, 0.3, 0.9, vanished=0.25))

    assert "still resemble the original ones: SmoothGrad (0.90, 25% vanished); " in words
    assert "undecided: Grad-CAM++ (0.45, 25% vanished); " in words
    assert (
        "no verdict, because too many new maps are the same everywhere: Score-CAM (0.30, 25%"
        in words
    )
    assert "reacting to the weights: Grad-CAM (0.10, 25% vanished)." in words


def test_a_record_of_one_draw_gives_no_verdict() -> None:
    words = caption(sanity(0.1, 0.1, 0.1, 0.9, draws=1))

    assert "1 draw of random weights. This check gives no verdict: a different draw" in words
    assert "similarity at the end: Grad-CAM (0.10), " in words
    assert "trusted" not in words
    assert "react" not in words


def test_a_network_without_any_map_to_compare_is_drawn_and_the_other_explained() -> None:
    found = sanity(0.1, 0.2, 0.2, 0.9)
    blank = found.networks["baseline"].model_copy(
        update={"similarity": {}, "compared": dict.fromkeys(METHODS, 0)}
    )
    figure = draw_sanity(
        found.model_copy(update={"networks": found.networks | {"baseline": blank}})
    )

    assert len(figure.legends[0].get_texts()) == len(METHODS)


def test_the_limit_and_every_stage_are_drawn() -> None:
    figure = draw_sanity(sanity(0.1, 0.51, 0.2, 0.9))

    axes = figure.axes[1]
    assert axes.get_title(loc="left") == "tuned network"
    assert [label.get_text() for label in axes.get_xticklabels()] == [
        "as\ntrained",
        "+ class",
        "+ conv1",
    ]
    limit = axes.get_lines()[0]
    assert list(limit.get_ydata()) == [0.5, 0.5]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == [
        *("Grad-CAM", "Grad-CAM++", "Score-CAM", "SmoothGrad")
    ]


def test_one_picture_is_made(tmp_path: Path) -> None:
    (made,) = pictures(sanity(0.1, 0.51, 0.2, 0.9), tmp_path)

    assert (made.file, made.section) == ("sanity.png", "trust")
    assert (tmp_path / made.file).is_file()
