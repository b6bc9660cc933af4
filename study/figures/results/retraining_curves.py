"""Learning curves of both networks when they were retrained on several seeds."""

from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

from study.figures.palette import PALETTE
from study.figures.score_axis import set_score_axis
from study.figures.style import new_figure, save, styled
from study.records.base import NETWORKS, NetworkName
from study.records.evaluation import Evaluation
from study.records.picture import Picture
from study.trials.frames import seed_curves
from study.wording import metric_name, percent

LOG_FROM = 3.0
"""Ratio of the largest to the smallest loss from which the axis is logarithmic."""

PartName = Literal["train", "validation"]
DASHES: dict[PartName, tuple[float, ...]] = {"train": (3.7, 1.6), "validation": ()}
"""Part -> dash pattern of its lines, as for seaborn: on and off, in widths of the line."""
LINE = ["metric", "network", "part"]
"""Columns that tell one line from another."""


def learning_curves(evaluation: Evaluation) -> pd.DataFrame:
    """Both networks' learning curves: finite values of `seed_curves`, by network and part.

    Columns: network, part, metric (without "val_"), seed, epoch, value, and kept (whether the
    weights after that epoch were kept).
    """
    of_each = {name: seed_curves(evaluation.networks[name]) for name in NETWORKS}
    curves = pd.concat(of_each, names=["network"]).reset_index("network")
    curves["part"] = np.where(curves["metric"].str.startswith("val_"), "validation", "train")
    curves["metric"] = curves["metric"].str.removeprefix("val_")
    return curves[np.isfinite(curves["value"])]


def means(curves: pd.DataFrame) -> pd.DataFrame:
    """Mean of every line over the seeds, for the epochs that all seeds trained."""
    seeds = curves.groupby(LINE)["seed"].nunique()
    points = curves.groupby([*LINE, "epoch"])["value"].agg(["mean", "size"]).reset_index("epoch")
    return points[points["size"] == seeds.reindex(points.index)].reset_index()


def draw_panels(curves: pd.DataFrame) -> Figure:
    """One panel per metric, two per row: seeds thin, their mean thick, kept epochs as dots.

    Args:
        curves: Table of `learning_curves`, with at least one row.
    """
    metrics = curves["metric"].unique()
    rows = -(-len(metrics) // 2)
    figure = new_figure(8, 2.9 * rows + 0.4)
    with styled():
        grid = figure.subplots(rows, min(2, len(metrics)), squeeze=False)
        for axes, metric in zip(grid.flat, metrics, strict=False):
            _draw_panel(axes, curves[curves["metric"] == metric], metric)
        for axes in grid.flat[len(metrics) :]:
            axes.set_axis_off()
        figure.legend(handles=_legend(curves), loc="outside upper right", ncols=5)
    return figure


def _draw_panel(axes: Axes, curves: pd.DataFrame, metric: str) -> None:
    look: dict[str, Any] = {"x": "epoch", "hue": "network", "palette": PALETTE, "style": "part"}
    look |= {"dashes": DASHES, "estimator": None, "legend": False, "ax": axes}
    if curves["seed"].nunique() > 1:
        sns.lineplot(curves, y="value", units="seed", lw=0.7, alpha=0.5, **look)
    mean = means(curves)
    lone = {"marker": "o", "ms": 3} if mean["epoch"].max() == 1 else {}  # would not show as a line
    sns.lineplot(mean, y="mean", lw=2, **lone, **look)
    kept = curves[curves["kept"] & (curves["part"] == "validation")]
    axes.scatter(
        kept["epoch"],
        kept["value"],
        s=30,
        color=[*kept["network"].map(PALETTE)],
        edgecolor="white",
        linewidth=0.8,
        zorder=5,
    )
    # Set after the lines are drawn: seaborn converts values to the axis's scale and back, which
    # rounds them.
    if metric == "loss":
        _set_loss_axis(axes, curves["value"])
    else:
        set_score_axis(axes, curves["value"])
    axes.set_title(metric_name(metric))
    axes.set(xlabel="epoch", ylabel="")
    axes.xaxis.set_major_locator(MaxNLocator("auto", integer=True, min_n_ticks=1))


def _set_loss_axis(axes: Axes, losses: pd.Series) -> None:
    """Make the axis logarithmic if losses differ by a factor of `LOG_FROM` and none is zero."""
    if losses.min() > 0 and losses.max() > LOG_FROM * losses.min():
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_minor_locator(NullLocator())
        axes.yaxis.set_major_formatter(FuncFormatter(lambda loss, _: f"{loss:g}"))
    axes.grid(True, axis="y")


def _legend(curves: pd.DataFrame) -> list[Line2D]:
    """What the colours, dashes and dots mean that occur in the figure."""
    muted = PALETTE["muted"]
    handles = [
        Line2D([], [], color=PALETTE[name], lw=3, label=name) for name in curves["network"].unique()
    ]
    handles += [
        Line2D([], [], color=muted, ls="--" if DASHES[part] else "-", label=part)
        for part in curves["part"].unique()
    ]
    return [*handles, Line2D([], [], color=muted, marker="o", ls="", label="weights kept")]


def _kept_words(evaluation: Evaluation, network: NetworkName) -> str:
    """The epochs after which weights were kept: "of the tuned network after epochs 9 to 12"."""
    epochs = [seed.epochs for seed in evaluation.networks[network].seeds]
    first, last = min(epochs), max(epochs)
    span = f"epoch {first}" if first == last else f"epochs {first} to {last}"
    return f"of the {network} network after {span}"


def _ends(curves: pd.DataFrame, index: str) -> dict[NetworkName, pd.Series]:
    """Each network's means after the last epoch that all seeds trained, indexed by that column."""
    last = means(curves).sort_values("epoch").drop_duplicates(LINE, keep="last")
    return {
        name: last[last["network"] == name].set_index(index)["mean"]
        for name in NETWORKS
        if name in set(last["network"])
    }


def _curves_caption(evaluation: Evaluation, curves: pd.DataFrame) -> str:
    seeds = max(len(result.seeds) for result in evaluation.networks.values())
    lines = "one seed" if seeds == 1 else f"{seeds} seeds (thin) and their mean (thick)"
    kept = " and ".join(_kept_words(evaluation, name) for name in NETWORKS)
    said = (
        f"Loss and {metric_name(evaluation.metric)} by epoch, {lines} for each network. "
        f"Dots mark the weights that were kept: {kept}."
    )
    scores = curves[curves["metric"] == evaluation.metric]
    for network, ends in _ends(scores, "part").items():
        if {"train", "validation"} <= set(ends.index):
            said += (
                f" At the end the {network} network reaches {percent(ends['train'])} on training "
                f"images and {percent(ends['validation'])} on validation images."
            )
    return said + (
        " The loss is the cross-entropy alone, without the networks' own penalties and loss "
        "weights. Training values are measured while an epoch runs, with dropout on, so they can "
        "look worse than validation values."
    )


def _heads_caption(curves: pd.DataFrame) -> str:
    said = ["Validation accuracy of each head by epoch."]
    for network, ends in _ends(curves, "metric").items():
        said.append(
            f"The hardest head of the {network} network is {ends.idxmin()}: {percent(ends.min())} "
            "after the last epoch."
        )
    return " ".join(said)


def pictures(evaluation: Evaluation, directory: Path) -> list[Picture]:
    """Draw the retraining of both networks into the directory, which exists.

    Makes training_curves.png and, where the evaluation has metrics beside the compared one (the
    heads), training_heads.png.
    """
    made: list[Picture] = []
    every = learning_curves(evaluation)
    curves = every[every["metric"].isin(["loss", evaluation.metric])]
    if len(curves):
        made.append(
            Picture(
                file="training_curves.png",
                kind="training_curves",
                section="training",
                title="Learning curves",
                caption=_curves_caption(evaluation, curves),
                alt=f"Line plots of loss and {metric_name(evaluation.metric)} by epoch of the "
                f"baseline and the tuned network on {evaluation.problem}, training dashed, "
                "validation solid.",
            )
        )
        save(draw_panels(curves), directory / made[-1].file)
    others = set(evaluation.networks["tuned"].test) - {"loss", evaluation.metric}
    heads = every[every["metric"].isin(others) & (every["part"] == "validation")]
    if len(heads):
        made.append(
            Picture(
                file="training_heads.png",
                kind="training_heads",
                section="training",
                title="Learning curves of each head",
                caption=_heads_caption(heads),
                alt="Line plots of validation accuracy by epoch of the heads "
                f"{', '.join(heads['metric'].unique())}, for the baseline and the tuned network.",
            )
        )
        save(draw_panels(heads), directory / made[-1].file)
    return made
