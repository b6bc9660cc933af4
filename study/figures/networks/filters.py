"""What each filter of a convolution responds to: two gradient ascents beside real patches."""

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
from study.wording import several

LABEL = 0.62
"""Room for a filter's number, in tiles."""
GAP = 0.14
"""Gap between the images that were made and the real patches, in tiles."""
BETWEEN = 0.3
"""Gap between two filters side by side, in tiles."""
PITCH = 1.24
"""Distance from one filter to the one below, in tiles."""
INCH = 0.66
"""Side of a tile, in inches; two filters with three patches each then fill the report's width."""

READING = (
    "Each filter is a row of tiles. The first two tiles are images made by gradient ascent to "
    "maximise the filter's response: one by changing the pixels of a blank image, the other by "
    "changing the strength of its waves (Fourier space). In the second ascent the image is "
    "shifted, turned and resized a little at every step, so that only patterns that survive this "
    "remain, and using more ink than real images have is penalised. The other tiles are the parts "
    "of real images that excite the filter most. Where a made image and the real patches agree, "
    "they show what the filter looks for; where they do not, the made image shows what the filter "
    "would respond to but never meets. A number is the filter's value before the activation "
    "function: the higher, the stronger; a percentage is relative to the best real patch's value. "
    "A patch from an image's border shows somewhat more than the filter sees. Dead filters are "
    "silent on all real images; a filter marked “like 3” responds as filter 3 does."
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
    """The value with two digits, or with all digits before the decimal point."""
    return f"{value:.0f}" if abs(value) >= 10 else f"{value:.2g}"


def caption(info: FiltersInfo) -> str:
    """What to see in the figure of this layer, with its numbers."""
    shown, tested = len(info.filters), info.tested
    which = f"{'all' if shown == info.total else 'the first'} {shown} of {info.total} filters"
    rows, columns = (part.stop - part.start for part in info.field)
    told = [
        f"What {which} of {info.layer} respond to most, cut to the {rows} × {columns} pixels that "  # noqa: RUF001
        "one unit sees. The ascent in Fourier space ended higher than the ascent in pixels for "
        f"{int((info.fourier.scores > info.pixels.scores).sum())} of {shown} filters."
    ]
    if info.patches is None:
        told.append(
            f"Dead filters, which neither ascent could activate: {int(info.dead.sum())} of these "
            f"{shown}."
        )
    else:
        best = info.patches.scores[:, 0]
        over = [int((ascent.scores > best).sum()) for ascent in (info.fourier, info.pixels)]
        told.append(
            f"Ascents that ended higher than the best patch of {tested} real images: {over[0]} in "
            f"Fourier space, {over[1]} in pixels."
        )
        told.append(f"Dead filters, silent on all of these images: {info.silent} of {info.total}.")
    if info.alike is not None:
        by = "weights" if info.patches is None else "responses"
        told.append(
            f"Near-duplicates, whose {by} repeat another filter's: {info.alike} of {info.total}."
        )
    stuck = int((info.asleep.any(axis=0) & ~info.dead).sum())
    if stuck:
        told.append(
            f"For {several(stuck, 'filter')} an ascent failed: real images activate them, but one "
            "of the two ascents did not."
        )
    if info.absent:
        told.append(f"No image of the data has {' or '.join(info.absent)}, which is left out.")
    return " ".join(told)


def pictures(
    infos: Sequence[FiltersInfo], network: NetworkName | None, directory: Path
) -> list[Picture]:
    """Draw a figure of each layer's filters into the directory, as PNG files.

    Args:
        infos: The filters of a network's layers.
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
