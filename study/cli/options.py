"""Options that several commands share, and the values that some take."""

from enum import Enum
from pathlib import Path
from typing import Annotated, Optional

import typer

from study.records.study import Dtype


class KindOption(str, Enum):
    """The values of `FigureKind`, as an Enum because Typer does not support lists of Literals."""

    activations = "activations"
    filters = "filters"
    heatmaps = "heatmaps"


class MethodOption(str, Enum):
    """The values of `Method`, as an Enum for the same reason as `KindOption`."""

    gradcam = "gradcam"
    gradcam_plus_plus = "gradcam++"
    scorecam = "scorecam"
    smoothgrad = "smoothgrad"


def worker_count(text: str) -> int | None:
    """ "auto" -> None, "4" -> 4"""
    if text == "auto":
        return None
    if not text.isdecimal() or int(text) < 1:
        raise typer.BadParameter("expected auto or a whole number, 1 or more")
    return int(text)


def expanded(text: str) -> str:
    """ "~/x" -> "/home/me/x": a shell does not expand it in --option=~/x or inside quotes."""
    if not text.startswith("~"):
        return text
    try:
        return str(Path(text).expanduser())
    except RuntimeError:
        raise typer.BadParameter(
            f"there is no such user; for a file of that name write ./{text}"
        ) from None


def user_path(text: str) -> Path:
    """The text as a path, with "~" expanded."""
    return Path(expanded(text))


Seed = Annotated[int, typer.Option(help="Seed of splits, trials and retrainings, 1 or more.")]
Workers = Annotated[
    Optional[int],
    typer.Option(
        parser=worker_count,
        metavar="auto|N",
        show_default="auto",
        help="Number of worker processes; auto: one per core, or all workers of --scheduler. "
        "With a number, wait until that many have joined.",
    ),
]
DtypeChoice = Annotated[
    Optional[Dtype],
    typer.Option(
        "--dtype",
        show_default="the preset's",
        help="Arithmetic of trials; auto: mixed_bfloat16 if all processors support it.",
    ),
]
Preset = Annotated[
    str,
    typer.Option(
        parser=expanded,
        metavar="NAME|FILE",
        help="quick, full, or the path of your own .toml file.",
    ),
]
Resize = Annotated[bool, typer.Option("--resize", help="Convert images that do not fit.")]
Invert = Annotated[bool, typer.Option("--invert", help="Swap light and dark in the images.")]
Spaces = Annotated[
    Optional[list[Path]],
    typer.Option(
        "--space",
        parser=user_path,
        metavar="FILE.py",
        help="A search space of your own, as code that you trust. [dim]Repeatable.[/]",
    ),
]
TrustedSpaces = Annotated[
    Optional[list[Path]],
    typer.Option(
        "--space",
        parser=user_path,
        metavar="FILE.py",
        help="The run's own search space, if you trust its code. [dim]Repeatable.[/]",
    ),
]
ExistingRun = Annotated[
    str,
    typer.Argument(
        parser=expanded, metavar="RUN", help="Name of the run, or its folder results/NAME."
    ),
]
Target = Annotated[str, typer.Argument(parser=expanded, metavar="RUN|MODEL.keras")]
RunName = Annotated[
    Optional[str],
    typer.Option(
        "--name",
        parser=expanded,
        metavar="NAME",
        help="Name of the run in results/; an interrupted run of that name is continued.",
    ),
]
Scheduler = Annotated[
    Optional[str],
    typer.Option(help="A running Dask cluster to work on: tcp://HOST:PORT or tls://HOST:PORT."),
]
Live = Annotated[
    bool,
    typer.Option("--live", help="Keep the report up to date during the run, for a browser tab."),
]
