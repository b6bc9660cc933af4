"""Are the heatmaps of some architectures more informative than those of others?"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from study.evaluation.uncertainty import SIGNIFICANCE
from study.figures.palette import PALETTE
from study.figures.panels import draw_panel, scatter_trials
from study.figures.score_axis import set_score_axis
from study.figures.search.by_value import ValuePanel, value_panel
from study.figures.search.scales import Scale, scale_of
from study.figures.search.searched import BASELINE, capital
from study.figures.style import new_figure, save, styled
from study.records.base import Estimate, Value
from study.records.finding import METHOD_NAMES, AcrossSearch, HeatmapMeasure, Method
from study.records.picture import Picture
from study.records.trial import Hyperparameter
from study.wording import metric_name, p_equation, several

TITLES: dict[HeatmapMeasure, str] = {
    "ground truth": "Does where a network looks depend on its architecture?",
    "pixel removal": "Does how well heatmaps rank pixels depend on the architecture?",
}
AXIS: dict[HeatmapMeasure, str] = {
    "ground truth": "on the evidence",
    "pixel removal": "insertion minus\ndeletion area",
}
MEASURED: dict[HeatmapMeasure, str] = {
    "ground truth": "the share of its heatmaps that lies on the pixels known to be the evidence",
    "pixel removal": "how well its heatmaps rank the pixels that it needs (insertion minus "
    "deletion area)",
}
READING = (
    "Each dot is a trial's network after its last epoch: {}, over the same validation images, "
    "with its 95% bootstrap interval over images. Bars are medians. The dashed line is an edge "
    "detector (Sobel), which does not depend on any network{}. SmoothGrad resolves single pixels; "
    "Grad-CAM resolves only the cells of the last convolution. In deeper networks these cells are "
    "coarser, so Grad-CAM's dots fall with depth whatever the network looks at. The search changes "
    "many values at once, so a correlation need not be a cause. p-values come from permutations of "
    "the trials and are multiplied by the number of questions asked (Bonferroni)."
)


def reading(measure: HeatmapMeasure) -> str:
    """How to read the figure."""
    of_each = "" if measure == "ground truth" else " (its mean over the trials)"
    return READING.format(MEASURED[measure], of_each)


def panels_info(found: AcrossSearch, method: Method) -> list[ValuePanel]:
    """How good heatmaps are against each trait that varies among the trials."""
    shares = {trial.number: trial.worth[method].mean for trial in found.trials}
    panels = []
    for name in found.trials[0].traits:
        values = {trial.number: trial.traits[name] for trial in found.trials}
        if len(set(values.values())) > 1:
            panels.append(value_panel(_scale(name, [*values.values()]), values, shares))
    return panels


def _scale(name: str, values: Sequence[Value]) -> Scale:
    """The axis of a trait: numbers by size, words in alphabetical order."""
    words = sorted({value for value in values if isinstance(value, str)})
    if words:
        return scale_of(Hyperparameter(name=name, kind="choice", values=[*words]), values)
    return scale_of(Hyperparameter(name=name, kind="int"), values)


def draw_across(found: AcrossSearch, metric: str) -> Figure:
    """One row per method: how good heatmaps are against every trait, and against the score."""
    methods = list(found.trials[0].worth)
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
    shares = [trial.worth[method] for trial in trials]
    for axes, panel in zip(row[:-1], panels_info(found, method), strict=True):
        _draw_intervals(axes, panel.places, shares)
        draw_panel(axes, panel, best, len(trials))
    axes, scores = row[-1], [trial.score for trial in trials]
    set_score_axis(axes, scores, "x")
    _draw_intervals(axes, scores, shares)
    scatter_trials(axes, numbers, scores, [share.mean for share in shares], best)
    axes.set_title("score", fontsize=8.5)
    axes.set_xlabel(f"validation {metric_name(metric)}", fontsize=7.5)
    axes.tick_params(axis="x", labelsize=7)
    for axes in row:
        axes.axhline(
            found.sobel, color=PALETTE["muted"], linestyle="--", linewidth=1, label="Sobel"
        )
        axes.grid(True, axis="y")
    low, high = zip(*(share.ci95 for share in shares), strict=True)
    row[0].set_ylim(1.08 * min(0, found.sobel, *low), 1.08 * max(found.sobel, *high))
    if found.measure == "ground truth":
        row[0].yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    row[0].set_ylabel(f"{METHOD_NAMES[method]}\n{AXIS[found.measure]}")


def _draw_intervals(axes: Axes, x: Sequence[float], shares: Sequence[Estimate]) -> None:
    low, high = zip(*(share.ci95 for share in shares), strict=True)
    axes.vlines(x, low, high, color=PALETTE["muted"], alpha=0.4, linewidth=1.6, zorder=2)


def caption(found: AcrossSearch) -> str:
    """How far the networks' heatmaps differ and what explains the difference, in numbers."""
    kept = len(found.trials)
    told = [
        f"Heatmaps of {several(found.images, 'validation image')} for the networks of {kept:,} of "
        f"the {several(found.scored, 'trial')} with a score."
    ]
    if found.unreadable:
        told.append(f"The weights of {several(found.unreadable, 'trial')} cannot be read.")
    if kept + found.unreadable < found.scored:
        told.append(
            "Only the best trials' weights were kept. These trials are selected by their score, so "
            "relations among them need not hold among all trials."
        )
    told += [_of_method(found, method) for method in found.trials[0].worth]
    return " ".join([*told, *_effects(found)])


def _of_method(found: AcrossSearch, method: Method) -> str:
    """The range that a method reaches over the trials, and its value in the best trial."""
    worth = {trial.number: trial.worth[method].mean for trial in found.trials}
    best, name = found.best, METHOD_NAMES[method]
    low, high = (_number(found, end) for end in (min(worth.values()), max(worth.values())))
    said = (
        f"{name} puts {low} to {high} of its energy on the evidence"
        if found.measure == "ground truth"
        else f"{name} has insertion minus deletion areas of {low} to {high}"
    )
    said += f": {_number(found, worth[best])} in the best trial ({best})"
    if BASELINE in worth and best != BASELINE:
        said += f", {_number(found, worth[BASELINE])} in the baseline"
    return f"{said}; Sobel {_number(found, found.sobel)}."


def _number(found: AcrossSearch, value: float) -> str:
    return f"{value:.0%}" if found.measure == "ground truth" else f"{value:.2f}"


def _effects(found: AcrossSearch) -> list[str]:
    asked = [
        (effect.p_value, _words(name), METHOD_NAMES[method], effect.explained)
        for method, effects in found.effects.items()
        for name, effect in effects.items()
    ]
    if not asked:
        few = len(found.trials)
        return [f"{several(few, 'trial')} {'is' if few == 1 else 'are'} too few to tell why."]
    certain = [one for one in asked if one[0] < SIGNIFICANCE]
    if not certain:
        p, words, method, _ = min(asked)
        nearest = f"; the strongest is {words} by {method}, {p_equation(p)}" if p < 1 else ""
        return [
            "None of the traits examined explains these differences better than chance could "
            f"({several(len(asked), 'question')}{nearest})."
        ]
    return [
        f"{capital(words)} explains {explained:.0%} of the trials' order by {method} "
        f"({p_equation(p)})."
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
        found: Results of at least one trial.
        metric: The objective, "accuracy" or "joint".
        directory: The folder the picture goes into.
    """
    made = Picture(
        file="localisation_across.png",
        kind="localisation_across",
        section="trust",
        title=TITLES[found.measure],
        caption=caption(found),
        alt="Small scatter plots: how good each trial's heatmaps are against its architecture "
        "and its score.",
        reading=reading(found.measure),
    )
    save(draw_across(found, metric), directory / made.file)
    return [made]
