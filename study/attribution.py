"""Where in an image a network finds its evidence, by four methods.

All of them explain one class of one head by its score without softmax or sigmoid, which flatten
gradients where the network is sure; Score-CAM, which takes probabilities, puts them back.
"""

from collections.abc import Callable, Sequence

import keras
import numpy as np
import tensorflow as tf
from tf_keras_vis.gradcam import Gradcam
from tf_keras_vis.gradcam_plus_plus import GradcamPlusPlus
from tf_keras_vis.saliency import Saliency
from tf_keras_vis.scorecam import Scorecam
from tf_keras_vis.utils.model_modifiers import ReplaceToLinear

from study.errors import WrongName
from study.models import (
    as_functional,
    class_count,
    find_head,
    find_layers,
    head_names,
    image_shape,
    is_convolution,
    predictor,
    visual_layers,
)
from study.placement import place, spread
from study.records import Method

SAMPLES = 8
"""Noisy copies of an image that SmoothGrad averages over."""
NOISE = 0.2
"""Standard deviation of their noise, as a share of the image's range of pixel values."""
CHANNELS = 16
"""Channels of a layer that Score-CAM tries on an image: those whose maps vary most."""
ROWS = 512
"""Images in the network at a time, noisy and masked copies counted."""


def attribute(
    model: keras.Model,
    images: np.ndarray,
    method: Method,
    layer: str | None = None,
    head: str | None = None,
    classes: int | Sequence[int] | np.ndarray | None = None,
    seed: int = 1,
) -> np.ndarray:
    """Maps of what speaks for a class; see `Explainer.maps`, which is quicker for several.

    Args:
        model: Its heads end in softmax or in one sigmoid neuron.
        images: (n, height, width, channels), pixels 0 to 255.
        layer: Name of a layer with maps; the last convolution layer if None. SmoothGrad, which
            goes down to the pixels, does without.
        head: Name of an output; the first one if None.
        classes: Class index to explain, one for all images or one each; the predicted if None.
        seed: Of SmoothGrad's noise.

    Returns:
        (n, height, width) float32 in [0, 1].

    Raises:
        WrongName: no such layer, head or class, a layer without maps, no convolution layer at
            all, or a network with another one nested inside.
    """
    return Explainer(model, layer).maps(images, method, head, classes, seed)


class Explainer:
    """A network made ready to be asked where it looks; setting it up takes longer than asking."""

    def __init__(
        self,
        model: keras.Model,
        layer: str | None = None,
        samples: int = SAMPLES,
        channels: int = CHANNELS,
    ) -> None:
        """Raises as `attribute`, of the layer.

        Args:
            model: It is left as it is, and it is the one that `predict` asks.
            layer: Name of a layer with maps; the last convolution layer if None.
            samples: As `SAMPLES`.
            channels: As `CHANNELS`.
        """
        model = as_functional(model)
        self.layer = find_layer(model, layer).name
        self.heads = head_names(model)
        self.shape = image_shape(model)
        self.predict = predictor(model)
        self.network = keras.models.clone_model(model)
        """Without softmax and sigmoid, with weights of its own: maps are made with these."""
        self.network.set_weights(model.get_weights())
        ReplaceToLinear()(self.network)
        self.samples = samples
        self.channels = min(channels, self.network.get_layer(self.layer).output.shape[-1])
        self._scored = dict(zip(self.heads, map(self._one_head, self.network.outputs), strict=True))
        rows, columns = place(self.network, self.layer)
        self._spread = spread(rows, self.shape[0]), spread(columns, self.shape[1])
        self._gradients: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {}
        self._varied = self._most_varied()

    @property
    def resolution(self) -> tuple[int, int]:
        """(rows, columns) of the layer's maps, which are enlarged to the image."""
        rows, columns = self.network.get_layer(self.layer).output.shape[1:3]
        return rows, columns

    def maps(
        self,
        images: np.ndarray,
        method: Method,
        head: str | None = None,
        classes: int | Sequence[int] | np.ndarray | None = None,
        seed: int = 1,
    ) -> np.ndarray:
        """Evidence for a class, as a share of each image's greatest.

        The map of an image depends on no other image but for SmoothGrad's noise, which is drawn
        image by image. Negative evidence counts as none. Methods:

        - Grad-CAM (Selvaraju et al. 2017, section 3): the layer's channels weighted by the mean
          gradient of the score.
        - Grad-CAM++ (Chattopadhay et al. 2018, section 3.2): by a weighted mean of its positive
          gradients.
        - Score-CAM (Wang et al. 2020, section 3.2): by the probability that is left when all is
          hidden but what the channel sees.
        - SmoothGrad (Smilkov et al. 2017, section 3): the gradient at the pixels, averaged over
          noisy copies of the image; its absolute value, the greatest over the colours.

        Args:
            images: (n, height, width, channels), pixels 0 to 255.
            method: See `study.records`.
            head: Name of an output; the first one if None.
            classes: Class index to explain, for all images or one each; the predicted if None.
            seed: Of SmoothGrad's noise.

        Returns:
            (n, height, width) float32 in [0, 1]; all zero where nothing speaks for the class.

        Raises:
            WrongName: no such head or class.
        """
        head = find_head(self.heads, head)
        explained = self._classes(images, head, classes)
        copies = {"smoothgrad": self.samples, "scorecam": self.channels}.get(method, 1)
        step, rng = max(1, ROWS // copies), np.random.default_rng(seed)
        made = [np.zeros((0, *self.shape[:2]), np.float32)]
        for start in range(0, len(images), step):
            pixels = np.asarray(images[start : start + step], np.float32)
            evidence = self._evidence(method, head, pixels, explained[start : start + step], rng)
            # Grad-CAM++ divides by what can be zero.
            made.append(self._enlarged(np.nan_to_num(np.maximum(evidence, 0))))
        return np.concatenate(made)

    def in_turn(self, images: np.ndarray, method: Method, seed: int = 1) -> np.ndarray:
        """As `maps`, image i for head i modulo their number: all heads at the price of one."""
        made = np.empty((len(images), *self.shape[:2]), np.float32)
        for first, head in enumerate(self.heads):
            turn = slice(first, None, len(self.heads))
            made[turn] = self.maps(images[turn], method, head, seed=seed + first)
        return made

    def predicted_in_turn(self, images: np.ndarray) -> list[tuple[str, int]]:
        """What `in_turn` explains of each image: its head and the class predicted there."""
        probabilities = self.predict(images)
        heads = [self.heads[i % len(self.heads)] for i in range(len(images))]
        return [(head, int(probabilities[head][i].argmax())) for i, head in enumerate(heads)]

    def _classes(
        self, images: np.ndarray, head: str, classes: int | Sequence[int] | np.ndarray | None
    ) -> np.ndarray:
        if classes is None:
            return self.predict(images)[head].argmax(axis=1) if len(images) else np.zeros(0, int)
        chosen = np.broadcast_to(np.asarray(classes, np.int64), len(images))
        count = class_count(self.network, head)
        wrong = chosen[(chosen < 0) | (chosen >= count)]
        if len(wrong):
            raise WrongName(f"no class {wrong[0]} of head {head!r}; there are: 0 to {count - 1}")
        return chosen

    def _one_head(self, output: keras.KerasTensor) -> keras.Model:
        """Images -> (n, classes) scores; a sigmoid neuron is a softmax of two."""
        if output.shape[-1] == 1:
            output = keras.ops.concatenate([-output / 2, output / 2], axis=-1)
        network = keras.Model(self.network.inputs, output)
        pixels = tf.TensorSpec((None, *self.shape), tf.float32)
        forward = tf.function(lambda x: network(x, training=False)).get_concrete_function(pixels)
        # What Score-CAM calls: Keras's own shows a progress bar and sets up a pipeline each time.
        network.predict = lambda x, batch_size: forward(tf.constant(x[0], tf.float32)).numpy()  # noqa: ARG005
        return network

    def _gradient(self, network: keras.Model) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
        """(pixels (n, height, width, channels), classes (n,)) -> gradients, as the pixels.

        A graph of it leaves out the gradients of the weights, which eager TensorFlow computes too.
        """
        pixels = tf.TensorSpec((None, *self.shape), tf.float32)
        look = {"keepdims": True, "gradient_modifier": None, "normalize_map": False}
        graph = tf.function(
            lambda x, classes: Saliency(network)(_score(classes), x, **look), autograph=False
        ).get_concrete_function(pixels, tf.TensorSpec((None,), tf.int32))
        return lambda x, classes: graph(tf.constant(x), tf.constant(classes, tf.int32)).numpy()

    def _most_varied(self) -> keras.layers.Layer:
        """A layer of Score-CAM's own: the channels to try, in the size of the image.

        tf-keras-vis would choose channels for all images together, and place cells otherwise.
        """
        maps = self.network.get_layer(self.layer).output
        if self.channels < maps.shape[-1]:
            spread = keras.ops.std(maps, axis=(1, 2), keepdims=True)
            chosen = keras.ops.top_k(spread, self.channels)[1]
            maps = keras.ops.take_along_axis(maps, chosen, axis=-1)
        rows, columns = self._spread
        enlarged = keras.layers.Identity()
        enlarged(keras.ops.einsum("hr,nrsc,ws->nhwc", rows, maps, columns))
        return enlarged

    def _enlarged(self, evidence: np.ndarray) -> np.ndarray:
        """(n, rows, columns) >= 0 -> (n, height, width), the greatest cell of each worth 1."""
        peak = evidence.max(axis=(1, 2), keepdims=True)
        shares = np.divide(evidence, peak, out=np.zeros_like(evidence), where=peak > 0)
        if shares.shape[1:] == self.shape[:2]:  # pixels, or enlarged before
            return shares
        rows, columns = self._spread
        return rows @ shares @ columns.T

    def _evidence(
        self,
        method: Method,
        head: str,
        pixels: np.ndarray,
        classes: np.ndarray,
        rng: np.random.Generator,
    ) -> np.ndarray:
        """(n, rows, columns) float32; what is negative speaks against."""
        if method == "smoothgrad":
            return self._smooth_gradient(head, pixels, classes, rng)
        network, score = self._scored[head], _score(classes)
        look = {
            "penultimate_layer": self._varied if method == "scorecam" else self.layer,
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
        self, head: str, pixels: np.ndarray, classes: np.ndarray, rng: np.random.Generator
    ) -> np.ndarray:
        """tf-keras-vis would draw the noise from NumPy's global generator, one copy at a time."""
        spread = NOISE * np.ptp(pixels, axis=(1, 2, 3), keepdims=True)
        shape = (len(pixels), self.samples, *self.shape)
        noise = rng.standard_normal(shape, np.float32) * spread[:, np.newaxis]
        copies = (pixels[:, np.newaxis] + noise).reshape(-1, *self.shape)
        if head not in self._gradients:
            self._gradients[head] = self._gradient(self._scored[head])
        gradients = self._gradients[head](copies, np.repeat(classes, self.samples))
        return np.abs(gradients.reshape(shape).mean(axis=1)).max(axis=-1)


def find_layer(model: keras.Model, name: str | None) -> keras.layers.Layer:
    """The layer of that name, if it has maps to make a heatmap from; the last convolution for None.

    Raises:
        WrongName: as `attribute`.
    """
    if name is None:
        convolutions = [layer for layer in visual_layers(model) if is_convolution(layer)]
        if not convolutions:
            raise WrongName("the network has no convolution layer, which a heatmap needs")
        return convolutions[-1]
    layer = find_layers(model, [name])[0]
    if len(layer.output.shape) != 4:
        raise WrongName(f"layer {name!r} has no maps left to draw a heatmap from; take one before")
    return layer


def _score(classes: np.ndarray | tf.Tensor) -> Callable[[tf.Tensor], tf.Tensor]:
    """(n, classes) outputs -> (n,) scores of each image's class."""
    return lambda output: tf.gather(output, tf.cast(classes, tf.int32), batch_dims=1)
