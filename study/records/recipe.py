"""How a network is trained beside what it was compiled with: what a search space may choose."""

from typing import Annotated, Literal, NamedTuple, get_args

from pydantic import Field

from study.records.base import Record

Change = Literal[
    "shift",
    "rotation",
    "zoom",
    "contrast",
    "noise",
    "erasing",
    "horizontal_flip",
    "vertical_flip",
    "half_turn",
]
"""What may be done to a training image at random. A half turn is both flips at once."""

CHANGES: tuple[Change, ...] = get_args(Change)

FLIPS: tuple[Change, ...] = ("horizontal_flip", "vertical_flip", "half_turn")
"""Changes that are made or not; the others have a strength."""


class Budget(NamedTuple):
    """What a network is built for."""

    steps: int
    """Optimizer steps that the schedule of its learning rate spans, 1 or more."""
    epochs: int = 1
    """Epochs that it is trained for, 1 or more: those of the rung, where the search has rungs.
    Regularisation that helps long trainings alone may grow with them."""


class Augmentation(Record):
    """Random changes of the training images, drawn anew for each image in each epoch.

    0 or False: none of that kind. Ends of ranges are included.
    """

    shift: Annotated[float, Field(ge=0, le=0.5)] = 0.0
    """Farthest shift, to each side and up and down, as a share of the image's width and height."""
    rotation: Annotated[float, Field(ge=0, le=180)] = 0.0
    """Largest angle in degrees, either way."""
    zoom: Annotated[float, Field(ge=0, le=0.5)] = 0.0
    """Largest change of size, either way, as a share of it."""
    contrast: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Largest change of contrast, either way, as a share of it."""
    noise: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Standard deviation of Gaussian noise, as a share of the full range of a pixel."""
    erasing: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Sides of the rectangle that is painted over, as a share of the image's sides."""
    horizontal_flip: bool = False
    """Mirror every other image left to right, on average."""
    vertical_flip: bool = False
    """The same upside down."""
    half_turn: bool = False
    """Turn every other image, on average, by 180 degrees."""

    @property
    def moves(self) -> bool:
        """Whether it moves pixels from place to place."""
        flips = self.horizontal_flip or self.vertical_flip or self.half_turn
        return bool(self.shift or self.rotation or self.zoom or flips)

    @property
    def is_none(self) -> bool:
        """Whether images are left as they are."""
        return self == Augmentation()


class Recipe(Record):
    """How a network is trained. The defaults are plain training."""

    batch_size: Annotated[int, Field(ge=1, le=4096)] | None = None
    """Images per optimizer step; None: as the settings of the search say."""
    augmentation: Augmentation = Augmentation()
    averaging: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Share of the steps so far that the weights are averaged over, about; 0: they are not. See
    `study.training.epoch.averaging`."""
