"""Would more trials have helped? The best score to be expected of fewer of them."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from study.figures.scores import count, metric_label, percent, points, set_score_axis
from study.figures.search import score_of
from study.figures.style import PALETTE, new_figure, save, styled
from study.records import Picture, Trial
from study.search_checks import ExpectedBest, expected_best

READING = (
    "Had the same trials come in another order, fewer of them would have found a better or a worse "
    "network. The line is the best score of so many trials on average over all orders, the band "
    "its 95% bootstrap interval, which knows of no score above the best one seen. A line that "
    "still rises on the right promises more from more trials; a flat one does not. All this takes "
    "trials for independent draws, which those of a random search are; of a search that learns "
    "from its trials, or ends some early, it is a rough guide."
)


def draw_expected_best(info: ExpectedBest, metric: str) -> Figure:
    """The expected best score against the number of trials, with its interval."""
    figure = new_figure(8, 3.0)
    with styled():
        axes = figure.subplots()
        trials = range(1, len(info.mean) + 1)
        set_score_axis(axes, [*info.low, *info.high])
        axes.fill_between(trials, info.low, info.high, color=PALETTE["tuned"], alpha=0.18, lw=0)
        axes.plot(trials, info.mean, color=PALETTE["tuned"], marker="o", markersize=3.5)
        axes.set(xlabel="trials", ylabel=f"best validation {metric_label(metric)}")
        axes.xaxis.set_major_locator(MaxNLocator("auto", integer=True, min_n_ticks=1))
    return figure


def caption(info: ExpectedBest) -> str:
    """What the second half of the trials was worth, and what that says of more."""
    trials, half = len(info.mean), len(info.mean) // 2
    gain, low, high = info.second_half
    said = (
        f"{count(half, 'trial')} would have found {percent(info.mean[half - 1])} on average, all "
        f"{trials} found {percent(info.mean[-1])}: the second half brought {points(gain)} (95% "
        f"interval {100 * low:+.2f} to {100 * high:+.2f}). "
    )
    return (
        said
        + {
            True: "More trials would probably have helped still.",
            False: "More trials would hardly have helped.",
            None: "Whether more would have helped these trials do not tell.",
        }[info.would_help]
    )


def pictures(
    trials: Sequence[Trial], problem: str, metric: str, seed: int, directory: Path
) -> list[Picture]:
    """Draw search_more_trials.png into the directory; nothing of fewer than four scored trials.

    Args:
        trials: Configurations, in any order.
        problem: Its name, for the text.
        metric: The objective, "accuracy" or "joint".
        seed: Of the bootstrap.
        directory: Exists.
    """
    info = expected_best([s for trial in trials if (s := score_of(trial)) is not None], seed)
    if info is None:
        return []
    made = Picture(
        file="search_more_trials.png",
        section="search",
        title="Would more trials have helped?",
        caption=caption(info),
        alt=f"Line plot of the best score to be expected of one to {len(info.mean)} trials of "
        f"{problem}, with a band for its interval.",
        reading=READING,
    )
    save(draw_expected_best(info, metric), directory / made.file)
    return [made]
