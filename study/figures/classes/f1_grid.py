"""F1 of classes that make a grid, laid out by the columns that cross, and by each of these."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure

from study.data.dataset import Names
from study.figures.classes.f1_scores import F1Group, HeadF1, mean, rows
from study.figures.palette import PALETTE, SEQUENTIAL
from study.figures.style import new_figure, styled
from study.records.base import NETWORKS, NetworkName
from study.wording import percent

STEPS = 15
"""Colours of a map with numbers in it: few, because a file has a palette of 256 colours."""
BETTER_COLORS = LinearSegmentedColormap.from_list(
    "better", [PALETTE["baseline"], "white", PALETTE["tuned"]], STEPS
)
"""Colours of differences: that of the network that is better."""
F1_COLORS = colormaps[SEQUENTIAL].resampled(STEPS)


class F1Grid(NamedTuple):
    """F1 of all classes, laid out by the columns that cross; NaN if a class has no test images."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    column_name: str
    values: dict[NetworkName, tuple[tuple[float, ...], ...]]
    """[row][column]."""


def by_column(head: HeadF1, crossed: Sequence[str], names: Names) -> tuple[F1Group, ...]:
    """One group per crossed column: the mean F1 of the classes that share a value.

    Args:
        head: F1 of all classes of the grid.
        crossed: Columns that make the grid, most significant first.
        names: Column -> names of its classes.
    """
    made = []
    for axis, column in enumerate(crossed):
        baseline, tuned = (
            [mean(part.ravel()) for part in np.moveaxis(_cube(head, name, crossed, names), axis, 0)]
            for name in NETWORKS
        )
        made.append(F1Group(column, tuple(rows(names[column], baseline, tuned))))
    return tuple(made)


def in_grid(head: HeadF1, crossed: Sequence[str], names: Names) -> F1Grid:
    """The column with the most values makes the grid's columns, all others together its rows."""
    across = max(crossed, key=lambda column: len(names[column]))
    rest = [column for column in crossed if column != across]
    labels = [""]
    for column in rest:
        labels = [
            f"{label}, {value}".removeprefix(", ") for label in labels for value in names[column]
        ]
    values: dict[NetworkName, tuple[tuple[float, ...], ...]] = {}
    for name in NETWORKS:
        cube = _cube(head, name, crossed, names)
        cube = np.moveaxis(cube, list(crossed).index(across), -1)
        grid = cube.reshape(len(labels), -1)  # (2, 2, 2, 12) -> (8, 12)
        values[name] = tuple(map(tuple, grid.tolist()))
    return F1Grid(tuple(labels), tuple(names[across]), across, values)


def _cube(head: HeadF1, network: NetworkName, crossed: Sequence[str], names: Names) -> np.ndarray:
    """F1 of all classes, one axis per crossed column: (96,) -> (2, 2, 12, 2)."""
    return head.scores[network].reshape([len(names[column]) for column in crossed])


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
        places[-1].set_xlabel(grid.column_name)
    return figure


def _write_cells(
    axes: Axes, values: np.ndarray, colors: Colormap, norm: Normalize, sign: str
) -> None:
    for (row, column), value in np.ndenumerate(values):
        if np.isnan(value):  # no test images
            axes.text(column, row, "–", ha="center", va="center", fontsize=7)  # noqa: RUF001
            continue
        red, green, blue, _ = colors(norm(value))
        # Relative luminance (ITU-R BT.601 weights) decides between white and dark letters.
        light = 0.299 * red + 0.587 * green + 0.114 * blue > 0.55
        text = f"{value:{sign}.1f}".replace("100.0", "100")
        axes.text(
            column, row, text, ha="center", va="center", fontsize=7,
            color=PALETTE["ink"] if light else "white",
        )  # fmt: skip


def grid_caption(grid: F1Grid) -> str:
    """What to see in the grid, with its numbers."""
    baseline, tuned = (np.array(grid.values[name]) for name in NETWORKS)
    row, column = np.unravel_index(int(np.nanargmin(tuned)), tuned.shape)
    classes = int((~np.isnan(tuned)).sum())
    return (
        f"F1 of all {classes} classes, one column per {grid.column_name}. The tuned "
        f"network's worst class is {grid.rows[row]}, {grid.columns[column]} with "
        f"{percent(float(np.nanmin(tuned)))}; the baseline's worst class has "
        f"{percent(float(np.nanmin(baseline)))}. In the last map, blue marks classes on which the "
        f"tuned network is better ({int((tuned > baseline).sum())}), orange those on which the "
        f"baseline is better ({int((tuned < baseline).sum())})."
    )


def columns_caption(groups: Sequence[F1Group]) -> str:
    """What to see in the means by column, with their numbers."""
    spread = {
        group.title: max(row.tuned for row in group.rows) - min(row.tuned for row in group.rows)
        for group in groups
    }
    most = max(spread, key=lambda title: spread[title])
    rows = next(group.rows for group in groups if group.title == most)
    worst, best = (pick(rows, key=lambda row: row.tuned) for pick in (min, max))
    return (
        "Mean F1 of the classes that share a value. The tuned network's F1 depends most on "
        f"{most}: {percent(worst.tuned)} for {worst.label}, {percent(best.tuned)} for "
        f"{best.label}."
    )
