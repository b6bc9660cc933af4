"""F1 of every class on the test part, of baseline and tuned; and by what the classes share."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure

from study.data.dataset import Names
from study.figures.palette import PALETTE, SEQUENTIAL
from study.figures.style import new_figure, save, styled
from study.figures.wording import percent, points, set_score_axis
from study.records.base import NETWORKS, Evaluation, NetworkName, Picture

MOST_NAMED = 6
"""Classes without test images that a caption names."""
STEPS = 15
"""Colours of a map with numbers in it: few, because all of a file share a palette of 256."""
BETTER_COLORS = LinearSegmentedColormap.from_list(
    "better", [PALETTE["baseline"], "white", PALETTE["tuned"]], STEPS
)
"""Differences: the colour of the network that is better."""
F1_COLORS = colormaps[SEQUENTIAL].resampled(STEPS)


class F1Row(NamedTuple):
    """F1 of both networks on a class, or its mean over the classes that share a value."""

    label: str
    baseline: float
    tuned: float


class F1Group(NamedTuple):
    """Rows that belong together; none of what has no test images."""

    title: str
    rows: tuple[F1Row, ...]


class F1Grid(NamedTuple):
    """F1 of all classes, laid out by their attributes; NaN of a class without test images."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    column_attribute: str
    values: dict[NetworkName, tuple[tuple[float, ...], ...]]
    """[row][column]."""


def by_class(evaluation: Evaluation) -> F1Group:
    """One row a class that has test images, the tuned network's worst class first."""
    baseline, tuned = (_scores(evaluation, name).tolist() for name in NETWORKS)
    rows = _known(map(F1Row, evaluation.classes, baseline, tuned))
    return F1Group("class", tuple(sorted(rows, key=lambda row: (row.tuned, row.baseline))))


def by_attribute(
    evaluation: Evaluation, names: Names, attributes: Sequence[str]
) -> tuple[F1Group, ...]:
    """One group an attribute: the mean F1 of the classes that share a value."""
    groups = []
    for axis, attribute in enumerate(attributes):
        baseline, tuned = (
            [
                _mean(part)
                for part in np.moveaxis(_cube(evaluation, name, names, attributes), axis, 0)
            ]
            for name in NETWORKS
        )
        groups.append(F1Group(attribute, _known(map(F1Row, names[attribute], baseline, tuned))))
    return tuple(groups)


def _scores(evaluation: Evaluation, network: NetworkName) -> np.ndarray:
    """(classes,) F1, NaN of a class without test images."""
    return np.array(evaluation.networks[network].per_class.f1, float)


def _mean(scores: np.ndarray) -> float:
    """Over what is no NaN; NaN if there is nothing else."""
    there = scores[~np.isnan(scores)]
    return float(there.mean()) if len(there) else np.nan


def _known(rows: Iterable[F1Row]) -> tuple[F1Row, ...]:
    return tuple(row for row in rows if not np.isnan([row.baseline, row.tuned]).any())


def in_grid(evaluation: Evaluation, names: Names, attributes: Sequence[str]) -> F1Grid:
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
    return _scores(evaluation, network).reshape(shape)


def draw_rows(groups: Sequence[F1Group]) -> Figure:
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
            _draw_group(axes, group, ys, titles)
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


def _draw_group(axes: Axes, group: F1Group, ys: Sequence[float], titled: bool) -> None:
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


def draw_grid(grid: F1Grid) -> Figure:
    """Heat maps of the F1 of both networks and of their difference, in percent."""
    baseline, tuned = (100 * np.array(grid.values[name]) for name in NETWORKS)
    gain = tuned - baseline
    low = float(np.nanmin([baseline, tuned]))
    most = max(float(np.nanmax(np.abs(gain))), 0.1)
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
        if np.isnan(value):  # no test images
            axes.text(column, row, "–", ha="center", va="center", fontsize=7)  # noqa: RUF001
            continue
        red, green, blue, _ = colors(norm(value))
        # Relative luminance (ITU-R BT.601 weights) decides on white or dark letters.
        light = 0.299 * red + 0.587 * green + 0.114 * blue > 0.55
        text = f"{value:{sign}.1f}".replace("100.0", "100")
        axes.text(
            column, row, text, ha="center", va="center", fontsize=7,
            color=PALETTE["ink"] if light else "white",
        )  # fmt: skip


def _left_out(evaluation: Evaluation) -> str:
    """Which classes have no F1, as the end of a caption."""
    scores = _scores(evaluation, "tuned")
    absent = [
        name for name, score in zip(evaluation.classes, scores, strict=True) if np.isnan(score)
    ]
    if not absent:
        return ""
    shown = ", ".join(absent[:MOST_NAMED]) + (", ..." if len(absent) > MOST_NAMED else "")
    return (
        f" {len(absent)} of {len(scores)} classes have no test images and so no F1; they are left "
        f"out: {shown}."
    )


def _classes_caption(group: F1Group) -> str:
    worst = group.rows[0]
    gains = [row.tuned - row.baseline for row in group.rows]
    most = group.rows[int(np.argmax(np.abs(gains)))]
    better = sum(gain > 0 for gain in gains)
    return (
        f"F1 of each class on the test part, the tuned network's worst first: {worst.label} with "
        f"{percent(worst.tuned)}. The tuned network is better on {better} of "
        f"{len(gains)} classes; the largest change is "
        f"{points(most.tuned - most.baseline)} on {most.label}."
    )


def _attributes_caption(groups: Sequence[F1Group]) -> str:
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


def _grid_caption(grid: F1Grid) -> str:
    baseline, tuned = (np.array(grid.values[name]) for name in NETWORKS)
    row, column = np.unravel_index(int(np.nanargmin(tuned)), tuned.shape)
    classes = int((~np.isnan(tuned)).sum())
    return (
        f"F1 of all {classes} classes, a column for each {grid.column_attribute}. The tuned "
        f"network's worst class is {grid.rows[row]}, {grid.columns[column]} with "
        f"{percent(float(np.nanmin(tuned)))}; the baseline's worst has "
        f"{percent(float(np.nanmin(baseline)))}. In the last map blue is where the tuned network "
        f"is better ({int((tuned > baseline).sum())} classes), orange where the baseline is "
        f"({int((tuned < baseline).sum())})."
    )


def pictures(
    evaluation: Evaluation, names: Names, attributes: Sequence[str], directory: Path
) -> list[Picture]:
    """Draw results_f1.png, with attributes results_f1_attributes.png too.

    Args:
        evaluation: of the problem.
        names: of the data set.
        attributes: of the data set: columns of which the class is the mixed-radix number; ()
            if none.
        directory: of the figures, which exists.
    """
    if not attributes:
        group = by_class(evaluation)
        made = Picture(
            file="results_f1.png",
            section="results",
            title="F1 of each class",
            caption=_classes_caption(group) + _left_out(evaluation),
            alt="Paired dots: F1 of the baseline and the tuned network for each class.",
        )
        save(draw_rows([group]), directory / made.file)
        return [made]
    grid = in_grid(evaluation, names, attributes)
    groups = by_attribute(evaluation, names, attributes)
    of_classes = Picture(
        file="results_f1.png",
        section="results",
        title="F1 of each class",
        caption=_grid_caption(grid) + _left_out(evaluation),
        alt="Heat maps of the F1 of each class of the baseline and the tuned network and of the "
        "difference.",
    )
    of_attributes = Picture(
        file="results_f1_attributes.png",
        section="results",
        title=f"F1 by {', '.join(attributes)}",
        caption=_attributes_caption(groups) + _left_out(evaluation),
        alt="Paired dots: mean F1 of the baseline and the tuned network for each value of "
        f"{', '.join(attributes)}.",
    )
    save(draw_grid(grid), directory / of_classes.file)
    save(draw_rows(groups), directory / of_attributes.file)
    return [of_classes, of_attributes]
