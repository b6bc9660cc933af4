"""The charts over hyperparameters as pictures."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from study.figures.palette import PALETTE, SEQUENTIAL
from study.figures.panels import draw_panel, scatter_trials, set_value_axis
from study.figures.score_axis import set_score_axis
from study.figures.search.by_value import PanelsInfo, ParallelInfo
from study.figures.search.pairs import ContourInfo, PairPoints, RankInfo
from study.figures.search.searched import BASELINE, Searched
from study.figures.style import new_figure, styled
from study.wording import percent

COLUMNS = 4
HALF_IN = 5.0
"""Width of a picture that stands beside another."""
RANK_WORDS = ("worst", "quarter", "half", "three quarters", "best")


def panels(search: Searched, info: PanelsInfo) -> Figure:
    """Small multiples, one per hyperparameter."""
    columns = min(COLUMNS, len(info.panels))
    rows = -(-len(info.panels) // columns)
    figure = new_figure(max(2.1 * columns, 4.2), 1.9 * rows + 0.3)
    with styled():
        grid = figure.subplots(rows, columns, sharey=True, squeeze=False)
        set_score_axis(grid[0, 0], [score for panel in info.panels for score in panel.scores])
        for axes, panel in zip(grid.flat, info.panels, strict=False):
            draw_panel(axes, panel, info.best, info.trials)
        for axes in grid.flat[len(info.panels) :]:
            axes.set_axis_off()
        # The baseline or the best need not be in every panel.
        legend = {
            label: handle
            for axes in grid.flat
            for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)
        }
        figure.legend(legend.values(), legend.keys(), loc="outside upper right", ncols=3)
        figure.supylabel(search.score, fontsize=9)
    return figure


def parallel(search: Searched, info: ParallelInfo) -> Figure:  # noqa: ARG001  # as the others
    """One line per trial across the axes: the darker, the better."""
    figure = new_figure(max(6.0, 0.85 * len(info.axes)), 4.2)
    with styled():
        axes = figure.subplots()
        for line in info.lines:
            marked = line.number in (BASELINE, info.best)
            axes.plot(
                range(len(line.places)),
                line.places,
                color=PALETTE["baseline" if line.number == BASELINE else "tuned"],
                linewidth=2.4 if marked else 1.2,
                alpha=1 if marked else line.weight,
                marker="o",
                markersize=3,
                zorder=3 if marked else 2,
            )
        for place, axis in enumerate(info.axes):
            axes.axvline(place, color=PALETTE["muted"], linewidth=0.8, zorder=1)
            for share, text in axis.ticks:
                _tick(axes, place, share, text)
        names = [axis.name for axis in info.axes]
        axes.set_xticks(range(len(names)), names, rotation=30, ha="right", rotation_mode="anchor")
        axes.tick_params(axis="x", length=0)
        axes.set(xlim=(-0.7, len(names) - 0.3), ylim=(-0.04, 1.04), yticks=[])
        axes.spines[:].set_visible(False)
    return figure


def _tick(axes: Axes, place: int, share: float, text: str) -> None:
    axes.annotate(
        text,
        (place, share),
        (-3, 0),
        textcoords="offset points",
        ha="right",
        va="center",
        fontsize=6.5,
        color=PALETTE["muted"],
        bbox={"facecolor": "white", "alpha": 0.8, "edgecolor": "none", "pad": 0.5},
        zorder=4,
    )


def contour(search: Searched, info: ContourInfo) -> Figure:  # noqa: ARG001  # as the others
    """The score as a coloured surface, with one dot per trial."""
    figure = new_figure(HALF_IN, 3.5)
    points = info.points
    with styled():
        axes = figure.subplots()
        _set_pair_axes(axes, points)
        surface = axes.contourf(
            info.columns, info.rows, np.array(info.surface), levels=12, cmap=SEQUENTIAL
        )
        scatter_trials(axes, points.numbers, points.across, points.up, info.best)
        axes.use_sticky_edges = False
        axes.autoscale()
        axes.margins(0.04)  # so that the outermost dots are not cut off
        bar = figure.colorbar(surface, ax=axes, format=PercentFormatter(1))
        bar.outline.set_visible(False)
    return figure


def rank(search: Searched, info: RankInfo) -> Figure:  # noqa: ARG001  # as the others
    """One panel per pair of hyperparameters; the colour is the rank of the score."""
    count = len(info.panels)
    figure = new_figure(max(5.0, 3.2 * count), 3.3)
    with styled():
        grid = figure.subplots(1, count, squeeze=False)
        for axes, panel in zip(grid[0], info.panels, strict=True):
            _set_pair_axes(axes, panel.points)
            dots = axes.scatter(
                panel.points.across,
                panel.points.up,
                c=panel.ranks,
                cmap=SEQUENTIAL,
                vmin=0,
                vmax=1,
                s=34,
                edgecolor="white",
                linewidth=0.6,
            )
        bar = figure.colorbar(dots, ax=grid[0][-1], ticks=np.linspace(0, 1, len(RANK_WORDS)))
        words = zip(RANK_WORDS, info.quantiles, strict=True)
        bar.ax.set_yticklabels([f"{word} {percent(score)}" for word, score in words], fontsize=7)
        bar.outline.set_visible(False)
    return figure


def _set_pair_axes(axes: Axes, points: PairPoints) -> None:
    axes.set(xlabel=points.x.name, ylabel=points.y.name)
    set_value_axis(axes, points.x)
    set_value_axis(axes, points.y, "y")
