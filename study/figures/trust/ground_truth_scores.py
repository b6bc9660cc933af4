"""How well heatmaps find the evidence, compared with maps that do not depend on the network."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from study.figures.palette import PALETTE
from study.figures.style import new_figure, save, styled
from study.records.base import NETWORKS, Estimate, NetworkName
from study.records.finding import (
    CONTROLS,
    METHOD_NAMES,
    METHODS,
    TRUTH_SCORES,
    Control,
    Localisation,
    Method,
    TruthScore,
)
from study.records.picture import Picture
from study.wording import several

CONTROL_NAMES: dict[Control, str] = {"sobel": "Sobel", "random": "random", "uniform": "uniform"}

TITLES: dict[TruthScore, str] = {
    "pointing": "maximum on\nthe evidence",
    "energy": "energy on\nthe evidence",
    "energy_1px": "energy within\n1 px of it",
    "energy_2px": "energy within\n2 px of it",
    "rank": "rank\naccuracy",
}
MAIN: TruthScore = "energy"
"""The score by which the best method is named."""

READING = (
    "In these images it is known which pixels are the evidence for the labels, and a correct "
    "heatmap lies on these pixels. Maximum on the evidence (the pointing game): the share of "
    "images whose hottest pixel is evidence. Energy: the share of a map's sum that lies on the "
    "evidence, or within one or two pixels of it. Rank accuracy: take as many of the hottest "
    "pixels as the evidence has; this is the share of them that is evidence. Dots are means over "
    "the images, bars 95% intervals. The grey rows do not depend on any network: Sobel, an edge "
    "detector (dashed), finds the evidence if there is little else in the image; random and "
    "uniform maps find it by chance. A method is called better than Sobel by a score if the 95% "
    "interval of the difference lies above zero, which would happen by chance to about one in "
    "forty."
)


class Dot(NamedTuple):
    """One score of a heatmap method or of a control."""

    row: str
    network: NetworkName | None
    """The network explained; None if the score is the same for both."""
    score: Estimate


class Panel(NamedTuple):
    """All scores of one kind."""

    title: str
    dots: list[Dot]
    dashed: float | None
    """The score of the Sobel map, if it is the same for both networks."""


def localisation_info(found: Localisation) -> list[Panel]:
    """One panel per score: the methods for both networks, then the controls."""
    return [
        Panel(
            TITLES[score],
            [
                *(
                    Dot(METHOD_NAMES[method], network, found.methods[network][method][score])
                    for method in METHODS
                    for network in found.methods
                ),
                *(
                    Dot(CONTROL_NAMES[control], None, found.controls[control][score])
                    for control in CONTROLS
                ),
            ],
            found.controls["sobel"][score].mean,
        )
        for score in TRUTH_SCORES
    ]


def draw_panels(panels: Sequence[Panel], width: float = 8.4) -> Figure:
    """Panels side by side that share their rows."""
    rows = list(dict.fromkeys(dot.row for dot in panels[0].dots))
    figure = new_figure(width, 0.85 + 0.3 * len(rows))
    with styled():
        for place, (panel, axes) in enumerate(
            zip(panels, figure.subplots(1, len(panels), sharey=True, squeeze=False)[0], strict=True)
        ):
            if panel.dashed is not None:
                axes.axvline(panel.dashed, color=PALETTE["muted"], linestyle="--", linewidth=1)
            for dot in panel.dots:
                shift = {"baseline": -0.16, "tuned": 0.16, None: 0}[dot.network]
                low, high = dot.score.ci95
                axes.errorbar(
                    dot.score.mean,
                    rows.index(dot.row) + shift,
                    xerr=[[max(0, dot.score.mean - low)], [max(0, high - dot.score.mean)]],
                    fmt="o",
                    markersize=4,
                    color=PALETTE[dot.network or "muted"],
                    elinewidth=1.4,
                )
            axes.set_title(panel.title, fontsize=8.5)
            axes.set_xlim(0, 1.08 * max(dot.score.ci95[1] for dot in panel.dots))
            axes.xaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]))
            axes.xaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:g}%"))
            axes.grid(True, axis="x")
            axes.tick_params(axis="y", length=0)
            if place == 0:
                axes.set_yticks(range(len(rows)), rows)
                axes.set_ylim(len(rows) - 0.5, -0.5)
        shown = [
            network for network in NETWORKS if any(d.network == network for d in panels[0].dots)
        ]
        handles = [
            axes.plot([], [], "o", markersize=4, color=PALETTE[network])[0] for network in shown
        ]
        figure.legend(handles, shown, loc="outside lower center", ncols=2)
    return figure


def better_than_sobel(found: Localisation, network: NetworkName, method: Method) -> int:
    """By how many scores the 95% interval of the paired difference lies above zero."""
    return sum(above.ci95[0] > 0 for above in found.above_sobel[network][method].values())


def caption(found: Localisation) -> str:
    """Which method is best, and which are no better than an edge detector, in numbers."""
    told = [
        f"Heatmaps of {several(found.images, 'test image')} compared with the evidence, which "
        f"makes up {found.truth_share:.1%} of the pixels."
    ]
    for network, methods in found.methods.items():
        best = max(methods, key=lambda method: methods[method][MAIN].mean)
        score = methods[best][MAIN]
        told.append(
            f"For the {network} network (layer {found.layers[network]}), {METHOD_NAMES[best]} "
            f"localises best: {_share(score)} of its energy lies on the evidence."
        )
    told.append(
        f"An edge detector (Sobel) puts {_share(found.controls['sobel'][MAIN])} of its energy "
        f"there, a uniform map {found.controls['uniform'][MAIN].mean:.1%}."
    )
    for network in found.methods:
        told += _against_sobel(found, network)
    if len(found.heads) > 1:
        told.append(
            f"Each image is explained for one of the heads, which take turns: "
            f"{', '.join(found.heads)}."
        )
    told += [
        f"{several(number, 'map')} by {METHOD_NAMES[method]} for the {network} network showed no "
        "evidence and counted as uniform."
        for network, of in found.empty.items()
        for method, number in of.items()
        if number
    ]
    return " ".join(told)


def _against_sobel(found: Localisation, network: NetworkName) -> list[str]:
    better = {method: better_than_sobel(found, network, method) for method in METHODS}
    worse = [METHOD_NAMES[method] for method in METHODS if not better[method]]
    some = [
        f"{METHOD_NAMES[method]} by {number} of {len(TRUTH_SCORES)} scores"
        for method, number in better.items()
        if number
    ]
    told = [f"Better than Sobel for the {network} network: {', '.join(some)}."] if some else []
    if worse:
        told.append(f"No better than Sobel by any score for the {network} network: "
                    f"{', '.join(worse)}.")  # fmt: skip
    return told


def _share(score: Estimate) -> str:
    low, high = score.ci95
    return f"{score.mean:.1%} ({100 * low:.1f} to {100 * high:.1f})"


def pictures(found: Localisation, directory: Path) -> list[Picture]:
    """Draw the scores into localisation.png in the directory, which exists."""
    made = Picture(
        file="localisation.png",
        kind="localisation",
        section="trust",
        title="Do the heatmaps lie on the evidence?",
        caption=caption(found),
        alt="Five scores of four methods on both networks, beside Sobel, random and uniform maps.",
        reading=READING,
    )
    save(draw_panels(localisation_info(found)), directory / made.file)
    return [made]
