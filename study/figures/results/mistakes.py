"""Test images a network gets wrong, most confident mistakes first, with the evidence for them."""

from pathlib import Path

from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from study.explanation.arrays import Evidence, Mistakes, MistakesInfo
from study.figures.networks.heatmaps import overlay
from study.figures.palette import PALETTE
from study.figures.style import save, styled
from study.figures.tiles import SIDE, as_rgb, figure_of, new_grid, over_tile, tile
from study.records.base import NetworkName
from study.records.picture import Picture
from study.wording import percent, several

WIDEST = 6.2
"""Width of the whole figure, in inches: two of them fit beside each other."""
MOST_COLUMNS = 3
LETTER, LINE = 0.073, 0.165
"""Width of a letter and height of a line below a tile, in inches."""
TILE = 2.0
"""Width of a picture with its heatmap beside it, in inches."""

MARK = "label known to be wrong"

READING = (
    "Each tile shows a test image beside the same image with a heatmap over it (Grad-CAM at the "
    "last convolution layer): bright is where the network found evidence for its answer, dark "
    "where it found none. Below are the true class and the answer with its probability."
)


def draw_errors(info: MistakesInfo, found: Evidence) -> Figure:
    """Each image beside the same image with its heatmap, and its classes below."""
    pictures = as_rgb(found.images)
    written = [(*one.words, MARK) if one.mislabelled else one.words for one in info.shown]
    longest = max(len(line) for lines in written for line in lines)
    step_x = max(TILE, LETTER * longest + 0.1)
    step_y = 1.1 + LINE * max(map(len, written))
    columns = min(max(int(WIDEST / step_x), 1), MOST_COLUMNS, len(info.shown))
    rows = -(-len(info.shown) // columns)
    color = PALETTE["bad"] if info.errors else PALETTE["ink"]
    with styled():
        axes = new_grid(0, 0, columns * step_x, rows * step_y, inch=1)
        for number, (one, lines) in enumerate(zip(info.shown, written, strict=True)):
            row, column = divmod(number, columns)
            x, y = (column + 0.5) * step_x, row * step_y
            tile(axes, pictures[number], x - SIDE - 0.01, y)
            tile(axes, overlay(pictures[number], found.maps[number]), x + 0.01, y)
            if not found.maps[number].any():
                over_tile(axes, "no positive\nevidence", x + 0.01, y)
            if one.mislabelled:
                corner, width = (x - SIDE - 0.01, y), 2 * SIDE + 0.02
                axes.add_patch(
                    Rectangle(corner, width, SIDE, fill=False, lw=2.2, edgecolor=PALETTE["good"])
                )
            for place, line in enumerate(lines):
                ink = color if line.startswith("→") else PALETTE["good" if line == MARK else "ink"]
                axes.text(
                    x, y + SIDE + 0.04 + LINE * place, line, ha="center", va="top", fontsize=9.5,
                    color=ink,
                )  # fmt: skip
    return figure_of(axes)


def caption(info: MistakesInfo, network: NetworkName) -> str:
    """How often the network errs, and which of its mistakes are shown, in numbers."""
    first = info.shown[0]
    if info.errors:
        shown = (
            "all of them"
            if len(info.shown) == info.errors
            else f"the {len(info.shown)} it is most confident of"
        )
        said = (
            f"The {network} network gets {several(info.errors, 'image')} of {info.images:,} wrong "
            f"({percent(info.errors / info.images)}). Shown are {shown}, most confident first, "
            "each with its true class, then the network's answer and its probability. The first "
            f"answer has a confidence of {percent(first.confidence)}, the last of "
            f"{percent(info.shown[-1].confidence)}."
        )
    else:
        said = (
            f"The {network} network gets all {info.images:,} test images right. Shown are the "
            f"{len(info.shown)} it is least certain of, from {percent(first.confidence)} upwards, "
            "each with its true class, then the network's answer and its probability."
        )
    if info.heads > 1:
        said += " The heatmap belongs to the head that is named first."
    if info.mislabelled:
        marked = sum(one.mislabelled for one in info.shown)
        said += (
            f" Of the {info.mislabelled} test images whose label is known to be wrong "
            f"({info.source}), {info.mislabelled_errors} "
            f"{'counts as an error' if info.mislabelled_errors == 1 else 'count as errors'} here; "
            f"{marked} of them {'is' if marked == 1 else 'are'} shown, with a frame."
        )
    return said


def pictures(found: Mistakes, network: NetworkName, directory: Path) -> list[Picture]:
    """Draw a network's errors into errors_NETWORK.png in the directory, which exists."""
    info = found.info
    if not info.shown:
        return []
    what = "Most confident mistakes" if info.errors else "Least certain correct answers"
    made = Picture(
        file=f"errors_{network}.png",
        kind="errors",
        section="errors",
        network=network,
        title=f"{what}, {network} network",
        caption=caption(info, network),
        alt=f"{several(len(info.shown), 'test image')}, each beside its heatmap, with its true "
        f"class and the {network} network's answer.",
        reading=READING,
    )
    save(draw_errors(info, found.evidence), directory / made.file)
    return [made]
