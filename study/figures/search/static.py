"""What the search tried: its history, the score against each hyperparameter, learning curves."""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from study.figures.palette import PALETTE
from study.figures.panels import (
    BASELINE,
    Panel,
    dot_areas,
    draw_panel,
    make_panel,
    role_colors,
    roles,
    scatter_trials,
)
from study.figures.style import new_figure, save, styled
from study.figures.wording import count, metric_label, percent, points, set_score_axis
from study.records.base import Picture, Trial
from study.trials import excerpt
from study.trials.frames import hyperparameter_table, trial_curves, trial_table
from study.trials.ranking import best_trial, first_epochs

TOO_FEW_TRIALS = 10
"""Below this number of scored trials the captions name no hyperparameter that matters."""
FEW_TRIALS = 30
"""Below this number of scored trials the captions warn."""


def _note(trials: Sequence[Trial], shown: Sequence[Trial]) -> str:
    """A sentence on which trials are drawn, if not all are."""
    if len(shown) == len(trials):
        return ""
    return (
        f" Drawn are {excerpt.said_of(trials, shown)}; what is said, the line and medians are of "
        "all. `export --to csv` writes all."
    )


# ------------------------------------------------------------------------------ history


def draw_history(
    table: pd.DataFrame, best: int | None, metric: str, numbers: Collection[int] | None = None
) -> Figure:
    """Score against trial number with the best so far; failed trials are crosses at the bottom.

    Args:
        table: See `study.trials.frames`.
        best: Number of the best trial.
        metric: The objective.
        numbers: Of the trials that get a dot or a cross; None: all. The line is that of all.
    """
    figure = new_figure(8, 3.4)
    shown = table if numbers is None else table[table.index.isin(numbers)]
    scored, failed = shown[shown["score"].notna()], shown.index[shown["score"].isna()]
    with styled():
        axes = figure.subplots()
        set_score_axis(axes, scored["score"])
        axes.set(xlabel="trial", ylabel=f"validation {metric_label(metric)}")
        axes.xaxis.set_major_locator(MaxNLocator("auto", integer=True, min_n_ticks=1))
        if len(scored):
            # The best holds until the last trial, which may have failed.
            so_far = table["score"].cummax().ffill()
            axes.step(
                so_far.index, so_far, where="post", color=PALETTE["tuned"], label="best so far"
            )
        places = scored.index.to_series()
        scatter_trials(axes, places, scored["score"], best, dot_areas(scored["epochs"]))
        if len(failed):
            axes.scatter(
                failed,
                [0.03] * len(failed),
                marker="x",
                s=28,
                color=PALETTE["bad"],
                transform=axes.get_xaxis_transform(),
                label="failed",
                zorder=4,
            )
        axes.set_xlim(-0.6, max(table.index, default=0) + 0.6)
        figure.legend(loc="outside upper right", ncols=5)
    return figure


def _history_caption(table: pd.DataFrame, best: int | None, metric: str) -> str:
    scores, failed = table["score"].dropna(), int(table["score"].isna().sum())
    if best is None:
        return f"No trial has a score: {count(len(table), 'trial')} ran and failed (crosses)."
    said = [
        f"Validation {metric_label(metric)} of {count(len(table), 'trial')} in the order they were "
        f"tried; the line is the best so far. The best is trial {best} with {percent(scores[best])}"
    ]
    if best == BASELINE:
        said[0] += ": the baseline"
    elif BASELINE in scores:
        base = scores[BASELINE]
        said[0] += (
            f"; the baseline (trial 0) reached {percent(base)} ({points(scores[best] - base)})"
        )
    said[0] += "."
    if failed:
        said.append(f"{count(failed, 'trial')} failed (crosses).")
    epochs = table.loc[scores.index, "epochs"]
    if epochs.nunique() > 1:
        said.append(
            f"Trials had {epochs.min()} to {epochs.max()} epochs (larger dots: more), "
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
    table, best = trial_table(trials), best_trial(trials)
    scored = table[table["score"].notna()]
    scores, epochs = scored["score"], None
    if scored["epochs"].nunique() > 1:
        epochs = int(scored["epochs"].min())
        equal = trial_table([first_epochs(trial, epochs, metric) for trial in trials])
        scores = equal.loc[scored.index, "score"]
    values = hyperparameter_table(trials).loc[scored.index]
    panels = [panel for name in values if (panel := make_panel(values[name], scores)) is not None]
    return HyperparametersInfo(
        metric=metric,
        scored=len(scored),
        best=None if best is None else best.number,
        epochs=epochs,
        panels=tuple(sorted(panels, key=lambda panel: -panel.matters)),
    )


def draw_hyperparameters(
    info: HyperparametersInfo, numbers: Collection[int] | None = None
) -> Figure:
    """Small multiples, one a hyperparameter; ticks mark the medians of categories.

    Args:
        info: Of one panel at least.
        numbers: Of the trials that get a dot; None: all. Medians are those of all.
    """
    columns = min(4, len(info.panels))
    rows = -(-len(info.panels) // columns)
    figure = new_figure(max(2.1 * columns, 4.2), 1.9 * rows + 0.3)
    with styled():
        grid = figure.subplots(rows, columns, sharey=True, squeeze=False)
        set_score_axis(grid[0, 0], pd.concat([panel.points["score"] for panel in info.panels]))
        for axes, panel in zip(grid.flat, info.panels, strict=False):
            draw_panel(axes, panel, info.best, info.scored, numbers)
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


def objective_curves(trials: Sequence[Trial], metric: str) -> pd.DataFrame:
    """The validation objective by epoch, of failed trials as far as they came: finite values of
    `trial_curves`."""
    curves = trial_curves(trials)
    return curves[(curves["metric"] == f"val_{metric}") & np.isfinite(curves["value"])]


def draw_curves(curves: pd.DataFrame, best: int | None, metric: str) -> Figure:
    """Validation objective against epoch, baseline and best trial in colour.

    Args:
        curves: See `objective_curves`; one row at least.
        best: Number of the best trial.
        metric: The objective.
    """
    figure = new_figure(8, 3.6)
    colors = role_colors(best)
    other, *special = colors
    crowd = max(0.25, min(0.8, 12 / curves["trial"].nunique()))
    colors[other] = to_hex((PALETTE["muted"], crowd), keep_alpha=True)
    role = roles(curves["trial"], best).remove_unused_categories()
    shown = curves.assign(role=role)
    # A curve of one epoch is a dot: it would not show as a line.
    lone = shown[shown.groupby("trial")["epoch"].transform("size") == 1]
    with styled():
        axes = figure.subplots()
        widths = {other: 0.9} | dict.fromkeys(special, 2.4)
        sns.lineplot(
            shown, x="epoch", y="value", units="trial", estimator=None, hue="role", palette=colors,
            size="role", sizes=widths, ax=axes,
        )  # fmt: skip
        axes.scatter(lone["epoch"], lone["value"], s=12, color=[*lone["role"].map(colors)])
        set_score_axis(axes, curves["value"])
        axes.set(xlabel="epoch", ylabel=f"validation {metric_label(metric)}")
        axes.xaxis.set_major_locator(MaxNLocator("auto", integer=True, min_n_ticks=1))
        figure.legend(*axes.get_legend_handles_labels(), loc="outside upper right", ncols=3)
        if own := axes.get_legend():
            own.remove()
    return figure


def _curves_caption(curves: pd.DataFrame, best: int | None, metric: str) -> str:
    by_trial = curves.groupby("trial")
    said = (
        f"Validation {metric_label(metric)} after each epoch, of "
        f"{count(by_trial.ngroups, 'trial')} with up to {count(curves['epoch'].max(), 'epoch')}."
    )
    peaks = curves.loc[by_trial["value"].idxmax()].set_index("trial")
    found = peaks.assign(last=by_trial["epoch"].max()).to_dict("index")
    names = {best: f"best (trial {best})"}
    names.setdefault(BASELINE, "baseline")
    for number, name in names.items():
        if peak := found.get(number):
            value, epoch, last = percent(peak["value"]), peak["epoch"], peak["last"]
            said += f" The {name} peaks at {value} in epoch {epoch} of {last}."
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
    table, winner = trial_table(trials), best_trial(trials)
    best = None if winner is None else winner.number
    shown = excerpt.shown(trials)
    numbers, note = {trial.number for trial in shown}, _note(trials, shown)
    if len(table):
        made.append(
            Picture(
                file="search_history.png",
                section="search",
                title="Search history",
                caption=_history_caption(table, best, metric) + note,
                alt=f"Scatter plot of the score of each trial of {problem} in trial order, with a "
                "step line of the best so far.",
            )
        )
        save(draw_history(table, best, metric, numbers), directory / made[-1].file)
    slices = hyperparameters_info(trials, metric)
    if slices.panels:
        names = ", ".join(panel.name for panel in slices.panels)
        made.append(
            Picture(
                file="search_hyperparameters.png",
                section="search",
                title="Score against each hyperparameter",
                caption=_hyperparameters_caption(slices) + note,
                alt=f"Small scatter plots of the score of the trials of {problem} against {names}.",
            )
        )
        save(draw_hyperparameters(slices, numbers), directory / made[-1].file)
    curves = objective_curves(shown, metric)
    if len(curves):
        made.append(
            Picture(
                file="search_curves.png",
                section="search",
                title="Learning curves of all trials" if not note else "Learning curves",
                caption=_curves_caption(curves, best, metric) + note,
                alt=f"Line plot of the validation score of each trial of {problem} by epoch, the "
                "baseline and the best trial highlighted.",
            )
        )
        save(draw_curves(curves, best, metric), directory / made[-1].file)
    return made
