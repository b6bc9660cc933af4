"""Learning curves of the retrained networks."""

import math
from pathlib import Path

from study.figures.results import retraining_curves
from study.records.base import NETWORKS
from study.records.evaluation import Evaluation
from study.records.trial import Curves
from tests.factories import curves, evaluation


def with_curves(given: Evaluation, *by_seed: Curves) -> Evaluation:
    """The evaluation with these curves in the seeds of both networks."""
    networks = {
        name: result.model_copy(
            update={
                "seeds": [
                    seed.model_copy(update={"curves": new})
                    for seed, new in zip(result.seeds, by_seed, strict=True)
                ]
            }
        )
        for name, result in given.networks.items()
    }
    return given.model_copy(update={"networks": networks})


def test_curves_have_every_seed_of_both_networks_on_both_parts() -> None:
    curves = retraining_curves.learning_curves(evaluation())

    assert curves.groupby(["network", "part", "metric", "seed"], sort=False).size().to_dict() == {
        (network, part, metric, seed): 2
        for network in NETWORKS
        for seed in (1, 2)
        for part in ("train", "validation")
        for metric in ("loss", "accuracy")
    }
    assert curves.loc[curves["kept"], "epoch"].unique().tolist() == [2]


def test_a_mean_is_of_the_epochs_that_all_seeds_trained() -> None:
    given = with_curves(
        evaluation(), {"val_loss": [0.5, 0.7, math.nan]}, {"val_loss": [0.25, 0.5, 0.75]}
    )

    means = retraining_curves.means(retraining_curves.learning_curves(given))

    assert means.drop(columns=["metric", "size"]).values.tolist() == [
        ["baseline", "validation", 1, 0.375],
        ["baseline", "validation", 2, 0.6],
        ["tuned", "validation", 1, 0.375],
        ["tuned", "validation", 2, 0.6],
    ]


def test_seeds_are_thin_their_arithmetic_mean_is_thick_though_the_axis_is_logarithmic() -> None:
    """seaborn computes in the axis's scale: a mean of its own would be the geometric one."""
    given = with_curves(evaluation(), {"val_loss": [8.0, 2.0]}, {"val_loss": [2.0, 0.5]})

    (axes,) = retraining_curves.draw_panels(retraining_curves.learning_curves(given)).axes

    assert axes.get_yscale() == "log"
    drawn = [(line.get_linewidth(), [*line.get_ydata()]) for line in axes.lines]
    assert drawn == [(0.7, [8, 2]), (0.7, [2, 0.5])] * 2 + [(2, [5, 1.25])] * 2
    assert axes.collections[-1].get_offsets().data.tolist() == [[2, 2], [2, 0.5]] * 2


def test_one_picture_for_one_head(tmp_path: Path) -> None:
    (only,) = retraining_curves.pictures(evaluation(), tmp_path)

    assert only.file == "training_curves.png"
    assert (tmp_path / only.file).stat().st_size > 0
    assert "2 seeds (thin) and their mean (thick)" in only.caption
    assert "of the tuned network after epoch 2." in only.caption
    assert "tuned network reaches 90.00% on training images and 90.00% on valid" in only.caption


def test_several_heads_get_a_picture_of_their_own_that_names_the_hardest(tmp_path: Path) -> None:
    metrics = ("length", "angle", "joint")
    given = evaluation(metrics=metrics)
    hard = {"val_angle": [0.1, 0.25]}
    given = with_curves(given, *[curves(0.9, metrics=metrics) | hard] * 2)

    first, heads = retraining_curves.pictures(given, tmp_path)

    assert first.caption.startswith("Loss and joint accuracy by epoch")
    assert heads.file == "training_heads.png"
    assert "hardest head of the tuned network is angle: 25.00%" in heads.caption
    assert (tmp_path / heads.file).stat().st_size < 150_000


def test_a_single_seed_of_one_epoch_can_be_drawn(tmp_path: Path) -> None:
    given = with_curves(evaluation(seeds=1), curves(0.9, epochs=1))

    (only,) = retraining_curves.pictures(given, tmp_path)

    assert "one seed for each network" in only.caption


def test_without_curves_there_is_no_picture(tmp_path: Path) -> None:
    assert retraining_curves.pictures(with_curves(evaluation(), {}, {}), tmp_path) == []
