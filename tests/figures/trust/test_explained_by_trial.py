from pathlib import Path

import pytest

from study.explanation.by_trial import SHOWN, effects
from study.figures.search.scales import Scale
from study.figures.trust.explained_by_trial import caption, panels_info, pictures
from study.records.base import Estimate
from study.records.finding import AcrossSearch, TrialHeatmaps
from study.wording import p_equation


def across(
    shares: list[float], kernels: list[int], scored: int | None = None, unreadable: int = 0
) -> AcrossSearch:
    """Trials whose heatmaps all put these shares on the evidence; the later, the better."""
    trials = [
        TrialHeatmaps(
            number=number,
            score=0.5 + 0.05 * number,
            layer="conv1",
            cells=22,
            traits={"first kernel": kernel, "convolutions": 1},
            worth={m: Estimate(mean=share, ci95=(share - 0.02, share + 0.02)) for m in SHOWN},
        )
        for number, (share, kernel) in enumerate(zip(shares, kernels, strict=True))
    ]
    return AcrossSearch(
        images=100,
        scored=scored or len(trials),
        unreadable=unreadable,
        best=trials[-1].number,
        sobel=0.4,
        trials=trials,
        effects=effects(trials, seed=1),
    )


def test_a_panel_holds_the_shares_by_trait_and_constant_traits_have_none() -> None:
    found = across([0.1, 0.2, 0.3], [3, 7, 3])
    (panel,) = panels_info(found, "gradcam")
    assert panel.scale == Scale("first kernel", "categories", 0.0, 1.0, (3, 7))
    assert (panel.numbers, panel.scores) == ((0, 1, 2), (0.1, 0.2, 0.3))
    assert [round(place) for place in panel.places] == [0, 1, 0]
    assert panel.medians == ((0, pytest.approx(0.2)), (1, 0.2))


def test_many_numbers_have_an_axis_of_numbers_and_words_are_in_alphabetical_order() -> None:
    many = across([0.1] * 8, [*range(3, 11)])
    (panel,) = panels_info(many, "gradcam")
    assert panel.scale == Scale("first kernel", "linear", 3, 10, whole=True)
    found = across([0.1, 0.2], [3, 3])
    for one, way in zip(found.trials, ("stride", "max"), strict=True):
        one.traits["downsampling"] = way
    (panel,) = panels_info(found, "gradcam")
    assert panel.scale.choices == ("max", "stride")


def test_caption_has_the_range_the_best_and_the_baseline() -> None:
    said = caption(across([0.1, 0.3, 0.2], [3, 7, 3]))
    assert said.startswith(
        "Heatmaps of 100 validation images for the networks of 3 of the 3 trials with a score."
    )
    assert "SmoothGrad puts 10% to 30% of its energy on the evidence: 20% in the best" in said
    assert "in the best trial (2), 10% in the baseline" in said
    assert "Sobel 40%" in said
    assert said.endswith("3 trials are too few to tell why.")
    assert "weights were kept" not in said


def test_caption_says_that_the_rest_was_not_kept() -> None:
    said = caption(across([0.1, 0.3], [3, 7], scored=9))
    assert "2 of the 9 trials with a score. Only the best trials' weights were kept" in said
    assert "selected by their score" in said


def test_caption_says_that_weights_cannot_be_read() -> None:
    said = caption(across([0.1], [3], scored=3, unreadable=2))
    assert "1 of the 3 trials with a score. The weights of 2 trials cannot be read." in said
    assert "weights were kept" not in said
    assert said.endswith("1 trial is too few to tell why.")


def test_caption_names_what_explains_more_than_chance() -> None:
    found = across([0.1 + 0.01 * number for number in range(12)], [3] * 6 + [7] * 6)
    p = p_equation(found.effects["gradcam"]["score"].p_value)
    assert f"The score explains 100% of the trials' order by Grad-CAM ({p})." in caption(found)


def test_caption_says_that_nothing_does() -> None:
    said = caption(across([0.2, 0.1, 0.3, 0.12, 0.25, 0.15] * 2, [3, 3, 7, 7, 3, 7] * 2))
    assert "None of the traits examined explains these differences better than chance could" in said
    assert "(4 questions" in said


@pytest.mark.parametrize("trials", [1, 2, 8])
def test_picture_is_drawn_of_any_number_of_trials(trials: int, tmp_path: Path) -> None:
    found = across(
        [0.1 + 0.02 * n for n in range(trials)], [3 + 2 * (n % 2) for n in range(trials)]
    )
    (made,) = pictures(found, "joint", tmp_path)
    assert (tmp_path / made.file).stat().st_size > 1000


def test_without_ground_truth_it_is_said_what_is_measured(tmp_path: Path) -> None:
    found = across([-0.1, 0.3], [3, 7]).model_copy(update={"measure": "pixel removal"})

    (made,) = pictures(found, "accuracy", tmp_path)

    assert made.title == "Does how well heatmaps rank pixels depend on the architecture?"
    assert "insertion minus deletion areas of -0.10 to 0.30: 0.30 in the best trial" in made.caption
    assert "Sobel 0.40" in made.caption
    assert "evidence" not in made.caption + made.reading
