"""Pictures -> figures in the order in which they are shown, baseline beside tuned in pairs."""

import io
import re
from collections.abc import Iterable
from dataclasses import dataclass

from PIL import Image, UnidentifiedImageError

from study.figures.search import CHARTS
from study.records.base import NetworkName
from study.records.picture import Picture
from study.report.inputs import PictureFile

BESIDE_PX = 760
"""Two pictures no wider than this stand side by side; wider ones one above the other."""
WIDE_PX = 620
"""A picture wider than this scrolls sideways on a phone rather than shrink beyond reading."""

HEADINGS = {
    "search": "The search",
    "training": "Training",
    "results": "Results on the test part",
    "robustness": "On corrupted images",
    "activations": "What the layers see",
    "filters": "What the filters look for",
    "heatmaps": "Where the networks look",
    "trust": "Can the heatmaps be trusted?",
    "errors": "Mistakes on the test part",
}
"""Picture.section -> its heading, in the order of the report."""


@dataclass(frozen=True)
class Group:
    """A heading in a problem's section."""

    key: str
    """A key of `HEADINGS`."""
    heading: str


@dataclass(frozen=True)
class Figure:
    """One picture, ready to be shown."""

    anchor: str
    """The file's name as part of an id in the page: the same in every report of the run."""
    title: str
    caption: str
    alt: str
    reading: str
    network: NetworkName | None
    png: bytes
    width: int
    """In pixels, like `height`."""
    height: int

    @property
    def wide(self) -> bool:
        """Too wide to be read when shrunk to a phone's screen."""
        return self.width > WIDE_PX


@dataclass(frozen=True)
class FigureRow:
    """Figures that belong together: one, or the baseline's and the tuned network's."""

    figures: tuple[Figure, ...]

    @property
    def beside(self) -> bool:
        """Side by side where the screen is wide enough."""
        return len(self.figures) > 1 and all(f.width <= BESIDE_PX for f in self.figures)


def figure_anchor(file: str) -> str:
    """ "search_history.png" -> "search_history"; different names stay different."""
    return re.sub(r"[^A-Za-z0-9_-]", lambda odd: f".{ord(odd[0]):x}.", file.removesuffix(".png"))


def chart_key(picture: Picture) -> str | None:
    """Key of the interactive chart that shows the same as the picture; None if there is none.

    The keys are those of `study.figures.search.CHARTS`.
    """
    return picture.kind if picture.section == "search" and picture.kind in CHARTS else None


def read_figure(file: PictureFile) -> Figure | str:
    """The figure, or a note that says why there is none."""
    picture = file.picture
    try:
        with Image.open(io.BytesIO(file.png), formats=["PNG"]) as image:
            width, height = image.size
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError):
        return f"The picture {picture.file} ({picture.title}) cannot be read as PNG."
    return Figure(
        anchor=figure_anchor(picture.file),
        title=picture.title,
        caption=picture.caption,
        alt=picture.alt,
        reading=picture.reading,
        network=picture.network,
        png=file.png,
        width=width,
        height=height,
    )


def figure_rows(files: Iterable[PictureFile]) -> tuple[tuple[FigureRow, ...], tuple[str, ...]]:
    """Rows of one section's figures in the order given, and notes on unreadable ones.

    The baseline's and the tuned network's pictures of the same kind share a row, whichever comes
    first.
    """
    rows: dict[tuple[str, int], list[Figure]] = {}
    notes = []
    for place, file in enumerate(files):
        figure = read_figure(file)
        if isinstance(figure, str):
            notes.append(figure)
            continue
        paired = (file.picture.kind, -1)
        key = paired if figure.network else (file.picture.file, place)
        mates = rows.setdefault(key, [])
        if figure.network in {mate.network for mate in mates}:
            mates = rows.setdefault((file.picture.file, place), [])
        mates.append(figure)
    order = {"baseline": 0, "tuned": 1, None: 2}
    return (
        tuple(
            FigureRow(tuple(sorted(row, key=lambda f: order[f.network]))) for row in rows.values()
        ),
        tuple(notes),
    )
