"""What the drawing of figures leaves: files and what to say about them."""

from typing import Literal

from study.records.base import NetworkName, Record

FigureKind = Literal["activations", "filters", "heatmaps"]
"""What can be drawn of any one network."""


class Picture(Record):
    """One figure file and what to say about it. A line of figures/figures.json."""

    file: str
    """File name inside the problem's figures folder, no directories."""
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
    """What to see in it, for this run, with its numbers."""
    alt: str
    """What it shows, for someone who cannot see it."""
    reading: str = ""
    """How to read a figure of its kind, if it is an uncommon one."""
