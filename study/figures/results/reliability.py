"""Reliability diagrams: how often each network is right at each level of confidence."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, PercentFormatter

from study.evaluation.calibration import BINS, Bin, Calibration, answers, calibration
from study.evaluation.uncertainty import share
from study.figures.palette import PALETTE
from study.figures.style import new_figure, save, styled
from study.records.base import NETWORKS, NetworkName
from study.records.picture import Picture
from study.wording import percent, percent_range, points_range

READING = (
    "A network that says 90% should be right nine times in ten; then its dots lie on the diagonal. "
    "Dots below the diagonal are answers that were right less often than the network's confidence "
    "suggests (it is over-confident), dots above it answers that were right more often. The bars "
    "below count the images behind each dot, on a logarithmic axis: where there are few, the "
    "vertical line (95% interval) is long and the dot says little. The expected calibration error "
    "is the mean distance from the diagonal, each dot weighted by its number of images."
)


def calibration_info(
    predictions: Mapping[str, np.ndarray], heads: Sequence[str], seed: int
) -> dict[NetworkName, Calibration]:
    """The calibration of both networks, from the arrays of predictions.npz."""
    return {
        network: calibration(*answers(predictions, network, heads), seed) for network in NETWORKS
    }


def draw_calibration(info: Mapping[NetworkName, Calibration]) -> Figure:
    """One column per network: accuracy by confidence, and below it the images of each bin."""
    first = min(_bins(found)[0][0] for found in info.values())
    most = max(one.images for found in info.values() for _, one in _bins(found))
    figure = new_figure(8, 4.6)
    with styled():
        places = figure.subplots(2, 2, sharex=True, sharey="row", height_ratios=[3, 1])
        for (above, below), network in zip(places.T, NETWORKS, strict=True):
            found = info[network]
            _draw_dots(above, found, network)
            above.set_title(
                f"{network}: calibration error {percent(found.error.mean)}", color=PALETTE[network]
            )
            for place, one in _bins(found):
                below.bar((place + 0.5) / BINS, one.images, 0.85 / BINS, color=PALETTE[network])
                below.annotate(
                    f"{one.images:,}", ((place + 0.5) / BINS, one.images), (0, 2),
                    textcoords="offset points", ha="center", fontsize=6,
                )  # fmt: skip
            below.set(yscale="log", ylim=(0.7, 4 * most), xlabel="confidence in the answer")
            below.yaxis.set_major_formatter(FuncFormatter(lambda images, _: f"{images:,.0f}"))
            below.set_xlim(first / BINS - 0.01, 1.01)
            below.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        places[0, 0].set_ylabel("share of correct answers")
        places[0, 0].yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        places[1, 0].set_ylabel("images")
    return figure


def _draw_dots(axes: Axes, found: Calibration, network: NetworkName) -> None:
    axes.plot((0, 1), (0, 1), color=PALETTE["muted"], lw=1, ls="--", zorder=1)
    axes.text(
        1,
        0,
        "below the diagonal:\nover-confident",
        ha="right",
        fontsize=7.5,
        color=PALETTE["muted"],
    )
    for _, one in _bins(found):
        accuracy = one.right / one.images
        right = share(np.arange(one.images) < one.right)
        color = PALETTE[network]
        axes.plot((one.confidence, one.confidence), right.ci95, color=color, lw=1.6, alpha=0.55)
        axes.scatter(one.confidence, accuracy, s=30, color=color, zorder=3)
    axes.grid(True)
    axes.set_ylim(-0.03, 1.03)


def _bins(found: Calibration) -> list[tuple[int, Bin]]:
    """The bins that have images, each with its place."""
    return [(place, one) for place, one in enumerate(found.bins) if one]


def _words(network: NetworkName, found: Calibration) -> str:
    """A sentence on how far a network's confidence can be relied on."""
    low, high = found.excess.ci95
    if low <= 0 <= high:
        told = "neither over-confident nor under-confident beyond chance"
    else:
        way = "over" if low > 0 else "under"
        told = f"{way}-confident by {abs(100 * found.excess.mean):.2f} points"

    return (
        f"The {network} network is {told} (mean confidence minus accuracy, 95% interval "
        f"{points_range((low, high))}); its expected calibration error is "
        f"{percent(found.error.mean)} ({percent_range(found.error.ci95)}), where a "
        f"perfectly calibrated one would have {percent(found.by_chance)} by chance."
    )


def caption(info: Mapping[NetworkName, Calibration], heads: Sequence[str]) -> str:
    """What to see in the figure, with its numbers."""
    images = sum(one.images for _, one in _bins(info["tuned"]))
    told = [f"Accuracy by confidence on {images:,} test images, in {BINS} bins."]
    told += [_words(network, info[network]) for network in NETWORKS]
    if len(heads) > 1:
        told.append(
            f"An answer is that of all {len(heads)} heads together, its confidence the product of "
            "theirs."
        )
    return " ".join(told)


def pictures(
    predictions: Mapping[str, np.ndarray], heads: Sequence[str], seed: int, directory: Path
) -> list[Picture]:
    """Draw calibration.png into the directory, which exists.

    Args:
        predictions: Arrays of predictions.npz.
        heads: Label columns that the networks predict.
        seed: Seed of the bootstrap.
    """
    info = calibration_info(predictions, heads, seed)
    made = Picture(
        file="calibration.png",
        kind="calibration",
        section="results",
        title="Calibration",
        caption=caption(info, heads),
        alt="Reliability diagrams of the baseline and the tuned network: accuracy by confidence, "
        "with the number of images in each bin.",
        reading=READING,
    )
    save(draw_calibration(info), directory / made.file)
    return [made]
