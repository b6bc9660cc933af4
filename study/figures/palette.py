"""The colours of figures and pages; free of matplotlib, which a report does not import.

They can be told apart by people with colour-blindness (Okabe and Ito 2008, "Color Universal
Design") and in grey print.
"""

from study.records.finding import Method

PALETTE: dict[str, str] = {
    "baseline": "#D9822B",
    "tuned": "#0F6CA6",
    "good": "#00866B",
    "bad": "#B5446E",
    "ink": "#22252B",
    "muted": "#6B7280",
    "grid": "#E3E5E9",
}
"""What a colour stands for -> hex. The networks' keys make it a seaborn `palette`."""

METHOD_LOOK: dict[Method, tuple[str, str]] = {
    "gradcam": (PALETTE["ink"], "o"),
    "gradcam++": ("#8A63C6", "s"),
    "scorecam": (PALETTE["good"], "D"),
    "smoothgrad": (PALETTE["bad"], "^"),
}
"""A way to make heatmaps -> colour and marker of its line."""

SEQUENTIAL = "viridis"
"""Colour map of amounts from zero up: activations, heatmaps, confusion matrices, scores."""
DIVERGING = "RdBu_r"
"""Colour map of amounts on either side of zero."""
