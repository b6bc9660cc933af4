"""Options that several commands share, and the values that some take."""

from enum import Enum
from pathlib import Path
from typing import Annotated, Optional

import typer

from study.records import Dtype


class KindOption(str, Enum):
    """A `FigureKind`: Typer takes no list of Literals."""

    activations = "activations"
    filters = "filters"
    heatmaps = "heatmaps"


class MethodOption(str, Enum):
    """A `Method`, likewise."""

    gradcam = "gradcam"
    gradcam_plus_plus = "gradcam++"
    scorecam = "scorecam"
    smoothgrad = "smoothgrad"


def worker_count(text: str) -> int | None:
    """ "auto" -> None, "4" -> 4"""
    if text == "auto":
        return None
    if not text.isdecimal() or int(text) < 1:
        raise typer.BadParameter("expected auto, or a number of 1 or more")
    return int(text)


Seed = Annotated[int, typer.Option(help="1 or more; of splits, trials and retrainings.")]
Workers = Annotated[
    Optional[int],
    typer.Option(
        parser=worker_count,
        metavar="auto|N",
        show_default="auto",
        help="Worker processes; auto: one a core, or all that --scheduler has. N waits for N.",
    ),
]
Preset = Annotated[str, typer.Option(help="quick, full, or the path of your own .toml file.")]
DtypeChoice = Annotated[
    Optional[Dtype],
    typer.Option(
        "--dtype",
        show_default="the preset's",
        help="Arithmetic of trials; auto: mixed_bfloat16 where all processors compute it.",
    ),
]
LineDir = Annotated[
    Optional[Path], typer.Option(help="A folder of line images to use instead of generated ones.")
]
RunName = Annotated[
    Optional[str],
    typer.Option("--name", help="Name of results/NAME; one that was interrupted goes on."),
]
Scheduler = Annotated[
    Optional[str],
    typer.Option(help="A running Dask cluster to work on: tcp://HOST:PORT or tls://HOST:PORT."),
]
Live = Annotated[
    bool,
    typer.Option("--live", help="Keep the report up to date meanwhile, for a browser's tab."),
]
