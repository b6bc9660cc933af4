"""Line images drawn or saved in other ways, as people's own images may be and the data are not.

Length, width, angle and colour of a line are known from its labels, and its centre from where its
light is, so it can be drawn again with one thing changed.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw

from study.data.line_drawing import ANGLES, CHANNELS, LENGTHS, SIZE, WIDTHS, coverage
from study.data.renderers.finishes import as_jpeg, coloured
from study.data.renderers.strokes import Strokes, direction
from study.data.renderers.varied_lines import PENS

NOTE = (
    "Lines are drawn again at the same place with one thing changed. “Like OpenCV” means drawn as "
    "by its cv2.line, where a thickness of 3 makes lines 5 px wide with round ends. JPEG files "
    "usually keep colours at half the resolution (4:2:0), which makes thin lines pale; with 4:4:4 "
    "they keep colours at full resolution. Two changes leave the true answer in doubt: a line of "
    "1 px made 1 px thicker is as near to 3 px as to 1 px, and the whole length of a line partly "
    "outside the image cannot be seen."
)
NOTES = {
    "plain": f"{NOTE} The varied renderers draw the lines for training where `drawing` is varied. "
    "In this run they did not: no network was trained on such images.",
    "varied": f"{NOTE} In this run the varied renderers drew the lines for training, in other "
    "shades, blurred and as JPEG files too; the held-out renderers drew none.",
}
"""How lines for training were drawn -> what a reader must know."""

FINER = 8
"""Factor by which a line is drawn larger before Pillow shrinks it."""
DIM = 16
"""Light below this level is JPEG noise and not part of the line."""

JPEGS = {
    "JPEG, quality 90, 4:4:4": (90, "4:4:4"),
    "JPEG, quality 90": (90, "4:2:0"),
    "JPEG, quality 60": (60, "4:2:0"),
    "JPEG, quality 30": (30, "4:2:0"),
}
"""Name -> quality, and how coarsely colours are kept."""
NAMED_COLORS = ((220, 20, 60), (65, 105, 225))
"""CSS's crimson and royalblue."""
PALE_COLORS = ((255, 120, 120), (120, 120, 255))
DARK = 0.55

# OpenCV's LINE_AA, measured on its lines: px from the line -> light.
SOFT_AWAY, SOFT_LIGHT = (0, 0.45, 0.9, 1.35), (0.93, 0.74, 0.24, 0)
SOFT_END = 0.6
"""Share of the light that the first and the last pixel of such a line have."""


class Line(NamedTuple):
    """A line to draw."""

    x: float
    """Centre of the line, in px from the left edge."""
    y: float
    """Centre of the line, in px from the top edge."""
    length: float
    """In px, like `width`."""
    width: float
    radians: float
    """Angle, counter-clockwise with y up."""
    color: tuple[int, ...]
    """Colour of the line, RGB, 0 to 255."""

    @property
    def ends(self) -> np.ndarray:
        """Middles of the first and the last pixel, counted from (0, 0): (2, 2) of x and y."""
        half = (self.length - 1) / 2
        reach = half * np.array([np.cos(self.radians), -np.sin(self.radians)])
        middle = np.array([self.x, self.y]) - 0.5
        return np.array([middle - reach, middle + reach])


def versions(
    images: np.ndarray,
    labels: Mapping[str, np.ndarray],
    seed: int,  # noqa: ARG001  # nothing here is drawn at random
) -> dict[str, np.ndarray]:
    """Every variant of line images (n, 28, 28, 3) uint8, by name."""
    given = lines_of(images, labels)
    made = by_pens(given)
    for name, (quality, colors) in JPEGS.items():
        made[name] = np.stack([as_jpeg(image, quality, colors) for image in images])
    for name, (change, draw) in VARIANTS.items():
        made[name] = np.stack([draw(change(line)) for line in given])
    pillow = made["Pillow, hard edges"]
    made["Pillow, hard edges, JPEG 90"] = np.stack([as_jpeg(image, 90) for image in pillow])
    return {name: made[name] for name in ORDER}


def lines_of(images: np.ndarray, labels: Mapping[str, np.ndarray]) -> list[Line]:
    """The lines in images (n, 28, 28, 3) uint8 with these class indices (n,) by label column."""
    light = images.max(axis=-1).astype(float)
    light[light < DIM] = 0
    light /= np.maximum(light.sum(axis=(1, 2), keepdims=True), 1)
    places = np.arange(SIZE) + 0.5
    x, y = light.sum(axis=1) @ places, light.sum(axis=2) @ places
    return [
        Line(
            x=float(x[n]),
            y=float(y[n]),
            length=LENGTHS[labels["length"][n]],
            width=WIDTHS[labels["width"][n]],
            radians=float(np.deg2rad(ANGLES[labels["angle"][n]])),
            color=tuple(255 if c == CHANNELS[labels["color"][n]] else 0 for c in range(3)),
        )
        for n in range(len(images))
    ]


def by_pens(given: list[Line]) -> dict[str, np.ndarray]:
    """The lines as each pen for varied training draws them, (n, 28, 28, 3) uint8, by its name."""
    strokes = Strokes(
        np.array([(line.x, line.y) for line in given]),
        np.array([float(line.length) for line in given]),
        np.array([float(line.width) for line in given]),
        np.array([direction(np.rad2deg(line.radians)) for line in given]),
    )
    colours = np.array([line.color for line in given])
    return {name: coloured(PENS[name].draw(strokes), colours) for name in TRAINED}


def by_coverage(line: Line) -> np.ndarray:
    """(28, 28, 3) uint8, drawn like the study's own lines."""
    half = np.array([line.length, line.width]) / 2 + 0.5
    (light,) = coverage(np.array([[line.x, line.y]]), half, line.radians)
    return _colored(light, line)


def by_pillow(line: Line) -> np.ndarray:
    """(28, 28, 3) uint8 by `ImageDraw.line`: whole pixels, hard edges."""
    image = Image.new("RGB", (SIZE, SIZE))
    ends = [tuple(end) for end in np.rint(line.ends).astype(int).tolist()]
    ImageDraw.Draw(image).line(ends, fill=line.color, width=round(line.width))
    return np.asarray(image)


def by_fine_pillow(line: Line) -> np.ndarray:
    """(28, 28, 3) uint8, drawn eight times as large by Pillow and shrunk (Lanczos)."""
    image = Image.new("RGB", (SIZE * FINER, SIZE * FINER))
    x, y = line.x, line.y
    along = np.array([np.cos(line.radians), -np.sin(line.radians)]) * line.length / 2
    across = np.array([np.sin(line.radians), np.cos(line.radians)]) * line.width / 2
    corners = [(x, y) + a * along + b * across for a, b in ((1, 1), (1, -1), (-1, -1), (-1, 1))]
    outline = [tuple((FINER * corner - 0.5).tolist()) for corner in corners]
    ImageDraw.Draw(image).polygon(outline, fill=line.color)
    return np.asarray(image.resize((SIZE, SIZE), Image.Resampling.LANCZOS))


def by_opencv(line: Line) -> np.ndarray:
    """(28, 28, 3) uint8, drawn as by `cv2.line` with LINE_8, but without OpenCV.

    Measured on OpenCV 4.10 and 5.0: ends are whole pixels; a thickness of 3 gives lines 5 px
    wide, with round ends that add 2 px at each side. Of 192 lines, 86% of those of width 1 are
    identical to the pixel; with width 3, 4 pixels per line differ.
    """
    if round(line.width) == 1:
        return by_pillow(line)
    away, beyond = _away(np.rint(line.ends))
    return _colored(away <= _reach(line) + np.where(beyond > 0, 0.2, 0.5), line)


def by_smooth_opencv(line: Line) -> np.ndarray:
    """(28, 28, 3) uint8, drawn much as by `cv2.line` with LINE_AA; see `by_opencv`."""
    away, beyond = _away(np.rint(line.ends))
    reach = _reach(line)
    light = np.where(away < reach, 1, np.interp(away - reach, SOFT_AWAY, SOFT_LIGHT))
    if reach == 0:
        light *= np.interp(beyond, (-1, 0, 1), (1, SOFT_END, 0))
    return _colored(light, line)


def _reach(line: Line) -> int:
    """Number of px that OpenCV adds at each side of a line one pixel wide."""
    return (round(line.width) + 1) // 2 if round(line.width) > 1 else 0


def _away(ends: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each pixel (28, 28): its distance from the line between the ends, in px, and how far it
    is beyond the nearer end along the line (negative: before it)."""
    rows, columns = np.indices((SIZE, SIZE))
    towards = ends[1] - ends[0]
    length = np.hypot(*towards)
    right, down = columns - ends[0, 0], rows - ends[0, 1]
    along = (right * towards[0] + down * towards[1]) / length
    across = (down * towards[0] - right * towards[1]) / length
    beyond = np.maximum(-along, along - length)
    return np.hypot(across, np.maximum(beyond, 0)), beyond


def _same(line: Line) -> Line:
    return line


def _longer(pixels: float) -> Callable[[Line], Line]:
    return lambda line: line._replace(length=line.length + pixels)


def _thicker(pixels: float) -> Callable[[Line], Line]:
    return lambda line: line._replace(width=line.width + pixels)


def _colors(colors: tuple[tuple[int, ...], ...]) -> Callable[[Line], Line]:
    """A change of colour: red lines get the first colour, blue lines the second."""
    return lambda line: line._replace(color=colors[int(line.color[2] > line.color[0])])


def _darker(line: Line) -> Line:
    return line._replace(color=tuple(round(DARK * value) for value in line.color))


def _partly_outside(line: Line) -> Line:
    """The line moved over the nearer edge (left or right for a flat line, top or bottom for a steep
    one) until a quarter of its length is outside."""
    width, height = abs(np.cos(line.radians)) * line.length, abs(np.sin(line.radians)) * line.length
    if width >= height:
        return line._replace(x=width / 4 if line.x < SIZE / 2 else SIZE - width / 4)
    return line._replace(y=height / 4 if line.y < SIZE / 2 else SIZE - height / 4)


def _colored(light: np.ndarray, line: Line) -> np.ndarray:
    """Light (28, 28) in 0..1 as an image in the line's colour, (28, 28, 3) uint8."""
    (image,) = coloured(light[np.newaxis], np.array([line.color]))
    return image


VARIANTS: dict[str, tuple[Callable[[Line], Line], Callable[[Line], np.ndarray]]] = {
    "Pillow, hard edges": (_same, by_pillow),
    "Pillow, smooth": (_same, by_fine_pillow),
    "like OpenCV, hard edges": (_same, by_opencv),
    "like OpenCV, smooth": (_same, by_smooth_opencv),
    "1 px longer": (_longer(1), by_coverage),
    "1 px shorter": (_longer(-1), by_coverage),
    "half a px thicker": (_thicker(0.5), by_coverage),
    "1 px thicker": (_thicker(1), by_coverage),
    "darker": (_darker, by_coverage),
    "crimson, royal blue": (_colors(NAMED_COLORS), by_coverage),
    "pale red, pale blue": (_colors(PALE_COLORS), by_coverage),
    "a quarter outside": (_partly_outside, by_coverage),
}
"""Name -> how the line is changed, and how it is drawn."""

TRAINED = tuple(name for name in PENS if name != "anti-aliased")
"""Pens that draw otherwise than the study."""
HELD_OUT = (*list(VARIANTS)[:4], "Pillow, hard edges, JPEG 90")

GROUPS = {"held-out renderers": HELD_OUT, "varied renderers": TRAINED}
"""What has a mean of its own."""

ORDER = (*HELD_OUT, *TRAINED, *JPEGS, *list(VARIANTS)[4:])
"""Names in the order in which they are shown."""
