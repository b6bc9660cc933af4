"""A network's certainty as the hottest pixels are removed or restored, method by method."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from study.figures.palette import METHOD_LOOK, PALETTE
from study.figures.style import new_figure, save, styled
from study.figures.trust.ground_truth_scores import CONTROL_NAMES, Dot, Panel, draw_panels
from study.records.base import Estimate, NetworkName
from study.records.finding import METHOD_NAMES, METHODS, Deletion, Ranking, Replacement
from study.records.picture import Picture
from study.wording import several

READING = (
    "The pixels of each image are removed in the order of its heatmap, the hottest first "
    "(deletion), or restored in that order to an image without any (insertion). The vertical axis "
    "is the probability of the class predicted for the whole image. The deletion curve should fall "
    "fast, the insertion curve rise fast. Grey curves are controls that do not depend on the "
    "network: the order of an edge detector (Sobel, dashed) and a random order (dotted)."
)
READING_AREAS = (
    "Each dot is the area under a curve of the previous figure: the mean probability over all "
    "stages, from no pixel removed or restored to all. If the order finds the pixels that the "
    "network needs, the deletion area is small (in the left panel, dots further left are better) "
    "and the insertion area large (in the right panel, dots further right). Bars are 95% bootstrap "
    "intervals. Sobel and random do not depend on the network: a method is as informative as its "
    "distance from them. Compare dots within a network only: a network that is surer of its "
    "answers may have larger areas in both panels, whatever the order."
)


REPLACED: dict[Replacement, str] = {
    "background": "the colour of the background",
    "mean": "the mean colour of the image",
    "blur": "the colours of the blurred image",
}


def areas_info(found: Deletion) -> list[Panel]:
    """Two panels: deletion and insertion area of every method and control."""
    rows = [
        (METHOD_NAMES[method], network, ranking)
        for network, of_methods in found.methods.items()
        for method, ranking in of_methods.items()
    ] + [
        (CONTROL_NAMES[control], network, ranking)
        for network, of_controls in found.controls.items()
        for control, ranking in of_controls.items()
    ]
    return [
        Panel(
            "deletion area (smaller is better)",
            [Dot(name, network, ranking.deletion_area) for name, network, ranking in rows],
            None,
        ),
        Panel(
            "insertion area (larger is better)",
            [Dot(name, network, ranking.insertion_area) for name, network, ranking in rows],
            None,
        ),
    ]


def draw_curves(found: Deletion) -> Figure:
    """One row per network: the curves of deletion and of insertion."""
    figure = new_figure(7.6, 0.5 + 2.3 * len(found.methods))
    with styled():
        grid = figure.subplots(len(found.methods), 2, sharex=True, sharey=True, squeeze=False)
        for row, network in zip(grid, found.methods, strict=True):
            _draw_row(row, found, network)
        for axes in grid[-1]:
            axes.set_xlabel("pixels removed" if axes is grid[-1][0] else "pixels restored")
        handles, labels = grid[0][0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
    return figure


def _draw_row(row: np.ndarray, found: Deletion, network: NetworkName) -> None:
    def draw(axes: Axes, ranking: Ranking, which: str, **look: object) -> None:
        curve = getattr(ranking, which)
        axes.plot(np.linspace(0, 1, len(curve)), curve, **look)  # type: ignore[arg-type]

    for axes, which in zip(row, ("deletion", "insertion"), strict=True):
        for control, ranking in found.controls[network].items():
            dashes = "--" if control == "sobel" else ":"
            draw(axes, ranking, which, color=PALETTE["muted"], ls=dashes,
                 label=CONTROL_NAMES[control])  # fmt: skip
        for method in METHODS:
            color, marker = METHOD_LOOK[method]
            draw(axes, found.methods[network][method], which, color=color, marker=marker,
                 markersize=3, markevery=2, label=METHOD_NAMES[method])  # fmt: skip
        axes.set_title(f"{which}, {network} network")
        axes.set_ylim(0, 1)
        axes.xaxis.set_major_formatter(PercentFormatter(1))
        axes.yaxis.set_major_formatter(PercentFormatter(1))
        axes.grid(True)
    row[0].set_ylabel("probability")


def caption(found: Deletion) -> str:
    """Which method ranks best, and which are no better than an edge detector, in numbers."""
    told = [
        f"Mean curves over {several(found.images, 'test image')}.",
        f"Removed pixels are replaced by {REPLACED[found.replacement]}.",
    ]
    for network, rankings in found.methods.items():
        best = max(
            rankings,
            key=lambda method: (
                rankings[method].insertion_area.mean - rankings[method].deletion_area.mean
            ),
        )
        sobel = found.controls[network]["sobel"]
        told.append(
            f"For the {network} network, {METHOD_NAMES[best]} ranks pixels best: deletion area "
            f"{_area(rankings[best].deletion_area)}, insertion area "
            f"{_area(rankings[best].insertion_area)}; Sobel has {_area(sobel.deletion_area)} and "
            f"{_area(sobel.insertion_area)}."
        )
        above = found.above_sobel[network]
        worse = [METHOD_NAMES[method] for method in METHODS if above[method].ci95[0] <= 0]
        if worse:
            told.append(
                f"No better than Sobel by insertion minus deletion area: {', '.join(worse)}."
            )
    return " ".join(told)


def _area(area: Estimate) -> str:
    low, high = area.ci95
    return f"{area.mean:.2f} ({low:.2f} to {high:.2f})"


def pictures(found: Deletion, directory: Path) -> list[Picture]:
    """Draw curves and areas into deletion.png and deletion_areas.png in the directory.

    If pixels are not replaced by the background's colour, the file names say by what.
    """
    by = "" if found.replacement == "background" else f"_{found.replacement}"
    where = f" (replaced by {REPLACED[found.replacement]})" if by else ""
    curves = Picture(
        file=f"deletion{by}.png",
        kind=f"deletion{by}",
        section="trust",
        title=f"Does the network need the hottest pixels?{where}",
        caption=caption(found),
        alt="Curves of the probability as pixels are removed and restored in the order of four "
        "methods, of an edge detector, and at random.",
        reading=READING,
    )
    save(draw_curves(found), directory / curves.file)
    areas = Picture(
        file=f"deletion_areas{by}.png",
        kind=f"deletion_areas{by}",
        section="trust",
        title=f"Areas under the deletion and insertion curves{where}",
        caption=f"Areas with 95% bootstrap intervals over {several(found.images, 'test image')}. A "
        "method is informative if it beats Sobel and random of the same colour.",
        alt="Deletion and insertion areas of four methods, Sobel and random, on both networks.",
        reading=READING_AREAS,
    )
    save(draw_panels(areas_info(found), width=6.6), directory / areas.file)
    return [curves, areas]
