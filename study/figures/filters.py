"""What each filter of a convolution layer answers to most: gradient ascent from a blank image.

For every filter, the unit in the middle of its map is driven up by changing the pixels of a
blank grey image (Erhan et al. 2009, "Visualizing Higher-Layer Features of a Deep Network").
One unit rather than the mean over the map: for a first layer the mean's gradient is the same
at every pixel, so that a blank start would only ever change its colour.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from tf_keras_vis.activation_maximization import ActivationMaximization

from study.figures.style import PALETTE, save, styled
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
from study.models import (
    as_functional,
    find_layers,
    image_shape,
    is_convolution,
    layer_outputs,
    visual_layers,
)
from study.records import NetworkName, Picture

SHOWN_FILTERS = 16
STEPS = 40
BLANK = 127.5
"""Mid-grey: a pixel can go either way, so that what a filter avoids shows as well."""
REACH = 1.0
"""How far the fastest pixel could go in all steps together, in parts of the pixels' range."""
SMOOTH_FROM = 8
"""Pixels of a side that a unit sees from which on its gradient is smoothed: fewer would leave
nothing of the filter's shape."""
BATCH = 256
COLOURS = ("red", "green", "blue")


class FiltersInfo(NamedTuple):
    """What the filters of one convolution layer answer to."""

    layer: str
    filters: np.ndarray
    """(f,) filter numbers."""
    total: int
    """Filters in the layer."""
    images: np.ndarray
    """(f, height, width, channels) uint8, where the ascent ended."""
    field: tuple[slice, slice]
    """Rows and columns of the image that the unit sees."""
    scores: np.ndarray
    """(f,) float32: the unit's value before the layer's activation function, at the end."""
    dead: np.ndarray
    """(f,) bool: silent on every real image; without any, not to be woken by the ascent."""
    stuck: np.ndarray
    """(f,) bool: answers to real images, but the ascent from blank did not wake it."""
    silent: int | None
    """Filters of the whole layer that are silent on every real image; None without any."""
    tested: int
    """Real images that were tried."""
    absent: tuple[str, ...]
    """Colours that no real image has: nothing taught the network what to make of them."""


def filters_info(
    model: keras.Model,
    layers: Sequence[str] | None = None,
    images: np.ndarray | None = None,
    limit: int = SHOWN_FILTERS,
    steps: int = STEPS,
    blank: float = BLANK,
) -> list[FiltersInfo]:
    """The image each filter answers to most, for each convolution layer; no chance involved.

    Args:
        model: Any plain Keras model of images.
        layers: Names of layers; those that pool have no filters and are left out. All
            convolution layers if None.
        images: (n, height, width, channels) real images that decide which filters are dead.
        limit: Filters a layer: the first so many.
        steps: Of gradient ascent; the environment's TF_KERAS_VIS_MAX_STEPS bounds them.
        blank: The pixel value of the image to start from, 0 to 255.

    Raises:
        WrongName: a layer that is not there, or a network with another one nested inside.
    """
    model = as_functional(model)
    chosen = visual_layers(model) if layers is None else find_layers(model, layers)
    chosen = [layer for layer in chosen if is_convolution(layer)]
    tested = 0 if images is None else len(images)
    silent = _silent(model, chosen, images) if images is not None and tested else {}
    absent = _absent_colours(images) if images is not None and tested else ()
    found = [_ascend(model, layer, silent.get(layer.name), limit, steps, blank) for layer in chosen]
    return [info._replace(tested=tested, absent=absent) for info in found]


def _ascend(
    model: keras.Model,
    layer: keras.layers.Layer,
    silent: np.ndarray | None,
    limit: int,
    steps: int,
    blank: float,
) -> FiltersInfo:
    linear = _before_activation(model, layer)
    total = int(linear.outputs[0].shape[-1])
    filters = np.arange(min(limit, total))
    field = _receptive_field(linear, len(filters))
    seen = np.zeros((*image_shape(model)[:2], 1), np.float32)
    seen[field] = 1
    smooth = min(seen[field].shape[:2]) >= SMOOTH_FROM

    def direction(gradient: tf.Tensor) -> tf.Tensor:
        """Uphill, the fastest pixel of each image at speed 1; low-passed so no pixel noise wins."""
        if smooth:  # twice: averaging once would turn the finest waves downhill
            gradient = tf.nn.avg_pool2d(tf.nn.avg_pool2d(gradient, 3, 1, "SAME"), 3, 1, "SAME")
        gradient *= seen
        peak = tf.reduce_max(tf.abs(gradient), axis=(1, 2, 3), keepdims=True)
        return tf.math.divide_no_nan(gradient, peak)

    start = np.full((len(filters), *image_shape(model)), blank, np.float32)
    found = ActivationMaximization(linear)(
        _middle,
        seed_input=start,
        input_range=(0.0, 255.0),
        input_modifiers=[lambda pixels: tf.clip_by_value(pixels, 0.0, 255.0)],
        regularizers=[],
        steps=steps,
        optimizer=keras.optimizers.SGD(REACH * 255 / steps),
        gradient_modifier=direction,
    )
    pictures = np.rint(found).astype(np.uint8)
    scores = np.asarray(_middle(linear([pictures.astype(np.float32)])))
    asleep = np.asarray(layer.activation(scores)) == 0
    dead = asleep if silent is None else silent[filters]
    return FiltersInfo(
        layer=layer.name,
        filters=filters,
        total=total,
        images=pictures,
        field=field,
        scores=scores,
        dead=dead,
        stuck=asleep & ~dead,
        silent=None if silent is None else int(silent.sum()),
        tested=0,
        absent=(),
    )


def _before_activation(model: keras.Model, layer: keras.layers.Layer) -> keras.Model:
    """Images -> the layer's output without its activation function, which could hide gradients."""
    twin = type(layer).from_config({**layer.get_config(), "activation": "linear"})
    output = twin(layer.input)
    twin.set_weights(layer.get_weights())
    return keras.Model(model.inputs, output)


def _middle(maps: tf.Tensor) -> tf.Tensor:
    """(f, h, w, c) -> (f,): image i's value of filter i in the middle of the map."""
    height, width = maps.shape[1:3]
    middle = maps[:, height // 2, width // 2, : maps.shape[0]]
    return tf.cast(tf.linalg.diag_part(middle), tf.float32)


def _receptive_field(linear: keras.Model, filters: int) -> tuple[slice, slice]:
    """Rows and columns of the pixels that move the middle unit, tried out on noise images."""
    shape = (filters, *image_shape(linear))
    noise = tf.constant(np.random.default_rng(1).uniform(0, 255, shape), tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(noise)
        score = _middle(linear([noise]))
    moves = np.any(np.asarray(tape.gradient(score, noise)) != 0, axis=(0, 3))
    return _span(moves.any(axis=1)), _span(moves.any(axis=0))


def _span(flags: np.ndarray) -> slice:
    """From the first to the last True; everything if there is none."""
    places = np.flatnonzero(flags)
    return slice(int(places[0]), int(places[-1]) + 1) if len(places) else slice(0, len(flags))


def _silent(
    model: keras.Model, layers: Sequence[keras.layers.Layer], images: np.ndarray
) -> dict[str, np.ndarray]:
    """Layer -> (filters,) bool: its output is zero everywhere on every image."""
    silent = {layer.name: np.ones(layer.output.shape[-1], bool) for layer in layers}
    for i in range(0, len(images), BATCH):
        outputs = layer_outputs(model, layers, images[i : i + BATCH])
        for name, maps in zip(silent, outputs, strict=True):
            silent[name] &= np.all(maps == 0, axis=(0, 1, 2))
    return silent


def _absent_colours(images: np.ndarray) -> tuple[str, ...]:
    """The colours among red, green and blue that are zero in all (n, h, w, 3) images."""
    if images.shape[-1] != 3:
        return ()
    used = np.asarray(images.any(axis=(0, 1, 2)))
    return tuple(colour for colour, there in zip(COLOURS, used, strict=True) if not there)


def draw_filters(info: FiltersInfo, columns: int = 8) -> Figure:
    """A tile a filter: the part of the image its unit sees, its number and the value reached."""
    shown, pitch = len(info.filters), 1.24
    with styled():
        axes = new_grid(0, -0.24, min(columns, shown), pitch * -(-shown // columns) - 0.28, 0.94)
        for place, number in enumerate(info.filters):
            x, y = place % columns, pitch * (place // columns)
            value = f"{info.scores[place]:.2g}"
            axes.text(x, y - 0.05, str(number), fontsize=8, weight="bold")
            axes.text(x + SIDE, y - 0.05, value, fontsize=8, ha="right", color=PALETTE["muted"])
            tile(axes, as_rgb(info.images[place : place + 1])[0][info.field], x, y)
            axes.add_patch(
                Rectangle((x, y), SIDE, SIDE, fill=False, color=PALETTE["muted"], linewidth=0.6)
            )
            if info.dead[place]:
                for ends in ((y, y + SIDE), (y + SIDE, y)):
                    axes.plot((x, x + SIDE), ends, color=PALETTE["bad"], linewidth=1.5)
                over_tile(axes, "dead", x, y)
            elif info.stuck[place]:
                over_tile(axes, "no ascent", x, y)
    return figure_of(axes)


def caption(info: FiltersInfo) -> str:
    """What to see in the figure of this layer, with its numbers."""
    shown = len(info.filters)
    which = f"{'all' if shown == info.total else 'the first'} {shown} of {info.total} filters"
    rows, columns = (part.stop - part.start for part in info.field)
    told = (
        f"What {which} of {info.layer} answer to most: gradient ascent from a blank grey image, "
        f"cut to the {rows} × {columns} pixels that one unit sees. Above each its number and the "  # noqa: RUF001
        f"value reached before the activation function. "
    )
    if info.silent is None:
        told += f"Dead, that is not to be woken: {int(info.dead.sum())} of these {shown}."
    else:
        told += f"Dead, that is silent on {info.tested} images of the data: "
        told += f"{info.silent} of the layer's {info.total}."
    if info.stuck.any():
        told += f" No ascent: {int(info.stuck.sum())} that real images wake, but not the ascent."
    if info.absent:
        told += f" No image of the data has {' or '.join(info.absent)}: its part is arbitrary."
    return told


def pictures(
    model: keras.Model,
    network: NetworkName | None,
    images: np.ndarray | None,
    truth: Mapping[str, np.ndarray] | None,  # noqa: ARG001  the same call for all three figures
    names: Mapping[str, Sequence[str]] | None,  # noqa: ARG001
    directory: Path,
    layers: Sequence[str] | None = None,
    filters: int = SHOWN_FILTERS,
    steps: int = STEPS,
) -> list[Picture]:
    """Draw a figure of each convolution layer's filters into the directory.

    Args:
        model: Any plain Keras model of images.
        network: Which of the study's networks it is; None for any other model.
        images: (n, height, width, channels), pixels 0 to 255: all decide which filters are
            dead, so pass a few hundred; None if there are none.
        truth: Not used.
        names: Not used.
        directory: Where the PNG files go.
        layers: Names of layers; all convolution layers if None.
        filters: Filters to draw a layer.
        steps: Of gradient ascent.

    Raises:
        WrongName: a layer that is not there, or a network with another one nested inside.
    """
    made = []
    for info in filters_info(model, layers, images, filters, steps):
        file = file_name("filters", network, info.layer)
        save(draw_filters(info), directory / file)
        made.append(
            Picture(
                file=file,
                section="filters",
                network=network,
                title=f"Filters of {info.layer}, {whose(network)}",
                caption=caption(info),
                alt=f"Grid of {len(info.filters)} small pictures, one a filter of {info.layer}: "
                f"what it answers to most. {int(info.dead.sum())} are crossed out as dead.",
            )
        )
    return made
