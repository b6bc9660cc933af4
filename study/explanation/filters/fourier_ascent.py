"""Images that excite a unit, by gradient ascent on their waves.

`linear` is always the result of `before_activation`; see `study.explanation.filters.unit`.
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
"""Adam's learning rate in Fourier space; with half of it, images still change after 100 steps."""
FIRST_SPREAD = 0.01
"""Standard deviation of the first spectrum: almost blank, but no two frequencies are in balance."""
JITTER = 1 / 12
"""Largest shift in each direction, as a share of the side that the unit sees. Lucid, the program of
Olah et al., has 1/21 of 128 pixels; with 28 pixels that left more noise. On the few pixels of a
first layer it is less than one pixel: more would blur the kernel's own shape away."""
TURN = np.deg2rad(8)
"""Largest rotation in each direction, in radians; Lucid has 10 degrees."""
ZOOM = 0.1
"""Largest change of size in each direction, as in Lucid."""
EDGE = 0.1
"""Smallest distance of the first colour from black and white, as a share of the range: at the ends
themselves a sigmoid has no slope."""
USUAL = 0.95
"""The share of real images that have no more ink than the amount that is free."""


class Ink(NamedTuple):
    """How far images differ from plain background, and how much of it an ascent may use.

    Lines and digits are few pixels on a uniform ground. An unrestricted ascent fills its images
    with anything that adds a little, and ends far from everything that a network has ever seen.
    """

    background: np.ndarray
    """(channels,) float32, the images' median colour, 0 to 255."""
    usual: float
    """Mean distance from the background that a share USUAL of the images do not exceed, above 0."""
    worth: np.ndarray
    """(f,) float32, each filter's value for a real image, which is the price of twice the ink."""

    def price(self, images: tf.Tensor) -> tf.Tensor:
        """(f,) prices of the images; up to the usual ink they are 0."""
        spent = tf.reduce_mean(tf.abs(images - self.background), axis=(1, 2, 3))
        return self.worth * tf.maximum(spent / self.usual - 1, 0)

    def of(self, part: slice) -> "Ink":
        """What these filters may spend."""
        return self._replace(worth=self.worth[part])


def usual_ink(images: np.ndarray, worth: np.ndarray) -> Ink | None:
    """The usual ink of real images (n, height, width, channels) uint8.

    None if the images have no uniform ground, like photographs, or are plain background.

    Args:
        worth: (f,) each filter's highest value for these images.
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
    Preconditioning and Parameterization). The scaling by 1/f gives slow waves, which dominate real
    images, the longest steps; patterns that a small shift, turn or change of size destroys gain
    nothing. Colours are not decorrelated: over the pixels of the line images red and blue correlate
    at -0.02 and green is absent, so there is nothing to remove. Our own addition keeps the pictures
    clean on a uniform ground: they start near its colour, and using more ink than real images have
    is penalised.

    Args:
        linear: Images -> the convolution's output without its activation function.
        filters: How many of the layer's filters, the first ones.
        steps: Number of steps, limited by the environment's TF_KERAS_VIS_MAX_STEPS.
        channels: (channels,) bool: which may change, the others stay zero. None: all.
        ink: The usual ink of real images. None: the start is grey, and ink is free.
        seed: Seed of the first spectra and of the movements.
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
    """(height, width // 2 + 1) complex64: the weight of each frequency, higher for slow waves."""
    start: np.ndarray
    """(colours,) float32: the level that the waves are added to."""
    there: np.ndarray
    """(colours,) float32: 1 for colours that may change, else 0."""

    def images(self) -> tf.Tensor:
        """(f, height, width, colours) float32, 0 to 255."""
        waves = tf.complex(self.waves[0], self.waves[1]) * self.scale
        levels = tf.signal.irfft2d(waves, fft_length=self.size)
        return 255 * tf.sigmoid(tf.transpose(levels, (0, 2, 3, 1)) + self.start) * self.there


def _first_spectra(
    waves: np.ndarray, size: tuple[int, int], channels: np.ndarray | None, ink: Ink | None
) -> _Spectra:
    """Spectra of images that are almost blank."""
    colours = waves.shape[2]
    return _Spectra(
        size,
        tf.Variable(waves, dtype=tf.float32),
        tf.constant(_one_over_f(*size), tf.complex64),
        _levels(np.full(colours, BLANK) if ink is None else ink.background),
        as_weights(channels, colours),
    )


def _moved(images: tf.Tensor, transforms: tf.Tensor) -> tf.Tensor:
    """Each image moved by its own movement, (f, 8)."""
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
    """Change the spectra step by step so that the worth of their images increases.

    Args:
        spectra: Spectra, which are changed in place.
        worth: (number of the step, images) -> the quantity to maximise.
        steps: Number of steps.
    """
    adam = keras.optimizers.Adam(RATE)
    adam.build([spectra.waves])

    def ascend(step: tf.Tensor) -> tuple[tf.Tensor]:
        with tf.GradientTape() as tape:
            loss = -worth(step, spectra.images())
        adam.apply_gradients([(tape.gradient(loss, spectra.waves), spectra.waves)])
        return (step + 1,)

    @tf.function(autograph=False)  # takes a quarter of the time of single steps from Python
    def all_steps() -> None:
        tf.while_loop(lambda step: step < steps, ascend, (tf.constant(0),))

    all_steps()


def _levels(colour: np.ndarray) -> np.ndarray:
    """The sigmoid's argument for a colour of 0 to 255, or for the nearest one with a slope."""
    share = np.clip(colour / 255, EDGE, 1 - EDGE)
    return np.log(share / (1 - share)).astype(np.float32)


def _one_over_f(height: int, width: int) -> np.ndarray:
    """(height, width // 2 + 1) factors that a spectrum is multiplied by before `irfft2d`.

    A spectrum of random numbers with spread s becomes pixels with a spread of about s.
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
