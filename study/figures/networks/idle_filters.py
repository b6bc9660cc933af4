"""How many filters of both networks are dead or near-duplicates, layer by layer."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from study.figures.palette import PALETTE
from study.figures.style import new_figure, save, styled
from study.records.base import NETWORKS, NetworkName
from study.records.finding import FilterHealth, LayerHealth
from study.records.picture import Picture
from study.wording import several

READING = (
    "Each dot is a filter that is not dead, placed by how much it resembles the most similar other "
    "filter of its layer: on the left by their responses (the correlation of their outputs over "
    "all positions of all images), on the right by their weights (the cosine between them). Dots "
    "in the shaded part are near-duplicates: one filter of each pair could be left out, and the "
    "next layer would miss little. A layer with many dead or near-duplicate filters is wider than "
    "it needs to be; a layer without any makes use of its width."
)


class LayerRow(NamedTuple):
    """One row of the figure."""

    network: NetworkName
    layer: str
    counts: str
    """Numbers of filters, dead filters and near-duplicates, in words."""
    nearest: list[float]
    nearest_kernels: list[float]


def health_info(found: FilterHealth) -> list[LayerRow]:
    """One row per convolution layer, those of the baseline first."""
    return [
        LayerRow(network, layer.layer, _counts(layer), layer.nearest, layer.nearest_kernels or [])
        for network in NETWORKS
        for layer in found.networks.get(network, [])
    ]


def _counts(layer: LayerHealth) -> str:
    return f"{layer.filters} filters: {layer.dead} dead, {layer.alike} near-duplicates"


def draw_health(rows: Sequence[LayerRow], limit: float) -> Figure:
    """One dot per filter: its similarity to the most similar one, by responses and by weights."""
    figure = new_figure(8, 0.95 + 0.3 * len(rows))
    with styled():
        left, right = figure.subplots(1, 2, sharey=True)
        _draw_panel(left, rows, [row.nearest for row in rows], limit)
        _draw_panel(right, rows, [row.nearest_kernels for row in rows], limit)
        left.set(xlabel="correlation of responses", ylim=(len(rows) - 0.5, -0.5))
        left.set_yticks(range(len(rows)), [f"{row.network} {row.layer}" for row in rows])
        right.set(xlabel="cosine of weights")
        counts = right.secondary_yaxis("right")
        counts.set_yticks(range(len(rows)), [row.counts for row in rows])
        counts.spines[:].set_visible(False)
        for axes in (left, right, counts):
            axes.tick_params(axis="y", length=0)
    return figure


def _draw_panel(
    axes: Axes, rows: Sequence[LayerRow], values: Sequence[Sequence[float]], limit: float
) -> None:
    axes.axvspan(limit, 1, color=PALETTE["bad"], alpha=0.18, linewidth=0)
    axes.annotate(
        "near-duplicates",
        xy=(1, 1.01),
        xycoords="axes fraction",
        ha="right",
        fontsize=7.5,
        color=PALETTE["bad"],
    )
    for place, (row, nearest) in enumerate(zip(rows, values, strict=True)):
        # Spread over the row by a fixed rule, so that equal values do not hide each other.
        spread = place + 0.5 * (np.arange(len(nearest)) * 0.618 % 1 - 0.5)
        colour = PALETTE[row.network]
        axes.scatter(nearest, spread, s=9, color=colour, alpha=0.6, linewidth=0)
    axes.set_xlim(min([0.0, *(value for nearest in values for value in nearest)]), 1)
    axes.xaxis.grid(visible=True)


def caption(found: FilterHealth) -> str:
    """What to see, with this run's numbers."""
    told = [f"Measured on {several(found.images, 'validation image')}."]
    for network in NETWORKS:
        layers = found.networks.get(network, [])
        total = sum(layer.filters for layer in layers)
        if not total:
            continue
        dead, alike = sum(one.dead for one in layers), sum(one.alike for one in layers)
        said = f"The {network} network has {total} filters: {dead} dead ({dead / total:.0%}), "
        told.append(said + f"{alike} near-duplicates ({alike / total:.0%}).")
        closest = [(max(one.nearest), one.layer) for one in layers if one.nearest]
        if closest and not alike:
            value, layer = max(closest)
            told.append(f"Its two most similar filters, in {layer}, correlate at {value:.2f}.")
    told.append(
        "A filter is dead if it is silent on all images, and a near-duplicate if its responses "
        f"correlate at {found.limit} or more with those of another filter of the layer."
    )
    return " ".join(told)


def pictures(found: FilterHealth, directory: Path) -> list[Picture]:
    """Draw the figure into the directory; none if no network has a convolution."""
    rows = health_info(found)
    if not rows:
        return []
    file = "filters_health.png"
    save(draw_health(rows, found.limit), directory / file)
    return [
        Picture(
            file=file,
            kind="filters_health",
            section="filters",
            title="Dead and near-duplicate filters",
            caption=caption(found),
            alt="Dot plot of each filter's similarity to the most similar one of its layer, for "
            "every layer of the baseline and the tuned network: "
            + "; ".join(f"{row.network} {row.layer} {row.counts}" for row in rows)
            + ".",
            reading=READING,
        )
    ]
