"""What the drawing of figures leaves: files and their descriptions."""

from typing import Literal

from study.records.base import NetworkName, Record

FigureKind = Literal["activations", "filters", "heatmaps"]
"""Kinds of figures that can be drawn of any network."""


class Picture(Record):
    """One figure file and its description, an entry of figures/figures.json."""

    file: str
    """File name in the problem's figures folder, without directories."""
    section: Literal[
        "search",
        "training",
        "results",
        "robustness",
        "activations",
        "filters",
        "heatmaps",
        "trust",
        "errors",
    ]
    network: NetworkName | None = None
    """None if the figure is about both networks or the search."""
    title: str
    caption: str
    """Caption: what the figure shows for this run, with its numbers."""
    alt: str
    """What the figure shows, for someone who cannot see it."""
    reading: str = ""
    """How to read a figure of this kind, if it is an uncommon one."""
