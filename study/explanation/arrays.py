"""What explanation hands to figures besides records: plain arrays and their descriptions.

A run keeps them in its findings, so that drawing needs neither networks nor TensorFlow, which is
not imported here.
"""

from typing import Literal, NamedTuple

import numpy as np

from study.data.dataset import Crossed
from study.records.finding import Method

SHOWN_CORRUPTED = 4
"""Number of images that are shown of each corruption."""


class Examples(NamedTuple):
    """The test images that are shown, and what their labels mean."""

    images: np.ndarray
    """(n, height, width, channels) uint8."""
    labels: dict[str, np.ndarray]
    """Label column -> (n,) class indices."""
    names: dict[str, tuple[str, ...]]
    """Label column -> names of its classes, in class order."""
    crossed: Crossed | None
    """Columns that make a grid; None if none do."""
    heads: tuple[str, ...]
    """The label columns that the networks predict."""

    @property
    def truth(self) -> dict[str, np.ndarray]:
        """Head -> (n,) true class indices."""
        return {head: self.labels[head] for head in self.heads}


class ActivationsInfo(NamedTuple):
    """The output of one layer for some images."""

    layer: str
    kind: Literal["convolution", "pooling"]
    maps: np.ndarray
    """(n, h, w, s) float32: the output of the channels shown; global pooling has h = w = 1."""
    channels: np.ndarray
    """(s,) int: numbers of these channels, in order."""
    total: int
    """Number of channels of the layer."""
    silent: int
    """How many of all channels are zero everywhere on every image."""


class HeadHeatmaps(NamedTuple):
    """One head's predictions and the evidence for them, or for the class asked for."""

    head: str
    predicted: np.ndarray
    """(n,) int64 class indices."""
    probability: np.ndarray
    """(n,) float32, probability of the predicted class."""
    maps: np.ndarray
    """(n, height, width) float32 in [0, 1]: evidence for the class, relative to each map's maximum;
    all zero if there is none."""
    layer: str
    """The layer whose maps explain the head."""
    resolution: tuple[int, int]
    """(rows, columns) of the layer's maps, which are enlarged to the image."""

    @property
    def empty(self) -> np.ndarray:
        """(n,) bool: whether there is no evidence for the class anywhere in the image."""
        return np.asarray(~np.any(self.maps > 0, axis=(1, 2)))


class HeatmapsInfo(NamedTuple):
    """Heatmaps of some images, for each head of a network, by one method."""

    heads: list[HeadHeatmaps]
    method: Method
    target: int | None
    """The class that is explained; None: the predicted class."""
    asked_layer: str | None
    """The layer that was asked for; None: each head's last convolution."""
    channels: int
    """Largest number of channels that Score-CAM tries per image."""
    named: bool = True
    """Whether heads are named, because the network has several."""

    @property
    def at_layer(self) -> bool:
        """Whether the layer matters; SmoothGrad explains single pixels."""
        return self.method != "smoothgrad"

    @property
    def layers(self) -> dict[str, tuple[int, int]]:
        """The heads' layers, usually a single one -> (rows, columns) of their maps."""
        return {head.layer: head.resolution for head in self.heads}


class MethodsInfo(NamedTuple):
    """Heatmaps of some images by every method."""

    layer: str
    resolution: tuple[int, int]
    """(rows, columns) of the coarsest layer's maps."""
    explained: list[tuple[str, int]]
    """Head and class of each image."""
    maps: dict[Method, np.ndarray]
    """(n, height, width) in [0, 1]."""
    heads: int
    """Number of heads of the network, which take turns."""
    samples: int
    """Number of noisy copies per image that SmoothGrad averaged over."""
    channels: int
    """Largest number of channels that Score-CAM tried per image."""


class Shown(NamedTuple):
    """One test image and what the network says about it."""

    image: int
    """Index of the image in the test part."""
    words: tuple[str, ...]
    """True class, then predicted class with its probability, for each wrong head, or for the least
    certain head if all are right."""
    confidence: float
    """Probability the network gives to its answer as a whole: the product over heads."""
    head: str
    """The head that is named first, whose heatmap is shown."""
    mislabelled: bool = False
    """Whether the image's label is known to be wrong."""


class MistakesInfo(NamedTuple):
    """The images to show and how many there are."""

    images: int
    errors: int
    shown: tuple[Shown, ...]
    """The most confident errors; if there are no errors, the least certain right answers."""
    heads: int = 1
    """Number of heads of the network."""
    mislabelled: int = 0
    """Number of test images whose label is known to be wrong."""
    mislabelled_errors: int = 0
    """How many of these count as errors."""
    source: str = ""
    """The source that says that these labels are wrong."""


class Evidence(NamedTuple):
    """The images that are shown, and the evidence for the network's answers."""

    images: np.ndarray
    """(k, height, width, 1 or 3) uint8."""
    maps: np.ndarray
    """(k, height, width) float32 in [0, 1]: all zero if there is no evidence for the answer."""


class Mistakes(NamedTuple):
    """A network's mistakes, and the evidence for each that is shown."""

    info: MistakesInfo
    evidence: Evidence


class Ascent(NamedTuple):
    """The result of a gradient ascent."""

    images: np.ndarray
    """(f, height, width, channels) uint8."""
    scores: np.ndarray
    """(f,) float32: the units' values before the activation function, on these very images."""


class Patches(NamedTuple):
    """The parts of real images that excite each filter most, at most one per image."""

    images: np.ndarray
    """(f, p, rows, columns, channels), the best first."""
    scores: np.ndarray
    """(f, p) float32: the filter's highest value in the image, before the activation function."""
    sources: np.ndarray
    """(f, p) int: the image's number."""
    corners: np.ndarray
    """(f, p, 2) int: top row and left column of the patch in it."""


class FiltersInfo(NamedTuple):
    """What the filters of one convolution layer respond to."""

    layer: str
    filters: np.ndarray
    """(f,) filter numbers."""
    total: int
    """Number of filters in the layer."""
    seen: tuple[tuple[int, int], tuple[int, int]]
    """(first, end) of the image's rows and of its columns that the middle unit of a map sees."""
    pixels: Ascent
    fourier: Ascent
    patches: Patches | None
    """The best real patches; None without real images."""
    asleep: np.ndarray
    """(2, f) bool: the ascent in pixels, or in Fourier space, did not activate the filter."""
    dead: np.ndarray
    """(f,) bool: silent on every real image; without any, not activated by an ascent."""
    like: np.ndarray
    """(f,) int: a filter of a lower number that this one nearly duplicates, or -1."""
    silent: int | None
    """Number of filters in the layer that are silent on every real image; None without images."""
    alike: int | None
    """Number of near-duplicates in the layer; None if it is not known."""
    tested: int
    """Number of real images that were tried."""
    absent: tuple[str, ...]
    """Colours that no real image has, which the ascents leave out."""

    @property
    def field(self) -> tuple[slice, slice]:
        """The rows and columns of the image that the middle unit sees."""
        rows, columns = self.seen
        return slice(*rows), slice(*columns)


class CorruptedExamples(NamedTuple):
    """What corrupted test images look like."""

    versions: dict[str, np.ndarray]
    """Name of the corruption, "unchanged" first -> at most SHOWN_CORRUPTED images, (n, height,
    width, channels) uint8."""
    note: str
    """What the reader must know about the data set's corruptions; "" if nothing."""
