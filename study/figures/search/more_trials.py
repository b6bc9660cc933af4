"""The best score to be expected of fewer trials, and what that says of more."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from study.figures.palette import PALETTE
from study.figures.style import new_figure, save, styled
from study.figures.wording import count, metric_label, percent, points, set_score_axis
from study.records.base import Picture, Trial
from study.trials.checks import ExpectedBest, expected_best
from study.trials.frames import trial_table

READING = (
    "Had the same trials come in another order, fewer of them would have found a better or a worse "
    "network. The line is the best score of so many trials on average over all orders, the band "
    "its 95% bootstrap interval, which knows of no score above the best one seen and is too short "
    "where good scores are rare. The baseline, which nobody drew, is left out."
)


def draw_expected_best(info: ExpectedBest, metric: str) -> Figure:
    """The expected best score against the number of trials, with its interval."""
    figure = new_figure(8, 3.0)
    with styled():
        axes = figure.subplots()
        trials = info.trials
        set_score_axis(axes, [*info.low, *info.high])
        axes.fill_between(trials, info.low, info.high, color=PALETTE["tuned"], alpha=0.18, lw=0)
        axes.plot(trials, info.mean, color=PALETTE["tuned"], marker="o", markersize=3.5)
        axes.set(xlabel="trials", ylabel=f"best validation {metric_label(metric)}")
        axes.xaxis.set_major_locator(MaxNLocator("auto", integer=True, min_n_ticks=1))
    return figure


def caption(info: ExpectedBest, tuner: str) -> str:
    """What the second half of the trials was worth, and what that allows to say of more."""
    trials, half = info.trials[-1], info.trials[-1] // 2
    found = (
        f"{count(half, 'trial')} would have found {percent(info.half)} on average, all "
        f"{trials} found {percent(info.mean[-1])}"
    )
    if tuner != "random":
        return (
            f"{found}. The trials of {tuner} search are no independent draws, so this says nothing "
            "of what more of them would find."
        )
    gain, low, high = info.second_half
    slope, least, most = info.slope
    return (
        f"{found}: the second half brought {points(gain)} (95% interval {100 * low:+.2f} to "
        f"{100 * high:+.2f}), {100 * slope:.3f} points per trial ({100 * least:.3f} to "
        f"{100 * most:.3f}); of further trials each would add no more on average. Among {trials} "
        "more random trials there is one better than all of these with a chance of one half, "
        "whatever these scored; ties make it less."
    )


def pictures(
    trials: Sequence[Trial], problem: str, metric: str, tuner: str, seed: int, directory: Path
) -> list[Picture]:
    """Draw search_more_trials.png into the directory; nothing of fewer than four scored trials.

    The baseline, trial 0, is not counted.

    Args:
        trials: Configurations, in any order.
        problem: Its name, for the text.
        metric: The objective, "accuracy" or "joint".
        tuner: Of the search: only "random" draws trials that do not depend on each other.
        seed: Of the bootstrap.
        directory: Exists.
    """
    drawn = trial_table([trial for trial in trials if trial.number > 0])
    info = expected_best(drawn["score"].dropna().tolist(), seed)
    if info is None:
        return []
    made = Picture(
        file="search_more_trials.png",
        section="search",
        title="The best of fewer trials",
        caption=caption(info, tuner),
        alt=f"Line plot of the best score to be expected of one to {info.trials[-1]} trials of "
        f"{problem}, with a band for its interval.",
        reading=READING,
    )
    save(draw_expected_best(info, metric), directory / made.file)
    return [made]
