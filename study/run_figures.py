"""The figures of a run, part by part: which there are, and what each is made of.

Parts are drawn side by side on the workers, in no order.
"""

from collections.abc import Callable
from functools import cached_property, partial
from typing import TYPE_CHECKING

import numpy as np

from study.data import corruptions, load_dataset
from study.data.dataset import Dataset
from study.evaluation.robustness import measure
from study.explanation import by_trial
from study.explanation.attribution import Explainer
from study.explanation.filter_health import ALIKE, layer_record, layers_health
from study.explanation.ground_truth import localise
from study.explanation.pixel_removal import delete_all
from study.explanation.weight_randomisation import check_all
from study.figures.networks import (
    activations,
    filters,
    ground_truth_scores,
    heatmaps,
    idle_filters,
    methods,
    randomisation_curves,
    removal_curves,
)
from study.figures.results import (
    accuracy,
    confusion,
    corrupted_images,
    f1,
    mistakes,
    reliability,
    retraining_curves,
)
from study.figures.search import explained_by_trial, more_trials, static
from study.networks.saved import is_convolution, load_model, predictor, visual_layers
from study.problem.problem import load_problem
from study.records.base import NETWORKS, FilterHealth, LayerHealth, NetworkName, Picture
from study.run.plan import settings_of, signature_of
from study.run.store import Run
from study.trials.ranking import configurations

if TYPE_CHECKING:
    import keras

PROBE_IMAGES = 300
"""Validation images that filters are tried on: whether they are dead, alike, and what excites
them."""


class Subject:
    """A problem of a run, and what its figures are made of, loaded when it is asked for."""

    def __init__(self, run: Run, name: str) -> None:
        self.run, self.name = run, name
        self.problem = load_problem(name)
        self.settings = settings_of(run)
        self.budget = self.settings.figures
        self.seed = run.study().seed
        self.folder = run.figures_folder(name)

    @cached_property
    def dataset(self) -> Dataset:
        """The run's images."""
        return load_dataset(self.problem.data, seed=self.seed, options=self.settings.data)

    @property
    def probes(self) -> np.ndarray:
        """The first validation images."""
        return self.dataset.validation.images[:PROBE_IMAGES]

    def some_test_images(self, most: int) -> np.ndarray:
        """So many test images, or all there are, drawn at random."""
        images = self.dataset.test.images
        return images[random_indices(len(images), most, self.seed)]

    def model(self, network: NetworkName) -> "keras.Model":
        """The saved network."""
        return load_model(self.run.model_path(self.name, network))

    def models(self) -> "dict[NetworkName, keras.Model]":
        """Both of them."""
        return {network: self.model(network) for network in NETWORKS}

    def explainers(self) -> dict[NetworkName, Explainer]:
        """Both, ready to be asked where they look."""
        return {
            network: Explainer(
                model,
                samples=self.budget.smooth_samples,
                channels=self.budget.scorecam_channels,
            )
            for network, model in self.models().items()
        }


def parts(run: Run, problem: str) -> list[str]:
    """What `draw` can draw of a problem, before and after it was evaluated, as it is shown."""
    return [*OF_SEARCH] if run.evaluation(problem) is None else [*OF_NETWORKS, *OF_SEARCH]


def draw(run: Run, problem: str, part: str) -> list[Picture]:
    """Draw one part into the problem's figures folder, which exists."""
    return (OF_SEARCH | OF_NETWORKS)[part](Subject(run, problem))


def example_indices(classes: np.ndarray, count: int) -> np.ndarray:
    """Indices of test images of classes spread evenly over all; the first of each.

    Args:
        classes: (n,) class of each test image.
        count: Images wanted, one at least.

    Returns:
        (count,), or all images in the order of their classes if there are not more. With fewer
        classes than images a class gives its next image; with fewer images of a class than it is
        to give, the others give more.
    """
    present, of_class = np.unique(classes, return_inverse=True)
    sizes, nth = np.bincount(of_class), np.empty(len(classes), int)
    nth[np.argsort(of_class, kind="stable")] = np.concatenate([np.arange(size) for size in sizes])
    places = np.linspace(0, len(present) - 1, count).round().astype(int)
    wanted = np.bincount(places, minlength=len(present))[of_class]
    # First what is wanted of each class, then what else there is, evenly over the classes.
    ranked = np.lexsort((of_class, nth, nth >= wanted))[:count]
    return ranked[np.lexsort((nth[ranked], of_class[ranked]))]


def random_indices(images: int, most: int, seed: int) -> np.ndarray:
    """Indices of so many of the images, or of all there are, drawn at random, in their order."""
    return np.sort(np.random.default_rng(seed).permutation(images)[:most])


def _search(subject: Subject) -> list[Picture]:
    trials = configurations(subject.run.trials(subject.name))
    name, objective, folder = subject.name, subject.problem.objective, subject.folder
    return [
        *static.pictures(trials, name, objective, folder),
        *more_trials.pictures(
            trials, name, objective, subject.settings.search.tuner, subject.seed, folder
        ),
    ]


def _across_search(subject: Subject) -> list[Picture]:
    """Where the trials' networks look, where it is known where they should."""
    if subject.problem.data != "lines":
        return []
    run, name, budget = subject.run, subject.name, subject.budget
    found = by_trial.across_search(
        subject.problem,
        signature_of(run, subject.problem),
        run.trials(name),
        run.search_folder(name),
        subject.dataset.validation.images[: budget.search_images],
        budget.smooth_samples,
        subject.seed,
    )
    if found is None:
        return []
    run.write_finding(name, "across_search", found)
    return explained_by_trial.pictures(found, subject.problem.objective, subject.folder)


def _results(subject: Subject) -> list[Picture]:
    evaluation = subject.run.evaluation(subject.name)
    assert evaluation
    predictions = subject.run.predictions(subject.name)
    dataset, heads, folder = subject.dataset, subject.problem.heads, subject.folder
    return [
        *retraining_curves.pictures(evaluation, folder),
        *accuracy.pictures(evaluation, folder),
        *confusion.pictures(
            evaluation, predictions, heads, dataset.names, dataset.attributes, folder
        ),
        *f1.pictures(evaluation, dataset.names, dataset.attributes, folder),
        *reliability.pictures(predictions, heads, subject.seed, folder),
    ]


def _errors(subject: Subject) -> list[Picture]:
    dataset, predictions = subject.dataset, subject.run.predictions(subject.name)
    return [
        picture
        for network, model in subject.models().items()
        for picture in mistakes.pictures(
            model,
            network,
            dataset.test.images,
            predictions,
            subject.problem.heads,
            dataset.names,
            dataset.mislabelled,
            subject.folder,
        )
    ]


def _robustness(subject: Subject) -> list[Picture]:
    """Reads test images again, when all is chosen and evaluated: for the report only."""
    dataset, seed = subject.dataset, subject.seed
    images = dataset.test.images
    chosen = random_indices(len(images), subject.budget.robustness_images, seed)
    labels = {column: values[chosen] for column, values in dataset.test.labels.items()}
    versions = corruptions.versions(dataset.name, images[chosen], labels, seed)
    if not versions:
        return []
    networks = {network: predictor(model) for network, model in subject.models().items()}
    found = measure(versions, labels, networks, subject.problem.heads)
    subject.run.write_finding(subject.name, "robustness", found)
    return corrupted_images.pictures(
        found, versions, corruptions.note(dataset.name), subject.folder
    )


def _explained(subject: Subject) -> list[Picture]:
    """Heatmaps by every method, and what they are worth: against the line where it is known."""
    budget, dataset, seed = subject.budget, subject.dataset, subject.seed
    explainers, folder = subject.explainers(), subject.folder
    shown = dataset.test.images[example_indices(dataset.test.labels["class"], budget.images)]
    pictures = []
    for network, explainer in explainers.items():
        pictures += methods.pictures(explainer, network, shown, dataset.names, folder, seed)
    if dataset.name == "lines":
        lines = localise(explainers, subject.some_test_images(budget.map_images), seed)
        subject.run.write_finding(subject.name, "localisation", lines)
        return [*pictures, *ground_truth_scores.pictures(lines, folder)]
    images = subject.some_test_images(budget.curve_images)
    for finding, curves in delete_all(explainers, images, seed).items():
        subject.run.write_finding(subject.name, finding, curves)
        pictures += removal_curves.pictures(curves, folder)
    return pictures


def _sanity(subject: Subject) -> list[Picture]:
    """What heatmaps do as the networks are randomised."""
    budget = subject.budget
    images = subject.some_test_images(budget.sanity_images)
    found = check_all(subject.explainers(), images, subject.seed, budget.sanity_draws)
    subject.run.write_finding(subject.name, "sanity", found)
    return randomisation_curves.pictures(found, subject.folder)


def _filter_health(subject: Subject) -> list[Picture]:
    networks: dict[NetworkName, list[LayerHealth]] = {}
    for network, model in subject.models().items():
        layers = [layer for layer in visual_layers(model) if is_convolution(layer)]
        networks[network] = [
            layer_record(one) for one in layers_health(model, layers, subject.probes)
        ]
    found = FilterHealth(images=len(subject.probes), limit=ALIKE, networks=networks)
    subject.run.write_finding(subject.name, "filters", found)
    return idle_filters.pictures(found, subject.folder)


def _activations(subject: Subject, network: NetworkName) -> list[Picture]:
    return _on_examples(activations.pictures, subject, network)


def _heatmaps(subject: Subject, network: NetworkName) -> list[Picture]:
    return _on_examples(heatmaps.pictures, subject, network)


def _on_examples(
    pictures: Callable[..., list[Picture]], subject: Subject, network: NetworkName
) -> list[Picture]:
    dataset, most = subject.dataset, subject.budget.images
    shown = example_indices(dataset.test.labels["class"], most)
    truth = {head: dataset.test.labels[head][shown] for head in subject.problem.heads}
    return pictures(
        subject.model(network),
        network,
        dataset.test.images[shown],
        truth,
        dataset.names,
        subject.folder,
        rows=most,
    )


def _filters(subject: Subject, network: NetworkName) -> list[Picture]:
    infos = filters.filters_info(subject.model(network), None, subject.probes, subject.budget)
    subject.run.write_finding(subject.name, f"filters-{network}", filters.scores_record(infos))
    return filters.pictures(infos, network, subject.folder)


Part = Callable[[Subject], list[Picture]]

OF_SEARCH: dict[str, Part] = {"search": _search, "across-search": _across_search}
"""What takes no more than the search's trials."""

OF_NETWORKS: dict[str, Part] = {
    "results": _results,
    "errors": _errors,
    "robustness": _robustness,
    "explained": _explained,
    "sanity": _sanity,
    "filters": _filter_health,
    **{
        f"{network}-{kind}": partial(pictures, network=network)
        for network in NETWORKS
        for kind, pictures in (
            ("activations", _activations),
            ("filters", _filters),
            ("heatmaps", _heatmaps),
        )
    },
}
"""What takes the saved networks."""
