"""What the drawing of figures leaves: files and their descriptions."""

from pathlib import PurePath
from typing import Any, Literal

from pydantic import Field

from study.records.base import NetworkName, Record

FigureKind = Literal["activations", "filters", "heatmaps"]
"""Kinds of figures that can be drawn of any network."""


def _kind_by_file(known: dict[str, Any]) -> str:
    """Of a record of an older version, whose file is named after what it shows."""
    name, network = PurePath(known["file"]).stem, known["network"]
    if known["section"] == "search":
        return name.removeprefix("search_")
    return name.replace(f"_{network}", "", 1) if network else name


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
    kind: str = Field(default_factory=_kind_by_file)
    """What it shows. Pictures of the same, of either network or of other runs, have the same kind;
    a picture of a search has its chart's key."""
    title: str
    caption: str
    """Caption: what the figure shows for this run, with its numbers."""
    alt: str
    """What the figure shows, for someone who cannot see it."""
    reading: str = ""
    """How to read a figure of this kind, if it is an uncommon one."""
