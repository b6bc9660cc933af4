"""One head of a network, prepared to be explained: its scores and the layer with the maps."""

from collections.abc import Callable
from functools import cached_property

import keras
import numpy as np
import tensorflow as tf
from tf_keras_vis.saliency import Saliency

from study.errors import WrongName
from study.libraries.internals import uses
from study.networks.cell_positions import place, spread
from study.networks.logits import cut, maker
from study.networks.saved import find_layers, image_shape, is_convolution, visual_layers
from study.problem.problem import head_names


class Head:
    """One head, prepared: its scores, and the layer whose maps explain them."""

    def __init__(self, name: str, model: keras.Model, layer: str | None, channels: int) -> None:
        """Prepare the head; raises like `attribution.attribute` for this head and layer.

        Args:
            model: The network of all heads, which is not changed.
        """
        self.name = name
        scores = cut(model.outputs[head_names(model).index(name)], name)
        self.network = keras.Model(model.inputs, scores)
        """Images -> (n, classes) scores, or (n, 1) for a sigmoid neuron."""
        found = find_layer(self.network, layer, name, model)
        if (times := uses(found)) > 1:
            raise WrongName(
                f"layer {found.name!r} is used {times} times, so it has several maps; "
                "name a layer that is used once"
            )
        self.layer = found.name
        self.shape = image_shape(model)
        """(height, width, channels) of the images."""
        self.maps = self.network.get_layer(self.layer).output
        self.channels = min(channels, self.maps.shape[-1])
        rows, columns = place(self.network, self.layer)
        self.spread = spread(rows, self.shape[0]), spread(columns, self.shape[1])
        """Two matrices that enlarge maps to the size of the images."""

    @property
    def resolution(self) -> tuple[int, int]:
        """(rows, columns) of the layer's maps."""
        rows, columns = self.maps.shape[1:3]
        return rows, columns

    @property
    def classes(self) -> int:
        """Number of classes that the head tells apart."""
        return max(2, self.network.outputs[0].shape[-1])

    @cached_property
    def scored(self) -> keras.Model:
        """Images -> (n, classes) scores; a sigmoid neuron is a softmax of two."""
        output = self.network.outputs[0]
        if output.shape[-1] == 1:
            output = keras.ops.concatenate([-output / 2, output / 2], axis=-1)
        network = keras.Model(self.network.inputs, output)
        pixels = tf.TensorSpec((None, *self.shape), tf.float32)
        forward = tf.function(
            lambda x: network(x, training=False), autograph=False
        ).get_concrete_function(pixels)
        # Score-CAM calls this; Keras's own shows a progress bar and sets up a pipeline every time.
        network.predict = lambda x, batch_size: forward(tf.constant(x[0], tf.float32)).numpy()  # noqa: ARG005
        return network

    @cached_property
    def gradient(self) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
        """(pixels (n, height, width, channels), classes (n,)) -> gradients in the pixels' shape.

        A graph leaves out the gradients of the weights, which eager TensorFlow would also compute.
        """
        pixels = tf.TensorSpec((None, *self.shape), tf.float32)
        look = {"keepdims": True, "gradient_modifier": None, "normalize_map": False}
        graph = tf.function(
            lambda x, classes: Saliency(self.scored)(score_of(classes), x, **look), autograph=False
        ).get_concrete_function(pixels, tf.TensorSpec((None,), tf.int32))
        return lambda x, classes: graph(tf.constant(x), tf.constant(classes, tf.int32)).numpy()

    @cached_property
    def varied(self) -> keras.layers.Layer:
        """A layer for Score-CAM that outputs the channels to try, in the size of the image.

        tf-keras-vis would choose channels for all images together, and place cells differently.
        """
        maps = self.maps
        if self.channels < maps.shape[-1]:
            spread = keras.ops.std(maps, axis=(1, 2), keepdims=True)
            chosen = keras.ops.top_k(spread, self.channels)[1]
            maps = keras.ops.take_along_axis(maps, chosen, axis=-1)
        rows, columns = self.spread
        enlarged = keras.layers.Identity()
        enlarged(keras.ops.einsum("hr,nrsc,ws->nhwc", rows, maps, columns))
        return enlarged

    def enlarged(self, evidence: np.ndarray) -> np.ndarray:
        """(n, rows, columns) >= 0 -> (n, height, width); each map's greatest cell becomes 1."""
        peak = evidence.max(axis=(1, 2), keepdims=True)
        shares = np.divide(evidence, peak, out=np.zeros_like(evidence), where=peak > 0)
        if shares.shape[1:] == self.shape[:2]:  # already in the size of the image
            return shares
        rows, columns = self.spread
        return rows @ shares @ columns.T


def find_layer(
    network: keras.Model, name: str | None, head: str, whole: keras.Model
) -> keras.layers.Layer:
    """The layer of that name, if its maps can explain the head; the last convolution for None.

    A convolution that makes the scores themselves does not count: its maps are the answer.

    Args:
        network: Images -> the head's scores, with only the layers that the head depends on.
        whole: The network of all heads.

    Raises:
        WrongName: For the same reasons as `attribution.attribute`.
    """
    layers = [layer for layer in visual_layers(network) if len(layer.output.shape) == 4]
    if name is None:
        last = maker(network.outputs[0])
        convolutions = [one for one in layers if is_convolution(one) and one is not last]
        if not convolutions:
            raise WrongName(f"head {head!r} does not depend on any convolution layer with maps, "
                            "which a heatmap needs")  # fmt: skip
        return convolutions[-1]
    if len(find_layers(whole, [name])[0].output.shape) != 4:
        raise WrongName(
            f"layer {name!r} has no maps to draw a heatmap from; choose an earlier layer"
        )
    for layer in layers:
        if layer.name == name:
            return layer
    there = ", ".join(layer.name for layer in layers) or "none"
    raise WrongName(
        f"head {head!r} does not depend on layer {name!r}; the layers with maps that it depends "
        f"on are: {there}"
    )


def score_of(classes: np.ndarray | tf.Tensor) -> Callable[[tf.Tensor], tf.Tensor]:
    """(n, classes) outputs -> (n,) scores of each image's class.

    By pairs of indices: the gradient of a gather along `batch_dims` takes five times as long.
    """
    chosen = tf.cast(classes, tf.int32)
    return lambda output: tf.gather_nd(output, tf.stack([tf.range(tf.size(chosen)), chosen], 1))
