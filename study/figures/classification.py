"""What baseline and tuned get right on the test part: accuracy, confusion, F1 of each class."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, LinearSegmentedColormap, LogNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator
from sklearn.metrics import confusion_matrix

from study.figures.scores import count, metric_label, percent, points, set_score_axis
from study.figures.style import PALETTE, SEQUENTIAL, new_figure, save, styled
from study.records import NETWORKS, Evaluation, NetworkName, Picture

Names = Mapping[str, Sequence[str]]
"""Label column -> names of its classes, in class order."""

MANY_CLASSES = 24
"""With more classes a confusion matrix is a heat map without numbers."""
FEW_CLASSES = 4
"""Heads with at most so many classes share a row of confusion matrices."""
MOST_BLOCKS = 8
"""Largest number of labelled blocks along a side of a heat map."""

STEPS = 15
"""Colours of a map with numbers in it: few, because all of a file share a palette of 256."""
ERROR_COLORS = LinearSegmentedColormap.from_list("errors", ["#EFC7D8", PALETTE["bad"], "#4A1030"])
"""Numbers of errors, from a single one on: light enough for none to differ from white."""
BETTER_COLORS = LinearSegmentedColormap.from_list(
    "better", [PALETTE["baseline"], "white", PALETTE["tuned"]], STEPS
)
"""Differences: the colour of the network that is better."""
F1_COLORS = colormaps[SEQUENTIAL].resampled(STEPS)

Matrix = tuple[tuple[int, ...], ...]
"""[true class][predicted class] -> number of images."""

# ------------------------------------------------------------------------------ accuracy


class AccuracyRow(NamedTuple):
    """One network on one metric of the test part."""

    metric: str
    network: NetworkName
    mean: float
    ci95: tuple[float, float]
    seeds: tuple[float, ...]


def accuracy_info(evaluation: Evaluation) -> tuple[AccuracyRow, ...]:
    """The compared metric first, then the others; of each the baseline, then the tuned network."""
    metrics = [name for name in evaluation.networks["tuned"].test if name != "loss"]
    metrics.sort(key=lambda metric: metric != evaluation.metric)
    return tuple(
        AccuracyRow(
            metric=metric,
            network=network,
            mean=result.test[metric].mean,
            ci95=result.test[metric].ci95,
            seeds=tuple(seed.test[metric] for seed in result.seeds),
        )
        for metric in metrics
        for network, result in ((name, evaluation.networks[name]) for name in NETWORKS)
    )


def draw_accuracy(rows: Sequence[AccuracyRow]) -> Figure:
    """Forest plot: mean with its 95% interval, seeds as rings."""
    metrics = list(dict.fromkeys(row.metric for row in rows))
    figure = new_figure(8, 0.62 * len(metrics) + 1.0)
    with styled():
        axes = figure.subplots()
        shown = [score for row in rows for score in (*row.ci95, *row.seeds, row.mean)]
        set_score_axis(axes, shown, "x")
        for row in rows:
            y = metrics.index(row.metric) + (0.17 if row.network == "tuned" else -0.17)
            color = PALETTE[row.network]
            axes.plot(row.ci95, (y, y), color=color, lw=2.2, solid_capstyle="butt")
            axes.scatter(
                row.seeds, [y] * len(row.seeds), s=26, facecolor="white", edgecolor=color, zorder=3
            )
            first = row is next(other for other in rows if other.network == row.network)
            label = row.network if first else None
            axes.scatter(row.mean, y, s=44, marker="D", color=color, zorder=4, label=label)
            axes.annotate(
                percent(row.mean),
                (1, y),
                xycoords=axes.get_yaxis_transform(),
                xytext=(6, 0),
                textcoords="offset points",
                va="center",
                color=color,
                weight="bold",
            )
        axes.set_yticks(range(len(metrics)), [metric_label(metric) for metric in metrics])
        axes.set_ylim(len(metrics) - 0.5, -0.5)
        axes.set_xlabel("test part")
        handles, labels = axes.get_legend_handles_labels()
        seed = axes.scatter([], [], s=26, facecolor="white", edgecolor=PALETTE["muted"])
        (line,) = axes.plot([], [], color=PALETTE["muted"], lw=2.2)
        figure.legend(
            [*handles, seed, line],
            [*labels, "one seed", "95% interval"],
            loc="outside upper right",
            ncols=4,
        )
    return figure


def _accuracy_caption(evaluation: Evaluation) -> str:
    compared = evaluation.comparison
    low, high = compared.ci95
    by_network = " and ".join(
        f"{percent(evaluation.networks[name].test[evaluation.metric].mean)} for the {name}"
        for name in NETWORKS
    )
    seeds = count(len(evaluation.networks["tuned"].seeds), "seed")
    return (
        f"{metric_label(evaluation.metric).capitalize()} on {evaluation.images['test']:,} test "
        f"images: {by_network}, the mean of {seeds} each. The difference is "
        f"{points(compared.difference)} (95% interval {100 * low:+.2f} to {100 * high:+.2f}): "
        f"{compared.verdict}."
    )


# ----------------------------------------------------------------------------- confusion


class Confusion(NamedTuple):
    """Confusion matrices of both networks on one head."""

    head: str
    names: tuple[str, ...]
    matrices: dict[NetworkName, Matrix]
    blocks: tuple[str, ...]
    """Names of the equally long runs of classes that belong together; () if there are none."""


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

    A single head with many classes becomes heat maps. Otherwise numbers are written into the
    cells; heads with few classes stand side by side, the others have a row each.
    """
    if len(confusions[0].names) > MANY_CLASSES:
        return _draw_heat_maps(confusions[0])
    small = [confusion for confusion in confusions if len(confusion.names) <= FEW_CLASSES]
    large = [confusion for confusion in confusions if len(confusion.names) > FEW_CLASSES]
    rows = [row for row in (small, *([confusion] for confusion in large)) if row]
    heights = [1.9 if row is small else 4.1 for row in rows]
    figure = new_figure(9, sum(heights) + 0.4)
    with styled():
        sides = figure.subfigures(1, 2, squeeze=False)[0]
        for side, network in zip(sides, NETWORKS, strict=True):
            side.suptitle(network, color=PALETTE[network], weight="bold", fontsize=11)
            bands = side.subfigures(len(rows), 1, height_ratios=heights, squeeze=False)[:, 0]
            for band, row in zip(bands, rows, strict=True):
                places = band.subplots(1, len(row), squeeze=False)[0]
                for axes, confusion in zip(places, row, strict=True):
                    _draw_numbers(axes, confusion, network)
    return figure


def _draw_numbers(axes: Axes, confusion: Confusion, network: NetworkName) -> None:
    """A matrix with its numbers, the diagonal grey, errors in colour."""
    size, norm = len(confusion.names), _error_norm(confusion)
    wrong = errors_only(confusion.matrices[network])
    axes.imshow(np.ma.masked_equal(wrong, 0), cmap=ERROR_COLORS, norm=norm)
    for (row, column), number in np.ndenumerate(np.array(confusion.matrices[network])):
        if row == column:
            axes.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, color=PALETTE["grid"]))
        if number:
            dark = row != column and norm(number) > 0.5
            axes.text(
                column,
                row,
                str(number),
                ha="center",
                va="center",
                fontsize=8.5 if size <= FEW_CLASSES else 6.5,
                color="white" if dark else PALETTE["ink"],
            )
    axes.set_xticks(range(size), confusion.names)
    axes.set_yticks(range(size), confusion.names)
    axes.tick_params(length=0, labelsize=7)
    axes.spines[:].set_visible(True)
    axes.spines[:].set_color(PALETTE["muted"])
    if size > FEW_CLASSES:
        axes.set(xlabel="predicted", ylabel="true")
    if confusion.head != "class":
        axes.set_title(confusion.head)


def _draw_heat_maps(confusion: Confusion) -> Figure:
    """Both matrices as pictures of their errors, lines and labels at the blocks of classes."""
    size = len(confusion.names)
    norm = _error_norm(confusion)
    figure = new_figure(9, 4.9)
    with styled():
        places = figure.subplots(1, 2, sharey=True)
        for axes, network in zip(places, NETWORKS, strict=True):
            wrong = errors_only(confusion.matrices[network])
            axes.imshow(np.ma.masked_equal(wrong, 0), cmap=ERROR_COLORS, norm=norm)
            axes.plot(
                [-0.5, size - 0.5], [-0.5, size - 0.5], color=PALETTE["grid"], lw=2.5, zorder=0
            )
            axes.set_title(f"{network}: {count(int(wrong.sum()), 'error')}", color=PALETTE[network])
            axes.set_xlabel("predicted")
            axes.spines[:].set_visible(True)
            if confusion.blocks:
                _mark_blocks(axes, confusion.blocks, size)
        places[0].set_ylabel("true")
        bar = figure.colorbar(
            ScalarMappable(norm, ERROR_COLORS), ax=places, shrink=0.75, aspect=30, pad=0.01
        )
        bar.set_label("test images (no colour: none)")
        bar.locator = LogLocator(subs=(1, 2, 5))
        bar.formatter = FuncFormatter(lambda number, _: f"{number:g}")
        bar.minorlocator = NullLocator()
    return figure


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


def _confusions_caption(
    confusions: Sequence[Confusion], names: Names, attributes: Sequence[str]
) -> str:
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


# ------------------------------------------------------------------------------------ F1


class F1Row(NamedTuple):
    """F1 of both networks on a class, or its mean over the classes that share a value."""

    label: str
    baseline: float
    tuned: float


class F1Group(NamedTuple):
    """Rows that belong together."""

    title: str
    rows: tuple[F1Row, ...]


class F1Grid(NamedTuple):
    """F1 of all classes, laid out by their attributes."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    column_attribute: str
    values: dict[NetworkName, tuple[tuple[float, ...], ...]]
    """[row][column]."""


def f1_by_class(evaluation: Evaluation) -> F1Group:
    """One row a class, the tuned network's worst class first."""
    baseline, tuned = (evaluation.networks[name].per_class.f1 for name in NETWORKS)
    rows = map(F1Row, evaluation.classes, baseline, tuned)
    return F1Group("class", tuple(sorted(rows, key=lambda row: (row.tuned, row.baseline))))


def f1_by_attribute(
    evaluation: Evaluation, names: Names, attributes: Sequence[str]
) -> tuple[F1Group, ...]:
    """One group an attribute: the mean F1 of the classes that share a value."""
    groups = []
    for axis, attribute in enumerate(attributes):
        others = tuple(other for other in range(len(attributes)) if other != axis)
        baseline, tuned = (
            _cube(evaluation, name, names, attributes).mean(axis=others) for name in NETWORKS
        )
        rows = zip(names[attribute], baseline.tolist(), tuned.tolist(), strict=True)
        groups.append(F1Group(attribute, tuple(F1Row(*row) for row in rows)))
    return tuple(groups)


def f1_grid(evaluation: Evaluation, names: Names, attributes: Sequence[str]) -> F1Grid:
    """The attribute with most values makes the columns, all others together the rows."""
    column = max(attributes, key=lambda attribute: len(names[attribute]))
    rest = [attribute for attribute in attributes if attribute != column]
    rows = [""]
    for attribute in rest:
        rows = [f"{row}, {value}".removeprefix(", ") for row in rows for value in names[attribute]]
    values: dict[NetworkName, tuple[tuple[float, ...], ...]] = {}
    for name in NETWORKS:
        cube = np.moveaxis(
            _cube(evaluation, name, names, attributes), list(attributes).index(column), -1
        )
        grid = cube.reshape(len(rows), -1)  # (2, 2, 2, 12) -> (8, 12)
        values[name] = tuple(map(tuple, grid.tolist()))
    return F1Grid(tuple(rows), tuple(names[column]), column, values)


def _cube(
    evaluation: Evaluation, network: NetworkName, names: Names, attributes: Sequence[str]
) -> np.ndarray:
    """F1 of all classes, one axis an attribute: (96,) -> (2, 2, 12, 2)."""
    shape = [len(names[attribute]) for attribute in attributes]
    return np.array(evaluation.networks[network].per_class.f1).reshape(shape)


def draw_f1_rows(groups: Sequence[F1Group]) -> Figure:
    """Paired dots, a row each, in groups below each other with a common axis."""
    titles = len(groups) > 1
    places, y = [], 0.0
    for group in groups:
        y += 1.0 if titles else 0.0
        places.append([y + number for number in range(len(group.rows))])
        y += len(group.rows) + (0.4 if titles else 0.0)
    figure = new_figure(8, 0.23 * y + 0.9)
    with styled():
        axes = figure.subplots()
        shown = [score for group in groups for row in group.rows for score in row[1:]]
        set_score_axis(axes, shown, "x")
        for group, ys in zip(groups, places, strict=True):
            _draw_f1_group(axes, group, ys, titles)
        axes.set_yticks(
            [place for ys in places for place in ys],
            [row.label for group in groups for row in group.rows],
        )
        axes.set_ylim(y - 0.2 if titles else y - 0.4, -0.7)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.set_xlabel("F1 on the test part")
        handles = [
            axes.scatter([], [], s=42, color=PALETTE[network], label=network)
            for network in NETWORKS
        ]
        figure.legend(handles=handles, loc="outside upper right", ncols=2)
    return figure


def _draw_f1_group(axes: Axes, group: F1Group, ys: Sequence[float], titled: bool) -> None:
    if titled:
        axes.text(
            0, ys[0] - 1, f" {group.title}", weight="bold", va="center",
            transform=axes.get_yaxis_transform(), bbox={"color": "white", "pad": 1},
        )  # fmt: skip
    for row, y in zip(group.rows, ys, strict=True):
        axes.plot((row.baseline, row.tuned), (y, y), color=PALETTE["grid"], lw=3, zorder=1)
        for network, score, right in (
            ("baseline", row.baseline, 44),
            ("tuned", row.tuned, 92),
        ):
            # The tuned dot is smaller, so that equal scores show both.
            size = 46 if network == "baseline" else 22
            axes.scatter(score, y, s=size, color=PALETTE[network], zorder=3)
            axes.annotate(
                percent(score), (1, y), xycoords=axes.get_yaxis_transform(), xytext=(right, 0),
                textcoords="offset points", va="center", ha="right", fontsize=8,
                color=PALETTE[network],
            )  # fmt: skip


def draw_f1_grid(grid: F1Grid) -> Figure:
    """Heat maps of the F1 of both networks and of their difference, in percent."""
    baseline, tuned = (100 * np.array(grid.values[name]) for name in NETWORKS)
    gain = tuned - baseline
    low, most = min(baseline.min(), tuned.min()), max(float(np.abs(gain).max()), 0.1)
    panels = (
        ("baseline", baseline, F1_COLORS, Normalize(min(low, 99.0), 100), PALETTE["baseline"]),
        ("tuned", tuned, F1_COLORS, Normalize(min(low, 99.0), 100), PALETTE["tuned"]),
        ("tuned minus baseline", gain, BETTER_COLORS, Normalize(-most, most), PALETTE["ink"]),
    )
    height = 0.26 * len(grid.rows) + 0.45
    figure = new_figure(8.4, 3 * height + 0.3)
    with styled():
        places = figure.subplots(3, 1, sharex=True)
        for axes, (title, values, colors, norm, color) in zip(places, panels, strict=True):
            picture = axes.imshow(values, cmap=colors, norm=norm, aspect="auto")
            _write_cells(axes, values, colors, norm, "+" if values is gain else "")
            axes.set_title(title, color=color)
            axes.set_yticks(range(len(grid.rows)), grid.rows)
            axes.tick_params(length=0)
            axes.spines[:].set_visible(False)
            unit = "points" if values is gain else "F1 in %"
            figure.colorbar(picture, ax=axes, pad=0.01, aspect=12, label=unit)
        places[-1].set_xticks(range(len(grid.columns)), grid.columns)
        places[-1].set_xlabel(grid.column_attribute)
    return figure


def _write_cells(
    axes: Axes, values: np.ndarray, colors: Colormap, norm: Normalize, sign: str
) -> None:
    for (row, column), value in np.ndenumerate(values):
        red, green, blue, _ = colors(norm(value))
        # Relative luminance (ITU-R BT.601 weights) decides on white or dark letters.
        light = 0.299 * red + 0.587 * green + 0.114 * blue > 0.55
        text = f"{value:{sign}.1f}".replace("100.0", "100")
        axes.text(
            column, row, text, ha="center", va="center", fontsize=7,
            color=PALETTE["ink"] if light else "white",
        )  # fmt: skip


def _f1_classes_caption(group: F1Group) -> str:
    worst = group.rows[0]
    gains = [row.tuned - row.baseline for row in group.rows]
    most = group.rows[int(np.argmax(gains))]
    better = sum(gain > 0 for gain in gains)
    return (
        f"F1 of each class on the test part, the tuned network's worst first: {worst.label} with "
        f"{percent(worst.tuned)}. The tuned network is better on {better} of "
        f"{len(gains)} classes; the largest change is "
        f"{points(most.tuned - most.baseline)} on {most.label}."
    )


def _f1_attributes_caption(groups: Sequence[F1Group]) -> str:
    spread = {
        group.title: max(row.tuned for row in group.rows) - min(row.tuned for row in group.rows)
        for group in groups
    }
    most = max(spread, key=lambda title: spread[title])
    rows = next(group.rows for group in groups if group.title == most)
    worst, best = (pick(rows, key=lambda row: row.tuned) for pick in (min, max))
    return (
        "Mean F1 of the classes that share a value. For the tuned network "
        f"{most} makes the largest difference: {percent(worst.tuned)} for {worst.label}, "
        f"{percent(best.tuned)} for {best.label}."
    )


def _f1_grid_caption(grid: F1Grid) -> str:
    baseline, tuned = (np.array(grid.values[name]) for name in NETWORKS)
    row, column = np.unravel_index(int(tuned.argmin()), tuned.shape)
    return (
        f"F1 of all {tuned.size} classes, a column for each {grid.column_attribute}. The tuned "
        f"network's worst class is {grid.rows[row]}, {grid.columns[column]} with "
        f"{percent(float(tuned.min()))}; the baseline's worst has "
        f"{percent(float(baseline.min()))}. In the last map blue is where the tuned network is "
        f"better ({int((tuned > baseline).sum())} classes), orange where the baseline is "
        f"({int((tuned < baseline).sum())})."
    )


# --------------------------------------------------------------------------------- shared


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
    """Draw the results on the test part into the directory, which exists.

    Args:
        evaluation: of the problem.
        predictions: arrays of predictions.npz: labels_HEAD (n,) int and NETWORK_HEAD (n, classes).
        heads: label columns the networks predict.
        names: of the data set: label column -> names of its classes.
        attributes: of the data set: columns of which the class is the mixed-radix number; ()
            if none.
        directory: gets results_accuracy.png, results_confusion.png and results_f1.png, with
            attributes results_f1_attributes.png too.
    """
    problem = evaluation.problem
    confusions = confusion_info(evaluation, predictions, heads, names, attributes)
    made: list[tuple[Picture, Figure]] = [
        (
            Picture(
                file="results_accuracy.png",
                section="results",
                title="Test accuracy",
                caption=_accuracy_caption(evaluation),
                alt=f"Test accuracy of the baseline and the tuned network of {problem} with 95% "
                "intervals and each seed.",
            ),
            draw_accuracy(accuracy_info(evaluation)),
        ),
        (
            Picture(
                file="results_confusion.png",
                section="results",
                title="Confusion matrices",
                caption=_confusions_caption(confusions, names, attributes),
                alt=f"Confusion matrices of the baseline and the tuned network of {problem}, of "
                f"{', '.join(confusion.head for confusion in confusions)}.",
            ),
            draw_confusions(confusions),
        ),
    ]
    if attributes:
        grid = f1_grid(evaluation, names, attributes)
        groups = f1_by_attribute(evaluation, names, attributes)
        made += [
            (
                Picture(
                    file="results_f1.png",
                    section="results",
                    title="F1 of each class",
                    caption=_f1_grid_caption(grid),
                    alt="Heat maps of the F1 of each class of the baseline and the tuned network "
                    "and of the difference.",
                ),
                draw_f1_grid(grid),
            ),
            (
                Picture(
                    file="results_f1_attributes.png",
                    section="results",
                    title=f"F1 by {', '.join(attributes)}",
                    caption=_f1_attributes_caption(groups),
                    alt="Paired dots: mean F1 of the baseline and the tuned network for each "
                    f"value of {', '.join(attributes)}.",
                ),
                draw_f1_rows(groups),
            ),
        ]
    else:
        group = f1_by_class(evaluation)
        made.append(
            (
                Picture(
                    file="results_f1.png",
                    section="results",
                    title="F1 of each class",
                    caption=_f1_classes_caption(group),
                    alt="Paired dots: F1 of the baseline and the tuned network for each class.",
                ),
                draw_f1_rows([group]),
            )
        )
    for picture, figure in made:
        save(figure, directory / picture.file)
    return [picture for picture, _ in made]
