"""What baseline and tuned take for what on the test part: confusion matrices of every head."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, ListedColormap, LogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator
from sklearn.metrics import confusion_matrix

from study.data.dataset import Names
from study.figures.palette import PALETTE
from study.figures.style import new_figure, save, styled
from study.figures.wording import count
from study.records.base import NETWORKS, Evaluation, NetworkName, Picture

MANY_CLASSES = 24
"""With more classes a matrix is a heat map without numbers."""
FEW_CLASSES = 4
"""Heads with at most so many classes share a row of matrices."""
MOST_BLOCKS = 8
"""Largest number of labelled blocks along a side of a heat map."""

ERROR_COLORS = LinearSegmentedColormap.from_list("errors", ["#EFC7D8", PALETTE["bad"], "#4A1030"])
"""Numbers of errors, from a single one on: light enough for none to differ from white."""

Matrix = tuple[tuple[int, ...], ...]
"""[true class][predicted class] -> number of images."""


class Confusion(NamedTuple):
    """Confusion matrices of both networks on one head."""

    head: str
    names: tuple[str, ...]
    matrices: dict[NetworkName, Matrix]
    blocks: tuple[str, ...]
    """Names of the equally long runs of classes that belong together; () if there are none."""

    @property
    def is_large(self) -> bool:
        """Whether the cells are too many for numbers in them."""
        return len(self.names) > MANY_CLASSES


def confusion_info(
    evaluation: Evaluation,
    predictions: Mapping[str, np.ndarray],
    heads: Sequence[str],
    names: Names,
    attributes: Sequence[str],
) -> tuple[Confusion, ...]:
    """One a head. A single head takes the evaluation's matrices, several count the predictions."""
    if len(heads) == 1:
        given: dict[NetworkName, Matrix] = {
            name: _frozen(evaluation.networks[name].confusion_matrix) for name in NETWORKS
        }
        blocks = block_names(names, attributes)
        return (Confusion(heads[0], tuple(evaluation.classes), given, blocks),)
    return tuple(
        Confusion(
            head=head,
            names=tuple(names[head]),
            matrices={
                name: _frozen(
                    confusion_matrix(
                        predictions[f"labels_{head}"],
                        predictions[f"{name}_{head}"].argmax(axis=1),
                        labels=range(len(names[head])),
                    ).tolist()
                )
                for name in NETWORKS
            },
            blocks=(),
        )
        for head in heads
    )


def block_names(names: Names, attributes: Sequence[str]) -> tuple[str, ...]:
    """Runs of classes that share their most significant attributes: "7 px, 1 px", ..."""
    blocks: list[str] = []
    for attribute in attributes:
        if max(len(blocks), 1) * len(names[attribute]) > MOST_BLOCKS:
            break
        values = names[attribute]
        blocks = [f"{block}, {value}" for block in blocks for value in values] or list(values)
    return tuple(blocks)


def errors_only(matrix: Matrix) -> np.ndarray:
    """(classes, classes) int64 with a diagonal of zeros."""
    counts = np.array(matrix)
    np.fill_diagonal(counts, 0)
    return counts


def draw_confusions(confusions: Sequence[Confusion]) -> Figure:
    """Baseline on the left, tuned on the right; colour counts errors, the diagonal has none.

    Each head has its matrices: with numbers in the cells or, of many classes, as heat maps. Heads
    with few classes stand side by side, the others have a row each.
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
                places = band.subplots(1, len(row), squeeze=False)[0]
                for axes, confusion in zip(places, row, strict=True):
                    draw = _draw_heat_map if confusion.is_large else _draw_numbers
                    draw(axes, confusion, network)
    return figure


def arranged(confusions: Sequence[Confusion]) -> list[list[Confusion]]:
    """Rows of heads, from above: those with few classes together, then one each in their order."""
    small = [confusion for confusion in confusions if len(confusion.names) <= FEW_CLASSES]
    large = [[confusion] for confusion in confusions if len(confusion.names) > FEW_CLASSES]
    return [small, *large] if small else large


def _height(row: Sequence[Confusion]) -> float:
    """In inches."""
    if len(row[0].names) <= FEW_CLASSES:
        return 1.9
    return 4.5 if row[0].is_large else 4.1


def _draw_numbers(axes: Axes, confusion: Confusion, network: NetworkName) -> None:
    """A matrix with its numbers, the diagonal grey, errors in colour."""
    size, counts = len(confusion.names), np.array(confusion.matrices[network])
    norm, colored = _error_norm(confusion), counts.clip(1)  # a logarithm has no zero
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
            xticklabels=confusion.names, yticklabels=confusion.names, ax=axes,
        )  # fmt: skip
    axes.tick_params(length=0, labelsize=7, rotation=0)
    axes.spines[:].set_visible(True)
    axes.spines[:].set_color(PALETTE["muted"])
    if size > FEW_CLASSES:
        axes.set(xlabel="predicted", ylabel="true")
    if confusion.head != "class":
        axes.set_title(confusion.head)


def _draw_heat_map(axes: Axes, confusion: Confusion, network: NetworkName) -> None:
    """The matrix as a picture of its errors, lines and labels at the blocks of classes."""
    size = len(confusion.names)
    norm = _error_norm(confusion)
    wrong = errors_only(confusion.matrices[network])
    axes.imshow(np.ma.masked_equal(wrong, 0), cmap=ERROR_COLORS, norm=norm)
    axes.plot([-0.5, size - 0.5], [-0.5, size - 0.5], color=PALETTE["grid"], lw=2.5, zorder=0)
    head = "" if confusion.head == "class" else f"{confusion.head}: "
    axes.set_title(head + count(int(wrong.sum()), "error"), color=PALETTE[network])
    axes.set(xlabel="predicted", ylabel="true")
    axes.spines[:].set_visible(True)
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


def only_wrong(matrix: Matrix, sizes: Sequence[int]) -> tuple[int, ...]:
    """Errors in which exactly one attribute is wrong, for each attribute, in their order.

    Args:
        matrix: of classes that are mixed-radix numbers of attributes.
        sizes: number of values of each attribute, the most significant first.
    """
    true, predicted = np.nonzero(errors_only(matrix))
    differs = np.array(np.unravel_index(true, sizes)) != np.unravel_index(predicted, sizes)
    alone = differs & (differs.sum(axis=0) == 1)  # (attributes, cells)
    return tuple((alone @ np.array(matrix)[true, predicted]).tolist())


def _caption(confusions: Sequence[Confusion], names: Names, attributes: Sequence[str]) -> str:
    said = []
    for network in NETWORKS:
        found = ", ".join(_head_words(confusion, network) for confusion in confusions)
        images = int(np.sum(confusions[0].matrices[network]))
        said.append(f"The {network} network makes {found} in {images:,} images.")
    if confusions[0].blocks:
        matrix = confusions[0].matrices["tuned"]
        alone = only_wrong(matrix, [len(names[attribute]) for attribute in attributes])
        most = int(np.argmax(alone))
        if alone[most]:
            said.append(
                f"Of the tuned network's {int(errors_only(matrix).sum()):,}, {alone[most]:,} have "
                f"nothing but the {attributes[most]} wrong."
            )
    said.append("Rows are true classes, columns predicted ones; only errors are coloured.")
    return " ".join(said)


def _head_words(confusion: Confusion, network: NetworkName) -> str:
    """How many errors and the most common: "14 errors on length (7 px taken for 15 px: 10)"."""
    wrong = errors_only(confusion.matrices[network])
    head = "" if confusion.head == "class" else f" on {confusion.head}"
    said = count(int(wrong.sum()), "error") + head
    if wrong.any():
        true, predicted = np.unravel_index(int(wrong.argmax()), wrong.shape)
        pair = f"{confusion.names[true]} taken for {confusion.names[predicted]}"
        said += f" (most often {pair}: {wrong.max():,})"
    return said


def _frozen(matrix: Sequence[Sequence[int]]) -> Matrix:
    return tuple(tuple(row) for row in matrix)


def pictures(
    evaluation: Evaluation,
    predictions: Mapping[str, np.ndarray],
    heads: Sequence[str],
    names: Names,
    attributes: Sequence[str],
    directory: Path,
) -> list[Picture]:
    """Draw results_confusion.png into the directory, which exists.

    Args:
        evaluation: of the problem.
        predictions: arrays of predictions.npz: labels_HEAD (n,) int and NETWORK_HEAD (n, classes).
        heads: label columns the networks predict.
        names: of the data set.
        attributes: of the data set: columns of which the class is the mixed-radix number; ()
            if none.
        directory: of the figures.
    """
    confusions = confusion_info(evaluation, predictions, heads, names, attributes)
    made = Picture(
        file="results_confusion.png",
        section="results",
        title="Confusion matrices",
        caption=_caption(confusions, names, attributes),
        alt=f"Confusion matrices of the baseline and the tuned network of {evaluation.problem}, of "
        f"{', '.join(confusion.head for confusion in confusions)}.",
    )
    save(draw_confusions(confusions), directory / made.file)
    return [made]
