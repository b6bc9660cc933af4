"""Scores of maps with known answers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from study.data.line_drawing import CLASSES, draw, line_pixels
from study.data.sets.lines import generate
from study.evaluation.uncertainty import image_gain
from study.explanation import ground_truth
from study.explanation.ground_truth import (
    control_maps,
    energy,
    localise,
    pointing_game,
    rank_accuracy,
    truth_scores,
)
from study.records.finding import CONTROLS, METHODS, TRUTH_SCORES


def line() -> np.ndarray:
    """(1, 6, 6): three pixels of row 2."""
    made = np.zeros((1, 6, 6), bool)
    made[0, 2, 1:4] = True
    return made


def test_a_map_of_the_line_itself_is_perfect() -> None:
    assert truth_scores(line().astype(float), line()).tolist() == [[1, 1, 1, 1, 1]]


def test_a_map_of_all_but_the_line_is_worthless() -> None:
    beside = np.zeros((1, 6, 6))
    beside[0, 5] = 1

    assert truth_scores(beside, line()).tolist() == [[0, 0, 0, 0, 0]]


def test_a_uniform_map_scores_the_areas_shares() -> None:
    uniform = np.full((1, 6, 6), 0.3)

    (scores,) = truth_scores(uniform, line()).tolist()

    assert scores == pytest.approx([3 / 36, 3 / 36, 15 / 36, 25 / 36 + 5 / 36, 3 / 36])


def test_a_map_without_evidence_counts_as_uniform() -> None:
    some = [truth_scores(np.full((1, 6, 6), value), line()) for value in (0.0, 1.0)]

    np.testing.assert_array_equal(*some)


def test_of_equal_maxima_the_share_on_the_line_counts() -> None:
    maps = np.zeros((1, 6, 6))
    maps[0, 2, 3] = maps[0, 0, 0] = 1

    assert pointing_game(maps, line()).tolist() == [0.5]


def test_energy_within_pixels_counts_neighbours() -> None:
    maps = np.zeros((1, 6, 6))
    maps[0, 2, 1], maps[0, 3, 4], maps[0, 4, 4], maps[0, 5, 5] = 4, 3, 2, 1

    shares = [energy(maps, line(), within).item() for within in (0, 1, 2)]

    assert shares == pytest.approx([0.4, 0.7, 0.9])


def test_rank_accuracy_looks_at_as_many_pixels_as_the_line_has() -> None:
    maps = np.zeros((1, 6, 6))
    maps[0, 2, 1], maps[0, 0, 0], maps[0, 2, 2], maps[0, 2, 3] = 4, 3, 2, 1

    assert rank_accuracy(maps, line()).item() == pytest.approx(2 / 3)


def test_ties_for_the_last_rank_share_it() -> None:
    maps = np.zeros((1, 6, 6))
    maps[0, 0, 0:2] = 2
    maps[0, 2, 1:3] = 1  # two pixels of the line for one place

    assert rank_accuracy(maps, line()).item() == pytest.approx(1 / 3)


def test_images_are_scored_one_by_one() -> None:
    maps = np.stack([line()[0].astype(float), 1 - line()[0]])

    both = truth_scores(maps, np.repeat(line(), 2, axis=0))

    assert both[0].tolist() == [1] * len(TRUTH_SCORES)
    assert both[1].tolist() == truth_scores(maps[1:], line())[0].tolist()


maps_of_any_kind = arrays(
    np.float32, (2, 6, 6), elements=st.floats(0, 1e6, width=32, allow_subnormal=False)
)
masks = arrays(bool, (2, 6, 6)).filter(lambda mask: bool(mask.any(axis=(1, 2)).all()))


@given(maps=maps_of_any_kind, lines=masks)
def test_scores_lie_within_0_and_1(maps: np.ndarray, lines: np.ndarray) -> None:
    scores = truth_scores(maps, lines)

    assert (scores >= 0).all()
    assert (scores <= 1 + 1e-9).all()
    assert (np.diff(scores[:, 1:4]) >= -1e-9).all()  # further around the line there is more energy


@given(maps=maps_of_any_kind, lines=masks, power=st.integers(-8, 8))
def test_scores_do_not_depend_on_the_maps_scale(
    maps: np.ndarray, lines: np.ndarray, power: int
) -> None:
    maps = np.where(maps < 1e-3, 0, maps)  # so that no scale underflows

    np.testing.assert_allclose(truth_scores(maps * 2.0**power, lines), truth_scores(maps, lines))


@pytest.mark.parametrize("index", range(0, CLASSES, 7))
def test_line_pixels_are_as_many_as_the_line_has_and_the_brightest(index: int) -> None:
    length, width = ((7, 15)[index // 48], (1, 3)[index // 24 % 2])
    drawn = draw(index, 50, np.random.default_rng(index))

    found = line_pixels(drawn)

    assert found.sum(axis=(1, 2)).mean() == pytest.approx(length * width, rel=0.5)
    for image, line_of_it in zip(drawn.max(axis=-1), found, strict=True):
        assert image[line_of_it].min() >= 0.5 * image.max() > image[~line_of_it].max()


def test_a_jpegs_noise_is_no_line() -> None:
    image = np.random.default_rng(1).integers(0, 20, (1, 8, 8, 3), np.uint8)
    image[0, 4, 2:6, 0] = 180

    assert np.argwhere(line_pixels(image)[0]).tolist() == [[4, 2], [4, 3], [4, 4], [4, 5]]


def test_an_image_of_one_colour_has_no_line() -> None:
    assert not line_pixels(np.full((1, 8, 8, 3), 30, np.uint8)).any()


def test_sobel_finds_edges_and_random_maps_come_from_the_seed() -> None:
    image = np.zeros((1, 8, 8, 3), np.uint8)
    image[0, :, 4:] = 200

    first, again, other = (control_maps(image, seed) for seed in (1, 1, 2))

    assert np.argwhere(first["sobel"][0] > 0)[:, 1].tolist() == [3, 4] * 8
    np.testing.assert_array_equal(first["random"], again["random"])
    assert (first["random"] != other["random"]).any()
    assert np.unique(first["uniform"]).tolist() == [1]


class Perfect:
    """Explains every image by its line, whatever the method."""

    layer = "conv1"
    heads = ("class",)

    def in_turn(self, images: np.ndarray, method: str, seed: int) -> np.ndarray:  # noqa: ARG002
        """The line's pixels; nothing by Grad-CAM."""
        return line_pixels(images).astype(np.float32) * (method != "gradcam")


def test_every_method_of_every_network_is_scored_beside_the_controls() -> None:
    images, _ = generate(seed=1, images_per_class=1)

    found = localise(
        {"baseline": Perfect(), "tuned": Perfect()}, images, line_pixels(images), seed=1
    )  # type: ignore[dict-item]

    assert found.images == 96
    assert list(found.methods) == ["baseline", "tuned"]
    assert list(found.methods["tuned"]) == list(METHODS)
    assert list(found.controls) == list(CONTROLS)
    assert found.methods["tuned"]["scorecam"]["energy"].mean == pytest.approx(1)
    assert found.methods["tuned"]["gradcam"] == found.controls["uniform"]
    assert found.empty["tuned"] == {m: 96 if m == "gradcam" else 0 for m in METHODS}
    assert found.controls["uniform"]["energy"].mean == pytest.approx(found.truth_share)
    assert found.above_sobel["tuned"]["scorecam"]["energy"].ci95[0] > 0
    assert found.above_sobel["tuned"]["gradcam"]["energy"].ci95[1] < 0


def test_hits_in_all_images_or_none_are_not_certain() -> None:
    every = ground_truth._estimates(np.ones((50, len(TRUTH_SCORES))), seed=1)["pointing"]
    none = ground_truth._estimates(np.zeros((50, len(TRUTH_SCORES))), 1, image_gain)["pointing"]
    assert (every.mean, every.ci95[1]) == (1, 1)
    assert every.ci95[0] < 0.95
    assert none.ci95[0] < -0.05 < 0.05 < none.ci95[1]
