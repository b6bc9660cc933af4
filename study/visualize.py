"""Which figures are drawn of what: a run's, part by part, or those of any saved network."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from study import corruptions
from study.attribution import Explainer
from study.data import class_names, load_dataset
from study.data.dataset import Dataset, Labels
from study.deletion import delete
from study.errors import WrongName, WrongUse
from study.figures import (
    activations,
    calibration,
    classification,
    deletion,
    errors,
    filter_health,
    filters,
    heatmaps,
    localisation,
    methods,
    more_trials,
    robustness,
    sanity,
    search,
    training,
)
from study.figures.heatmaps import PLAIN, Asked
from study.filter_health import ALIKE, layer_record, layers_health
from study.images import read_images
from study.localisation import localise
from study.models import (
    find_layers,
    head_names,
    image_shape,
    is_convolution,
    load_model,
    predictor,
    visual_layers,
)
from study.problems import load_problem, problem_data, problem_names
from study.records import METHODS, NETWORKS, FilterHealth, LayerHealth, NetworkName, Picture
from study.robustness import measure
from study.runs import settings_of
from study.sanity import check_all
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
    asked: Asked = PLAIN,
) -> list[Picture]:
    """One of KINDS; no `layers` means those that the kind draws by itself."""
    chosen = list(layers) or None
    if kind == "filters":
        infos = filters.filters_info(model, chosen, images, budget)
        return filters.pictures(infos, network, folder)
    if kind == "activations":
        return activations.pictures(
            model, network, images, truth, names, folder, chosen, len(images)
        )
    return heatmaps.pictures(
        model, network, images, truth, names, folder, chosen, len(images), asked
    )


def draw_model(
    model: SavedModel,
    folder: Path,
    kinds: Sequence[str],
    layers: Sequence[str],
    image_files: Sequence[Path],
    resize: bool,
    by: Sequence[str] = PLAIN.methods,
    head: str | None = None,
    target: str | None = None,
) -> list[Picture]:
    """Draw figures of a saved network into a folder, made if need be.

    Args:
        by: Methods of the heatmaps, a figure each.
        head: The only head to draw heatmaps of; None: all.
        target: Name or index of the class to explain; None: the predicted one.

    Raises:
        WrongUse: activations or heatmaps are asked for without images, or a class of several
            heads.
        WrongName: an unknown layer, head or class; the message lists those there are.
        WrongImage: an image does not fit.
    """
    network = load_model(model.path)
    find_layers(network, layers)
    asked = Asked(
        tuple(METHODS[METHODS.index(one)] for one in by),
        head,
        _class_index(network, model.names, head, target),
    )
    if not image_files and set(kinds) != {"filters"}:
        raise WrongUse("activations and heatmaps need images: give --image FILE, or --kind filters")
    images = read_images(image_files, image_shape(network), resize=resize)
    folder.mkdir(parents=True, exist_ok=True)
    pictures: list[Picture] = []
    for kind in kinds:
        pictures += _draw_kind(
            kind, network, None, images, None, model.names, layers, folder, FigureSettings(), asked
        )
    return pictures


def _class_index(
    network: "keras.Model",
    names: dict[str, tuple[str, ...]],
    head: str | None,
    target: str | None,
) -> int | None:
    """The class of the head, or of the only one, by its name or index."""
    heads = head_names(network)
    if head is not None and head not in heads:
        raise WrongName(f"no head {head!r}; there are: {', '.join(heads)}")
    if target is None:
        return None
    if head is None and len(heads) > 1:
        raise WrongUse(f"--class needs the head it is of: give --head, one of {', '.join(heads)}")
    head = head or heads[0]
    known = names.get(head, ())
    if target in known:  # before indices: MNIST's classes are named 0 to 9
        return known.index(target)
    units = network.outputs[heads.index(head)].shape[-1]
    classes = 2 if units == 1 else units
    if target.isdecimal() and int(target) < classes:
        return int(target)
    there = f"0 to {classes - 1}" + (f", or {', '.join(known)}" if known else "")
    raise WrongName(f"no class {target!r} of head {head!r}; there are: {there}")


def example_indices(classes: np.ndarray, count: int) -> np.ndarray:
    """Indices (count,) of test images of classes spread evenly over all; the first of each."""
    present = np.unique(classes)
    chosen = present[np.linspace(0, len(present) - 1, count).round().astype(int)]
    taken: list[int] = []
    for label in chosen:  # with fewer classes than images a class gives its next image
        taken.append(next(int(i) for i in np.flatnonzero(classes == label) if int(i) not in taken))
    return np.array(taken)


def random_indices(images: int, most: int, seed: int) -> np.ndarray:
    """Indices of so many of the images, or of all there are, drawn at random, in their order."""
    return np.sort(np.random.default_rng(seed).permutation(images)[:most])


def _test_images(dataset: Dataset, most: int, seed: int) -> np.ndarray:
    images = dataset.test.images
    return images[random_indices(len(images), most, seed)]


def _search(run: Run, problem: str) -> list[Picture]:
    trials = configurations(run.trials(problem))
    objective, folder = load_problem(problem).objective, run.figures_folder(problem)
    return [
        *search.pictures(trials, problem, objective, folder),
        *more_trials.pictures(trials, problem, objective, run.study().seed, folder),
    ]


def _results(run: Run, problem: str) -> list[Picture]:
    evaluation, predictions = run.evaluation(problem), run.predictions(problem)
    assert evaluation
    dataset, folder = _dataset(run, problem), run.figures_folder(problem)
    heads, names = load_problem(problem).heads, dataset.names
    return [
        *training.pictures(evaluation, folder),
        *classification.pictures(evaluation, predictions, heads, names, dataset.attributes, folder),
        *calibration.pictures(predictions, heads, run.study().seed, folder),
    ]


def _errors(run: Run, problem: str) -> list[Picture]:
    dataset, predictions = _dataset(run, problem), run.predictions(problem)
    return [
        picture
        for network in NETWORKS
        for picture in errors.pictures(
            load_model(run.model_path(problem, network)),
            network,
            dataset.test.images,
            predictions,
            load_problem(problem).heads,
            dataset.names,
            dataset.mislabelled,
            run.figures_folder(problem),
        )
    ]


def _robustness(run: Run, problem: str) -> list[Picture]:
    """Reads test images again, when all is chosen and evaluated: for the report only."""
    dataset, seed = _dataset(run, problem), run.study().seed
    most = settings_of(run).figures.robustness_images
    chosen = random_indices(len(dataset.test.images), most, seed)
    labels = {column: values[chosen] for column, values in dataset.test.labels.items()}
    versions = corruptions.versions(dataset.name, dataset.test.images[chosen], labels, seed)
    if not versions:
        return []
    networks = {name: predictor(load_model(run.model_path(problem, name))) for name in NETWORKS}
    found = measure(versions, labels, networks, load_problem(problem).heads, seed)
    run.write_finding(problem, "robustness", found)
    return robustness.pictures(
        found, versions, corruptions.note(dataset.name), run.figures_folder(problem)
    )


def _explained(run: Run, problem: str) -> list[Picture]:
    """Heatmaps by every method, and what they are worth: against the line where it is known."""
    budget, dataset, seed = settings_of(run).figures, _dataset(run, problem), run.study().seed
    folder, explainers = run.figures_folder(problem), _explainers(run, problem)
    shown = dataset.test.images[example_indices(dataset.test.labels["class"], budget.images)]
    pictures = []
    for network, explainer in explainers.items():
        pictures += methods.pictures(explainer, network, shown, dataset.names, folder, seed)
    if dataset.name == "lines":
        lines = localise(explainers, _test_images(dataset, budget.map_images, seed), seed)
        run.write_finding(problem, "localisation", lines)
        return [*pictures, *localisation.pictures(lines, folder)]
    curves = delete(explainers, _test_images(dataset, budget.curve_images, seed), seed)
    run.write_finding(problem, "deletion", curves)
    return [*pictures, *deletion.pictures(curves, folder)]


def _sanity(run: Run, problem: str) -> list[Picture]:
    """What heatmaps do as the networks are randomised."""
    budget, seed = settings_of(run).figures, run.study().seed
    images = _test_images(_dataset(run, problem), budget.sanity_images, seed)
    found = check_all(_explainers(run, problem), images, seed)
    run.write_finding(problem, "sanity", found)
    return sanity.pictures(found, run.figures_folder(problem))


def _explainers(run: Run, problem: str) -> dict[NetworkName, Explainer]:
    budget = settings_of(run).figures
    return {
        network: Explainer(
            load_model(run.model_path(problem, network)),
            samples=budget.smooth_samples,
            channels=budget.scorecam_channels,
        )
        for network in NETWORKS
    }


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
OF_RESULTS: dict[str, Part] = {
    "results": _results,
    "errors": _errors,
    "robustness": _robustness,
    "explained": _explained,
    "sanity": _sanity,
    "filters": _filter_health,
}


def _names_of_neighbours(path: Path) -> dict[str, tuple[str, ...]]:
    """Class names for a model at PROBLEM/models/NETWORK.keras, else {}."""
    problem = path.resolve().parent.parent.name
    if path.resolve().parent.name != "models" or problem not in problem_names():
        return {}
    return class_names(problem_data(problem))
