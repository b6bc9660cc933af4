"""What each filter of a convolution answers to: two gradient ascents, and real patches beside."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from study.explanation.arrays import FiltersInfo
from study.figures.palette import PALETTE
from study.figures.style import save, styled
from study.figures.tiles import (
    SIDE,
    as_rgb,
    figure_of,
    file_name,
    new_grid,
    over_tile,
    tile,
    whose,
)
from study.records.base import NetworkName
from study.records.picture import Picture

LABEL = 0.62
"""Room for a filter's number, in tiles."""
GAP = 0.14
"""Between what was made and what is real."""
BETWEEN = 0.3
"""Between two filters side by side."""
PITCH = 1.24
"""From one filter to the one below."""
INCH = 0.66
"""A tile; two filters with three patches each then fill the report's width."""

READING = (
    "Each filter is a row of tiles. The first two are images made to drive it up: by changing the "
    "pixels of a blank image, and by changing the strength of its waves (Fourier space) while it "
    "is shifted, turned and resized a little at every step, so that only what survives that is "
    "kept, and while more ink than real images have costs. The others are the parts of real "
    "images that drive it up most. Where a made image and the real patches agree, that is what "
    "the filter looks for; where they do not, the made image shows what it "
    "would answer to, but never meets. A number is the filter's value before the activation "
    "function: the higher, the stronger; a percentage is the share of the best "
    "real patch's. A patch from an image's border shows somewhat more than the filter sees. "
    "Dead filters are silent on all real images; “like 3” repeats what filter 3 says."
)


def draw_filters(info: FiltersInfo) -> Figure:
    """A row of tiles per filter, two filters side by side, four if there are no real patches."""
    patches = 0 if info.patches is None else info.patches.images.shape[1]
    width = LABEL + 2 + (GAP + patches if patches else 0)
    shown, abreast = len(info.filters), 2 if patches else 4
    columns = min(abreast, shown)
    rows = -(-shown // columns)
    right = columns * (width + BETWEEN) - BETWEEN
    with styled():
        axes = new_grid(0, -0.52, right, PITCH * rows - 0.28, INCH)
        for column in range(columns):
            _headings(axes, column * (width + BETWEEN), patches)
        for place in range(shown):
            column, row = divmod(place, rows)
            _draw_filter(axes, info, place, column * (width + BETWEEN), PITCH * row)
    return figure_of(axes)


def _headings(axes: Axes, x: float, patches: int) -> None:
    middles = {"pixels": x + LABEL + SIDE / 2, "Fourier": x + LABEL + 1 + SIDE / 2}
    if patches:
        words = "real patches" if patches > 1 else "real"
        middles[words] = x + LABEL + 2 + GAP + (patches - 1 + SIDE) / 2
    for words, middle in middles.items():
        axes.text(middle, -0.34, words, fontsize=8, ha="center", color=PALETTE["muted"])


def _draw_filter(axes: Axes, info: FiltersInfo, place: int, x: float, y: float) -> None:
    axes.text(x, y + 0.3, str(info.filters[place]), fontsize=9, weight="bold")
    if info.dead[place]:
        axes.text(x, y + 0.58, "dead", fontsize=7, color=PALETTE["bad"])
    elif info.like[place] >= 0:
        axes.text(x, y + 0.58, f"like {info.like[place]}", fontsize=7, color=PALETTE["bad"])
    left = x + LABEL
    for ascent, asleep in zip((info.pixels, info.fourier), info.asleep[:, place], strict=True):
        _draw_tile(axes, ascent.images[place][info.field], number(ascent.scores[place]), left, y)
        if info.dead[place]:
            for ends in ((y, y + SIDE), (y + SIDE, y)):
                axes.plot((left, left + SIDE), ends, color=PALETTE["bad"], linewidth=1.5)
        elif asleep:
            over_tile(axes, "no ascent", left, y)
        left += 1
    if info.patches is None:
        return
    left += GAP
    scores = info.patches.scores[place]
    for rank, (patch, score) in enumerate(zip(info.patches.images[place], scores, strict=True)):
        words = f"{score / scores[0]:.0%}" if rank and scores[0] > 0 else number(score)
        _draw_tile(axes, patch, words, left + rank, y)


def _draw_tile(axes: Axes, picture: np.ndarray, words: str, x: float, y: float) -> None:
    axes.text(x + SIDE, y - 0.05, words, fontsize=7.5, ha="right", color=PALETTE["muted"])
    tile(axes, as_rgb(picture[np.newaxis])[0], x, y)
    frame = Rectangle((x, y), SIDE, SIDE, fill=False, color=PALETTE["muted"], linewidth=0.6)
    axes.add_patch(frame)


def number(value: float) -> str:
    """Two digits, or as many as it has before the point."""
    return f"{value:.0f}" if abs(value) >= 10 else f"{value:.2g}"


def caption(info: FiltersInfo) -> str:
    """What to see in the figure of this layer, with its numbers."""
    shown, tested = len(info.filters), info.tested
    which = f"{'all' if shown == info.total else 'the first'} {shown} of {info.total} filters"
    rows, columns = (part.stop - part.start for part in info.field)
    told = [
        f"What {which} of {info.layer} answer to most, cut to the {rows} × {columns} pixels that "  # noqa: RUF001
        f"one unit sees. The ascent in Fourier space ended higher than the one in pixels for "
        f"{int((info.fourier.scores > info.pixels.scores).sum())} of {shown}."
    ]
    if info.patches is None:
        told.append(f"Dead, that is not to be woken: {int(info.dead.sum())} of these {shown}.")
    else:
        best = info.patches.scores[:, 0]
        over = [int((ascent.scores > best).sum()) for ascent in (info.fourier, info.pixels)]
        told.append(
            f"Higher than the best patch of {tested} real images: {over[0]} in Fourier space, "
            f"{over[1]} in pixels."
        )
        told.append(f"Dead, that is silent on all of these: {info.silent} of {info.total}.")
    if info.alike is not None:
        by = "weights" if info.patches is None else "answers"
        told.append(
            f"Near-duplicates, whose {by} repeat another filter's: {info.alike} of {info.total}."
        )
    stuck = int((info.asleep.any(axis=0) & ~info.dead).sum())
    if stuck:
        told.append(f"No ascent: {stuck} that real images wake, but one of the ascents did not.")
    if info.absent:
        told.append(f"No image of the data has {' or '.join(info.absent)}: it is left out.")
    return " ".join(told)


def pictures(
    infos: Sequence[FiltersInfo], network: NetworkName | None, directory: Path
) -> list[Picture]:
    """Draw a figure of each layer's filters into the directory, as PNG files.

    Args:
        infos: Of a network's layers.
        network: Which of the study's networks it is; None for any other model.
        directory: Where the files go.
    """
    made = []
    for info in infos:
        file = file_name("filters", network, info.layer)
        save(draw_filters(info), directory / file)
        real = "" if info.patches is None else " and the real patches that excite it most"
        made.append(
            Picture(
                file=file,
                kind=f"filters_{info.layer}",
                section="filters",
                network=network,
                title=f"Filters of {info.layer}, {whose(network)}",
                caption=caption(info),
                alt=f"Grid of {len(info.filters)} rows of small pictures, one per filter of "
                f"{info.layer}: what two gradient ascents made for it{real}. "
                f"{int(info.dead.sum())} are crossed out as dead.",
                reading=READING,
            )
        )
    return made
