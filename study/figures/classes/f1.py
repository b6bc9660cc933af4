"""F1 of every class on the test part, for both networks; and its mean by what classes share."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from study.data.dataset import Crossed, Names
from study.figures.classes.answered import FEW_IMAGES, Answered, in_grid, per_head
from study.figures.classes.f1_grid import by_column, columns_caption, draw_grid, grid_caption
from study.figures.classes.f1_grid import in_grid as laid_out
from study.figures.classes.f1_scores import F1Group, HeadF1, groups, head_f1
from study.figures.palette import PALETTE
from study.figures.score_axis import set_score_axis
from study.figures.style import new_figure, save, styled
from study.records.base import NETWORKS
from study.records.picture import Picture
from study.wording import percent, points

MOST_NAMED = 6
"""Number of classes without test images that a caption names."""
BINS = 20
"""Number of bins in a histogram of F1 from 0 to 1."""


def draw_rows(groups: Sequence[F1Group]) -> Figure:
    """Paired dots, one row per pair, in groups below each other with a common axis."""
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


def draw_histogram(heads: Sequence[HeadF1]) -> Figure:
    """Number of classes by their F1: one row per head."""
    figure = new_figure(8, 2.1 * len(heads) + 0.3)
    with styled():
        places = figure.subplots(len(heads), 1, squeeze=False)[:, 0]
        for axes, head in zip(places, heads, strict=True):
            scores = [head.scores[name][head.known] for name in NETWORKS]
            axes.hist(
                scores, bins=np.linspace(0, 1, BINS + 1), label=NETWORKS,
                color=[PALETTE[name] for name in NETWORKS],
            )  # fmt: skip
            axes.set(title=head.head, ylabel="classes")
            axes.xaxis.set_major_formatter(lambda score, _: f"{100 * score:.6g}%")
        places[-1].set_xlabel("F1 on the test part")
        handles, labels = places[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper right", ncols=2)
    return figure


def _reservations(answered: Answered, head: str = "") -> str:
    """The end of a caption: which classes have no F1, or one computed from few images.

    Args:
        answered: The true and the predicted classes.
        head: The head's name, if there are several heads.
    """
    absent, few = np.flatnonzero(answered.images == 0), answered.with_few_images
    classes = f"{len(answered.names)} classes" + (f" of {head}" if head else "")
    said = ""
    if len(absent):
        shown = ", ".join(answered.names[index] for index in absent[:MOST_NAMED])
        said += (
            f" {len(absent)} of {classes} have no test images, hence no F1, and are left out: "
            f"{shown}{', ...' if len(absent) > MOST_NAMED else ''}."
        )
    if few:
        said += (
            f" {few} of {classes} {'has' if few == 1 else 'have'} fewer than {FEW_IMAGES} test "
            "images, so little can be said about their F1."
        )
    return said


def _head_caption(head: HeadF1, several: bool) -> str:
    tuned, baseline = (head.scores[name][head.known] for name in ("tuned", "baseline"))
    gains = tuned - baseline
    names = [name for name, known in zip(head.names, head.known, strict=True) if known]
    worst, most = int(np.lexsort((baseline, tuned))[0]), int(np.argmax(np.abs(gains)))
    on = f"On {head.head} the" if several else "The"
    return (
        f"{on} tuned network's worst class is {names[worst]} with {percent(tuned[worst])}; it "
        f"beats the baseline on {int((gains > 0).sum())} of {len(gains)} classes. "
        f"The largest change from baseline to tuned is "
        f"{points(gains[most])} points on {names[most]}."
    )


def pictures(
    predictions: Mapping[str, np.ndarray],
    heads: Names,
    crossed: Crossed | None,
    columns: Names,
    directory: Path,
) -> list[Picture]:
    """Draw F1 of the classes of every head; if heads make a grid, of the grid as well.

    Args:
        predictions: Arrays of predictions.npz: labels_HEAD (n,) int and NETWORK_HEAD (n, classes).
        heads: Head -> names of its classes.
        crossed: The data set's columns that make a grid; None if none do.
        columns: Label column of the data set -> names of its classes.
        directory: The folder of the figures, which exists.
    """
    answered = per_head(predictions, heads)
    grid = in_grid(answered, crossed, columns)
    if crossed is None or grid is None:
        return _of_heads(answered, directory)
    made = [_of_grid(grid, crossed, columns, directory)]
    if crossed.into in heads:
        return [*made, _of_columns(grid, crossed, columns, directory)]
    return [*made, *_of_heads(answered, directory, kind="results_f1_heads")]


def _of_heads(
    answered: Sequence[Answered], directory: Path, kind: str = "results_f1"
) -> list[Picture]:
    heads, several = [head_f1(one) for one in answered], len(answered) > 1
    captions = [_head_caption(head, several) for head in heads if head.known.any()]
    rows = Picture(
        file=f"{kind}.png",
        kind=kind,
        section="results",
        title="F1 of each class" + (" of each head" if several else ""),
        caption=" ".join(captions)
        + "".join(_reservations(one, one.head if several else "") for one in answered),
        alt="Paired dots: F1 of the baseline and the tuned network for each class.",
    )
    save(draw_rows([group for head in heads for group in groups(head)]), directory / rows.file)
    many = [head for head in heads if head.has_many]
    if not many:
        return [rows]
    histogram = Picture(
        file="results_f1_histogram.png",
        kind="results_f1_histogram",
        section="results",
        title="Number of classes by F1",
        caption=" ".join(map(_histogram_caption, many)),
        alt="Histograms: number of classes by their F1, of the baseline and the tuned network.",
    )
    save(draw_histogram(many), directory / histogram.file)
    return [rows, histogram]


def _histogram_caption(head: HeadF1) -> str:
    baseline, tuned = (float(np.median(head.scores[name][head.known])) for name in NETWORKS)
    return (
        f"Half of the {int(head.known.sum())} classes of {head.head} have an F1 above "
        f"{percent(tuned)} with the tuned network, and above {percent(baseline)} with the baseline."
    )


def _of_grid(grid: Answered, crossed: Crossed, columns: Names, directory: Path) -> Picture:
    found = laid_out(head_f1(grid), crossed.columns, columns)
    made = Picture(
        file="results_f1.png",
        kind="results_f1",
        section="results",
        title="F1 of each class",
        caption=grid_caption(found) + _reservations(grid),
        alt="Heat maps: F1 of each class, for the baseline, for the tuned network, and the "
        "difference.",
    )
    save(draw_grid(found), directory / made.file)
    return made


def _of_columns(grid: Answered, crossed: Crossed, columns: Names, directory: Path) -> Picture:
    found = by_column(head_f1(grid), crossed.columns, columns)
    listed = ", ".join(crossed.columns)
    made = Picture(
        file="results_f1_attributes.png",
        kind="results_f1_attributes",
        section="results",
        title=f"F1 by {listed}",
        caption=columns_caption(found) + _reservations(grid),
        alt="Paired dots: mean F1 of the baseline and the tuned network for each value of "
        f"{listed}.",
    )
    save(draw_rows(found), directory / made.file)
    return made
