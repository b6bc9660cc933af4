"""Accuracy of both networks on corrupted test images, beside examples of these."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import PercentFormatter

from study.evaluation.robustness import GroupMean, Robustness, Version
from study.explanation.arrays import SHOWN_CORRUPTED, CorruptedExamples
from study.figures.palette import PALETTE
from study.figures.style import new_figure, save, styled
from study.figures.tiles import as_rgb
from study.records.base import NETWORKS, Estimate, NetworkName
from study.records.picture import Picture
from study.wording import metric_name, percent, points, points_range, several

ROW = 0.44
"""Height of a row, in inches."""
WIDTH = 8.6
NO_IMAGES = np.zeros((0, 1, 1, 3), np.uint8)
"""What a mean shows."""

READING = (
    "Every row shows the same test images, changed as in the pictures beside its name; "
    "the first row shows them unchanged, and the dashed lines carry its accuracies down. A dot far "
    "to the left of its dashed line is a weakness. The bars are 95% intervals over the test "
    "images. The last column is tuned minus baseline on the same images, in bold where its 95% "
    "interval excludes zero (by chance about one row in twenty would). The networks are the two "
    "that were saved, one seed each. Nothing was chosen by these results."
)
READING_MEANS = "A mean over the rows between two lines stands below them; it has no bars."


class Row(NamedTuple):
    """A row of the figure: a version of the images, or the mean over a group of them."""

    name: str
    accuracy: Mapping[NetworkName, float]
    intervals: Mapping[NetworkName, tuple[float, float]]
    """None are known of a mean's accuracies."""
    difference: Estimate
    ends_block: bool = False
    """Whether a line is drawn below."""


def clear(row: Version | Row) -> bool:
    """Whether the 95% interval of the networks' difference excludes zero."""
    low, high = row.difference.ci95
    return not low <= 0 <= high


def rows_of(found: Robustness) -> list[Row]:
    """The images unchanged, then every corruption, each group followed by its mean."""
    ends = {group.versions[-1]: group for group in found.groups}
    starts = {group.versions[0] for group in found.groups}
    rows = [_row(found.unchanged, ends_block=True)]
    for version in found.corrupted:
        if version.name in starts:
            rows[-1] = rows[-1]._replace(ends_block=True)
        rows.append(_row(version))
        if group := ends.get(version.name):
            rows.append(Row(f"mean, {group.name}", group.mean, {}, group.difference, True))
    return rows


def _row(version: Version, ends_block: bool = False) -> Row:
    return Row(
        version.name,
        {network: accuracy.mean for network, accuracy in version.accuracy.items()},
        {network: accuracy.ci95 for network, accuracy in version.accuracy.items()},
        version.difference,
        ends_block,
    )


def draw_robustness(found: Robustness, examples: Mapping[str, np.ndarray]) -> Figure:
    """One row per version: its name, examples (n, height, width, 1 or 3) uint8, accuracies."""
    rows = rows_of(found)
    figure = new_figure(WIDTH, ROW * len(rows) + 0.75)
    figure.set_layout_engine("none")
    height = figure.get_figheight()
    bottom, side = 0.42 / height, ROW * len(rows) / height
    with styled():
        strip = figure.add_axes((0.235, bottom, SHOWN_CORRUPTED * ROW / WIDTH, side))
        axes = figure.add_axes((0.46, bottom, 0.43, side))
        _draw_strips(strip, rows, examples)
        for place, row in enumerate(rows):
            _draw_accuracies(axes, place, row)
            if row.ends_block and place < len(rows) - 1:
                axes.axhline(place + 0.5, color=PALETTE["muted"], lw=0.8)
        for network in NETWORKS:
            axes.axvline(
                found.unchanged.accuracy[network].mean, color=PALETTE[network], ls="--", lw=1,
                zorder=0,
            )  # fmt: skip
        axes.set(ylim=(len(rows) - 0.5, -0.5), yticks=[], xlim=(-0.02, 1.02))
        axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        axes.set_xlabel(metric_name(found.metric))
        axes.grid(True, axis="x")
        axes.spines["left"].set_visible(False)
        axes.text(
            1.16, -0.6, "tuned minus\nbaseline, points", ha="right", va="bottom", fontsize=7.5,
            transform=axes.get_yaxis_transform(),
        )  # fmt: skip
        axes.legend(loc="lower left", bbox_to_anchor=(-0.02, 1), ncols=2, borderaxespad=0.2)
    return figure


def _draw_accuracies(axes: Axes, place: int, row: Row) -> None:
    """Dots, bars and difference of one row."""
    for network, y in zip(NETWORKS, (place - 0.15, place + 0.15), strict=True):
        color = PALETTE[network]
        if interval := row.intervals.get(network):
            axes.plot(interval, (y, y), color=color, lw=2.2, solid_capstyle="butt")
        label = network if place == 0 else None
        axes.scatter(row.accuracy[network], y, s=26, color=color, zorder=3, label=label)
    better = PALETTE["tuned" if row.difference.mean > 0 else "baseline"]
    axes.text(
        1.16, place, f"{100 * row.difference.mean:+.1f}", ha="right", va="center",
        fontsize=8.5, transform=axes.get_yaxis_transform(),
        color=better if clear(row) else PALETTE["muted"],
        weight="bold" if clear(row) else "normal",
    )  # fmt: skip


def _draw_strips(axes: Axes, rows: Sequence[Row], examples: Mapping[str, np.ndarray]) -> None:
    """Each row's name and images side by side, a unit square each, with a gap around."""
    for place, row in enumerate(rows):
        weight = "normal" if row.name in examples and place else "bold"
        axes.text(-0.15, place, row.name, ha="right", va="center", weight=weight)
        for column, picture in enumerate(as_rgb(examples.get(row.name, NO_IMAGES))):
            extent = (column + 0.03, column + 0.97, place + 0.47, place - 0.47)
            axes.imshow(picture, extent=extent, interpolation="nearest", aspect="auto")
            corner, side = (column + 0.03, place - 0.47), 0.94
            axes.add_patch(
                Rectangle(corner, side, side, fill=False, lw=0.5, edgecolor=PALETTE["muted"])
            )
    axes.set(xlim=(0, SHOWN_CORRUPTED), ylim=(len(rows) - 0.5, -0.5))
    axes.set_axis_off()


def caption(found: Robustness) -> str:
    """What to see in the figure, with its numbers."""
    difference = found.mean_difference
    clean = {network: percent(found.unchanged.accuracy[network].mean) for network in NETWORKS}
    said = [
        f"{metric_name(found.metric).capitalize()} of both saved networks on the same "
        f"{several(found.images, 'test image')}, unchanged and corrupted in {len(found.corrupted)} "
        "ways. The test images were read again after the evaluation, for this figure only.",
        f"The mean over the corruptions is {percent(found.mean['baseline'])} for the baseline and "
        f"{percent(found.mean['tuned'])} for the tuned network ({points(difference.mean)} points, "
        f"95% interval {points_range(difference.ci95)}), against {clean['baseline']} and "
        f"{clean['tuned']} unchanged.",
    ]
    said += [_said_of(group) for group in found.groups]
    for network in NETWORKS:
        worst = min(found.corrupted, key=lambda row: row.accuracy[network].mean)
        said.append(
            f"The {network} network's lowest accuracy is on {worst.name}: "
            f"{percent(worst.accuracy[network].mean)}."
        )
    apart = sorted(filter(clear, found.corrupted), key=lambda row: row.difference.mean)
    better: dict[NetworkName, list[Version]] = {
        "tuned": [row for row in reversed(apart) if row.difference.mean > 0],
        "baseline": [row for row in apart if row.difference.mean < 0],
    }
    for network, rows in better.items():
        if rows:
            gap = points(abs(rows[0].difference.mean)).removeprefix("+") + " points"
            said.append(
                f"The {network} network is clearly better on {len(rows)} of the "
                f"{len(found.corrupted)} corruptions, most of all on {rows[0].name} (by {gap})."
            )
    if not apart:
        said.append("The two networks do not differ clearly on any corruption.")
    return " ".join(said)


def _said_of(group: GroupMean) -> str:
    return (
        f"Over the {several(len(group.versions), group.name.removesuffix('s'))} "
        f"({'; '.join(group.versions)}) it is {percent(group.mean['baseline'])} for the "
        f"baseline and {percent(group.mean['tuned'])} for the tuned network "
        f"({points(group.difference.mean)} points, 95% interval "
        f"{points_range(group.difference.ci95)})."
    )


def pictures(found: Robustness, examples: CorruptedExamples, directory: Path) -> list[Picture]:
    """Draw robustness.png into the directory, which exists."""
    means = READING_MEANS if found.groups else ""
    made = Picture(
        file="robustness.png",
        kind="robustness",
        section="robustness",
        title="Accuracy on corrupted test images",
        caption=caption(found),
        alt="Accuracy of the baseline and the tuned network with 95% intervals on "
        f"{len(found.corrupted)} corruptions of the test images, with examples of each: "
        f"{', '.join(row.name for row in found.corrupted)}.",
        reading=" ".join(filter(None, (READING, means, examples.note))),
    )
    save(draw_robustness(found, examples.versions), directory / made.file)
    return [made]
