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
from tf_keras_vis.activation_maximization import ActivationMaximization

from study.figures.style import PALETTE, save
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
BATCH = 256


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
    return [
        _ascend(model, layer, silent.get(layer.name), tested, limit, steps, blank)
        for layer in chosen
    ]


def _ascend(
    model: keras.Model,
    layer: keras.layers.Layer,
    silent: np.ndarray | None,
    tested: int,
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
    blur = min(seen[field].shape[:2]) // 8  # coarser for units that see more

    def direction(gradient: tf.Tensor) -> tf.Tensor:
        """Low-passed, so that no pixel noise wins; the fastest pixel of each image at speed 1."""
        for _ in range(blur):
            gradient = tf.nn.avg_pool2d(gradient, 3, 1, "SAME")
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
        tested=tested,
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


def draw_filters(info: FiltersInfo, columns: int = 8) -> Figure:
    """A tile a filter: the part of the image its unit sees, its number and the score reached."""
    rows = -(-len(info.filters) // columns)
    axes = new_grid(0, -0.22, min(columns, len(info.filters)), 1.24 * rows - 0.24, inch=0.94)
    for place, number in enumerate(info.filters):
        x, y = place % columns, 1.24 * (place // columns)
        axes.text(x, y - 0.05, f"{number}", fontsize=8, weight="bold")
        axes.text(
            x + SIDE, y - 0.05, f"{info.scores[place]:.2g}",
            fontsize=8, ha="right", color=PALETTE["muted"],
        )  # fmt: skip
        tile(axes, as_rgb(info.images[place : place + 1])[0][info.field], x, y)
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
    which = f"all {shown} filters" if shown == info.total else f"first {shown} of {info.total}"
    rows, columns = (part.stop - part.start for part in info.field)
    if info.silent is not None:
        dead = (
            f"Dead, that is silent on all {info.tested} test images: "
            f"{info.silent} of the layer's {info.total} filters."
        )
    else:
        dead = f"Dead, that is not to be woken: {int(info.dead.sum())} of these {shown} filters."
    stuck = int(info.stuck.sum())
    return (
        f"What the filters of {info.layer} answer to ({which}): gradient ascent from a blank grey "
        f"image, cut to the {rows} × {columns} pixels that one unit sees. Above each its "  # noqa: RUF001
        f"number and the value reached before the activation function. {dead}"
        + (f" {stuck} could not be woken from blank, though real images do it." if stuck else "")
    )


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
                alt=f"Grid of {len(info.filters)} small pictures, one a filter of {info.layer}: the "
                f"pattern it answers to most. {int(info.dead.sum())} are crossed out as dead.",
            )
        )
    return made
