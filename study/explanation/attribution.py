"""Where in an image a network finds its evidence, by four methods.

All of them explain one class of one head by its score before softmax or sigmoid, which flatten
gradients where the network is sure; Score-CAM, which needs probabilities, applies them again.
`study.networks.logits` cuts the network.
"""

from collections.abc import Sequence
from functools import cached_property

import keras
import numpy as np
import tensorflow as tf
from tf_keras_vis.gradcam import Gradcam
from tf_keras_vis.gradcam_plus_plus import GradcamPlusPlus
from tf_keras_vis.scorecam import Scorecam

from study.errors import WrongName
from study.networks.answers import find_head
from study.networks.head import Head, score_of
from study.networks.memory import rows_that_fit
from study.networks.prediction import predictor
from study.networks.saved import as_functional, find_layers, image_shape
from study.problem.problem import head_names
from study.records.finding import Method

SAMPLES = 8
"""Number of noisy copies per image that SmoothGrad averages over."""
NOISE = 0.2
"""Standard deviation of SmoothGrad's noise, as a share of the image's range of pixel values."""
CHANNELS = 16
"""Number of channels that Score-CAM tries per image: those whose maps vary most."""
ROWS = 512
"""Images in the network at a time, including noisy and masked copies; fewer if layers are large."""


def attribute(
    model: keras.Model,
    images: np.ndarray,
    method: Method,
    layer: str | None = None,
    head: str | None = None,
    classes: int | Sequence[int] | np.ndarray | None = None,
    seed: int = 1,
) -> np.ndarray:
    """Maps of the evidence for a class; for several maps, `Explainer.maps` is quicker.

    Args:
        model: A network whose heads end in softmax or in one sigmoid neuron, however written.
        images: (n, height, width, channels), pixels 0 to 255.
        layer: Name of a layer with maps; if None, the last convolution layer before the head's
            softmax that the head depends on. SmoothGrad, which explains single pixels, needs none.
        head: Name of an output; the first one if None.
        classes: Class index to explain, for all images or one per image; if None, the predicted
            classes.
        seed: Seed of SmoothGrad's noise.

    Returns:
        (n, height, width) float32 in [0, 1].

    Raises:
        WrongName: There is no such layer, head or class, the layer has no maps or the head does not
            depend on it, there is no convolution layer at all, the head cannot be cut before its
            softmax, or another network is nested inside.
    """
    return Explainer(model, layer).maps(images, method, head, classes, seed)


class Explainer:
    """A network prepared for heatmaps; the preparation takes longer than making the maps."""

    def __init__(
        self,
        model: keras.Model,
        layer: str | None = None,
        samples: int = SAMPLES,
        channels: int = CHANNELS,
    ) -> None:
        """Prepare the network; raises, like `attribute`, if it does not have the layer.

        Args:
            model: The network, which is not changed and which `predict` uses.
            layer: Name of a layer with maps; each head's last convolution layer if None.
            samples: Number of noisy copies per image that SmoothGrad averages over.
            channels: Number of channels that Score-CAM tries per image.
        """
        model = as_functional(model)
        find_layers(model, [layer] if layer else [])
        self.heads = head_names(model)
        self.shape = image_shape(model)
        self.predict = predictor(model)
        self.samples = samples
        self._layer, self._most_channels = layer, channels
        self._clone = keras.models.clone_model(model)
        self._clone.set_weights(model.get_weights())
        self._ready: dict[str, Head] = {}
        self._rows = rows_that_fit(model, ROWS, gradients=True)

    def _head(self, name: str) -> Head:
        """The head, prepared on first use: only then must it be explicable."""
        if name not in self._ready:
            self._ready[name] = Head(name, self._clone, self._layer, self._most_channels)
        return self._ready[name]

    @cached_property
    def network(self) -> keras.Model:
        """Images -> scores of every head, by the copy of the weights that maps are made with."""
        return keras.Model(
            self._clone.inputs, [self._head(name).network.outputs[0] for name in self.heads]
        )

    def layer_of(self, head: str) -> str:
        """Name of the layer whose maps explain the head."""
        return self._head(head).layer

    def resolution_of(self, head: str) -> tuple[int, int]:
        """(rows, columns) of the head's layer's maps, which are enlarged to the image."""
        return self._head(head).resolution

    @property
    def layer(self) -> str:
        """Names of the layers whose maps explain the heads, usually a single one."""
        return ", ".join(dict.fromkeys(map(self.layer_of, self.heads)))

    @property
    def resolution(self) -> tuple[int, int]:
        """(rows, columns) of the coarsest maps among the heads' layers."""
        return min(map(self.resolution_of, self.heads))

    @property
    def channels(self) -> int:
        """Largest number of channels that Score-CAM tries per image."""
        return max(self._head(name).channels for name in self.heads)

    def maps(
        self,
        images: np.ndarray,
        method: Method,
        head: str | None = None,
        classes: int | Sequence[int] | np.ndarray | None = None,
        seed: int = 1,
    ) -> np.ndarray:
        """Evidence for a class, relative to the maximum of each map.

        The map of an image does not depend on other images, except for SmoothGrad's noise, which is
        drawn image by image. Negative evidence counts as none. Methods:

        - Grad-CAM (Selvaraju et al. 2017, section 3): the layer's channels weighted by the mean
          gradient of the score.
        - Grad-CAM++ (Chattopadhay et al. 2018, section 3.2): the channels weighted by a weighted
          mean of the score's positive gradients.
        - Score-CAM (Wang et al. 2020, section 3.2): the channels weighted by the probability that
          is left when everything is hidden except what the channel sees.
        - SmoothGrad (Smilkov et al. 2017, section 3): the gradient at the pixels, averaged over
          noisy copies of the image; of its absolute value the maximum over the colours.

        Args:
            images: (n, height, width, channels), pixels 0 to 255.
            method: One of the methods above.
            head: Name of an output; the first one if None.
            classes: Class index to explain, for all images or one per image; if None, the predicted
                classes.
            seed: Seed of SmoothGrad's noise.

        Returns:
            (n, height, width) float32 in [0, 1]; all zero if there is no evidence for the class.

        Raises:
            WrongName: There is no such head or class, or the head cannot be explained.
        """
        of = self._head(find_head(self.heads, head))
        explained = self._classes(images, of, classes)
        copies = {"smoothgrad": self.samples, "scorecam": of.channels}.get(method, 1)
        step, rng = max(1, self._rows // copies), np.random.default_rng(seed)
        made = [np.zeros((0, *self.shape[:2]), np.float32)]
        for start in range(0, len(images), step):
            pixels = np.asarray(images[start : start + step], np.float32)
            evidence = self._evidence(method, of, pixels, explained[start : start + step], rng)
            # Grad-CAM++ divides by numbers that can be zero.
            made.append(of.enlarged(np.nan_to_num(np.maximum(evidence, 0))))
        return np.concatenate(made)

    def in_turn(self, images: np.ndarray, method: Method, seed: int = 1) -> np.ndarray:
        """Like `maps`, but image i for head i modulo their number: all heads at the cost of one."""
        made = np.empty((len(images), *self.shape[:2]), np.float32)
        for first, head in enumerate(self.heads):
            turn = slice(first, None, len(self.heads))
            made[turn] = self.maps(images[turn], method, head, seed=seed + first)
        return made

    def predicted_in_turn(self, images: np.ndarray) -> list[tuple[str, int]]:
        """What `in_turn` explains in each image: the head and the class that it predicts."""
        probabilities = self.predict(images)
        heads = [self.heads[i % len(self.heads)] for i in range(len(images))]
        return [(head, int(probabilities[head][i].argmax())) for i, head in enumerate(heads)]

    def _classes(
        self, images: np.ndarray, head: Head, classes: int | Sequence[int] | np.ndarray | None
    ) -> np.ndarray:
        if classes is None:
            told = self.predict(images)[head.name] if len(images) else np.zeros((0, head.classes))
            return told.argmax(axis=1)
        chosen = np.broadcast_to(np.asarray(classes, np.int64), len(images))
        wrong = chosen[(chosen < 0) | (chosen >= head.classes)]
        if len(wrong):
            raise WrongName(
                f"no class {wrong[0]} of head {head.name!r}; there are: 0 to {head.classes - 1}"
            )
        return chosen

    def _evidence(
        self,
        method: Method,
        head: Head,
        pixels: np.ndarray,
        classes: np.ndarray,
        rng: np.random.Generator,
    ) -> np.ndarray:
        """(n, rows, columns) float32; negative values are evidence against the class."""
        if method == "smoothgrad":
            return self._smooth_gradient(head, pixels, classes, rng)
        network, score = head.scored, score_of(classes)
        look = {
            "penultimate_layer": head.varied if method == "scorecam" else head.layer,
            "seek_penultimate_conv_layer": False,
            "expand_cam": False,  # its own puts the outer cells' middles on the border
            "normalize_cam": False,
        }
        if method == "gradcam":
            found = Gradcam(network)(score, pixels, **look)
        elif method == "gradcam++":
            # All cells are weighted by the same exp(score), which overflows: exp(0) does as well.
            found = GradcamPlusPlus(network)(
                lambda output: score(output) - tf.stop_gradient(score(output)), pixels, **look
            )
        else:
            found = Scorecam(network)(score, pixels, **look)
        return np.asarray(found, np.float32)

    def _smooth_gradient(
        self, head: Head, pixels: np.ndarray, classes: np.ndarray, rng: np.random.Generator
    ) -> np.ndarray:
        """tf-keras-vis would draw the noise from NumPy's global generator, one copy at a time."""
        spread = NOISE * np.ptp(pixels, axis=(1, 2, 3), keepdims=True)
        shape = (len(pixels), self.samples, *self.shape)
        noise = rng.standard_normal(shape, np.float32) * spread[:, np.newaxis]
        copies = (pixels[:, np.newaxis] + noise).reshape(-1, *self.shape)
        gradients = head.gradient(copies, np.repeat(classes, self.samples))
        return np.abs(gradients.reshape(shape).mean(axis=1)).max(axis=-1)
