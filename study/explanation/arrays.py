"""What explanation hands to figures beside records: plain arrays, and what is said of them.

A run keeps them in its findings, so that drawing needs neither networks nor TensorFlow, which
nothing here imports.
"""

from typing import Literal, NamedTuple

import numpy as np

from study.data.dataset import Crossed
from study.records.finding import Method

SHOWN_CORRUPTED = 4
"""Images that are shown of each corruption."""


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
    """What one layer puts out for some images."""

    layer: str
    kind: Literal["convolution", "pooling"]
    maps: np.ndarray
    """(n, h, w, s) float32: the output of the channels shown; global pooling has h = w = 1."""
    channels: np.ndarray
    """(s,) int: numbers of these channels, in order."""
    total: int
    """Channels of the layer."""
    silent: int
    """How many of all channels are zero everywhere on every image."""


class HeadHeatmaps(NamedTuple):
    """One head's predictions and what speaks for them, or for the class asked for."""

    head: str
    predicted: np.ndarray
    """(n,) int64 class indices."""
    probability: np.ndarray
    """(n,) float32, of the predicted class."""
    maps: np.ndarray
    """(n, height, width) float32 in [0, 1]: evidence for the class, as a share of the image's
    greatest; all zero if there is none."""
    layer: str
    """Whose maps explain it."""
    resolution: tuple[int, int]
    """(rows, columns) of the layer's maps, which are enlarged to the image."""

    @property
    def empty(self) -> np.ndarray:
        """(n,) bool: nowhere does the layer speak for the class."""
        return np.asarray(~np.any(self.maps > 0, axis=(1, 2)))


class HeatmapsInfo(NamedTuple):
    """Heatmaps of some images, for each head of a network, by one method."""

    heads: list[HeadHeatmaps]
    method: Method
    target: int | None
    """Class that is explained; None: the predicted one."""
    asked_layer: str | None
    """The layer that was asked for; None: each head's last convolution."""
    channels: int
    """How many channels Score-CAM tries on an image at most."""
    named: bool = True
    """Whether heads are told by name: the network has several."""

    @property
    def at_layer(self) -> bool:
        """Whether the layer matters: SmoothGrad goes down to the pixels."""
        return self.method != "smoothgrad"

    @property
    def layers(self) -> dict[str, tuple[int, int]]:
        """The heads' layers, mostly one, with (rows, columns) of their maps."""
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
    """Heads of the network, which are explained in turn."""
    samples: int
    """Noisy copies of an image that SmoothGrad averaged over."""
    channels: int
    """Channels of the layer that Score-CAM tried on an image at most."""


class Shown(NamedTuple):
    """One test image and what the network says about it."""

    image: int
    """Place in the test part."""
    words: tuple[str, ...]
    """True class, then predicted class with its probability: of each wrong head, or of the least
    certain one if all are right."""
    confidence: float
    """Probability the network gives to its answer as a whole: the product over heads."""
    head: str
    """The head that the words begin with, whose heatmap is shown."""
    mislabelled: bool = False
    """The label, not the network, is known to be wrong."""


class MistakesInfo(NamedTuple):
    """The images to show and how many there are."""

    images: int
    errors: int
    shown: tuple[Shown, ...]
    """The most confident errors; if there are no errors, the least certain right answers."""
    heads: int = 1
    """Of the network."""
    mislabelled: int = 0
    """Test images whose label is known to be wrong."""
    mislabelled_errors: int = 0
    """How many of these count as errors."""
    source: str = ""
    """Who says that their labels are wrong."""


class Evidence(NamedTuple):
    """The images that are shown, and what spoke for the network's answers."""

    images: np.ndarray
    """(k, height, width, 1 or 3) uint8."""
    maps: np.ndarray
    """(k, height, width) float32 in [0, 1]: all zero where nowhere the layer speaks for it."""


class Mistakes(NamedTuple):
    """A network's mistakes, and the evidence for each that is shown."""

    info: MistakesInfo
    evidence: Evidence


class Ascent(NamedTuple):
    """Where a gradient ascent ended."""

    images: np.ndarray
    """(f, height, width, channels) uint8."""
    scores: np.ndarray
    """(f,) float32: the units' values before the activation function, on these very images."""


class Patches(NamedTuple):
    """The parts of real images that drive each filter up most, of an image one at most."""

    images: np.ndarray
    """(f, p, rows, columns, channels), the best first."""
    scores: np.ndarray
    """(f, p) float32: the filter's highest value before the activation function, there."""
    sources: np.ndarray
    """(f, p) int: the image's number."""
    corners: np.ndarray
    """(f, p, 2) int: top row and left column of the patch in it."""


class FiltersInfo(NamedTuple):
    """What the filters of one convolution layer answer to."""

    layer: str
    filters: np.ndarray
    """(f,) filter numbers."""
    total: int
    """Filters in the layer."""
    seen: tuple[tuple[int, int], tuple[int, int]]
    """(first, end) of the image's rows and of its columns that the middle unit of a map sees."""
    pixels: Ascent
    fourier: Ascent
    patches: Patches | None
    """None without real images."""
    asleep: np.ndarray
    """(2, f) bool: the ascent in pixels, in Fourier space did not wake the filter."""
    dead: np.ndarray
    """(f,) bool: silent on every real image; without any, not to be woken by an ascent."""
    like: np.ndarray
    """(f,) int: a filter of a lower number that it nearly duplicates, or -1."""
    silent: int | None
    """Filters of the whole layer that are silent on every real image; None without any."""
    alike: int | None
    """Near-duplicates in the whole layer; None if it cannot be said."""
    tested: int
    """Real images that were tried."""
    absent: tuple[str, ...]
    """Colours that no real image has: the ascents leave them out."""

    @property
    def field(self) -> tuple[slice, slice]:
        """These rows and columns."""
        rows, columns = self.seen
        return slice(*rows), slice(*columns)


class CorruptedExamples(NamedTuple):
    """What corrupted test images look like."""

    versions: dict[str, np.ndarray]
    """Name of the corruption, "unchanged" first -> (SHOWN_CORRUPTED or less, height,
    width, channels) uint8."""
    note: str
    """What the reader must know of the data set's corruptions; "" if nothing."""
