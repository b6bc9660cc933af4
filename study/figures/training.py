"""How baseline and tuned learned when they were retrained on several seeds."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

from study.figures.scores import metric_label, percent, set_score_axis
from study.figures.style import PALETTE, new_figure, save, styled
from study.records import NETWORKS, Evaluation, NetworkName, NetworkResult, Picture

LOG_FROM = 3.0
"""Ratio of the largest to the smallest loss from which the axis is logarithmic."""

PartName = Literal["train", "validation"]
PREFIXES: dict[PartName, str] = {"train": "", "validation": "val_"}
DASHES: dict[PartName, str] = {"train": "--", "validation": "-"}


class Line(NamedTuple):
    """One metric of one network on one part, by epoch from 1."""

    network: NetworkName
    part: PartName
    seeds: tuple[tuple[float, ...], ...]
    """One curve a seed; lengths may differ."""
    mean: tuple[float, ...]
    """Over seeds, for the epochs that all of them trained."""
    kept: tuple[int, ...]
    """Epoch of each seed whose weights were kept."""


class CurvePanel(NamedTuple):
    """Learning curves of one metric."""

    metric: str
    lines: tuple[Line, ...]


def panel_info(
    evaluation: Evaluation, metric: str, parts: Sequence[PartName] = ("train", "validation")
) -> CurvePanel:
    """Learning curves of both networks; a part that was not recorded is left out."""
    lines = (
        _line(name, evaluation.networks[name], metric, part) for name in NETWORKS for part in parts
    )
    return CurvePanel(metric, tuple(line for line in lines if line.seeds))


def _line(network: NetworkName, result: NetworkResult, metric: str, part: PartName) -> Line:
    key = PREFIXES[part] + metric
    seeds = [seed for seed in result.seeds if seed.curves.get(key)]
    curves = tuple(tuple(seed.curves[key]) for seed in seeds)
    return Line(
        network=network,
        part=part,
        seeds=curves,
        mean=tuple(sum(values) / len(values) for values in zip(*curves, strict=False)),
        kept=tuple(seed.epochs for seed in seeds),
    )


def draw_panels(panels: Sequence[CurvePanel]) -> Figure:
    """Panels side by side, two a row: seeds thin, their mean thick, kept epochs as dots."""
    rows = -(-len(panels) // 2)
    figure = new_figure(8, 2.9 * rows + 0.4)
    with styled():
        grid = figure.subplots(rows, min(2, len(panels)), squeeze=False)
        for axes, panel in zip(grid.flat, panels, strict=False):
            _draw_panel(axes, panel)
        for axes in grid.flat[len(panels) :]:
            axes.set_axis_off()
        figure.legend(handles=_legend(panels), loc="outside upper right", ncols=5)
    return figure


def _draw_panel(axes: Axes, panel: CurvePanel) -> None:
    values = np.array([value for line in panel.lines for seed in line.seeds for value in seed])
    values = values[np.isfinite(values)]
    if panel.metric == "loss":
        _set_loss_axis(axes, values)
    else:
        set_score_axis(axes, values)
    axes.set_title(metric_label(panel.metric))
    axes.set_xlabel("epoch")
    axes.xaxis.set_major_locator(MaxNLocator("auto", integer=True, min_n_ticks=1))
    for line in panel.lines:
        _draw_line(axes, line)


def _set_loss_axis(axes: Axes, losses: np.ndarray) -> None:
    """Logarithmic where losses differ by a factor of `LOG_FROM` and none is zero."""
    if len(losses) and losses.min() > 0 and losses.max() > LOG_FROM * losses.min():
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_minor_locator(NullLocator())
        axes.yaxis.set_major_formatter(FuncFormatter(lambda loss, _: f"{loss:g}"))
    axes.grid(True, axis="y")


def _draw_line(axes: Axes, line: Line) -> None:
    color, dashes = PALETTE[line.network], DASHES[line.part]
    lone = "o" if len(line.mean) == 1 else None  # a curve of one epoch does not show as a line
    for seed in line.seeds if len(line.seeds) > 1 else ():
        axes.plot(range(1, len(seed) + 1), seed, dashes, color=color, lw=0.7, alpha=0.5)
    axes.plot(range(1, len(line.mean) + 1), line.mean, dashes, color=color, lw=2, marker=lone, ms=3)
    if line.part == "validation":
        at = [(epoch, seed[epoch - 1]) for epoch, seed in zip(line.kept, line.seeds, strict=True)
              if 1 <= epoch <= len(seed)]  # fmt: skip
        axes.scatter(
            [epoch for epoch, _ in at],
            [value for _, value in at],
            s=30,
            color=color,
            edgecolor="white",
            linewidth=0.8,
            zorder=5,
        )


def _legend(panels: Sequence[CurvePanel]) -> list[Line2D]:
    """What colours, dashes and dots mean: of those that occur."""
    lines = [line for panel in panels for line in panel.lines]
    handles = [
        Line2D([], [], color=PALETTE[name], lw=3, label=name)
        for name in NETWORKS
        if any(line.network == name for line in lines)
    ]
    handles += [
        Line2D([], [], color=PALETTE["muted"], ls=DASHES[part], label=part)
        for part in PREFIXES
        if any(line.part == part for line in lines)
    ]
    dot = Line2D([], [], color=PALETTE["muted"], marker="o", ls="", label="weights kept")
    return [*handles, dot]


def _kept_words(panel: CurvePanel) -> str:
    """Where the kept weights come from, of each network: "the tuned after epoch 9 to 12"."""
    said = []
    for line in panel.lines:
        if line.part == "validation":
            first, last = min(line.kept), max(line.kept)
            span = f"{first}" if first == last else f"{first} to {last}"
            said.append(f"those of the {line.network} after epoch {span}")
    return ", ".join(said)


def _curves_caption(evaluation: Evaluation) -> str:
    panel = panel_info(evaluation, evaluation.metric)
    seeds = max(len(result.seeds) for result in evaluation.networks.values())
    lines = "one seed" if seeds == 1 else f"{seeds} seeds (thin) and their mean (thick)"
    said = (
        f"Loss and {metric_label(evaluation.metric)} by epoch, {lines} of each network. "
        "Weights were kept at the dots"
    )
    if kept := _kept_words(panel):
        said += f": {kept}"
    said += "."
    for line in panel.lines:
        train = next(
            (o for o in panel.lines if o.network == line.network and o.part == "train"), None
        )
        if line.part == "validation" and train is not None:
            said += (
                f" At the end the {line.network} network has {percent(train.mean[-1])} on training "
                f"images and {percent(line.mean[-1])} on validation images."
            )
    return said + (
        " The loss is the cross-entropy alone, without the networks' own penalties and weights. "
        "Training values are taken while an epoch runs, with dropout on, so they can look worse "
        "than validation."
    )


def _heads_caption(panels: Sequence[CurvePanel]) -> str:
    said = "Validation accuracy of each head by epoch. "
    for name in NETWORKS:
        ends = {
            panel.metric: line.mean[-1]
            for panel in panels
            for line in panel.lines
            if line.network == name
        }
        if ends:
            hardest = min(ends, key=lambda metric: ends[metric])
            said += (
                f"The hardest head of the {name} network is {hardest}: "
                f"{percent(ends[hardest])} after the last epoch. "
            )
    return said.strip()


def pictures(evaluation: Evaluation, directory: Path) -> list[Picture]:
    """Draw the retraining of both networks into the directory, which exists.

    Makes training_curves.png and, where the evaluation has metrics beside the compared one (the
    heads), training_heads.png.
    """
    made: list[Picture] = []
    panels = [
        panel
        for metric in ("loss", evaluation.metric)
        if (panel := panel_info(evaluation, metric)).lines
    ]
    if panels:
        made.append(
            Picture(
                file="training_curves.png",
                section="training",
                title="Learning curves",
                caption=_curves_caption(evaluation),
                alt=f"Line plots of loss and {metric_label(evaluation.metric)} by epoch of the "
                f"baseline and the tuned network of {evaluation.problem}, training dashed, "
                "validation solid.",
            )
        )
        save(draw_panels(panels), directory / made[-1].file)
    heads = [
        panel
        for metric in evaluation.networks["tuned"].test
        if metric not in ("loss", evaluation.metric)
        and (panel := panel_info(evaluation, metric, ["validation"])).lines
    ]
    if heads:
        made.append(
            Picture(
                file="training_heads.png",
                section="training",
                title="Learning curves of each head",
                caption=_heads_caption(heads),
                alt="Line plots of validation accuracy by epoch of the heads "
                f"{', '.join(panel.metric for panel in heads)}, baseline and tuned network.",
            )
        )
        save(draw_panels(heads), directory / made[-1].file)
    return made
