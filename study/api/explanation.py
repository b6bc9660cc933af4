"""Heatmaps of some images: where a network finds its evidence."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from study.api.notebook import picture
from study.explanation.arrays import HeatmapsInfo
from study.figures.networks.heatmaps import caption, draw_heatmaps
from study.figures.style import png, save
from study.records.finding import METHOD_NAMES, Method

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SHOWN = 12
"""Largest number of images that are drawn."""


@dataclass(frozen=True, repr=False)
class Explanation:
    """Heatmaps of some images, for each head that was asked for."""

    pixels: np.ndarray
    """(n, height, width, channels), in 0..255: the images as the network saw them."""
    names: dict[str, tuple[str, ...]]
    """Head -> names of its classes, in class order."""
    _info: HeatmapsInfo

    @property
    def method(self) -> Method:
        """The method by which the heatmaps were made."""
        return self._info.method

    @property
    def maps(self) -> dict[str, np.ndarray]:
        """Head -> heatmaps, (n, height, width) float32 in [0, 1]; all 0 if there is no evidence."""
        return {one.head: one.maps for one in self._info.heads}

    @property
    def layers(self) -> dict[str, str]:
        """Head -> the layer that its heatmaps explain; SmoothGrad explains single pixels."""
        return {one.head: one.layer for one in self._info.heads} if self._info.at_layer else {}

    @property
    def classes(self) -> dict[str, list[str]]:
        """Head -> the class that is explained in each image."""
        target = self._info.target
        return {
            one.head: [self.names[one.head][i if target is None else target] for i in one.predicted]
            for one in self._info.heads
        }

    def __len__(self) -> int:
        return len(self.pixels)

    def figure(self) -> "Figure":
        """The first images, each beside its heatmap and the heatmap laid over it."""
        return draw_heatmaps(self._shown(), self.pixels[:SHOWN], names=self.names)

    def save(self, path: str | Path) -> Path:
        """Write the figure as a PNG file."""
        save(self.figure(), Path(path))
        return Path(path)

    def _shown(self) -> HeatmapsInfo:
        return self._info._replace(
            heads=[
                one._replace(
                    predicted=one.predicted[:SHOWN],
                    probability=one.probability[:SHOWN],
                    maps=one.maps[:SHOWN],
                )
                for one in self._info.heads
            ]
        )

    def __repr__(self) -> str:
        return f"<Explanation of {len(self)} images by {METHOD_NAMES[self.method]}>"

    def _repr_html_(self) -> str:
        words = caption(self._shown(), min(len(self), SHOWN), None, self.names)
        return picture(png(self.figure()), words)
