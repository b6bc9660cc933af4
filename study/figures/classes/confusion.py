"""What the baseline and the tuned network mistake for what: confusion matrices of every head."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, ListedColormap, LogNorm
from matplotlib.figure import Figure, SubFigure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from study.data.dataset import Crossed, Names
from study.figures.classes.confusion_counts import (
    MOST_PAIRS,
    Confusion,
    Matrix,
    confused_pairs,
    confusion_info,
    errors_only,
    only_wrong,
)
from study.figures.labels import label_sides, shortened
from study.figures.palette import PALETTE
from study.figures.style import new_figure, save, styled
from study.records.base import NETWORKS, NetworkName
from study.records.picture import Picture
from study.wording import several

FEW_CLASSES = 4
"""Heads with at most this many classes share a row of matrices."""
PAIR_LETTERS = 24
"""Longest name of a class in a confused pair, in characters."""
LINE = 0.16
"""Height of the line that names a confused pair, in inches."""
SIDE_LETTERS = 14
"""Longest name of a class beside a matrix, in characters."""

ERROR_COLORS = LinearSegmentedColormap.from_list("errors", ["#EFC7D8", PALETTE["bad"], "#4A1030"])
"""Colours of numbers of errors, 1 or more: the lightest still differs from white, which is none."""


def draw_confusions(confusions: Sequence[Confusion]) -> Figure:
    """Baseline on the left, tuned on the right; colour counts errors, the diagonal has none.

    Each head has its own matrices: with numbers in the cells or, with many classes, as heat maps.
    Heads with few classes stand side by side; each of the others has a row of its own.
    """
    rows = arranged(confusions)
    heights = [_height(row) for row in rows]
    figure = new_figure(9, sum(heights) + 0.4)
    with styled():
        sides = figure.subfigures(1, 2, squeeze=False)[0]
        for side, network in zip(sides, NETWORKS, strict=True):
            side.suptitle(network, color=PALETTE[network], weight="bold", fontsize=11)
            bands = side.subfigures(len(rows), 1, height_ratios=heights, squeeze=False)[:, 0]
            for band, row in zip(bands, rows, strict=True):
                if row[0].is_large:
                    _draw_large(band, row[0], network)
                    continue
                places = band.subplots(1, len(row), squeeze=False)[0]
                for axes, confusion in zip(places, row, strict=True):
                    _draw_numbers(axes, confusion, network)
    return figure


def _draw_large(band: SubFigure, confusion: Confusion, network: NetworkName) -> None:
    """A heat map, and below it the pairs most often confused, by name."""
    pairs = confused_pairs(confusion, network)
    above, below = band.subplots(2, 1, height_ratios=[4.5, LINE * (MOST_PAIRS + 2)])
    _draw_heat_map(above, confusion, network)
    below.set_axis_off()
    below.set_ylim(MOST_PAIRS + 1, 0)
    below.text(0, 0, "most often confused" if pairs else "", weight="bold", fontsize=8, va="top")
    for place, (true, predicted, images) in enumerate(pairs, start=1):
        words = f"{shortened(true, PAIR_LETTERS)} → {shortened(predicted, PAIR_LETTERS)}"
        below.text(0, place, words, fontsize=7.5, va="top")
        below.text(1, place, f"{images:,}", fontsize=7.5, va="top", ha="right")


def arranged(confusions: Sequence[Confusion]) -> list[list[Confusion]]:
    """Rows of heads, top to bottom: those with few classes together, then one row per head."""
    small = [confusion for confusion in confusions if len(confusion.names) <= FEW_CLASSES]
    large = [[confusion] for confusion in confusions if len(confusion.names) > FEW_CLASSES]
    return [small, *large] if small else large


def _height(row: Sequence[Confusion]) -> float:
    """The height of a row of matrices, in inches."""
    if len(row[0].names) <= FEW_CLASSES:
        return 1.9
    return 4.5 + LINE * (MOST_PAIRS + 2) if row[0].is_large else 4.1


def _draw_numbers(axes: Axes, confusion: Confusion, network: NetworkName) -> None:
    """A matrix with its numbers, the diagonal grey, errors in colour."""
    size, counts = len(confusion.names), np.array(confusion.matrices[network])
    norm, colored = _error_norm(confusion), counts.clip(1)  # the scale is logarithmic
    right = np.eye(size, dtype=bool)
    wrong, dark = ~right & (counts > 0), norm(colored) > 0.5
    for shown, colors, ink in (
        (right, ListedColormap([PALETTE["grid"]]), PALETTE["ink"]),
        (wrong & ~dark, ERROR_COLORS, PALETTE["ink"]),
        (wrong & dark, ERROR_COLORS, "white"),
    ):
        sns.heatmap(
            colored, mask=~shown, cmap=colors, norm=norm, vmin=0, vmax=1, cbar=False, square=True,
            annot=counts, fmt="d",
            annot_kws={"color": ink, "fontsize": 8.5 if size <= FEW_CLASSES else 6.5},
            xticklabels=False, yticklabels=False, ax=axes,
        )  # fmt: skip
    label_sides(axes, confusion.names, SIDE_LETTERS, upright=3 if size > FEW_CLASSES else 9)
    axes.tick_params(length=0, labelsize=7)
    axes.spines[:].set_visible(True)
    axes.spines[:].set_color(PALETTE["muted"])
    if size > FEW_CLASSES:
        axes.set(xlabel="predicted", ylabel="true")
    axes.set_title(confusion.title)


def _draw_heat_map(axes: Axes, confusion: Confusion, network: NetworkName) -> None:
    """The matrix as a picture of its errors, with lines and labels at the blocks of classes."""
    size = len(confusion.names)
    norm = _error_norm(confusion)
    wrong = errors_only(confusion.matrices[network])
    shown = np.ma.masked_equal(wrong, 0)
    axes.imshow(shown, cmap=ERROR_COLORS, norm=norm, interpolation="nearest")
    axes.plot([-0.5, size - 0.5], [-0.5, size - 0.5], color=PALETTE["grid"], lw=2.5, zorder=0)
    head = f"{confusion.title}: " if confusion.title else ""
    axes.set_title(head + several(int(wrong.sum()), "error"), color=PALETTE[network])
    axes.set(xlabel="predicted", ylabel="true")
    axes.spines[:].set_visible(True)
    axes.set(xticks=[], yticks=[])  # too many classes to name
    if confusion.blocks:
        _mark_blocks(axes, confusion.blocks, size)
    bar = axes.figure.colorbar(
        ScalarMappable(norm, ERROR_COLORS), ax=axes, location="bottom", shrink=0.8, aspect=30
    )
    bar.set_label("test images (no colour: none)")
    bar.locator = LogLocator(subs=(1, 2, 5))
    bar.formatter = FuncFormatter(lambda number, _: f"{number:g}")
    bar.minorlocator = NullLocator()


def _mark_blocks(axes: Axes, blocks: Sequence[str], size: int) -> None:
    run = size / len(blocks)
    for number in range(1, len(blocks)):
        axes.axhline(number * run - 0.5, color=PALETTE["muted"], lw=0.6)
        axes.axvline(number * run - 0.5, color=PALETTE["muted"], lw=0.6)
    middles = [(number + 0.5) * run - 0.5 for number in range(len(blocks))]
    axes.set_xticks(middles, [block.replace(", ", ",\n") for block in blocks])
    axes.set_yticks(middles, [block.replace(", ", ",\n") for block in blocks])
    axes.tick_params(length=0)


def _error_norm(confusion: Confusion) -> LogNorm:
    """The same colours for both networks, one error visible and the most common one darkest."""
    most = max(int(errors_only(matrix).max()) for matrix in confusion.matrices.values())
    return LogNorm(1, max(most, 2))


def _caption(confusions: Sequence[Confusion], crossed: Crossed | None, columns: Names) -> str:
    said = []
    for network in NETWORKS:
        found = ", ".join(_head_words(confusion, network) for confusion in confusions)
        images = int(np.sum(confusions[0].matrices[network]))
        said.append(f"The {network} network makes {found} on {images:,} test images.")
    for confusion in confusions:
        if crossed and confusion.blocks:
            sizes = [len(columns[column]) for column in crossed.columns]
            said += _single_column_words(confusion.matrices["tuned"], crossed.columns, sizes)
    said.append("Rows are true classes, columns predicted classes; only errors are coloured.")
    return " ".join(said)


def _single_column_words(matrix: Matrix, columns: Sequence[str], sizes: Sequence[int]) -> list[str]:
    """Which column is most often the only wrong one; [] if no error has a single wrong column."""
    alone = only_wrong(matrix, sizes)
    most = int(np.argmax(alone))
    if not alone[most]:
        return []
    return [
        f"In {alone[most]:,} of the tuned network's {int(errors_only(matrix).sum()):,} errors only "
        f"the {columns[most]} is wrong."
    ]


def _head_words(confusion: Confusion, network: NetworkName) -> str:
    """Number of errors and the most common: "14 errors on length (most often 7 px ...: 10)"."""
    wrong = errors_only(confusion.matrices[network])
    head = f" on {confusion.title}" if confusion.title else ""
    said = several(int(wrong.sum()), "error") + head
    if wrong.any():
        true, predicted = np.unravel_index(int(wrong.argmax()), wrong.shape)
        pair = f"{confusion.names[true]} mistaken for {confusion.names[predicted]}"
        said += f" (most often {pair}: {wrong.max():,})"
    return said


def pictures(
    problem: str,
    predictions: Mapping[str, np.ndarray],
    heads: Names,
    crossed: Crossed | None,
    columns: Names,
    directory: Path,
) -> list[Picture]:
    """Draw results_confusion.png into the directory, which exists.

    Args:
        problem: The problem's name.
        predictions: Arrays of predictions.npz: labels_HEAD (n,) int and NETWORK_HEAD (n, classes).
        heads: Head -> names of its classes.
        crossed: The data set's columns that make a grid; None if none do.
        columns: Label column of the data set -> names of its classes.
        directory: The folder of the figures.
    """
    confusions = confusion_info(predictions, heads, crossed, columns)
    made = Picture(
        file="results_confusion.png",
        kind="results_confusion",
        section="results",
        title="Confusion matrices",
        caption=_caption(confusions, crossed, columns),
        alt=f"Confusion matrices of the baseline and the tuned network on {problem}, for "
        f"{', '.join(confusion.head for confusion in confusions)}.",
    )
    save(draw_confusions(confusions), directory / made.file)
    return [made]
