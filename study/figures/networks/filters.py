"""What each filter of a convolution answers to: two gradient ascents, and real patches beside."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from study.explanation.feature_images import (
    Ascent,
    Patches,
    before_activation,
    best_patches,
    fourier_ascent,
    middle_field,
    pixel_ascent,
    used_channels,
    usual_ink,
)
from study.explanation.filter_health import Health, layers_health
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
from study.networks.saved import as_functional, find_layers, is_convolution, visual_layers
from study.problem.settings import FigureSettings
from study.records.base import FilterScores, LayerScores, NetworkName, Picture

COLOURS = ("red", "green", "blue")

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


class FiltersInfo(NamedTuple):
    """What the filters of one convolution layer answer to."""

    layer: str
    filters: np.ndarray
    """(f,) filter numbers."""
    total: int
    """Filters in the layer."""
    field: tuple[slice, slice]
    """Rows and columns of the image that the unit in the middle of a map sees."""
    pixels: Ascent
    fourier: Ascent
    patches: Patches | None
    """None without real images."""
    asleep: np.ndarray
    """(2, f) bool: the ascent in pixels, in Fourier space did not wake the filter."""
    dead: np.ndarray
    """(f,) bool: silent on every real image; without any, not to be woken by an ascent."""
    like: np.ndarray
    """(f,) int: a filter of a lower number that it nearly duplicates, or -1."""
    silent: int | None
    """Filters of the whole layer that are silent on every real image; None without any."""
    alike: int | None
    """Near-duplicates in the whole layer; None if it cannot be said."""
    tested: int
    """Real images that were tried."""
    absent: tuple[str, ...]
    """Colours that no real image has: the ascents leave them out."""


def filters_info(
    model: keras.Model,
    layers: Sequence[str] | None = None,
    images: np.ndarray | None = None,
    budget: FigureSettings | None = None,
) -> list[FiltersInfo]:
    """What each filter answers to most, for each convolution layer; the same every time.

    Args:
        model: Any plain Keras model of images.
        layers: Names of layers; those that pool have no filters and are left out. All
            convolution layers if None.
        images: (n, height, width, channels) real images, pixels 0 to 255: they decide which
            filters are dead and alike, so pass a few hundred; None if there are none.
        budget: Filters a layer (the first so many), steps and patches.

    Raises:
        WrongName: a layer that is not there, or a network with another one nested inside.
    """
    model, budget = as_functional(model), budget or FigureSettings()
    chosen = visual_layers(model) if layers is None else find_layers(model, layers)
    chosen = [layer for layer in chosen if is_convolution(layer)]
    real = None if images is None or not len(images) else images
    health = layers_health(model, chosen, real)
    return [
        _layer_info(model, layer, of_layer, real, budget)
        for layer, of_layer in zip(chosen, health, strict=True)
    ]


def _layer_info(
    model: keras.Model,
    layer: keras.layers.Layer,
    health: Health,
    images: np.ndarray | None,
    budget: FigureSettings,
) -> FiltersInfo:
    linear = before_activation(model, layer)
    total = int(linear.outputs[0].shape[-1])
    shown = min(budget.filters, total)
    channels, patches, ink = None, None, None
    if images is not None:
        channels = used_channels(images)
        patches = best_patches(linear, images, shown, budget.patches)
        ink = usual_ink(images, patches.scores[:, 0])
    pixels = pixel_ascent(linear, shown, budget.ascent_steps, channels)
    fourier = fourier_ascent(linear, shown, budget.fourier_steps, channels, ink)
    asleep = np.array([np.asarray(layer.activation(a.scores)) == 0 for a in (pixels, fourier)])
    like = health.like
    return FiltersInfo(
        layer=layer.name,
        filters=np.arange(shown),
        total=total,
        field=middle_field(linear),
        pixels=pixels,
        fourier=fourier,
        patches=patches,
        asleep=asleep,
        dead=np.all(asleep, axis=0) if health.silent is None else health.silent[:shown],
        like=np.full(shown, -1) if like is None else like[:shown],
        silent=None if health.silent is None else int(health.silent.sum()),
        alike=None if like is None else int((like >= 0).sum()),
        tested=0 if images is None else len(images),
        absent=() if channels is None else _absent_colours(channels),
    )


def _absent_colours(channels: np.ndarray) -> tuple[str, ...]:
    if len(channels) != len(COLOURS):
        return ()
    return tuple(colour for colour, used in zip(COLOURS, channels, strict=True) if not used)


def draw_filters(info: FiltersInfo) -> Figure:
    """A row of tiles a filter, two filters side by side, four if there are no real patches."""
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


def scores_record(infos: Sequence[FiltersInfo]) -> FilterScores:
    """What a run keeps of the ascents of a network's layers."""
    return FilterScores(
        images=infos[0].tested if infos else 0,
        layers=[
            LayerScores(
                layer=info.layer,
                pixels=_rounded(info.pixels.scores),
                fourier=_rounded(info.fourier.scores),
                real=[] if info.patches is None else _rounded(info.patches.scores[:, 0]),
            )
            for info in infos
        ],
    )


def _rounded(scores: np.ndarray) -> list[float]:
    return [float(f"{score:.5g}") for score in scores]


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
                section="filters",
                network=network,
                title=f"Filters of {info.layer}, {whose(network)}",
                caption=caption(info),
                alt=f"Grid of {len(info.filters)} rows of small pictures, one a filter of "
                f"{info.layer}: what two gradient ascents made for it{real}. "
                f"{int(info.dead.sum())} are crossed out as dead.",
                reading=READING,
            )
        )
    return made
