"""Do networks of one architecture look at the line more than those of another?"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from study.evaluation.uncertainty import SIGNIFICANCE
from study.figures.palette import PALETTE
from study.figures.panels import draw_panel, scatter_trials
from study.figures.search.by_value import ValuePanel, value_panel
from study.figures.search.scales import Scale, scale_of
from study.figures.search.searched import BASELINE
from study.figures.style import new_figure, save, styled
from study.figures.wording import count, metric_label, set_score_axis
from study.records.base import (
    METHOD_NAMES,
    AcrossSearch,
    Estimate,
    Hyperparameter,
    Method,
    Picture,
    Value,
)

READING = (
    "A dot is a trial's network, as its last epoch left it: how much of its heatmaps lies on the "
    "line, over the same validation images, with its 95% bootstrap interval over images. Bars are "
    "medians. Dashed: an edge detector (Sobel), which knows nothing of any network. SmoothGrad "
    "goes down to the pixels; Grad-CAM sees the cells of the last convolution. In deeper networks "
    "these are coarser, so that its share falls with depth whatever the network looks at. The "
    "search changes many values at once: of what goes together, one need not cause the other. "
    "p-values are by permutation of the trials, multiplied by the number of questions asked "
    "(Bonferroni)."
)


def panels_info(found: AcrossSearch, method: Method) -> list[ValuePanel]:
    """The share on the line against each trait that varies among the trials."""
    shares = {trial.number: trial.energy[method].mean for trial in found.trials}
    panels = []
    for name in found.trials[0].traits:
        values = {trial.number: trial.traits[name] for trial in found.trials}
        if len(set(values.values())) > 1:
            panels.append(value_panel(_scale(name, [*values.values()]), values, shares))
    return panels


def _scale(name: str, values: Sequence[Value]) -> Scale:
    """Numbers by size, words in alphabetical order."""
    words = sorted({value for value in values if isinstance(value, str)})
    if words:
        return scale_of(Hyperparameter(name=name, kind="choice", values=[*words]), values)
    return scale_of(Hyperparameter(name=name, kind="int"), values)


def draw_across(found: AcrossSearch, metric: str) -> Figure:
    """A row a method: the share on the line against every trait, and against the score."""
    methods = list(found.trials[0].energy)
    columns = 1 + len(panels_info(found, methods[0]))
    figure = new_figure(max(2.2 * columns, 4.2), 0.5 + 2.1 * len(methods))
    with styled():
        grid = figure.subplots(len(methods), columns, sharey="row", squeeze=False)
        for row, method in zip(grid, methods, strict=True):
            _draw_row(row, found, method, metric)
        for axes in grid[:-1].flat:
            axes.set_xlabel("")
        for axes in grid[1:].flat:
            axes.set_title("")
        handles, labels = grid[0][-1].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper right", ncols=len(labels))
    return figure


def _draw_row(row: np.ndarray, found: AcrossSearch, method: Method, metric: str) -> None:
    best, trials = found.best, found.trials
    numbers = [trial.number for trial in trials]
    shares = [trial.energy[method] for trial in trials]
    for axes, panel in zip(row[:-1], panels_info(found, method), strict=True):
        _draw_intervals(axes, panel.places, shares)
        draw_panel(axes, panel, best, len(trials))
    axes, scores = row[-1], [trial.score for trial in trials]
    set_score_axis(axes, scores, "x")
    _draw_intervals(axes, scores, shares)
    scatter_trials(axes, numbers, scores, [share.mean for share in shares], best)
    axes.set_title("score", fontsize=8.5)
    axes.set_xlabel(f"validation {metric_label(metric)}", fontsize=7.5)
    axes.tick_params(axis="x", labelsize=7)
    for axes in row:
        axes.axhline(
            found.sobel, color=PALETTE["muted"], linestyle="--", linewidth=1, label="Sobel"
        )
        axes.grid(True, axis="y")
    row[0].set_ylim(0, 1.08 * max(found.sobel, *(share.ci95[1] for share in shares)))
    row[0].yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    row[0].set_ylabel(f"{METHOD_NAMES[method]}\non the line")


def _draw_intervals(axes: Axes, x: Sequence[float], shares: Sequence[Estimate]) -> None:
    low, high = zip(*(share.ci95 for share in shares), strict=True)
    axes.vlines(x, low, high, color=PALETTE["muted"], alpha=0.4, linewidth=1.6, zorder=2)


def caption(found: AcrossSearch) -> str:
    """How far the networks differ, and what goes with it, in numbers."""
    kept, best = len(found.trials), found.best
    told = [
        f"Heatmaps of {count(found.images, 'validation image')} by the networks of "
        f"{count(kept, 'trial')} of {found.scored} with a score."
    ]
    if found.unreadable:
        told.append(f"The weights of {count(found.unreadable, 'trial')} cannot be read.")
    if kept + found.unreadable < found.scored:
        told.append(
            "Weights were kept of the best only: these trials are selected on the outcome, so what "
            "goes with what among them need not hold among all."
        )
    by_number = {trial.number: trial for trial in found.trials}
    for method in found.trials[0].energy:
        shares = {number: trial.energy[method].mean for number, trial in by_number.items()}
        said = (
            f"{METHOD_NAMES[method]} puts {min(shares.values()):.0%} to "
            f"{max(shares.values()):.0%} on the line: {shares[best]:.0%} in the best trial "
            f"({best})"
        )
        if BASELINE in shares and best != BASELINE:
            said += f", {shares[BASELINE]:.0%} in the baseline"
        told.append(f"{said}; Sobel {found.sobel:.0%}.")
    return " ".join([*told, *_effects(found)])


def _effects(found: AcrossSearch) -> list[str]:
    asked = [
        (effect.p_value, _words(name), METHOD_NAMES[method], effect.explained)
        for method, effects in found.effects.items()
        for name, effect in effects.items()
    ]
    if not asked:
        few = len(found.trials)
        return [f"{count(few, 'trial')} {'is' if few == 1 else 'are'} too few to say why."]
    certain = [one for one in asked if one[0] < SIGNIFICANCE]
    if not certain:
        p, words, method, _ = min(asked)
        nearest = f"; nearest comes {words} for {method}, p = {p:.2g}" if p < 1 else ""
        return [
            f"Nothing that was asked explains this order better than chance might "
            f"({count(len(asked), 'question')}{nearest})."
        ]
    return [
        f"Of the trials' order by {method} {words} explains {explained:.0%} (p = {p:.2g})."
        for p, words, method, explained in sorted(certain)
    ]


def _words(name: str) -> str:
    return {
        "first kernel": "the first convolution's kernel",
        "convolutions": "the number of convolutions",
        "downsampling": "the way of downsampling",
        "score": "the score",
    }.get(name, name)


def pictures(found: AcrossSearch, metric: str, directory: Path) -> list[Picture]:
    """Draw localisation_across.png into the directory, which exists.

    Args:
        found: Of one trial at least.
        metric: The objective, "accuracy" or "joint".
        directory: Where it goes.
    """
    made = Picture(
        file="localisation_across.png",
        section="trust",
        title="Does looking at the line go with the architecture?",
        caption=caption(found),
        alt="Small scatter plots: the share of each trial's heatmaps on the line against its "
        "architecture and its score.",
        reading=READING,
    )
    save(draw_across(found, metric), directory / made.file)
    return [made]
