"""Explain any saved network, from a run or from elsewhere, on the user's own images."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from study.errors import WrongName, WrongUse
from study.explanation.examples import PLAIN, Asked, activations_info, all_heatmaps
from study.explanation.filters.filter_answers import filters_info
from study.figures.networks import activations, filters, heatmaps
from study.networks.saved import find_layers
from study.own_images.opened import OpenedNetwork, open_network
from study.problem.settings import FigureSettings
from study.records.base import NETWORKS, NetworkName
from study.records.finding import Method
from study.records.picture import FigureKind, Picture
from study.records.study import Ground, Signature
from study.run.listing import signature_of_model
from study.run.store import Run


@dataclass(frozen=True)
class SavedModel:
    """A saved network and what is known about it."""

    path: Path
    label: str
    """Name that tells the network from others; fit for a folder name."""
    names: dict[str, tuple[str, ...]]
    """Head -> class names; {} if the network does not belong to a run."""
    ground: Ground | None = None
    """Ground of the training images; None if the network has no run or the run does not know it."""

    def opened(self) -> OpenedNetwork:
        """The network, loaded; raises as `study.own_images.opened.open_network`."""
        return open_network(self.path, self.names, self.ground)


def figures_folder(path: Path) -> Path:
    """The folder for a saved network's figures unless another is given: beside the network.

    Raises:
        WrongUse: In the folder's place is a link.
    """
    folder = path.with_suffix("").with_name(f"{path.stem}-figures")
    if folder.is_symlink():
        raise WrongUse(
            f"{folder}: expected a folder or nothing, got a link; give another folder with --out"
        )
    return folder


def saved_model(path: Path) -> SavedModel:
    """Any .keras file; if it belongs to a run, its class names and its images' ground are known."""
    return _known_by(path, path.stem, signature_of_model(path))


def models_of_run(
    run: Run, problems: Sequence[str], network: NetworkName | None
) -> list[SavedModel]:
    """The saved networks of these problems, one or both of each problem.

    Raises:
        WrongName: There is no problem, or one has not been evaluated and so has no network.
    """
    if not problems:
        raise WrongName(f"{run.name!r} has no networks yet: `resume` and `evaluate` it first")
    models = []
    for problem in problems:
        for name in [network] if network else NETWORKS:
            path = run.model_path(problem, name)
            if not path.is_file():
                raise WrongName(f"{path} is not there: evaluate {run.name!r} first")
            signature = run.signature(problem)
            models.append(_known_by(path, f"{problem}-{name}", signature))
    return models


def _known_by(path: Path, label: str, signature: Signature | None) -> SavedModel:
    """A saved network; without a run or a run's signature its classes have no names."""
    if signature is None:
        return SavedModel(path, label, {})
    names = {head: tuple(classes) for head, classes in signature.heads.items()}
    return SavedModel(path, label, names, signature.ground)


def drawing(
    model: SavedModel,
    kinds: Sequence[FigureKind],
    layers: Sequence[str],
    image_files: Sequence[Path],
    resize: bool,
    invert: bool = False,
    by: Sequence[Method] = PLAIN.methods,
    head: str | None = None,
    target: str | None = None,
) -> Callable[[Path], list[Picture]]:
    """Check what is asked of a saved network; nothing is drawn yet.

    Args:
        resize: Convert images that do not fit; see `study.data.image_files.read_images`.
        invert: Swap light and dark in the images.
        by: Methods of the heatmaps, one figure each.
        head: The only head to draw heatmaps of; None: all heads.
        target: Name or index of the class to explain; None: the predicted class.

    Returns:
        A function that draws the figures into a folder, which it makes if necessary.

    Raises:
        WrongUse: Activations or heatmaps are asked for without images, a class without its head, or
            heatmaps of a network that is not a classifier.
        WrongName: An unknown layer, head or class; the message lists those there are.
        WrongImage: An image does not fit.
    """
    opened = model.opened()
    network, names = opened.model, opened.names
    find_layers(network, layers)
    asked = Asked(tuple(by), head, opened.class_index(head, target))
    if not image_files and set(kinds) != {"filters"}:
        raise WrongUse("activations and heatmaps need images: give --image FILE, or --kind filters")
    images = opened.pixels(image_files, resize, invert)
    if "heatmaps" in kinds:
        opened.predict(images)  # refuses networks that are not classifiers
    chosen = list(layers) or None

    def draw(folder: Path) -> list[Picture]:
        folder.mkdir(parents=True, exist_ok=True)
        shown = (None, images, None, names, folder)
        draws: dict[FigureKind, Callable[[], list[Picture]]] = {
            "activations": lambda: activations.pictures(
                activations_info(network, images, chosen), *shown
            ),
            "filters": lambda: filters.pictures(
                filters_info(network, chosen, images, FigureSettings()), None, folder
            ),
            "heatmaps": lambda: heatmaps.pictures(
                all_heatmaps(network, images, chosen, asked), *shown
            ),
        }
        return [picture for kind in kinds for picture in draws[kind]()]

    return draw
