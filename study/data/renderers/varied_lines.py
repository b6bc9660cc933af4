"""Lines as many programs draw them: each with a pen, a size, a shade and a finish at random."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from study.data.line_drawing import ANGLES, LENGTHS, RADIX, SIZE
from study.data.renderers import pens
from study.data.renderers.finishes import as_jpeg, bent, blurred, coloured, pure, shades
from study.data.renderers.strokes import Strokes, direction, reach

SOFT_WIDTHS = ((0.7, 1.5), (2.5, 3.5))
"""Px, from and to, for a line of 1 px and for one of 3 px."""
HARD_WIDTHS = ((1, 1.25), (3, 3.5))
"""A line narrower than a pixel would have gaps; one of 2 rows could be either."""
PEN_WIDTHS = ((1, 1.5), (2.5, 4.4))
"""Thick pens are often a pixel or two wider than they are told to be. With 4.5 px a round line of
7 px would be 11.5 px long, nearer to 15."""
TOUCHING_WIDTHS = ((0.75, 1.25), (2.75, 3.25))
BITMAP_WIDTHS = ((1, 1), (3, 3))
LENGTH_SPREAD = 0.5
"""Px that a line is at most longer or shorter than its label says."""
EDGE = 0.5
"""Px at least from what is drawn of a line to the image's edge."""


class Pen(NamedTuple):
    """How a training line is drawn."""

    draw: Callable[[Strokes], np.ndarray]
    widths: tuple[tuple[float, float], tuple[float, float]]
    """From and to, for each of `WIDTHS`."""
    beyond: float = 0
    """Px that a line may reach beyond its length at either end, per px of its width."""


PENS = {
    "anti-aliased": Pen(pens.smooth, SOFT_WIDTHS),
    "polygon, smooth": Pen(pens.polygon, SOFT_WIDTHS),
    "polygon, hard edges": Pen(pens.hard, HARD_WIDTHS),
    "polygon, all it touches": Pen(pens.touched, TOUCHING_WIDTHS),
    "stacked pixels": Pen(pens.stepped, BITMAP_WIDTHS, beyond=0.5),
    "round ends, smooth": Pen(pens.round_ends, PEN_WIDTHS, beyond=0.5),
    "round ends, hard edges": Pen(pens.hard_round_ends, PEN_WIDTHS, beyond=0.5),
    "bitmap, nearest": Pen(pens.nearest_bitmap, BITMAP_WIDTHS),
    "bitmap, bilinear": Pen(pens.bilinear_bitmap, BITMAP_WIDTHS),
    "bitmap, bicubic": Pen(pens.bicubic_bitmap, BITMAP_WIDTHS),
}
"""Name -> the pen; each draws as many of the lines as any other."""

ON_GRID = 0.5
"""Share of the lines whose centre is in the middle or on the edge of a pixel."""
SHADED, BENT, BLURRED, SAVED = 0.6, 0.25, 0.2, 0.4
"""Shares of the lines that are of another shade than the study's, of another contrast, blurred,
and saved as JPEG; each is drawn for itself."""
QUALITIES = (55, 96)
"""Of JPEG files, the last not included."""
SUBSAMPLINGS = ("4:4:4", "4:2:2", "4:2:0", "4:2:0")
"""Of colours in JPEG files; what most programs do comes up twice as often."""


def draw_varied(index: int, count: int, rng: np.random.Generator) -> np.ndarray:
    """Lines of one class with random centres, (count, 28, 28, 3) uint8; repeats may occur."""
    light = np.zeros((count, SIZE, SIZE))
    chosen = rng.integers(len(PENS), size=count)
    for number, pen in enumerate(PENS.values()):
        places = np.flatnonzero(chosen == number)
        if len(places):
            light[places] = pen.draw(placed(index, len(places), pen, rng))
    *_, color = np.unravel_index(index, RADIX)
    return finished(light, int(color), rng)


def placed(index: int, count: int, pen: Pen, rng: np.random.Generator) -> Strokes:
    """So many lines of one class, wholly inside the image with what the pen adds to them."""
    length, width, angle, _ = (int(i) for i in np.unravel_index(index, RADIX))
    lengths = LENGTHS[length] + rng.uniform(-LENGTH_SPREAD, LENGTH_SPREAD, count)
    widths = rng.uniform(*pen.widths[width], count)
    directions = np.broadcast_to(direction(ANGLES[angle]), (count, 2))
    strokes = Strokes(np.zeros((count, 2)), lengths, widths, directions)
    inked = strokes._replace(lengths=lengths + 2 * pen.beyond * widths)
    margins = reach(inked) + EDGE
    centres = rng.uniform(margins, SIZE - margins)
    grid = np.clip(np.rint(2 * centres) / 2, margins, SIZE - margins)
    on_grid = rng.random((count, 1)) < ON_GRID
    return strokes._replace(centres=np.where(on_grid, grid, centres))


def finished(light: np.ndarray, color: int, rng: np.random.Generator) -> np.ndarray:
    """Light (n, 28, 28) in [0, 1] as images (n, 28, 28, 3) uint8 of reds or blues."""
    count = len(light)
    for share, change in ((BENT, bent), (BLURRED, blurred)):
        chosen = rng.random(count) < share
        light[chosen] = change(light[chosen], rng)
    shaded = rng.random((count, 1)) < SHADED
    images = coloured(light, np.where(shaded, shades(color, count, rng), pure(color, count)))
    qualities = rng.integers(*QUALITIES, count)
    samplings = rng.integers(len(SUBSAMPLINGS), size=count)
    for n in np.flatnonzero(rng.random(count) < SAVED):
        images[n] = as_jpeg(images[n], int(qualities[n]), SUBSAMPLINGS[samplings[n]])
    return images
