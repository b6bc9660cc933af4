"""Random changes of training images, as a part of the graph of the training step.

What is done to an image follows from the seed of its step alone: a training that is resumed sees
the same images. Networks that are scored or saved never see any of this.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from study.records.recipe import Augmentation

HIGHEST = 255.0
"""Of a raw pixel."""

GENERATOR = "philox"
"""Said, because TensorFlow's own choice depends on the device."""

SHIFT_X, SHIFT_Y, ANGLE, SIZE, CONTRAST, HOLE_X, HOLE_Y, FLIP_X, FLIP_Y, TURN, COUNT = range(11)
"""Columns of an image's random numbers: each kind of change has its own, whichever are in use."""


def augmented(
    pixels: Any, seed: Any, how: Augmentation, background: np.ndarray | None
) -> tf.Tensor:
    """Images changed at random, each in its own way.

    Args:
        pixels: (n, height, width, channels), raw pixels in 0..255.
        seed: (2,) integers: of the training, and of its step.
        how: What is done, and how strongly.
        background: (channels,), the level of each channel where images show nothing else, which
            comes in from outside as an image is moved; None: it varies, and images are mirrored at
            their border.

    Returns:
        (n, height, width, channels) float32 in 0..255.
    """
    images = tf.cast(pixels, tf.float32)
    even = background is not None
    ground = tf.constant(background if even else [0], tf.float32)
    drawn = tf.random.stateless_uniform((tf.shape(pixels)[0], COUNT), seed, -1, 1, alg=GENERATOR)
    if how.moves:
        moves = _moves(drawn, pixels.shape, how)
        images = ground + _moved(images - ground, moves, "CONSTANT" if even else "REFLECT")
    if how.contrast:
        mean = tf.reduce_mean(images, axis=(1, 2, 3), keepdims=True)
        factor = 1 + how.contrast * drawn[:, CONTRAST, None, None, None]
        images = mean + factor * (images - mean)
    if how.noise:
        noise = tf.random.stateless_normal(tf.shape(images), seed, alg=GENERATOR)
        images += how.noise * HIGHEST * noise
    if how.erasing:
        kept = _outside_holes(drawn, pixels.shape, how.erasing)
        paint = ground if even else tf.reduce_mean(images, axis=(1, 2), keepdims=True)
        images = tf.where(kept, images, paint)
    return tf.clip_by_value(images, 0.0, HIGHEST)


def _moves(drawn: Any, shape: Sequence[int], how: Augmentation) -> tf.Tensor:
    """Where each pixel of a new image comes from: (n, 8) as ImageProjectiveTransform has it."""
    height, width = shape[1], shape[2]
    angle = math.radians(how.rotation) * drawn[:, ANGLE]
    shrink = 1 / (1 + how.zoom * drawn[:, SIZE])
    turn = _sign(drawn[:, TURN], how.half_turn)
    flip_x = turn * _sign(drawn[:, FLIP_X], how.horizontal_flip)
    flip_y = turn * _sign(drawn[:, FLIP_Y], how.vertical_flip)
    a, b = shrink * flip_x * tf.cos(angle), -shrink * flip_x * tf.sin(angle)
    d, e = shrink * flip_y * tf.sin(angle), shrink * flip_y * tf.cos(angle)
    middle_x, middle_y = (width - 1) / 2, (height - 1) / 2
    from_x = middle_x + how.shift * width * drawn[:, SHIFT_X]
    from_y = middle_y + how.shift * height * drawn[:, SHIFT_Y]
    c = from_x - a * middle_x - b * middle_y
    f = from_y - d * middle_x - e * middle_y
    zero = tf.zeros_like(a)
    return tf.stack([a, b, c, d, e, f, zero, zero], axis=1)


def _sign(drawn: Any, flips: bool) -> Any:
    """-1 for every other image if they are flipped at all, else 1."""
    return tf.where(drawn < 0, -1.0, 1.0) if flips else tf.ones_like(drawn)


def _moved(images: Any, moves: Any, fill: str) -> tf.Tensor:
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=images,
        transforms=moves,
        output_shape=tf.shape(images)[1:3],
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode=fill,
    )


def _outside_holes(drawn: Any, shape: Sequence[int], share: float) -> tf.Tensor:
    """(n, height, width, 1) bool: False in a rectangle that lies wholly inside the image."""

    def inside(place: Any, side: int) -> tf.Tensor:  # (n, side)
        hole = max(1, round(share * side))
        begins = tf.floor((place + 1) / 2 * (side - hole + 1))[:, None]
        pixel = tf.range(side, dtype=tf.float32)[None]
        return (pixel >= begins) & (pixel < begins + hole)

    rows, columns = inside(drawn[:, HOLE_Y], shape[1]), inside(drawn[:, HOLE_X], shape[2])
    return ~(rows[:, :, None, None] & columns[:, None, :, None])
