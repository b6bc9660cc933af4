"""What the search tried: its history, the score against each hyperparameter, learning curves."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from study.figures.panels import (
    BASELINE,
    Panel,
    dot_sizes,
    draw_panel,
    make_panel,
    scatter_trials,
)
from study.figures.scores import count, metric_label, percent, points, set_score_axis
from study.figures.style import PALETTE, new_figure, save, styled
from study.records import Picture, Trial
from study.trials import best_trial, first_epochs

TOO_FEW_TRIALS = 10
"""Below this number of scored trials the captions name no hyperparameter that matters."""
FEW_TRIALS = 30
"""Below this number of scored trials the captions warn."""


def score_of(trial: Trial) -> float | None:
    """The trial's score; None if it failed or its score is no finite number."""
    if trial.status == "failed" or trial.score is None or not math.isfinite(trial.score):
        return None
    return trial.score


# ------------------------------------------------------------------------------ history


class HistoryInfo(NamedTuple):
    """Scores in the order of the trials."""

    metric: str
    numbers: tuple[int, ...]
    """Trials that have a score, ascending; the next three fields have one entry for each."""
    scores: tuple[float, ...]
    best: tuple[float, ...]
    """Best score up to and including this trial."""
    epochs: tuple[int, ...]
    failed: tuple[int, ...]
    winner: int | None
    """Number of the best trial."""


def history_info(trials: Sequence[Trial], metric: str) -> HistoryInfo:
    """The search history; a score that is no finite number counts as failed."""
    ordered = sorted(trials, key=lambda trial: trial.number)
    scored = [(trial, score) for trial in ordered if (score := score_of(trial)) is not None]
    scores = [score for _, score in scored]
    return HistoryInfo(
        metric=metric,
        numbers=tuple(trial.number for trial, _ in scored),
        scores=tuple(scores),
        best=tuple(max(scores[: i + 1]) for i in range(len(scores))),
        epochs=tuple(trial.epochs for trial, _ in scored),
        failed=tuple(trial.number for trial in ordered if score_of(trial) is None),
        winner=best.number if (best := best_trial(ordered)) else None,
    )


def draw_history(info: HistoryInfo) -> Figure:
    """Score against trial number with the best so far; failed trials are crosses at the bottom."""
    figure = new_figure(8, 3.4)
    with styled():
        axes = figure.subplots()
        set_score_axis(axes, info.scores)
        axes.set(xlabel="trial", ylabel=f"validation {metric_label(info.metric)}")
        axes.xaxis.set_major_locator(MaxNLocator("auto", integer=True, min_n_ticks=1))
        # The best holds until the last trial, which may have failed.
        last = max(info.numbers + info.failed, default=0)
        if info.numbers:
            axes.step(
                (*info.numbers, max(last, info.numbers[-1])),
                (*info.best, info.best[-1]),
                where="post",
                color=PALETTE["tuned"],
                label="best so far",
            )
        sizes = dot_sizes(info.epochs)
        scatter_trials(
            axes, info.numbers, info.numbers, info.scores, sizes, best=info.winner, labels=True
        )
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
        axes.set_xlim(-0.6, last + 0.6)
        figure.legend(loc="outside upper right", ncols=5)
    return figure


def _history_caption(info: HistoryInfo) -> str:
    total = len(info.numbers) + len(info.failed)
    if not info.numbers:
        return f"No trial has a score: {count(total, 'trial')} ran and failed (crosses)."
    best, winner = info.best[-1], info.winner
    said = [
        f"Validation {metric_label(info.metric)} of {count(total, 'trial')} in the order they were "
        f"tried; the line is the best so far. The best is trial {winner} with {percent(best)}"
    ]
    if winner == BASELINE:
        said[0] += ": the baseline"
    elif BASELINE in info.numbers:
        base = info.scores[info.numbers.index(BASELINE)]
        said[0] += f"; the baseline (trial 0) reached {percent(base)} ({points(best - base)})"
    said[0] += "."
    if info.failed:
        said.append(f"{count(len(info.failed), 'trial')} failed (crosses).")
    if len(set(info.epochs)) > 1:
        said.append(
            f"Trials had {min(info.epochs)} to {max(info.epochs)} epochs (larger dots: more), "
            "so a low score may only be a short training."
        )
    return " ".join(said)


# ----------------------------------------------------------- score against hyperparameters


class HyperparametersInfo(NamedTuple):
    """One panel a hyperparameter that was varied, those that matter most first."""

    metric: str
    scored: int
    best: int | None
    epochs: int | None
    """Scores are the best of so many epochs, which all trials had; None if all had the same."""
    panels: tuple[Panel, ...]


def hyperparameters_info(trials: Sequence[Trial], metric: str) -> HyperparametersInfo:
    """Score against each hyperparameter that took at least two values in trials with a score."""
    scored = sorted(
        (trial for trial in trials if score_of(trial) is not None), key=lambda trial: trial.number
    )
    budgets = {trial.epochs for trial in scored}
    epochs = min(budgets) if len(budgets) > 1 else None
    best = best_trial(scored)
    if epochs is not None:
        scored = [first_epochs(trial, epochs, metric) for trial in scored]
    names = dict.fromkeys(name for trial in scored for name in trial.hyperparameters)
    panels = [panel for name in names if (panel := _panel(name, scored)) is not None]
    return HyperparametersInfo(
        metric=metric,
        scored=len(scored),
        best=None if best is None else best.number,
        epochs=epochs,
        panels=tuple(sorted(panels, key=lambda panel: -panel.matters)),
    )


def _panel(name: str, scored: Sequence[Trial]) -> Panel | None:
    active = [trial for trial in scored if name in trial.hyperparameters]
    return make_panel(
        name,
        [trial.number for trial in active],
        [trial.hyperparameters[name] for trial in active],
        [score for trial in active if (score := score_of(trial)) is not None],
    )


def draw_hyperparameters(info: HyperparametersInfo) -> Figure:
    """Small multiples, one a hyperparameter; ticks mark the medians of categories.

    `info` has at least one panel.
    """
    columns = min(4, len(info.panels))
    rows = -(-len(info.panels) // columns)
    figure = new_figure(max(2.1 * columns, 4.2), 1.9 * rows + 0.3)
    with styled():
        grid = figure.subplots(rows, columns, sharey=True, squeeze=False)
        set_score_axis(grid[0, 0], [score for panel in info.panels for score in panel.scores])
        for axes, panel in zip(grid.flat, info.panels, strict=False):
            draw_panel(axes, panel, info.best, info.scored)
        for axes in grid.flat[len(info.panels) :]:
            axes.set_axis_off()
        # The baseline or the best need not be in every panel.
        legend = {
            label: handle
            for axes in grid.flat
            for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)
        }
        figure.legend(legend.values(), legend.keys(), loc="outside upper right", ncols=3)
        figure.supylabel(f"validation {metric_label(info.metric)}", fontsize=9)
    return figure


def _hyperparameters_caption(info: HyperparametersInfo) -> str:
    first = info.panels[0]
    said = (
        f"Validation {metric_label(info.metric)} of {count(info.scored, 'trial')} against each of "
        f"{count(len(info.panels), 'hyperparameter')} that varied, those that tell good from bad "
        f"trials best first; a bar is a median. "
    )
    if info.epochs:
        said += f"Scores are those after {count(info.epochs, 'epoch')}, which all trials had. "
    if info.scored < TOO_FEW_TRIALS:
        return said + f"{count(info.scored, 'trial')} are too few to say which of them matter."
    if first.matters > 0:
        said += f"First comes {first.name}: it alone explains {first.matters:.0%} of the ranking. "
    else:
        said += "None of them alone tells good from bad trials. "
    if info.scored < FEW_TRIALS:
        said += (
            f"{count(info.scored, 'trial')} are few, and the search changes many values at once: "
            "take the order as a hint."
        )
    else:
        said += "The search changes many values at once: take the order as a hint, not as a cause."
    return said


# ------------------------------------------------------------------------ learning curves


class Curve(NamedTuple):
    """Validation objective of one trial, finite values only."""

    number: int
    epochs: tuple[int, ...]
    """Counted from 1; a trial that continues another goes on with its count."""
    values: tuple[float, ...]


class CurvesInfo(NamedTuple):
    """Learning curves of all trials that have one."""

    metric: str
    best: int | None
    curves: tuple[Curve, ...]


def curves_info(trials: Sequence[Trial], metric: str) -> CurvesInfo:
    """The validation objective by epoch, of failed trials as far as they came."""
    best = best_trial(trials)
    curves = (_curve(trial, metric) for trial in sorted(trials, key=lambda trial: trial.number))
    return CurvesInfo(
        metric=metric,
        best=None if best is None else best.number,
        curves=tuple(curve for curve in curves if curve.values),
    )


def _curve(trial: Trial, metric: str) -> Curve:
    values = trial.curves.get(f"val_{metric}", [])
    before = max(trial.epochs - len(values), 0)
    kept = [(before + i, value) for i, value in enumerate(values, 1) if math.isfinite(value)]
    return Curve(
        number=trial.number,
        epochs=tuple(epoch for epoch, _ in kept),
        values=tuple(value for _, value in kept),
    )


def draw_curves(info: CurvesInfo) -> Figure:
    """Validation objective against epoch, baseline and best trial in colour.

    `info` has at least one curve.
    """
    figure = new_figure(8, 3.6)
    with styled():
        axes = figure.subplots()
        set_score_axis(axes, [value for curve in info.curves for value in curve.values])
        axes.set(xlabel="epoch", ylabel=f"validation {metric_label(info.metric)}")
        axes.xaxis.set_major_locator(MaxNLocator("auto", integer=True, min_n_ticks=1))
        crowd = max(0.25, min(0.8, 12 / len(info.curves)))
        for curve in info.curves:
            looks: dict[str, Any] = {"color": PALETTE["muted"], "lw": 0.9, "alpha": crowd}
            if curve.number == BASELINE:
                looks = {"color": PALETTE["baseline"], "lw": 2.4, "zorder": 3}
                looks["label"] = "baseline (trial 0)"
            elif curve.number == info.best:
                looks = {"color": PALETTE["tuned"], "lw": 2.4, "zorder": 4}
                looks["label"] = f"best (trial {curve.number})"
            # A curve of one epoch is a dot: it would not show as a line.
            marker = "o" if len(curve.values) == 1 else None
            axes.plot(curve.epochs, curve.values, marker=marker, markersize=3.5, **looks)
        others = [curve for curve in info.curves if curve.number not in (info.best, BASELINE)]
        if others:
            axes.plot([], [], color=PALETTE["muted"], lw=0.9, label="other trials")
        figure.legend(loc="outside upper right", ncols=3)
    return figure


def _curves_caption(info: CurvesInfo) -> str:
    longest = max(curve.epochs[-1] for curve in info.curves)
    said = (
        f"Validation {metric_label(info.metric)} after each epoch, of "
        f"{count(len(info.curves), 'trial')} with up to {count(longest, 'epoch')}."
    )
    by_number = {curve.number: curve for curve in info.curves}
    if info.best in by_number:
        best = by_number[info.best]
        peak = max(best.values)
        said += (
            f" The best (trial {info.best}) peaks at {percent(peak)} in epoch "
            f"{best.epochs[best.values.index(peak)]} of {best.epochs[-1]}."
        )
    if BASELINE in by_number and info.best != BASELINE:
        base = by_number[BASELINE]
        peak = max(base.values)
        epoch = base.epochs[base.values.index(peak)]
        said += f" The baseline peaks at {percent(peak)} in epoch {epoch} of {base.epochs[-1]}."
    return said


def pictures(trials: Sequence[Trial], problem: str, metric: str, directory: Path) -> list[Picture]:
    """Draw the search of one problem into the directory; figures without data are left out.

    Args:
        trials: all trials, failed ones too, in any order.
        problem: its name, for the text.
        metric: the objective, "accuracy" or "joint".
        directory: exists; gets search_history.png, search_hyperparameters.png, search_curves.png.
    """
    made: list[Picture] = []
    history = history_info(trials, metric)
    if history.numbers or history.failed:
        made.append(
            Picture(
                file="search_history.png",
                section="search",
                title="Search history",
                caption=_history_caption(history),
                alt=f"Scatter plot of the score of each trial of {problem} in trial order, with a "
                "step line of the best so far.",
            )
        )
        save(draw_history(history), directory / made[-1].file)
    slices = hyperparameters_info(trials, metric)
    if slices.panels:
        names = ", ".join(panel.name for panel in slices.panels)
        made.append(
            Picture(
                file="search_hyperparameters.png",
                section="search",
                title="Score against each hyperparameter",
                caption=_hyperparameters_caption(slices),
                alt=f"Small scatter plots of the score of the trials of {problem} against {names}.",
            )
        )
        save(draw_hyperparameters(slices), directory / made[-1].file)
    curves = curves_info(trials, metric)
    if curves.curves:
        made.append(
            Picture(
                file="search_curves.png",
                section="search",
                title="Learning curves of all trials",
                caption=_curves_caption(curves),
                alt=f"Line plot of the validation score of each trial of {problem} by epoch, the "
                "baseline and the best trial highlighted.",
            )
        )
        save(draw_curves(curves), directory / made[-1].file)
    return made
