"""What drives a unit of a convolution up: images made by gradient ascent, and real patches.

A filter is asked through one unit, before the layer's activation function, which could hide
gradients: the unit in the middle of its map. One unit rather than the mean over the map: for a
first layer the mean's gradient is the same at every pixel, so that a blank start would only ever
change its colour.

`linear` is everywhere what `before_activation` gives. Images are made for the layer's first
filters, all at once: image i for filter i.
"""

from collections.abc import Sequence
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf
from tf_keras_vis.activation_maximization import ActivationMaximization
from tf_keras_vis.utils import get_num_of_steps_allowed

from study.data.ground import has_even_ground
from study.networks.memory import rows_that_fit
from study.networks.saved import image_shape

BLANK = 127.5
"""Mid-grey: a pixel can go either way, so that what a filter avoids shows as well."""
REACH = 1.0
"""How far the fastest pixel could go in all steps together, in parts of the pixels' range."""
SMOOTH_FROM = 8
"""Pixels of a side that a unit sees from which on its gradient in pixels is smoothed: fewer would
leave nothing of the filter's shape."""

RATE = 0.12
"""Adam's learning rate in Fourier space: half as much is still on its way after a hundred steps."""
FIRST_SPREAD = 0.01
"""Standard deviation of the first spectrum: all but blank, and no two frequencies in balance."""
JITTER = 1 / 12
"""Shift each way, in parts of the side that the unit sees. Lucid, the program of Olah et al., has
1/21 of 128 pixels; of 28 pixels that left more noise. On the few pixels of a first layer it is
less than one: more would blur the kernel's own shape away."""
TURN = np.deg2rad(8)
"""Rotation each way, in radians; Lucid has 10 degrees."""
ZOOM = 0.1
"""Change of size each way, as in Lucid."""
EDGE = 0.1
"""Least distance of the first colour from black and white, in parts of the range: at the ends
themselves a sigmoid has no slope."""
USUAL = 0.95
"""The share of real images that has no more ink than is free."""

NOISE_IMAGES = 4
BATCH = 256


class Ascent(NamedTuple):
    """Where a gradient ascent ended."""

    images: np.ndarray
    """(f, height, width, channels) uint8."""
    scores: np.ndarray
    """(f,) float32: the units' values before the activation function, on these very images."""


class Ink(NamedTuple):
    """How far images are from one that is all background: what an ascent may spend.

    Lines and digits are few pixels on an even ground. An ascent that is free fills its images
    with whatever adds a little, and ends far from all that a network has ever seen.
    """

    background: np.ndarray
    """(channels,) float32 the images' median colour, 0 to 255."""
    usual: float
    """What USUAL of the images have no more of: mean distance from the background, above 0."""
    worth: np.ndarray
    """(f,) float32 what each filter gives for a real image: twice the usual ink costs as much."""

    def price(self, images: tf.Tensor) -> tf.Tensor:
        """(f,): nothing up to the usual ink."""
        spent = tf.reduce_mean(tf.abs(images - self.background), axis=(1, 2, 3))
        return self.worth * tf.maximum(spent / self.usual - 1, 0)


class Patches(NamedTuple):
    """The parts of real images that drive each filter up most, of an image one at most."""

    images: np.ndarray
    """(f, p, rows, columns, channels), the best first."""
    scores: np.ndarray
    """(f, p) float32: the filter's highest value before the activation function, there."""
    sources: np.ndarray
    """(f, p) int: the image's number."""
    corners: np.ndarray
    """(f, p, 2) int: top row and left column of the patch in it."""


def before_activation(model: keras.Model, layer: keras.layers.Layer) -> keras.Model:
    """Images -> the convolution's output without its activation function."""
    twin = type(layer).from_config({**layer.get_config(), "activation": "linear"})
    output = twin(layer.input)
    twin.set_weights(layer.get_weights())
    return keras.Model(model.inputs, output)


def used_channels(images: np.ndarray) -> np.ndarray:
    """(channels,) bool: the colours that some image has; all of them if there is nothing to see.

    A colour that no real image has taught the network nothing: an ascent that is free to use it
    fills its images with noise of that colour.
    """
    used = np.asarray(images.any(axis=(0, 1, 2)))
    return used if used.any() else np.ones(images.shape[-1], bool)


def usual_ink(images: np.ndarray, worth: np.ndarray) -> Ink | None:
    """That of real images (n, height, width, channels) uint8.

    None if they have no even ground, as photographs, or are all background.

    Args:
        worth: (f,) each filter's highest value for them.
    """
    if not has_even_ground(images):
        return None
    background = np.median(images, axis=(0, 1, 2)).astype(np.float32)
    spent = np.abs(images - background).mean(axis=(1, 2, 3))
    usual = float(np.quantile(spent, USUAL))
    return Ink(background, usual, np.abs(worth).astype(np.float32)) if usual else None


def middle_field(linear: keras.Model) -> tuple[slice, slice]:
    """Rows and columns of the image that the unit in the middle of a map sees."""
    height, width = linear.outputs[0].shape[1:3]
    return _fields(linear, [(height // 2, width // 2)])[0]


def pixel_ascent(
    linear: keras.Model,
    filters: int,
    steps: int,
    channels: np.ndarray | None = None,
    blank: float = BLANK,
) -> Ascent:
    """Gradient ascent on the pixels of a blank image; no chance involved.

    Erhan et al. 2009, "Visualizing Higher-Layer Features of a Deep Network".

    Args:
        linear: See above.
        filters: How many of the layer's filters, the first ones.
        steps: The environment's TF_KERAS_VIS_MAX_STEPS bounds them.
        channels: (channels,) bool: those that may change, the others stay zero. None: all.
        blank: The pixel value to start from, 0 to 255.
    """
    shape = image_shape(linear)
    field = middle_field(linear)
    seen = np.zeros((*shape[:2], 1), np.float32)
    seen[field] = 1
    smooth = min(seen[field].shape[:2]) >= SMOOTH_FROM
    there = _as_weights(channels, shape[-1])

    def direction(gradient: tf.Tensor) -> tf.Tensor:
        """Uphill, the fastest pixel of each image at speed 1; low-passed so no pixel noise wins."""
        if smooth:  # twice: averaging once would turn the finest waves downhill
            gradient = tf.nn.avg_pool2d(tf.nn.avg_pool2d(gradient, 3, 1, "SAME"), 3, 1, "SAME")
        gradient *= seen * there
        peak = tf.reduce_max(tf.abs(gradient), axis=(1, 2, 3), keepdims=True)
        return tf.math.divide_no_nan(gradient, peak)

    found = ActivationMaximization(linear)(
        _middle,
        seed_input=np.full((filters, *shape), blank, np.float32) * there,
        input_range=(0.0, 255.0),
        input_modifiers=[lambda pixels: tf.clip_by_value(pixels, 0.0, 255.0)],
        regularizers=[],
        steps=steps,
        optimizer=keras.optimizers.SGD(REACH * 255 / steps),
        gradient_modifier=direction,
    )
    return _scored(linear, found)


def fourier_ascent(
    linear: keras.Model,
    filters: int,
    steps: int,
    channels: np.ndarray | None = None,
    ink: Ink | None = None,
    seed: int = 1,
) -> Ascent:
    """Gradient ascent on the images' spectra, every step on randomly moved images.

    Olah et al. 2017, "Feature Visualization" (The Enemy of Feature Visualization;
    Preconditioning and Parameterization). The scaling by 1/f gives slow waves, of which real
    images have most, the longest steps; what a small shift, turn or change of size undoes does
    not pay. Colours are not decorrelated: over the pixels of the line images red and blue
    correlate by -0.02 and green is absent, so there is nothing to take out. What keeps the
    pictures clean on an even ground is our own: they begin near its colour, and more ink than
    real images have costs.

    Args:
        linear: See above.
        filters: How many of the layer's filters, the first ones.
        steps: The environment's TF_KERAS_VIS_MAX_STEPS bounds them.
        channels: (channels,) bool: those that may change, the others stay zero. None: all.
        ink: What real images have of it. None: the start is grey, and ink is free.
        seed: Of the first spectra and of the movements.
    """
    steps = get_num_of_steps_allowed(steps)
    height, width, colours = image_shape(linear)
    chance = np.random.default_rng(seed)
    shape = (2, filters, colours, height, width // 2 + 1)
    spectra = tf.Variable(chance.normal(0, FIRST_SPREAD, shape), dtype=tf.float32)
    scale = tf.constant(_one_over_f(height, width), tf.complex64)
    there = _as_weights(channels, colours)
    start = _levels(np.full(colours, BLANK) if ink is None else ink.background)
    sides = [part.stop - part.start for part in middle_field(linear)]
    movements = tf.constant(_movements(chance, (steps, filters), (height, width), max(sides)))
    adam = keras.optimizers.Adam(RATE)
    adam.build([spectra])

    def images() -> tf.Tensor:
        waves = tf.complex(spectra[0], spectra[1]) * scale
        levels = tf.signal.irfft2d(waves, fft_length=[height, width])
        return 255 * tf.sigmoid(tf.transpose(levels, (0, 2, 3, 1)) + start) * there

    def ascend(step: tf.Tensor) -> tuple[tf.Tensor]:
        with tf.GradientTape() as tape:
            still = images()
            moved = tf.raw_ops.ImageProjectiveTransformV3(
                images=still,
                transforms=movements[step],
                output_shape=(height, width),
                fill_value=0.0,
                interpolation="BILINEAR",
                fill_mode="REFLECT",
            )
            cost = ink.price(still) if ink else 0.0
            loss = tf.reduce_sum(cost - _middle(linear([moved])))
        adam.apply_gradients([(tape.gradient(loss, spectra), spectra)])
        return (step + 1,)

    @tf.function(autograph=False)  # a quarter of the time of step after step from Python
    def all_steps() -> None:
        tf.while_loop(lambda step: step < steps, ascend, (tf.constant(0),))

    all_steps()
    return _scored(linear, images())


def best_patches(linear: keras.Model, images: np.ndarray, filters: int, count: int) -> Patches:
    """The real patches that drive each of the first filters up most.

    A patch has the size that the unit in the middle of the map sees. Where a unit at the border
    sees less, its patch is moved inside the image, and shows more than the unit sees.

    Args:
        linear: See above.
        images: (n, height, width, channels), pixels 0 to 255.
        filters: How many of the layer's filters, the first ones.
        count: Patches a filter, fewer if there are fewer images.
    """
    values, units = _highest(linear, images, filters)
    sources = np.argsort(-values, axis=0, kind="stable")[:count].T
    scores = np.take_along_axis(values.T, sources, axis=1)
    columns = linear.outputs[0].shape[2]
    places = [divmod(int(units[i, f]), columns) for f in range(filters) for i in sources[f]]
    distinct = sorted(set(places))
    fields = dict(zip(distinct, _fields(linear, distinct), strict=True))
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
    """(n, f) float32 highest value in each map, and (n, f) int which unit has it, row by row."""
    values, units = [], []
    rows = rows_that_fit(linear, BATCH)
    for i in range(0, len(images), rows):
        maps = np.asarray(linear([np.asarray(images[i : i + rows], np.float32)]), np.float32)
        flat = maps[..., :filters].reshape(len(maps), -1, filters)
        units.append(flat.argmax(axis=1))
        values.append(flat.max(axis=1))
    return np.concatenate(values), np.concatenate(units)


def _as_weights(channels: np.ndarray | None, count: int) -> np.ndarray:
    return np.ones(count, np.float32) if channels is None else channels.astype(np.float32)


def _levels(colour: np.ndarray) -> np.ndarray:
    """What a sigmoid is to be given for a colour of 0 to 255, or for the nearest with a slope."""
    share = np.clip(colour / 255, EDGE, 1 - EDGE)
    return np.log(share / (1 - share)).astype(np.float32)


def _one_over_f(height: int, width: int) -> np.ndarray:
    """(height, width // 2 + 1) what `irfft2d` is to be given for a spectrum of ones.

    A spectrum of random numbers with spread s becomes pixels with spread s about.
    """
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width))
    scale = 1 / np.maximum(frequency, 1 / max(height, width))
    return np.asarray(scale * np.sqrt(height * width / np.mean(scale**2)))


def _movements(
    chance: np.random.Generator, count: tuple[int, int], size: tuple[int, int], side: int
) -> np.ndarray:
    """(steps, f, 8) float32 random movements about the image's middle, in TensorFlow's form.

    The pixel at x, y comes from a0 x + a1 y + a2, b0 x + b1 y + b2; a movement is
    a0, a1, a2, b0, b1, b2, 0, 0.
    """
    turn, zoom = chance.uniform(-TURN, TURN, count), np.exp(chance.uniform(-ZOOM, ZOOM, count))
    right, down = chance.uniform(-JITTER * side, JITTER * side, (2, *count))
    cos, sin = zoom * np.cos(turn), zoom * np.sin(turn)
    y, x = ((length - 1) / 2 for length in size)
    none = np.zeros(count)
    return np.stack(
        [
            *(cos, -sin, x - cos * x + sin * y + right),
            *(sin, cos, y - sin * x - cos * y + down),
            *(none, none),
        ],
        axis=-1,
    ).astype(np.float32)


def _scored(linear: keras.Model, images: np.ndarray | tf.Tensor) -> Ascent:
    """The images as bytes, and what they are worth as such."""
    rounded = np.rint(images).astype(np.uint8)
    return Ascent(rounded, np.asarray(_middle(linear([rounded.astype(np.float32)]))))


def _middle(maps: tf.Tensor) -> tf.Tensor:
    """(f, h, w, c) -> (f,): image i's value of filter i in the middle of the map."""
    height, width = maps.shape[1:3]
    middle = maps[:, height // 2, width // 2, : maps.shape[0]]
    return tf.cast(tf.linalg.diag_part(middle), tf.float32)


def _fields(linear: keras.Model, units: Sequence[tuple[int, int]]) -> list[tuple[slice, slice]]:
    """Rows and columns of the pixels that move each unit, tried out on noise images."""
    chance = np.random.default_rng(1)
    shape = (len(units) * NOISE_IMAGES, *image_shape(linear))
    noise = tf.constant(chance.uniform(0, 255, shape), tf.float32)
    # Uneven, lest filters that are each other's opposite cancel.
    weights = chance.uniform(1, 2, linear.outputs[0].shape[-1]).astype(np.float32)
    at = [(i, *unit) for i, unit in enumerate(np.repeat(units, NOISE_IMAGES, axis=0))]
    with tf.GradientTape() as tape:
        tape.watch(noise)
        score = tf.reduce_sum(tf.gather_nd(linear([noise]), at) * weights)
    moves = np.any(np.asarray(tape.gradient(score, noise)) != 0, axis=-1)
    of_units = moves.reshape(len(units), NOISE_IMAGES, *shape[1:3]).any(axis=1)
    return [(_span(move.any(axis=1)), _span(move.any(axis=0))) for move in of_units]


def _span(flags: np.ndarray) -> slice:
    """From the first to the last True; everything if there is none."""
    places = np.flatnonzero(flags)
    return slice(int(places[0]), int(places[-1]) + 1) if len(places) else slice(0, len(flags))
