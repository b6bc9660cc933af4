"""Test images a network gets wrong, the most confident mistakes first, with what spoke for them."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from study.data.dataset import KnownErrors, Names
from study.figures.palette import PALETTE
from study.figures.style import save, styled
from study.figures.tiles import SIDE, as_rgb, figure_of, new_grid, over_tile, tile
from study.figures.wording import count, percent
from study.records.base import NetworkName, Picture

if TYPE_CHECKING:
    import keras

MOST_TILES = 18
WIDEST = 6.2
"""Inches of the whole figure: two of them fit beside each other."""
MOST_COLUMNS = 3
LETTER, LINE = 0.073, 0.165
"""Inches that a letter and a line take below a tile."""
TILE = 2.0
"""Inches of the picture with its heatmap beside it."""

MARK = "label known to be wrong"

READING = (
    "Each tile is a test image beside the same image with a heatmap over it (Grad-CAM at the last "
    "convolution layer): bright is where the network found evidence for the answer it gave, dark "
    "where it found none. Below are the true class and the answer with its probability."
)


class Tile(NamedTuple):
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


class ErrorsInfo(NamedTuple):
    """The images to show and how many there are."""

    images: int
    errors: int
    tiles: tuple[Tile, ...]
    """The most confident errors; if there are no errors, the least certain right answers."""
    mislabelled: int = 0
    """Test images whose label is known to be wrong."""
    mislabelled_errors: int = 0
    """How many of these count as errors."""


def errors_info(
    predictions: Mapping[str, np.ndarray],
    network: NetworkName,
    heads: Sequence[str],
    names: Names,
    mislabelled: Collection[int] = (),
) -> ErrorsInfo:
    """Find a network's errors: images with at least one wrong head.

    Args:
        predictions: labels_HEAD (n,) int and NETWORK_HEAD (n, classes) probabilities.
        network: whose errors.
        heads: label columns the network predicts.
        names: label column -> names of its classes.
        mislabelled: places in the test part of images whose label is known to be wrong.
    """
    labels = np.stack([predictions[f"labels_{head}"] for head in heads])  # (heads, n)
    chosen = np.stack([predictions[f"{network}_{head}"].argmax(axis=1) for head in heads])
    sure = np.stack([predictions[f"{network}_{head}"].max(axis=1) for head in heads])
    wrong = labels != chosen
    confidence = sure.prod(axis=0)
    mistaken = np.flatnonzero(wrong.any(axis=0))
    if len(mistaken):
        shown = mistaken[np.argsort(-confidence[mistaken], kind="stable")]
    else:
        shown = np.argsort(confidence, kind="stable")

    def describe(index: int) -> Tile:
        told = np.flatnonzero(wrong[:, index]).tolist() or [int(sure[:, index].argmin())]
        lines: list[str] = []
        for place in told:
            head = heads[place]
            prefix = f"{head} " if len(heads) > 1 else ""
            true, answer = int(labels[place, index]), int(chosen[place, index])
            lines.append(prefix + names[head][true])
            lines.append(f"→ {names[head][answer]} ({_share(sure[place, index])})")
        rounded = round(float(confidence[index]), 4)
        return Tile(index, tuple(lines), rounded, heads[told[0]], index in mislabelled)

    return ErrorsInfo(
        images=labels.shape[1],
        errors=len(mistaken),
        tiles=tuple(describe(int(index)) for index in shown[:MOST_TILES]),
        mislabelled=len(mislabelled),
        mislabelled_errors=len(set(mistaken.tolist()) & set(mislabelled)),
    )


def _share(probability: float) -> str:
    """A probability in words; what is not quite certain never reads 100%."""
    return ">99.9%" if probability > 0.999 else f"{probability:.1%}"


class Evidence(NamedTuple):
    """What spoke for the network's answer."""

    overlay: np.ndarray
    """(height, width, 3) in [0, 1]: the image on top of its heatmap."""
    empty: bool
    """Nowhere does the layer speak for the answer."""


def evidence(model: "keras.Model", info: ErrorsInfo, images: np.ndarray) -> list[Evidence]:
    """Each tile's image with the heatmap of its head.

    Args:
        model: the network whose errors they are.
        info: of these errors.
        images: of the test part, (n, height, width, 1 or 3) uint8.
    """
    from study.figures.networks.heatmaps import heatmaps_info, overlay  # brings TensorFlow

    shown = images[[one.image for one in info.tiles]]
    heads = {head.head: head for head in heatmaps_info(model, shown).heads}
    return [
        Evidence(overlay(picture, heads[one.head].maps[place]), bool(heads[one.head].empty[place]))
        for place, (one, picture) in enumerate(zip(info.tiles, as_rgb(shown), strict=True))
    ]


def draw_errors(info: ErrorsInfo, images: np.ndarray, found: Sequence[Evidence]) -> Figure:
    """The tiles of the info, from all test images (n, height, width, 1 or 3) uint8.

    Args:
        found: one a tile, as from `evidence`.
    """
    written = [(*one.words, MARK) if one.mislabelled else one.words for one in info.tiles]
    longest = max(len(line) for lines in written for line in lines)
    step_x = max(TILE, LETTER * longest + 0.1)
    step_y = 1.1 + LINE * max(map(len, written))
    columns = min(max(int(WIDEST / step_x), 1), MOST_COLUMNS, len(info.tiles))
    rows = -(-len(info.tiles) // columns)
    color = PALETTE["bad"] if info.errors else PALETTE["ink"]
    with styled():
        axes = new_grid(0, 0, columns * step_x, rows * step_y, inch=1)
        for number, (one, lines) in enumerate(zip(info.tiles, written, strict=True)):
            row, column = divmod(number, columns)
            x, y = (column + 0.5) * step_x, row * step_y
            tile(axes, as_rgb(images[one.image : one.image + 1])[0], x - SIDE - 0.01, y)
            tile(axes, found[number].overlay, x + 0.01, y)
            if found[number].empty:
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


def _caption(info: ErrorsInfo, network: NetworkName, heads: Sequence[str], source: str) -> str:
    first = info.tiles[0]
    if info.errors:
        shown = (
            "all of them"
            if len(info.tiles) == info.errors
            else f"the {len(info.tiles)} it is most confident of"
        )
        said = (
            f"The {network} network gets {count(info.errors, 'image')} of {info.images:,} wrong "
            f"({percent(info.errors / info.images)}); here {shown}, most confident first: true "
            f"class, then its answer with the probability. The first has a confidence of "
            f"{percent(first.confidence)}, the last {percent(info.tiles[-1].confidence)}."
        )
    else:
        said = (
            f"The {network} network gets all {info.images:,} test images right. These are the "
            f"{len(info.tiles)} it is least certain of, from {percent(first.confidence)} on: true "
            "class, then its answer with the probability."
        )
    if len(heads) > 1:
        said += " The heatmap is that of the head named first."
    if info.mislabelled:
        marked = sum(one.mislabelled for one in info.tiles)
        said += (
            f" Of the {info.mislabelled} test images whose label is known to be wrong ({source}), "
            f"{info.mislabelled_errors} "
            f"{'counts as an error' if info.mislabelled_errors == 1 else 'count as errors'} here; "
            f"{marked} of them "
            f"{'is' if marked == 1 else 'are'} among those shown, framed."
        )
    return said


def pictures(
    model: "keras.Model",
    network: NetworkName,
    images: np.ndarray,
    predictions: Mapping[str, np.ndarray],
    heads: Sequence[str],
    names: Names,
    known: KnownErrors | None,
    directory: Path,
) -> list[Picture]:
    """Draw a network's errors into errors_NETWORK.png in the directory, which exists.

    Args:
        model: the saved network.
        network: which one it is.
        images: of the test part, (n, height, width, 1 or 3) uint8, in the predictions' order.
        predictions: arrays of predictions.npz.
        heads: label columns the network predicts.
        names: label column -> names of its classes.
        known: test images whose label is known to be wrong; None if none is.

    Raises:
        WrongName: the network has no convolution layer, which a heatmap needs.
    """
    places = known.places if known else ()
    info = errors_info(predictions, network, heads, names, places)
    if not info.tiles:
        return []
    what = "Most confident mistakes" if info.errors else "Least certain right answers"
    made = Picture(
        file=f"errors_{network}.png",
        section="errors",
        network=network,
        title=f"{what}, {network} network",
        caption=_caption(info, network, heads, known.source if known else ""),
        alt=f"{count(len(info.tiles), 'test image')}, each beside its heatmap, with its true class "
        f"and the {network} network's answer.",
        reading=READING,
    )
    save(draw_errors(info, images, evidence(model, info, images)), directory / made.file)
    return [made]
