"""Test images the tuned network gets wrong, the most confident mistakes first."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from study.figures.scores import count, percent
from study.figures.style import PALETTE, save, styled
from study.figures.tiles import SIDE, as_rgb, figure_of, new_grid, tile
from study.records import NetworkName, Picture

NETWORK: NetworkName = "tuned"
MOST_TILES = 24
WIDEST = 9.0
"""Inches of the whole figure."""
MOST_COLUMNS = 8
LETTER, LINE = 0.058, 0.135
"""Inches that a letter and a line take below a tile."""

Names = Mapping[str, Sequence[str]]
"""Label column -> names of its classes, in class order."""


class Tile(NamedTuple):
    """One test image and what the network says about it."""

    image: int
    """Place in the test part."""
    words: tuple[str, ...]
    """True class, then predicted class with its probability: of each wrong head, or of the least
    certain one if all are right."""
    confidence: float
    """Probability the network gives to its answer as a whole: the product over heads."""


class ErrorsInfo(NamedTuple):
    """The images to show and how many there are."""

    images: int
    errors: int
    tiles: tuple[Tile, ...]
    """The most confident errors; if there are no errors, the least certain right answers."""


def errors_info(
    predictions: Mapping[str, np.ndarray], heads: Sequence[str], names: Names
) -> ErrorsInfo:
    """Find the tuned network's errors: images with at least one wrong head.

    Args:
        predictions: labels_HEAD (n,) int and tuned_HEAD (n, classes) probabilities.
        heads: label columns the network predicts.
        names: label column -> names of its classes.
    """
    labels = np.stack([predictions[f"labels_{head}"] for head in heads])  # (heads, n)
    chosen = np.stack([predictions[f"{NETWORK}_{head}"].argmax(axis=1) for head in heads])
    sure = np.stack([predictions[f"{NETWORK}_{head}"].max(axis=1) for head in heads])
    wrong = labels != chosen
    confidence = sure.prod(axis=0)
    mistaken = np.flatnonzero(wrong.any(axis=0))
    if len(mistaken):
        shown = mistaken[np.argsort(-confidence[mistaken], kind="stable")]
    else:
        shown = np.argsort(confidence, kind="stable")

    def words(index: int) -> tuple[str, ...]:
        told = np.flatnonzero(wrong[:, index]).tolist() or [int(sure[:, index].argmin())]
        lines: list[str] = []
        for place in told:
            head = heads[place]
            prefix = f"{head} " if len(heads) > 1 else ""
            true, answer = int(labels[place, index]), int(chosen[place, index])
            lines.append(prefix + names[head][true])
            lines.append(f"→ {names[head][answer]} ({_share(sure[place, index])})")
        return tuple(lines)

    return ErrorsInfo(
        images=labels.shape[1],
        errors=len(mistaken),
        tiles=tuple(
            Tile(int(index), words(index), round(float(confidence[index]), 4))
            for index in shown[:MOST_TILES]
        ),
    )


def _share(probability: float) -> str:
    """A probability in words; what is not quite certain never reads 100%."""
    return ">99.9%" if probability > 0.999 else f"{probability:.1%}"


def draw_errors(info: ErrorsInfo, images: np.ndarray) -> Figure:
    """The tiles of the info, from all test images (n, height, width, 1 or 3) uint8."""
    longest = max(len(line) for tile in info.tiles for line in tile.words)
    lines = max(len(tile.words) for tile in info.tiles)
    step_x = max(1.0, LETTER * longest + 0.1)
    step_y = 1.1 + LINE * lines
    columns = min(max(int(WIDEST / step_x), 1), MOST_COLUMNS, len(info.tiles))
    rows = -(-len(info.tiles) // columns)
    color = PALETTE["bad"] if info.errors else PALETTE["ink"]
    with styled():
        axes = new_grid(0, 0, columns * step_x, rows * step_y, inch=1)
        for number, mistake in enumerate(info.tiles):
            row, column = divmod(number, columns)
            x, y = (column + 0.5) * step_x, row * step_y
            tile(axes, as_rgb(images[mistake.image : mistake.image + 1])[0], x - SIDE / 2, y)
            for place, line in enumerate(mistake.words):
                axes.text(
                    x, y + SIDE + 0.04 + LINE * place, line, ha="center", va="top", fontsize=7.5,
                    color=color if line.startswith("→") else PALETTE["ink"],
                )  # fmt: skip
    return figure_of(axes)


def _caption(info: ErrorsInfo) -> str:
    first = info.tiles[0]
    if not info.errors:
        return (
            f"The tuned network gets all {info.images:,} test images right. These are the "
            f"{len(info.tiles)} it is least certain of, from {percent(first.confidence)} on: true "
            "class, then its answer with the probability."
        )
    shown = (
        "all of them"
        if len(info.tiles) == info.errors
        else f"the {len(info.tiles)} it is most confident of"
    )
    return (
        f"The tuned network gets {count(info.errors, 'image')} of {info.images:,} wrong "
        f"({percent(info.errors / info.images)}); here {shown}, most confident first: true class, "
        f"then its answer with the probability. The first has a confidence of "
        f"{percent(first.confidence)}, the last {percent(info.tiles[-1].confidence)}."
    )


def pictures(
    images: np.ndarray,
    predictions: Mapping[str, np.ndarray],
    heads: Sequence[str],
    names: Names,
    directory: Path,
) -> list[Picture]:
    """Draw the tuned network's errors into errors_tuned.png in the directory, which exists.

    Args:
        images: of the test part, (n, height, width, 1 or 3) uint8, in the predictions' order.
        predictions: arrays of predictions.npz.
        heads: label columns the network predicts.
        names: label column -> names of its classes.
    """
    info = errors_info(predictions, heads, names)
    if not info.tiles:
        return []
    made = Picture(
        file="errors_tuned.png",
        section="errors",
        network=NETWORK,
        title="Most confident mistakes" if info.errors else "Least certain right answers",
        caption=_caption(info),
        alt=f"{count(len(info.tiles), 'test image')}, each with its true class and the tuned "
        "network's answer.",
    )
    save(draw_errors(info, images), directory / made.file)
    return [made]
