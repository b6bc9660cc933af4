"""How images go through a network: predictions, and the outputs of its layers."""

from collections.abc import Callable, Sequence

import keras
import numpy as np
import tensorflow as tf

from study.networks.answers import check_heads, check_probabilities
from study.networks.memory import rows_that_fit
from study.networks.saved import PREDICTED_AT_ONCE, as_functional, image_shape
from study.problem.metrics import Probabilities, as_probabilities
from study.problem.problem import head_names


def predictor(
    model: keras.Model, batch: int = PREDICTED_AT_ONCE
) -> Callable[[np.ndarray], Probabilities]:
    """A function that predicts with the weights that the network has when it is called.

    It is traced once, so keeping it pays: `model.predict` sets up a data pipeline at every call.

    Args:
        model: A network whose heads end in softmax or in one sigmoid neuron.
        batch: Images at a time; fewer if the network's layers are large.

    Returns:
        Raw images (n, height, width, channels) in 0..255 -> head -> (n, classes) float32.
    """
    model = as_functional(model)
    heads, batch = head_names(model), rows_that_fit(model, batch)
    signature = tf.TensorSpec((None, *image_shape(model)), tf.float32)

    @tf.function(input_signature=[signature], autograph=False)
    def forward(pixels: tf.Tensor) -> Sequence[tf.Tensor]:
        outputs = model([pixels], training=False)
        return outputs if isinstance(outputs, Sequence) else [outputs]

    def predict_all(images: np.ndarray) -> Probabilities:
        parts = [
            [np.asarray(output, np.float32) for output in forward(images[i : i + batch])]
            for i in range(0, len(images), batch)
        ]
        columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
        return as_probabilities(heads, columns)

    return predict_all


def layer_outputs(
    model: keras.Model, layers: Sequence[keras.layers.Layer], images: np.ndarray
) -> list[np.ndarray]:
    """The outputs of the network's layers for raw images, as float32 with images first."""
    if not layers:
        return []
    probe = keras.Model(model.inputs, [layer.output for layer in layers])
    outputs = probe([np.asarray(images, np.float32)], training=False)
    return [np.asarray(output, np.float32) for output in keras.tree.flatten(outputs)]


def predict(model: keras.Model, images: np.ndarray) -> Probabilities:
    """Each head's class probabilities for raw images; see `predictor`.

    Raises:
        WrongUse: The network's outputs are not probabilities, see `study.networks.answers`.
    """
    functional = as_functional(model)
    check_heads(head_names(functional), functional.outputs)
    probabilities = predictor(functional)(images)
    check_probabilities(probabilities)
    return probabilities
