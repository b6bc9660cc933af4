"""Test accuracy of both networks, by every metric, with its interval and each seed."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from matplotlib.figure import Figure

from study.figures.palette import PALETTE
from study.figures.score_axis import set_score_axis
from study.figures.style import new_figure, save, styled
from study.records.base import NETWORKS, NetworkName
from study.records.evaluation import Evaluation
from study.records.picture import Picture
from study.wording import metric_name, percent, points, points_range, several


class AccuracyRow(NamedTuple):
    """One network on one metric of the test part."""

    metric: str
    network: NetworkName
    mean: float
    ci95: tuple[float, float]
    seeds: tuple[float, ...]


def accuracy_info(evaluation: Evaluation) -> tuple[AccuracyRow, ...]:
    """The compared metric first, then the others; for each the baseline, then the tuned network."""
    metrics = [name for name in evaluation.networks["tuned"].test if name != "loss"]
    metrics.sort(key=lambda metric: metric != evaluation.metric)
    return tuple(
        AccuracyRow(
            metric=metric,
            network=network,
            mean=result.test[metric].mean,
            ci95=result.test[metric].ci95,
            seeds=tuple(seed.test[metric] for seed in result.seeds),
        )
        for metric in metrics
        for network, result in ((name, evaluation.networks[name]) for name in NETWORKS)
    )


def draw_accuracy(rows: Sequence[AccuracyRow]) -> Figure:
    """Forest plot: mean with its 95% interval, seeds as rings."""
    metrics = list(dict.fromkeys(row.metric for row in rows))
    figure = new_figure(8, 0.62 * len(metrics) + 1.0)
    with styled():
        axes = figure.subplots()
        shown = [score for row in rows for score in (*row.ci95, *row.seeds, row.mean)]
        set_score_axis(axes, shown, "x")
        for row in rows:
            y = metrics.index(row.metric) + (0.17 if row.network == "tuned" else -0.17)
            color = PALETTE[row.network]
            axes.plot(row.ci95, (y, y), color=color, lw=2.2, solid_capstyle="butt")
            axes.scatter(
                row.seeds, [y] * len(row.seeds), s=26, facecolor="white", edgecolor=color, zorder=3
            )
            first = row is next(other for other in rows if other.network == row.network)
            label = row.network if first else None
            axes.scatter(row.mean, y, s=44, marker="D", color=color, zorder=4, label=label)
            axes.annotate(
                percent(row.mean),
                (1, y),
                xycoords=axes.get_yaxis_transform(),
                xytext=(6, 0),
                textcoords="offset points",
                va="center",
                color=color,
                weight="bold",
            )
        axes.set_yticks(range(len(metrics)), [metric_name(metric) for metric in metrics])
        axes.set_ylim(len(metrics) - 0.5, -0.5)
        axes.set_xlabel("test part")
        handles, labels = axes.get_legend_handles_labels()
        seed = axes.scatter([], [], s=26, facecolor="white", edgecolor=PALETTE["muted"])
        (line,) = axes.plot([], [], color=PALETTE["muted"], lw=2.2)
        figure.legend(
            [*handles, seed, line],
            [*labels, "one seed", "95% interval"],
            loc="outside upper right",
            ncols=4,
        )
    return figure


def _caption(evaluation: Evaluation) -> str:
    compared = evaluation.comparison
    by_network = " and ".join(
        f"{percent(evaluation.networks[name].test[evaluation.metric].mean)} for the {name}"
        for name in NETWORKS
    )
    seeds = several(len(evaluation.networks["tuned"].seeds), "seed")
    return (
        f"{metric_name(evaluation.metric).capitalize()} on {evaluation.images['test']:,} test "
        f"images: {by_network}, each the mean over {seeds}. The difference is "
        f"{points(compared.difference)} points (95% interval {points_range(compared.ci95)}): "
        f"{compared.verdict}."
    )


def pictures(evaluation: Evaluation, directory: Path) -> list[Picture]:
    """Draw results_accuracy.png into the directory, which exists."""
    made = Picture(
        file="results_accuracy.png",
        kind="results_accuracy",
        section="results",
        title="Test accuracy",
        caption=_caption(evaluation),
        alt=f"Test accuracy of the baseline and the tuned network on {evaluation.problem} with 95% "
        "intervals and each seed.",
    )
    save(draw_accuracy(accuracy_info(evaluation)), directory / made.file)
    return [made]
