"""The charts of a search as pictures: for paper, and for pages where no scripts run."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import EngFormatter, FixedLocator, MaxNLocator, NullLocator, PercentFormatter

from study.figures.palette import PALETTE
from study.figures.panels import role, role_colors, scatter_trials
from study.figures.score_axis import set_score_axis
from study.figures.search import CHARTS, Searched
from study.figures.search.course import CurvesInfo, HistoryInfo, TimelineInfo
from study.figures.search.outcome import CostInfo, DistributionInfo
from study.figures.search.scales import log_ticks
from study.figures.search.value_twins import HALF_IN, contour, panels, parallel, rank
from study.figures.style import new_figure, save, styled
from study.records.picture import Picture
from study.trials.checks import ExpectedBest

WIDTH_IN = 8.0
SMALLEST_DOT, LARGEST_DOT = 8.0, 30.0
"""Areas, in square points, of the dots of trials with the fewest and the most epochs."""


def history(search: Searched, info: HistoryInfo) -> Figure:
    """Score by trial with the best score so far; failed trials are crosses at the bottom."""
    figure = new_figure(WIDTH_IN, 3.4)
    with styled():
        axes = figure.subplots()
        set_score_axis(axes, [*info.scores, *(score for _, score in info.line)])
        axes.set(xlabel="trial", ylabel=search.score)
        _whole(axes)
        if info.line:
            numbers, scores = zip(*info.line, strict=True)
            axes.step(
                numbers, scores, where="post", color=PALETTE["tuned"], label="best so far", zorder=2
            )
        most = max([1, *info.epochs])
        areas = [max(LARGEST_DOT * epochs / most, SMALLEST_DOT) for epochs in info.epochs]
        scatter_trials(axes, info.numbers, info.numbers, info.scores, search.best, areas)
        if info.failed:
            axes.scatter(
                info.failed,
                [0.03] * len(info.failed),
                marker="x",
                s=28,
                color=PALETTE["bad"],
                transform=axes.get_xaxis_transform(),
                label="failed",
                zorder=4,
            )
        axes.set_xlim(*info.ends)
        figure.legend(loc="outside upper right", ncols=5)
    return figure


def timeline(search: Searched, info: TimelineInfo) -> Figure:
    """A bar from the beginning to the end of each trial, by its number."""
    figure = new_figure(HALF_IN, min(max(2.6, 0.6 + 0.13 * len(info.numbers)), 7.0))
    colors = role_colors(search.best)
    with styled():
        axes = figure.subplots()
        step = max(1.0, (info.numbers[-1] - info.numbers[0]) / len(info.numbers))
        axes.barh(
            info.numbers,
            [seconds / 86_400 for seconds in info.seconds],  # matplotlib counts days
            left=[date2num(datetime.fromisoformat(began)) for began in info.began],
            height=0.8 * step,
            color=[colors[role(number, search.best)] for number in info.numbers],
        )
        locator = AutoDateLocator()
        axes.xaxis_date()
        axes.xaxis.set_major_locator(locator)
        axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))
        axes.yaxis.set_major_locator(MaxNLocator("auto", integer=True, min_n_ticks=1))
        axes.set(xlabel="time (UTC)", ylabel="trial")
        axes.grid(True, axis="x")
    return figure


def curves(search: Searched, info: CurvesInfo) -> Figure:
    """The validation objective by epoch, baseline and best trial in colour."""
    figure = new_figure(HALF_IN, 3.6)
    colors = role_colors(info.best)
    crowd = max(0.25, min(0.8, 12 / len(info.curves)))
    with styled():
        axes = figure.subplots()
        set_score_axis(axes, [score for curve in info.curves for score in curve.scores])
        axes.set(xlabel="epoch", ylabel=search.score)
        _whole(axes)
        for curve in info.curves:
            name = role(curve.number, info.best)
            other = name == next(iter(colors))
            axes.plot(
                curve.epochs,
                curve.scores,
                color=colors[name],
                alpha=crowd if other else 1,
                linewidth=0.9 if other else 2.4,
                # A curve of one epoch would not show as a line.
                marker="o" if len(curve.epochs) == 1 else "",
                markersize=3.5,
                zorder=2 if other else 3,
                label=name,
            )
        lines = {str(line.get_label()): line for line in axes.lines}
        shown = [name for name in colors if name in lines]
        figure.legend([lines[name] for name in shown], shown, loc="outside upper right", ncols=3)
    return figure


def distribution(search: Searched, info: DistributionInfo) -> Figure:
    """The share of trials with at most each score."""
    figure = new_figure(HALF_IN, 3.0)
    with styled():
        axes = figure.subplots()
        set_score_axis(axes, info.scores, "x")
        axes.step(info.scores, info.shares, where="post", color=PALETTE["tuned"])
        axes.set(xlabel=search.score, ylabel="share of the trials", ylim=(0, 1.03))
        axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        axes.grid(True)
    return figure


def cost(search: Searched, info: CostInfo) -> Figure:
    """Score against cost, with steps through the front."""
    figure = new_figure(HALF_IN, 3.4)
    with styled():
        axes = figure.subplots()
        set_score_axis(axes, info.scores)
        axes.set(xlabel=info.cost.name + info.cost.unit, ylabel=search.score)
        if info.costs[0] > 0:
            axes.set_xscale("log")
            axes.xaxis.set_major_locator(FixedLocator(log_ticks(info.costs[0], info.costs[-1])))
            axes.xaxis.set_minor_locator(NullLocator())
            axes.xaxis.set_major_formatter(EngFormatter(sep=""))
        front = np.array(info.front)
        across, up = np.array(info.costs)[front], np.array(info.scores)[front]
        axes.step(across, up, where="post", color=PALETTE["good"], zorder=2)
        scatter_trials(axes, info.numbers, info.costs, info.scores, search.best)
        axes.scatter(
            across,
            up,
            s=64,
            facecolor="none",
            edgecolor=PALETTE["good"],
            linewidth=1.6,
            label="on the front",
            zorder=6,
        )
        figure.legend(loc="outside upper right", ncols=2)
    return figure


def importances(search: Searched, info: Any) -> Figure:  # noqa: ARG001  # as the others
    """Two bars with intervals per hyperparameter; pale where trials are too few to tell."""
    methods = (("PED-ANOVA", info.ped_anova, "good"), ("fANOVA", info.fanova, "tuned"))
    names = [one.name for one in info.ped_anova]
    figure = new_figure(WIDTH_IN, 0.8 + 0.3 * len(names))
    with styled():
        axes = figure.subplots()
        for offset, (_, found, color) in zip((-0.2, 0.2), methods, strict=True):
            for one in found:
                place = names.index(one.name) + offset
                axes.barh(
                    place,
                    one.share,
                    height=0.36,
                    color=PALETTE[color],
                    alpha=1 if one.settled else 0.35,
                )
                axes.hlines(place, one.low, one.high, color=PALETTE["muted"], lw=1.2)
        axes.set_yticks(range(len(names)), names)
        axes.invert_yaxis()
        axes.set_xlabel("share of the importance")
        axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        axes.grid(True, axis="x")
        shown = [(method, PALETTE[color]) for method, found, color in methods if found]
        handles = [Patch(color=color, label=method) for method, color in shown]
        figure.legend(handles=handles, loc="outside upper right", ncols=2)
    return figure


def more_trials(search: Searched, info: ExpectedBest) -> Figure:
    """The expected best score against the number of trials, with its interval."""
    figure = new_figure(HALF_IN, 3.0)
    with styled():
        axes = figure.subplots()
        set_score_axis(axes, [*info.low, *info.high])
        axes.fill_between(
            info.trials, info.low, info.high, color=PALETTE["tuned"], alpha=0.18, lw=0
        )
        axes.plot(info.trials, info.mean, color=PALETTE["tuned"], marker="o", markersize=3.5)
        axes.set(xlabel="trials", ylabel=f"best {search.score}")
        _whole(axes)
    return figure


DRAWINGS: dict[str, Callable[[Searched, Any], Figure]] = {
    "history": history,
    "hyperparameters": panels,
    "parallel": parallel,
    "importances": importances,
    "parameters": cost,
    "latency": cost,
    "curves": curves,
    "more_trials": more_trials,
    "seconds": cost,
    "contour": contour,
    "rank": rank,
    "distribution": distribution,
    "timeline": timeline,
}
"""Key of `CHARTS` -> its drawing."""


def pictures(search: Searched, directory: Path) -> list[Picture]:
    """Draw the search of one problem into the directory, which exists: one file per chart."""
    made = []
    for key, kind in CHARTS.items():
        if (info := kind.info(search)) is None:
            continue
        words = kind.words(search, info)
        picture = Picture(
            file=f"search_{key}.png",
            kind=key,
            section="search",
            title=words.title,
            caption=words.caption,
            alt=words.alt,
            reading=words.reading,
        )
        save(DRAWINGS[key](search, info), directory / picture.file)
        made.append(picture)
    return made


def _whole(axes: Axes) -> None:
    axes.xaxis.set_major_locator(MaxNLocator("auto", integer=True, min_n_ticks=1))
