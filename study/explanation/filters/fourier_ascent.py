"""Images that drive a unit up, by gradient ascent on their waves.

`linear` is everywhere what `before_activation` gives; see `study.explanation.filters.unit`.
"""

from collections.abc import Callable
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf
from tf_keras_vis.utils import get_num_of_steps_allowed

from study.data.ground import has_even_ground
from study.explanation.arrays import Ascent
from study.explanation.filters.unit import (
    BLANK,
    as_weights,
    in_parts,
    middle_field,
    middle_value,
    scored,
)
from study.networks.saved import image_shape

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

    def of(self, part: slice) -> "Ink":
        """What these filters may spend."""
        return self._replace(worth=self.worth[part])


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
    waves = chance.normal(0, FIRST_SPREAD, (2, filters, colours, height, width // 2 + 1))
    sides = [part.stop - part.start for part in middle_field(linear)]
    movements = _movements(chance, (steps, filters), (height, width), max(sides))

    def ascend(part: slice) -> Ascent:
        spectra = _first_spectra(waves[:, part], (height, width), channels, ink)
        moves, own = tf.constant(movements[:, part]), ink and ink.of(part)

        def worth(step: tf.Tensor, still: tf.Tensor) -> tf.Tensor:
            driven = tf.reduce_sum(middle_value(linear([_moved(still, moves[step])]), part.start))
            return driven - tf.reduce_sum(own.price(still)) if own else driven

        _climb(spectra, worth, steps)
        return scored(linear, spectra.images(), part.start)

    return in_parts(linear, filters, ascend)


class _Spectra(NamedTuple):
    """Images by the strength of their waves."""

    size: tuple[int, int]
    """(height, width) of the images."""
    waves: tf.Variable
    """(2, f, colours, height, width // 2 + 1) float32: real and imaginary parts."""
    scale: tf.Tensor
    """(height, width // 2 + 1) complex64: what slow waves count for, beside fast ones."""
    start: np.ndarray
    """(colours,) float32: the level that the waves are added to."""
    there: np.ndarray
    """(colours,) float32: 1 for colours that there are, else 0."""

    def images(self) -> tf.Tensor:
        """(f, height, width, colours) float32, 0 to 255."""
        waves = tf.complex(self.waves[0], self.waves[1]) * self.scale
        levels = tf.signal.irfft2d(waves, fft_length=self.size)
        return 255 * tf.sigmoid(tf.transpose(levels, (0, 2, 3, 1)) + self.start) * self.there


def _first_spectra(
    waves: np.ndarray, size: tuple[int, int], channels: np.ndarray | None, ink: Ink | None
) -> _Spectra:
    """Spectra of images that are all but blank."""
    colours = waves.shape[2]
    return _Spectra(
        size,
        tf.Variable(waves, dtype=tf.float32),
        tf.constant(_one_over_f(*size), tf.complex64),
        _levels(np.full(colours, BLANK) if ink is None else ink.background),
        as_weights(channels, colours),
    )


def _moved(images: tf.Tensor, transforms: tf.Tensor) -> tf.Tensor:
    """Each image by its own of the movements, (f, 8)."""
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=images,
        transforms=transforms,
        output_shape=images.shape[1:3],
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode="REFLECT",
    )


def _climb(
    spectra: _Spectra, worth: Callable[[tf.Tensor, tf.Tensor], tf.Tensor], steps: int
) -> None:
    """Change the spectra, step by step, so that their images are worth more.

    Args:
        spectra: Changed in place.
        worth: (number of the step, images) -> what is to become large.
        steps: How many.
    """
    adam = keras.optimizers.Adam(RATE)
    adam.build([spectra.waves])

    def ascend(step: tf.Tensor) -> tuple[tf.Tensor]:
        with tf.GradientTape() as tape:
            loss = -worth(step, spectra.images())
        adam.apply_gradients([(tape.gradient(loss, spectra.waves), spectra.waves)])
        return (step + 1,)

    @tf.function(autograph=False)  # a quarter of the time of step after step from Python
    def all_steps() -> None:
        tf.while_loop(lambda step: step < steps, ascend, (tf.constant(0),))

    all_steps()


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
