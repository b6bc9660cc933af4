"""Line images: 96 classes of length, width, angle and color, one sequential CNN."""

import keras
import keras_tuner

from search_spaces import _blocks

DATA = "lines"
HEADS = ("class",)
OBJECTIVE = "accuracy"
BASELINE = _blocks.BASELINE_FEATURES


def build(hp: keras_tuner.HyperParameters, steps: int = 1000) -> keras.Model:
    """A compiled network: raw pixels (n, 28, 28, 3) in 0..255 -> probabilities (n, 96).

    `steps` (1 or more) is the number of optimizer steps the learning rate decays over.
    """
    return _blocks.classifier((28, 28, 3), 96, hp, steps)


def baseline(steps: int = 1000) -> keras.Model:
    """The prescribed network, compiled: the point `BASELINE` of the space."""
    return build(_blocks.fixed(BASELINE), steps)
