"""Which figures are drawn of what: a run's, part by part, or those of any saved network."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from study.data import class_names, load_dataset
from study.data.dataset import Dataset, Labels
from study.errors import WrongName, WrongUse
from study.figures import (
    activations,
    classification,
    errors,
    filter_health,
    filters,
    heatmaps,
    search,
    training,
)
from study.filter_health import ALIKE, layer_record, layers_health
from study.images import read_images
from study.models import find_layers, image_shape, is_convolution, load_model, visual_layers
from study.problems import load_problem, problem_data, problem_names
from study.records import NETWORKS, FilterHealth, LayerHealth, NetworkName, Picture
from study.runs import settings_of
from study.settings import FigureSettings
from study.store import Run
from study.trials import configurations

if TYPE_CHECKING:
    import keras

KINDS = ("activations", "filters", "heatmaps")

PROBE_IMAGES = 300
"""Validation images that filters are tried on: whether they are dead, alike, and what excites
them."""


@dataclass(frozen=True)
class SavedModel:
    """A saved network and what is known of it."""

    path: Path
    label: str
    """Names it among others; fit for a folder name."""
    names: dict[str, tuple[str, ...]]
    """Head -> class names; {} if the network is not of a run."""


def saved_model(path: Path) -> SavedModel:
    """Any .keras file; its class names are known if it lies in a run's folder."""
    return SavedModel(path, path.stem, _names_of_neighbours(path))


def models_of_run(
    run: Run, problems: Sequence[str], network: NetworkName | None
) -> list[SavedModel]:
    """The saved networks of these problems, one or both of each.

    Raises:
        WrongName: a problem has not been evaluated, so nothing is saved yet.
    """
    models = []
    for problem in problems:
        for name in [network] if network else NETWORKS:
            path = run.model_path(problem, name)
            if not path.is_file():
                raise WrongName(f"{path} is not there: evaluate {run.name!r} first")
            names = class_names(problem_data(problem))
            models.append(SavedModel(path, f"{problem}-{name}", names))
    return models


def parts(run: Run, problem: str) -> list[str]:
    """What `draw` can draw of a problem, before and after it was evaluated."""
    if run.evaluation(problem) is None:
        return [*OF_SEARCH]
    of_networks = [f"{network}-{kind}" for network in NETWORKS for kind in KINDS]
    return [*OF_SEARCH, *OF_RESULTS, *of_networks]


def draw(run: Run, problem: str, part: str) -> list[Picture]:
    """Draw one part into the problem's figures folder, which exists."""
    whole = OF_SEARCH | OF_RESULTS
    if part in whole:
        return whole[part](run, problem)
    network, _, kind = part.partition("-")
    assert network in NETWORKS
    return _of_network(run, problem, network, kind)


def _of_network(run: Run, problem: str, network: NetworkName, kind: str) -> list[Picture]:
    settings, dataset = settings_of(run), _dataset(run, problem)
    model = load_model(run.model_path(problem, network))
    folder, budget = run.figures_folder(problem), settings.figures
    if kind == "filters":
        infos = filters.filters_info(model, None, _probe_images(dataset), budget)
        run.write_finding(problem, f"filters-{network}", filters.scores_record(infos))
        return filters.pictures(infos, network, folder)
    shown = example_indices(dataset.test.labels["class"], budget.images)
    truth = {head: dataset.test.labels[head][shown] for head in load_problem(problem).heads}
    images = dataset.test.images[shown]
    return _draw_kind(kind, model, network, images, truth, dataset.names, [], folder, budget)


def _dataset(run: Run, problem: str) -> Dataset:
    """The run's images of a problem."""
    options = settings_of(run).data
    return load_dataset(problem_data(problem), seed=run.study().seed, options=options)


def _probe_images(dataset: Dataset) -> np.ndarray:
    return dataset.validation.images[:PROBE_IMAGES]


def _draw_kind(
    kind: str,
    model: "keras.Model",
    network: NetworkName | None,
    images: np.ndarray,
    truth: Labels | None,
    names: dict[str, tuple[str, ...]],
    layers: Sequence[str],
    folder: Path,
    budget: FigureSettings,
) -> list[Picture]:
    """One of KINDS; no `layers` means those that the kind draws by itself."""
    chosen = list(layers) or None
    if kind == "filters":
        infos = filters.filters_info(model, chosen, images, budget)
        return filters.pictures(infos, network, folder)
    family = activations if kind == "activations" else heatmaps
    return family.pictures(model, network, images, truth, names, folder, chosen, len(images))


def draw_model(
    model: SavedModel,
    folder: Path,
    kinds: Sequence[str],
    layers: Sequence[str],
    image_files: Sequence[Path],
    resize: bool,
) -> list[Picture]:
    """Draw figures of a saved network into a folder, made if need be.

    Raises:
        WrongUse: activations or heatmaps are asked for without images.
        WrongName: an unknown layer; the message lists those there are.
        WrongImage: an image does not fit.
    """
    network = load_model(model.path)
    find_layers(network, layers)
    if not image_files and set(kinds) != {"filters"}:
        raise WrongUse("activations and heatmaps need images: give --image FILE, or --kind filters")
    images = read_images(image_files, image_shape(network), resize=resize)
    folder.mkdir(parents=True, exist_ok=True)
    pictures: list[Picture] = []
    for kind in kinds:
        pictures += _draw_kind(
            kind, network, None, images, None, model.names, layers, folder, FigureSettings()
        )
    return pictures


def example_indices(classes: np.ndarray, count: int) -> np.ndarray:
    """Indices (count,) of test images of classes spread evenly over all; the first of each."""
    present = np.unique(classes)
    chosen = present[np.linspace(0, len(present) - 1, count).round().astype(int)]
    taken: list[int] = []
    for label in chosen:  # with fewer classes than images a class gives its next image
        taken.append(next(int(i) for i in np.flatnonzero(classes == label) if int(i) not in taken))
    return np.array(taken)


def _search(run: Run, problem: str) -> list[Picture]:
    trials = configurations(run.trials(problem))
    objective = load_problem(problem).objective
    return search.pictures(trials, problem, objective, run.figures_folder(problem))


def _results(run: Run, problem: str) -> list[Picture]:
    evaluation, predictions = run.evaluation(problem), run.predictions(problem)
    assert evaluation
    dataset, folder = _dataset(run, problem), run.figures_folder(problem)
    heads, names = load_problem(problem).heads, dataset.names
    return [
        *training.pictures(evaluation, folder),
        *classification.pictures(evaluation, predictions, heads, names, dataset.attributes, folder),
        *errors.pictures(dataset.test.images, predictions, heads, names, folder),
    ]


def _filter_health(run: Run, problem: str) -> list[Picture]:
    images = _probe_images(_dataset(run, problem))
    networks: dict[NetworkName, list[LayerHealth]] = {}
    for network in NETWORKS:
        model = load_model(run.model_path(problem, network))
        layers = [layer for layer in visual_layers(model) if is_convolution(layer)]
        networks[network] = [layer_record(one) for one in layers_health(model, layers, images)]
    found = FilterHealth(images=len(images), limit=ALIKE, networks=networks)
    run.write_finding(problem, "filters", found)
    return filter_health.pictures(found, run.figures_folder(problem))


Part = Callable[[Run, str], list[Picture]]
"""Draws figures of a problem of a run into its folder."""

OF_SEARCH: dict[str, Part] = {"search": _search}
OF_RESULTS: dict[str, Part] = {"results": _results, "filters": _filter_health}


def _names_of_neighbours(path: Path) -> dict[str, tuple[str, ...]]:
    """Class names for a model at PROBLEM/models/NETWORK.keras, else {}."""
    problem = path.resolve().parent.parent.name
    if path.resolve().parent.name != "models" or problem not in problem_names():
        return {}
    return class_names(problem_data(problem))
