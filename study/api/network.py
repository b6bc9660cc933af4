"""A saved network, which predicts and explains images."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from study.api.notebook import table
from study.libraries.quiet_import import import_tensorflow

if TYPE_CHECKING:
    import keras

    from study.api.explanation import Explanation
    from study.api.predictions import Predictions
    from study.own_images.opened import OpenedNetwork, Pictures
    from study.records.finding import Method

Images = str | Path | Sequence[str | Path] | np.ndarray
"""Image files, or raw pixels in 0..255: (n, height, width, channels) or a single such image."""


class Network:
    """A network of a run, or any saved Keras classifier of images."""

    def __init__(self, path: Path, label: str, opened: "OpenedNetwork") -> None:
        """Made by `load_network` and by `StudyRun.network`."""
        self.path, self.label, self._opened = path, label, opened

    @property
    def model(self) -> "keras.Model":
        """The Keras model: raw pixels in 0..255 -> one output per head."""
        return self._opened.model

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(height, width, channels) of the images that it takes."""
        return self._opened.image_shape

    @property
    def classes(self) -> dict[str, tuple[str, ...]]:
        """Head -> names of its classes, in class order; numbers if the names are not known."""
        return {head: self._opened.class_names(head) for head in self._opened.heads}

    @property
    def layers(self) -> list[str]:
        """Names of the convolution and pooling layers, any of which `explain` can explain."""
        from study.networks.saved import visual_layers

        return [layer.name for layer in visual_layers(self.model)]

    def predict(
        self, images: Images, *, resize: bool = False, invert: bool = False
    ) -> "Predictions":
        """Class probabilities of images.

        Args:
            images: Files, or pixels of the network's own size.
            resize: Convert files of another size or mode instead of refusing them.
            invert: Swap light and dark in files, for instance of dark digits on white paper.

        Raises:
            WrongImage: An image does not fit.
            WrongUse: The network is not a classifier.
        """
        from study.api.predictions import Predictions

        given = _given(images)
        pixels = self._opened.pixels(given, resize, invert)
        probabilities = self._opened.predict(pixels)
        labels = [str(one) for one in (range(len(pixels)) if _is_array(given) else given)]
        return Predictions(labels, probabilities, self.classes)

    def explain(
        self,
        images: Images,
        *,
        method: "Method" = "gradcam",
        layer: str | None = None,
        head: str | None = None,
        target: str | int | None = None,
        resize: bool = False,
        invert: bool = False,
    ) -> "Explanation":
        """Heatmaps: where in the images the network finds its evidence for a class.

        Args:
            images: Images as for `predict`; `resize` and `invert` as there.
            method: "gradcam", "gradcam++", "scorecam" or "smoothgrad".
            layer: One of `layers`; each head's last convolution layer if None.
            head: The only head to explain; all heads if None.
            target: The class to explain, by name or index; the predicted class if None.

        Raises:
            WrongName: There is no such method, layer, head or class.
            WrongImage: An image does not fit.
            WrongUse: The network is not a classifier, or it has several heads and a class is named
                without its head.
        """
        from study.api.explanation import Explanation
        from study.errors import WrongName
        from study.explanation.examples import heatmaps_info
        from study.records.finding import METHODS

        if method not in METHODS:
            raise WrongName(f"no method {method!r}; there are: {', '.join(METHODS)}")
        index = self._opened.class_index(head, target)
        pixels = self._opened.pixels(_given(images), resize, invert)
        self._opened.predict(pixels)  # refuses networks that are not classifiers
        info = heatmaps_info(self.model, pixels, layer, method, head, index)
        return Explanation(pixels, self.classes, info)

    def __repr__(self) -> str:
        heads = ", ".join(f"{head}: {len(names)}" for head, names in self.classes.items())
        return f"<Network {self.label}: {self.image_shape} -> {heads} classes>"

    def _repr_html_(self) -> str:
        rows = [
            (layer.name, type(layer).__name__, tuple(layer.output.shape[1:]), layer.count_params())
            for layer in self.model.layers
        ]
        title = f"{self.label}: {self.model.count_params():,} weights"
        return table(["layer", "kind", "output shape", "weights"], rows, title)


def load_network(path: str | Path) -> Network:
    """Any saved network, a .keras file; if it belongs to a run, its class names are known.

    The file may come from anywhere: code in it is not run.

    Raises:
        WrongName: There is no such file, or its network does not take images.
        CorruptRecord: The file cannot be read, or needs more than plain Keras layers.
        WrongUse: TensorFlow was imported before, with environment variables that change results.
    """
    import_tensorflow()
    from study.own_images.any_network import saved_model

    saved = saved_model(Path(path))
    return Network(saved.path, saved.label, saved.opened())


def _given(images: Images) -> "Pictures":
    if isinstance(images, np.ndarray):
        return images[np.newaxis] if images.ndim == 3 else images
    return [Path(one) for one in ([images] if isinstance(images, str | Path) else images)]


def _is_array(images: "Pictures") -> bool:
    return isinstance(images, np.ndarray)
