"""Commands that apply saved networks, from a run or from elsewhere, to image files."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from study.cli.commands.opening import import_tensorflow, open_run, problems_of
from study.cli.options import Invert, KindOption, MethodOption, Resize, Target, user_path
from study.cli.terminal import say
from study.errors import WrongUse
from study.machine.foreign_text import utf8
from study.records.base import NetworkName

if TYPE_CHECKING:
    from study.own_images.any_network import SavedModel
    from study.records.finding import Method
    from study.records.picture import FigureKind


def explain(
    target: Target,
    image: Annotated[
        Optional[list[Path]],
        typer.Option(
            parser=user_path, metavar="FILE", help="An image to explain. [dim]Repeatable.[/]"
        ),
    ] = None,
    layer: Annotated[
        Optional[list[str]], typer.Option(help="A layer; default: all layers. [dim]Repeatable.[/]")
    ] = None,
    kind: Annotated[
        Optional[list[KindOption]], typer.Option(help="Default: all three. [dim]Repeatable.[/]")
    ] = None,
    problem: Annotated[
        Optional[str], typer.Option(help="Problem of the run; default: all problems.")
    ] = None,
    network: Annotated[
        Optional[NetworkName], typer.Option(help="Network of the run; default: both networks.")
    ] = None,
    out: Annotated[
        Optional[Path],
        typer.Option(
            parser=user_path,
            metavar="FOLDER",
            help="Folder for the figures; default: beside the model.",
        ),
    ] = None,
    method: Annotated[
        Optional[list[MethodOption]],
        typer.Option(help="Method of the heatmaps; default: gradcam. [dim]Repeatable.[/]"),
    ] = None,
    head: Annotated[
        Optional[str], typer.Option(help="Output that the heatmaps explain; default: all outputs.")
    ] = None,
    chosen_class: Annotated[
        Optional[str],
        typer.Option(
            "--class",
            help="Class that the heatmaps explain, by name or index; default: the predicted class.",
        ),
    ] = None,
    resize: Resize = False,
    invert: Invert = False,
) -> None:
    """Activations, filters and class heatmaps of saved networks, for any images and layers.

    Example: python -m study explain my-run --problem line --image mine.png --layer conv1
    """
    import_tensorflow()
    from study.own_images import any_network

    models = _models(target, problem, network)
    if not (out or target.endswith(".keras")):
        open_run(target).check_writable()
    kinds: list[FigureKind] = [one.value for one in kind or KindOption]
    methods: list[Method] = [one.value for one in method or [MethodOption.gradcam]]
    asked_of = (kinds, layer or [], image or [], resize, invert, methods, head, chosen_class)
    # All networks are checked before the first figure is drawn.
    for model, draw in [(one, any_network.drawing(one, *asked_of)) for one in models]:
        folder = out or any_network.figures_folder(model.path)
        if out and len(models) > 1:
            folder = out / model.label
        for picture in draw(folder):
            say(str(folder / picture.file))


def predict(
    target: Target,
    images: Annotated[list[Path], typer.Argument(parser=user_path, metavar="IMAGE...")],
    problem: Annotated[
        Optional[str], typer.Option(help="Problem of the run; needed if the run has several.")
    ] = None,
    network: Annotated[NetworkName, typer.Option(help="Network of the run.")] = "tuned",
    top: Annotated[int, typer.Option(min=1, help="Classes to show, likeliest first.")] = 3,
    resize: Resize = False,
    invert: Invert = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per line.")] = False,
) -> None:
    """Classes and probabilities of image files.

    Example: python -m study predict my-run --problem mnist digit.png
    """
    import_tensorflow()
    from study.own_images.opened import likeliest

    models = _models(target, problem, network)
    if len(models) > 1:
        several = ", ".join(model.label for model in models)
        raise WrongUse(f"{target!r} has several networks ({several}): choose one with --problem")
    opened = models[0].opened()
    probabilities = opened.predict(opened.pixels(images, resize, invert))
    for index, path in enumerate(images):
        answer = {
            head: likeliest(p[index], opened.class_names(head), top)
            for head, p in probabilities.items()
        }
        if as_json:
            say(json.dumps({"image": utf8(str(path)), **answer}))
        else:
            for head, ranked in answer.items():
                shares = "  ".join(f"{name} {share:.2%}" for name, share in ranked.items())
                say(f"{path}: {head}: {shares}")


def _models(target: str, problem: str | None, network: NetworkName | None) -> "list[SavedModel]":
    from study.own_images.any_network import models_of_run, saved_model

    if target.endswith(".keras"):
        return [saved_model(Path(target))]
    opened = open_run(target)
    return models_of_run(opened, problems_of(opened, problem), network)
