"""What a network predicts for some images."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from study.api.notebook import table
from study.own_images.opened import likeliest

if TYPE_CHECKING:
    import pandas as pd

SHOWN = 20
"""Largest number of images that a notebook shows."""


@dataclass(frozen=True, repr=False)
class Predictions:
    """Class probabilities of some images."""

    images: list[str]
    """Paths of the files, or the numbers of the images in their array."""
    probabilities: dict[str, np.ndarray]
    """Head, which is the name of an output layer -> (n, classes) float32."""
    names: dict[str, tuple[str, ...]]
    """Head -> names of its classes, in class order; numbers if the names are not known."""

    def __len__(self) -> int:
        return len(self.images)

    def classes(self) -> "pd.DataFrame":
        """The likeliest class of each image: one row per image, one column (str) per head."""
        import pandas as pd

        columns = {
            head: [self.names[head][i] for i in p.argmax(axis=1)]
            for head, p in self.probabilities.items()
        }
        index = pd.Index(self.images, name="image", dtype="str")
        return pd.DataFrame(columns, index=index, dtype="str")

    def table(self, top: int = 3) -> "pd.DataFrame":
        """The likeliest classes: one row per image, head and class, the likeliest first.

        Columns: image, head and class (str), probability (float64).

        Args:
            top: Classes per image and head, 1 or more.
        """
        import pandas as pd

        dtypes = {"image": "str", "head": "str", "class": "str", "probability": "float64"}
        return pd.DataFrame(self._rows(top), columns=[*dtypes]).astype(dtypes)

    def _rows(self, top: int) -> list[tuple[str, str, str, float]]:
        return [
            (image, head, name, share)
            for number, image in enumerate(self.images)
            for head, p in self.probabilities.items()
            for name, share in likeliest(p[number], self.names[head], top).items()
        ]

    def __repr__(self) -> str:
        return f"<Predictions of {len(self)} images: {', '.join(self.probabilities)}>"

    def _repr_html_(self) -> str:
        shown = SHOWN * len(self.probabilities)
        rows = [(image, head, name, f"{share:.2%}") for image, head, name, share in self._rows(1)]
        more = f", the first {SHOWN} of them" if len(self) > SHOWN else ""
        title = f"Predictions of {len(self)} images{more}"
        return table(["image", "head", "class", "probability"], rows[:shown], title)
