"""Localisation over the trials of a search: which trials, which traits, and what chance does."""

import logging
from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from study.data.line_drawing import line_pixels
from study.data.sets.lines import CLASSES, draw
from study.evaluation.rank_effect import Trait
from study.explanation.attribution import Explainer
from study.explanation.by_trial import (
    FEWEST_TRIALS,
    SHOWN,
    across_search,
    effect,
    effects,
    kept_trials,
    traits,
)
from study.explanation.ground_truth import control_maps, energy
from study.explanation.pixel_removal import curves
from study.problem.problem import Problem, load_problem
from study.records.base import Estimate, Value
from study.records.finding import TrialHeatmaps
from study.records.recipe import Budget
from study.records.study import Signature
from study.records.trial import Trial
from study.training import checkpoint
from study.training.building import build
from study.training.checkpoint import Progress, Saved, checkpoint_path
from tests.factories import signature, trial


def line() -> tuple[Problem, Signature]:
    return load_problem("line"), signature("line")


SMALL: dict[str, Value] = {"dense_units": 64, "filters": 16}


def keep(number: int, folder: Path, **values: Value) -> tuple[Trial, keras.Model]:
    """A trial of `line` that left its weights."""
    problem = load_problem("line")
    keras.utils.set_random_seed(number + 1)
    model, active = build(
        problem, signature("line"), problem.baseline | SMALL | values, budget=Budget(1)
    )
    model.optimizer.build(model.trainable_variables)
    one = trial(number, 0.5 + 0.1 * number, hyperparameters=active)
    progress = Progress(training="some", curves={}, seconds=1.0)
    path = checkpoint_path(folder, one.trial_id)
    path.parent.mkdir(parents=True)
    checkpoint.save(path, model, Saved(progress))
    return one, model


def images() -> np.ndarray:
    rng = np.random.default_rng(1)
    return np.concatenate([draw(index, 1, rng) for index in range(0, CLASSES, 24)])


TRUTH = line_pixels(images())


def touch(folder: Path, *ids: str) -> None:
    for one in ids:
        path = checkpoint_path(folder, one)
        path.parent.mkdir(parents=True)
        path.touch()


def test_trials_without_weights_or_score_are_left_out(tmp_path: Path) -> None:
    touch(tmp_path, "0000", "0002")
    found = kept_trials([trial(0), trial(1), trial(2, None)], tmp_path)
    assert list(found) == [0]


def test_of_a_trial_that_went_on_the_last_weights_count(tmp_path: Path) -> None:
    first, other = trial(0, 0.5), trial(1, 0.6)
    further = trial(2, 0.7, tuner={"tuner/trial_id": first.trial_id})
    furthest = trial(3, 0.8, tuner={"tuner/trial_id": further.trial_id})
    touch(tmp_path, *(one.trial_id for one in (first, other, furthest)))

    found = kept_trials([first, other, further, furthest], tmp_path)

    assert [(number, one.score) for number, (one, _) in found.items()] == [(0, 0.8), (1, 0.6)]


def test_a_trial_that_went_on_has_the_score_that_the_report_gives_it(tmp_path: Path) -> None:
    one, _ = keep(0, tmp_path)
    then = {"number": 1, "trial_id": "0001", "tuner": {"tuner/trial_id": one.trial_id}}
    worse = one.model_copy(update=then | {"score": 0.1})
    checkpoint_path(tmp_path, one.trial_id).parent.rename(tmp_path / "trial_0001")

    found = across_search(*line(), [one, worse], tmp_path, images(), TRUTH, 1, seed=1)

    assert found
    assert [(trial.number, trial.score) for trial in found.trials] == [(0, one.score)]


def test_shares_are_those_of_the_trials_own_network(tmp_path: Path) -> None:
    one, model = keep(0, tmp_path)

    found = across_search(*line(), [one], tmp_path, images(), TRUTH, samples=2, seed=1)

    assert found
    explainer, lines = Explainer(model, samples=2), TRUTH
    for method in SHOWN:
        expected = energy(explainer.in_turn(images(), method, 1), lines).mean()
        assert found.trials[0].worth[method].mean == pytest.approx(expected, rel=1e-4)
    assert found.trials[0].traits == {"first kernel": 7, "convolutions": 1, "downsampling": "max"}
    assert (found.trials[0].layer, found.trials[0].cells) == ("conv1", 22)
    assert (found.images, found.scored) == (4, 1)
    assert found.effects == {method: {} for method in SHOWN}


def test_without_ground_truth_heatmaps_are_worth_how_they_rank_pixels(tmp_path: Path) -> None:
    one, model = keep(0, tmp_path)

    found = across_search(*line(), [one], tmp_path, images(), None, samples=2, seed=1)

    assert found
    assert found.measure == "pixel removal"
    explainer = Explainer(model, samples=2)
    for method in SHOWN:
        maps = explainer.in_turn(images(), method, 1)
        expected = curves(explainer, images(), maps, 1).areas[:, 2].mean()
        assert found.trials[0].worth[method].mean == pytest.approx(expected, rel=1e-4)
    sobel = curves(explainer, images(), control_maps(images(), 1)["sobel"], 1).areas[:, 2].mean()
    assert found.sobel == pytest.approx(sobel, rel=1e-4)


def test_records_of_older_versions_are_read() -> None:
    """They knew the ground truth alone, and called the share of a heatmap on it its energy."""
    new = localised(0, 0.25, kernel=3).model_dump(mode="json")
    old = {key: value for key, value in new.items() if key != "worth"} | {"energy": new["worth"]}

    assert TrialHeatmaps.model_validate(old) == TrialHeatmaps.model_validate(new)


def test_damaged_weights_are_left_out_and_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    kept = [keep(number, tmp_path)[0] for number in (0, 1)]
    path = checkpoint_path(tmp_path, kept[0].trial_id)
    path.write_bytes(path.read_bytes()[:2000])

    with caplog.at_level(logging.WARNING):
        found = across_search(
            load_problem("line"),
            signature("line"),
            kept,
            tmp_path,
            images(),
            TRUTH,
            samples=1,
            seed=1,
        )

    assert found
    assert [one.number for one in found.trials] == [1]
    assert (found.scored, found.unreadable, found.best) == (2, 1, 1)
    assert str(path) in caplog.text


def test_without_any_weights_there_is_nothing_to_compare(tmp_path: Path) -> None:
    assert across_search(*line(), [trial()], tmp_path, images(), None, 1, 1) is None


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"kernel_first": 3, "downsampling": "average"}, (3, 1, "average")),
        ({"depth": 2, "kernel": 5, "growth": 1.0, "downsampling": "stride"}, (7, 2, "stride")),
    ],
)
def test_traits_are_read_off_the_network(
    values: dict[str, Value], expected: tuple[Value, ...]
) -> None:
    problem = load_problem("line")
    model, _ = build(
        problem, signature("line"), problem.baseline | SMALL | values, budget=Budget(1)
    )
    assert tuple(traits(model).values()) == expected


def groups(values: Sequence[object]) -> Trait:
    return Trait(np.array(values), "groups")


def test_two_groups_apart_explain_what_the_textbook_says() -> None:
    split = groups(["a", "a", "a", "b", "b", "b"])

    found = effect([1, 2, 3, 4, 5, 6], split, questions=1, seed=1)

    # Between groups 13.5 of 17.5, one in five by chance; 2 of the 20 ways to split six trials are
    # as far apart.
    assert found.explained == pytest.approx((13.5 / 17.5 - 1 / 5) / (1 - 1 / 5))
    assert found.p_value == pytest.approx(2 / 20, abs=0.005)


def test_trials_that_all_differ_explain_nothing() -> None:
    found = effect(range(6), groups(list(range(6))), questions=1, seed=1)
    assert (found.explained, found.p_value) == (0, 1)


def test_questions_asked_at_once_count() -> None:
    split = groups(["a", "a", "a", "b", "b", "b"])
    one, four = (effect(range(6), split, questions, 1).p_value for questions in (1, 4))
    assert four == pytest.approx(4 * one)


def test_equal_outcomes_are_explained_by_nothing() -> None:
    found = effect([0.5] * 6, groups([1, 1, 1, 2, 2, 2]), questions=2, seed=1)
    assert (found.explained, found.p_value) == (0, 1)


@settings(max_examples=25)
@given(
    st.lists(st.tuples(st.floats(0, 1), st.sampled_from("abc")), min_size=6, max_size=9),
    st.integers(1, 9),
)
def test_shares_and_p_values_are_between_0_and_1(
    trials: list[tuple[float, str]], questions: int
) -> None:
    outcome, values = zip(*trials, strict=True)
    found = effect(outcome, groups(values), questions, seed=1)
    assert 0 <= found.explained <= 1
    assert 0 < found.p_value <= 1


def localised(number: int, share: float, kernel: int, pool: str = "max") -> TrialHeatmaps:
    return TrialHeatmaps(
        number=number,
        score=0.9 - 0.01 * number,
        layer="conv1",
        cells=22,
        traits={"first kernel": kernel, "downsampling": pool},
        worth={m: Estimate(mean=share, ci95=(share, share)) for m in SHOWN},
    )


def test_only_what_varies_is_asked_and_the_score_always() -> None:
    trials = [localised(n, 0.01 * n, kernel=3 if n < 6 else 5) for n in range(FEWEST_TRIALS)]
    found = effects(trials, seed=1)
    assert {method: list(of) for method, of in found.items()} == {
        method: ["first kernel", "score"] for method in SHOWN
    }
    assert found["gradcam"]["score"].explained == pytest.approx(1)
    assert found["gradcam"]["score"].p_value < 0.05
    assert found["gradcam"]["first kernel"].p_value < 0.05


def test_equal_scores_are_no_question() -> None:
    trials = [
        localised(n, 0.01 * n, kernel=3 + 2 * (n % 2)).model_copy(update={"score": 0.9})
        for n in range(FEWEST_TRIALS)
    ]
    assert list(effects(trials, seed=1)["gradcam"]) == ["first kernel"]


def test_of_too_few_trials_nothing_is_asked() -> None:
    trials = [localised(n, 0.1 * n, kernel=3 + 2 * (n % 2)) for n in range(FEWEST_TRIALS - 1)]
    assert effects(trials, seed=1) == {method: {} for method in SHOWN}
