"""Learning curves of the retrained networks."""

from pathlib import Path

from study.figures import training
from study.figures.training import CurvePanel, Line
from study.records import NETWORKS, Curves, Evaluation
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


def test_panel_holds_each_seed_their_mean_and_the_kept_epochs() -> None:
    given = with_curves(
        evaluation(), {"val_accuracy": [0.5, 0.7]}, {"val_accuracy": [0.25, 0.5, 0.75]}
    )

    lines = tuple(
        Line(
            network=network,
            part="validation",
            seeds=((0.5, 0.7), (0.25, 0.5, 0.75)),
            mean=(0.375, 0.6),
            kept=(2, 2),
        )
        for network in NETWORKS
    )
    assert training.panel_info(given, "accuracy") == CurvePanel("accuracy", lines)


def test_panel_has_training_and_validation_of_both_networks() -> None:
    panel = training.panel_info(evaluation(), "loss")

    assert [(line.network, line.part, line.mean) for line in panel.lines] == [
        ("baseline", "train", (0.5, 0.25)),
        ("baseline", "validation", (0.5, 0.25)),
        ("tuned", "train", (0.5, 0.25)),
        ("tuned", "validation", (0.5, 0.25)),
    ]


def test_a_metric_that_was_not_recorded_has_no_lines() -> None:
    assert training.panel_info(evaluation(), "angle") == CurvePanel("angle", ())


def test_one_picture_for_one_head(tmp_path: Path) -> None:
    (only,) = training.pictures(evaluation(), tmp_path)

    assert only.file == "training_curves.png"
    assert (tmp_path / only.file).stat().st_size > 0
    assert "2 seeds (thin) and their mean (thick)" in only.caption
    assert "those of the tuned after epoch 2." in only.caption
    assert "tuned network has 90.00% on training images and 90.00% on validation" in only.caption


def test_several_heads_get_a_picture_of_their_own_that_names_the_hardest(tmp_path: Path) -> None:
    metrics = ("length", "angle", "joint")
    given = evaluation(metrics=metrics)
    hard = {"val_angle": [0.1, 0.25]}
    given = with_curves(given, *[curves(0.9, metrics=metrics) | hard] * 2)

    first, heads = training.pictures(given, tmp_path)

    assert first.caption.startswith("Loss and joint accuracy by epoch")
    assert heads.file == "training_heads.png"
    assert "hardest head of the tuned network is angle: 25.00%" in heads.caption
    assert (tmp_path / heads.file).stat().st_size < 150_000


def test_a_single_seed_of_one_epoch_can_be_drawn(tmp_path: Path) -> None:
    given = with_curves(evaluation(seeds=1), curves(0.9, epochs=1))

    (only,) = training.pictures(given, tmp_path)

    assert "one seed of each network" in only.caption


def test_without_curves_there_is_no_picture(tmp_path: Path) -> None:
    assert training.pictures(with_curves(evaluation(), {}, {}), tmp_path) == []
