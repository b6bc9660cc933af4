"""What retrainings say of a verdict: hand-made, simulated, and of the run that is shown."""

from pathlib import Path

import numpy as np
import pytest

from study.evaluation import retrainings, uncertainty
from study.records.base import NetworkName
from study.records.evaluation import Evaluation
from tests.factories import curves, evaluation, trained

EXAMPLE = Path(__file__).parents[2] / "results" / "example"


def kept(**epochs: list[int]) -> Evaluation:
    """Of a training of four epochs that kept these of each network, a retraining each."""
    given = evaluation(seeds=3)
    return given.model_copy(
        update={
            "networks": {
                name: network.model_copy(
                    update={
                        "seeds": [
                            seed.model_copy(update={"epochs": n, "curves": curves(0.9, 4)})
                            for seed, n in zip(network.seeds, epochs[name], strict=True)
                        ]
                    }
                )
                for name, network in given.networks.items()
            }
        }
    )


@pytest.mark.parametrize(
    ("baseline", "tuned", "names"),
    [
        ([4, 4, 4], [4, 3, 4], ["baseline", "tuned"]),
        ([4, 4, 2], [1, 2, 4], ["baseline"]),
        ([2, 3, 4], [4, 4, 4], ["tuned"]),
        ([3, 3, 3], [1, 4, 2], []),
    ],
)
def test_a_network_most_of_whose_retrainings_kept_their_last_epoch_was_still_improving(
    baseline: list[int], tuned: list[int], names: list[NetworkName]
) -> None:
    found = kept(baseline=baseline, tuned=tuned)
    assert retrainings.epochs(found) == 4
    assert retrainings.still_improving(found) == names
    said = retrainings.warning(found)
    assert (said is None) == (not names)
    if len(names) == 1:
        assert said
        assert said.startswith(f"the {names[0]} network was still improving")


@pytest.mark.parametrize(("images", "said"), [(1, True), (49, True), (50, False)])
def test_of_few_test_images_it_is_said_what_can_be_seen(images: int, said: bool) -> None:
    found = trained(evaluation(images={"test": images}), kept=2, epochs=4)
    found = found.model_copy(
        update={"comparison": found.comparison.model_copy(update={"ci95": (-0.09, 0.15)})}
    )
    words = retrainings.warning(found)
    assert (words is not None) == said
    if words:
        assert words == (
            f"with only {images} test image{'s' * (images > 1)}, this comparison can detect only "
            "differences above some 12 points"
        )


def test_few_images_are_said_beside_an_unfinished_training() -> None:
    found = evaluation(images={"test": 20})
    words = str(retrainings.warning(found))
    assert "both networks were still improving" in words
    assert "; with only 20 test images" in words


def test_without_curves_nothing_is_said() -> None:
    given = trained(evaluation(), kept=2, epochs=0)
    assert retrainings.epochs(given) is None
    assert retrainings.warning(given) is None


@pytest.mark.parametrize(
    ("problem", "names", "many"),
    [
        ("line", ["baseline", "tuned"], "6 of 6"),
        ("mnist", ["baseline", "tuned"], "4 of 6"),
        ("multihead", ["baseline", "tuned"], "5 of 6"),
    ],
)
def test_the_run_that_is_shown_had_not_converged(problem: str, names: list[str], many: str) -> None:
    text = (EXAMPLE / problem / "evaluation.json").read_text(encoding="utf-8")
    found = Evaluation.model_validate_json(text)
    assert retrainings.epochs(found) == 3
    assert retrainings.still_improving(found) == names
    assert many in str(retrainings.warning(found))
    assert set(retrainings.gaps(found)) == {"baseline", "tuned"}


def test_gaps_are_validation_minus_test_and_their_difference() -> None:
    scores = uncertainty.Scores([0.92, 0.94], [0.90, 0.90], (1000, 4000))
    other = uncertainty.Scores([0.80, 0.82], [0.80, 0.82], (1000, 4000))
    one, both = uncertainty.gap([scores]), uncertainty.gap([scores, other])
    assert one.mean == both.mean == pytest.approx(0.03)
    # Images: sqrt(0.93 * 0.07 / 1000 + 0.9 * 0.1 / 4000) = 0.0094; seeds: 0.014 / sqrt(2) = 0.01
    assert one.ci95[1] - 0.03 > 1.96 * np.hypot(0.0094, 0.01)
    assert uncertainty.gap([uncertainty.Scores([0.99] * 2, [0.9] * 2, (1000, 4000))]).ci95[0] > 0.07
    assert both.ci95[0] < one.ci95[0] < 0 < one.ci95[1] < both.ci95[1]


def test_equal_gaps_are_rarely_told_apart() -> None:
    """Nominal: 5% of the studies; the interval is wide, for the networks share their images."""
    rng, apart, missed = np.random.default_rng(1), 0, 0
    for _ in range(400):
        difficulty = [rng.normal(0, 0.05, images) for images in (500, 2000)]
        skills = np.array([0.88, 0.92])[:, None] + rng.normal(0, 0.005, (2, 3))
        both = []
        for network in skills:
            parts = [
                [float((rng.random(len(hard)) < skill - hard).mean()) for skill in network]
                for hard in difficulty
            ]
            both.append(uncertainty.Scores(parts[0], parts[1], (500, 2000)))
        low, high = uncertainty.gap(both).ci95
        apart += not low <= 0 <= high
        low, high = uncertainty.gap(both[:1]).ci95
        missed += not low <= 0 <= high
    assert apart <= 0.05 * 400
    assert missed <= 0.05 * 400
