"""What the filters of a convolution respond to: images made for them, and parts of real images."""

from collections.abc import Sequence

import keras
import numpy as np

from study.explanation.arrays import FiltersInfo, Patches
from study.explanation.filters.filter_health import Health, layers_health
from study.explanation.filters.fourier_ascent import fourier_ascent, usual_ink
from study.explanation.filters.pixel_ascent import pixel_ascent
from study.explanation.filters.unit import before_activation, middle_field, used_channels
from study.networks.cell_positions import field
from study.networks.memory import rows_that_fit
from study.networks.saved import as_functional, find_layers, is_convolution, visual_layers
from study.problem.settings import FigureSettings
from study.records.finding import FilterScores, LayerScores

COLOURS = ("red", "green", "blue")
BATCH = 256


def filters_info(
    model: keras.Model,
    layers: Sequence[str] | None = None,
    images: np.ndarray | None = None,
    budget: FigureSettings | None = None,
) -> list[FiltersInfo]:
    """What each filter of each convolution layer responds to most; the same at every call.

    Args:
        model: Any plain Keras model of images.
        layers: Names of layers; pooling layers have no filters and are left out. All convolution
            layers if None.
        images: (n, height, width, channels) real images, pixels 0 to 255. They decide which
            filters are dead or near-duplicates, so pass a few hundred; None if there are none.
        budget: Numbers of filters per layer (the first ones), of steps and of patches.

    Raises:
        WrongName: A layer does not exist, or another network is nested inside.
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
    rows, columns = middle_field(linear)
    return FiltersInfo(
        layer=layer.name,
        filters=np.arange(shown),
        total=total,
        seen=((rows.start, rows.stop), (columns.start, columns.stop)),
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


def best_patches(linear: keras.Model, images: np.ndarray, filters: int, count: int) -> Patches:
    """The real patches that excite each of the first filters most.

    A patch has the size that the unit in the middle of the map sees. A unit at the border sees
    less; its patch is moved inside the image and shows more than the unit sees.

    Args:
        linear: Images -> the convolution's output without its activation function.
        images: (n, height, width, channels), pixels 0 to 255.
        filters: How many of the layer's filters, the first ones.
        count: Patches per filter; fewer if there are fewer images.
    """
    values, units = _highest(linear, images, filters)
    sources = np.argsort(-values, axis=0, kind="stable")[:count].T
    scores = np.take_along_axis(values.T, sources, axis=1)
    columns = linear.outputs[0].shape[2]
    places = [divmod(int(units[i, f]), columns) for f in range(filters) for i in sources[f]]
    fields = {place: field(linear, place) for place in set(places)}
    size = [part.stop - part.start for part in middle_field(linear)]
    corners = np.array([
        [
            min(max((seen.start + seen.stop - side) // 2, 0), whole - side)
            for seen, side, whole in zip(fields[place], size, images.shape[1:3], strict=True)
        ]
        for place in places
    ]).reshape(*sources.shape, 2)  # fmt: skip
    patches = np.stack([
        images[source, top : top + size[0], left : left + size[1]]
        for source, (top, left) in zip(sources.ravel(), corners.reshape(-1, 2), strict=True)
    ])  # fmt: skip
    return Patches(patches.reshape(*sources.shape, *patches.shape[1:]), scores, sources, corners)


def _highest(
    linear: keras.Model, images: np.ndarray, filters: int
) -> tuple[np.ndarray, np.ndarray]:
    """(n, f) float32 highest value in each map, and (n, f) int number of its unit, row by row."""
    values, units = [], []
    rows = rows_that_fit(linear, BATCH)
    for i in range(0, len(images), rows):
        maps = np.asarray(linear([np.asarray(images[i : i + rows], np.float32)]), np.float32)
        flat = maps[..., :filters].reshape(len(maps), -1, filters)
        units.append(flat.argmax(axis=1))
        values.append(flat.max(axis=1))
    return np.concatenate(values), np.concatenate(units)


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
