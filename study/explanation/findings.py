"""Findings about a problem's networks, computed part by part, as records and arrays to be kept.

Parts are independent of each other and are computed side by side on the workers, in any order.
Nothing is drawn here: `figures/` reads the findings.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import keras
import numpy as np

from study.data.dataset import Dataset, Part
from study.evaluation.robustness import measure
from study.explanation.arrays import SHOWN_CORRUPTED, CorruptedExamples, Examples
from study.explanation.attribution import Explainer
from study.explanation.by_trial import across_search
from study.explanation.examples import activations_info, all_heatmaps, methods_info, mistakes
from study.explanation.filters.filter_answers import filters_info, scores_record
from study.explanation.filters.filter_health import ALIKE, layer_record, layers_health
from study.explanation.ground_truth import localise
from study.explanation.pixel_removal import delete_all
from study.explanation.weight_randomisation import check_all
from study.networks.prediction import predictor
from study.networks.saved import is_convolution, load_model, visual_layers
from study.problem.problem import Problem
from study.problem.settings import FigureSettings
from study.records.base import NETWORKS, NetworkName
from study.records.finding import FilterHealth, LayerHealth
from study.records.study import Signature
from study.records.trial import Trial

PROBE_IMAGES = 300
"""Number of validation images that show which filters are dead or near-duplicates, and what excites
them."""

Found = dict[str, object]
"""Name of a finding -> a record, or arrays of `study.explanation.arrays`."""


@dataclass(frozen=True)
class Subject:
    """A problem of a run, with everything that findings are computed from."""

    problem: Problem
    signature: Signature
    dataset: Dataset
    budget: FigureSettings
    seed: int
    trials: list[Trial]
    """All trials as recorded, including those that continue others."""
    search_folder: Path
    models: Mapping[NetworkName, Path]
    """Network -> path of its .keras file."""
    predictions: Callable[[], Mapping[str, np.ndarray]]
    """A function that returns the arrays of predictions.npz."""

    @property
    def probes(self) -> np.ndarray:
        """The first validation images."""
        return self.dataset.validation.images[:PROBE_IMAGES]

    @property
    def examples(self) -> Examples:
        """The test images that are shown."""
        return examples(self.dataset, self.problem.heads, self.budget.images)

    def some_test_images(self, most: int) -> Part:
        """At most `most` test images, drawn at random."""
        dataset = self.dataset
        chosen = random_indices(len(dataset.test.images), most, self.seed)
        return dataset.test.at(chosen)

    def model(self, network: NetworkName) -> keras.Model:
        """The saved network."""
        return load_model(self.models[network])

    def explainers(self) -> dict[NetworkName, Explainer]:
        """Both networks, prepared for heatmaps."""
        return {network: self.explainer(network) for network in NETWORKS}

    def explainer(self, network: NetworkName) -> Explainer:
        """One network, prepared for heatmaps."""
        return Explainer(
            self.model(network),
            samples=self.budget.smooth_samples,
            channels=self.budget.scorecam_channels,
        )


def parts(evaluated: bool) -> list[str]:
    """Names of the parts that `find` can compute for a problem, evaluated or not."""
    return [*OF_NETWORKS, *OF_SEARCH] if evaluated else [*OF_SEARCH]


def find(subject: Subject, part: str) -> Found:
    """Compute the findings of one part."""
    return (OF_SEARCH | OF_NETWORKS)[part](subject)


def examples(dataset: Dataset, heads: tuple[str, ...], count: int) -> Examples:
    """`count` test images whose classes are spread evenly over all; see `example_indices`."""
    part = dataset.test.at(
        example_indices(dataset.test.labels[dataset.told_apart_by(heads)], count)
    )
    return Examples(
        images=part.images,
        labels=part.labels,
        names={column: tuple(names) for column, names in dataset.columns.items()},
        crossed=dataset.crossed,
        heads=heads,
    )


def example_indices(classes: np.ndarray, count: int) -> np.ndarray:
    """Indices of the first test images of classes that are spread evenly over all.

    Args:
        classes: (n,) class of each test image.
        count: Number of images wanted, at least one.

    Returns:
        (count,), or all images in the order of their classes if there are not more. If there are
        fewer classes than images, classes give further images; if a class has too few images, the
        others give more.
    """
    present, of_class = np.unique(classes, return_inverse=True)
    sizes, nth = np.bincount(of_class), np.empty(len(classes), int)
    nth[np.argsort(of_class, kind="stable")] = np.concatenate([np.arange(size) for size in sizes])
    places = np.linspace(0, len(present) - 1, count).round().astype(int)
    wanted = np.bincount(places, minlength=len(present))[of_class]
    # First the images wanted of each class, then others, evenly over the classes.
    ranked = np.lexsort((of_class, nth, nth >= wanted))[:count]
    return ranked[np.lexsort((nth[ranked], of_class[ranked]))]


def random_indices(images: int, most: int, seed: int) -> np.ndarray:
    """Sorted indices of at most `most` of the images, drawn at random."""
    return np.sort(np.random.default_rng(seed).permutation(images)[:most])


def _across_search(subject: Subject) -> Found:
    """How good the heatmaps of the trials' networks are."""
    dataset, budget = subject.dataset, subject.budget
    validation = dataset.validation
    fewest = min(budget.search_images, budget.curve_images)  # 84 predictions each and method
    shown = validation.at(slice(budget.search_images if dataset.where else fewest))
    found = across_search(
        subject.problem,
        subject.signature,
        subject.trials,
        subject.search_folder,
        shown.images,
        dataset.where(shown) if dataset.where else None,
        budget.smooth_samples,
        subject.seed,
    )
    return {} if found is None else {"across_search": found}


def _examples(subject: Subject) -> Found:
    return {"examples": subject.examples}


def _mistakes(subject: Subject, network: NetworkName) -> Found:
    dataset = subject.dataset
    return {
        f"mistakes-{network}": mistakes(
            subject.model(network),
            network,
            dataset.test.images,
            subject.predictions(),
            subject.problem.heads,
            dataset.columns,
            dataset.known_errors,
        )
    }


def _robustness(subject: Subject) -> Found:
    """Reads test images again, after everything is chosen and evaluated, for the report only."""
    corruptions = subject.dataset.corruptions
    some = subject.some_test_images(subject.budget.robustness_images)
    versions = corruptions.with_unchanged(some.images, some.labels, subject.seed)
    networks = {network: predictor(subject.model(network)) for network in NETWORKS}
    shown = {version: images[:SHOWN_CORRUPTED] for version, images in versions.items()}
    return {
        "robustness": measure(
            versions, some.labels, networks, subject.problem.heads, corruptions.groups
        ),
        "corrupted": CorruptedExamples(shown, corruptions.note),
    }


def _ground_truth(subject: Subject) -> Found:
    """How much of the heatmaps lies where the evidence is, if the data set knows that."""
    where = subject.dataset.where
    if where is None:
        return {}
    some = subject.some_test_images(subject.budget.map_images)
    found = localise(subject.explainers(), some.images, where(some), subject.seed)
    return {"localisation": found}


def _pixel_removal(subject: Subject) -> Found:
    """How well the heatmaps rank the pixels that the networks need."""
    images = subject.some_test_images(subject.budget.curve_images).images
    return {**delete_all(subject.explainers(), images, subject.seed)}


def _weight_randomisation(subject: Subject) -> Found:
    """How heatmaps change as the networks' weights are randomised."""
    budget = subject.budget
    images = subject.some_test_images(budget.sanity_images).images
    return {
        "sanity": check_all(subject.explainers(), images, subject.seed, budget.sanity_draws),
    }


def _filter_health(subject: Subject) -> Found:
    networks: dict[NetworkName, list[LayerHealth]] = {}
    for network in NETWORKS:
        model = subject.model(network)
        layers = [layer for layer in visual_layers(model) if is_convolution(layer)]
        networks[network] = [
            layer_record(one) for one in layers_health(model, layers, subject.probes)
        ]
    found = FilterHealth(images=len(subject.probes), limit=ALIKE, networks=networks)
    return {"filters": found}


def _filters(subject: Subject, network: NetworkName) -> Found:
    infos = filters_info(subject.model(network), None, subject.probes, subject.budget)
    return {f"filters-{network}": scores_record(infos), f"filter_images-{network}": infos}


def _activations(subject: Subject, network: NetworkName) -> Found:
    infos = activations_info(subject.model(network), subject.examples.images)
    return {f"activations-{network}": infos}


def _heatmaps(subject: Subject, network: NetworkName) -> Found:
    infos = all_heatmaps(subject.model(network), subject.examples.images)
    return {f"heatmaps-{network}": infos}


def _methods(subject: Subject, network: NetworkName) -> Found:
    explainer = subject.explainer(network)
    return {f"methods-{network}": methods_info(explainer, subject.examples.images, subject.seed)}


OF_SEARCH: dict[str, Callable[[Subject], Found]] = {"across-search": _across_search}
"""Part -> how it is computed, for parts that need only the search's trials."""

OF_NETWORKS: dict[str, Callable[[Subject], Found]] = {
    "ground-truth": _ground_truth,
    "pixel-removal": _pixel_removal,
    "weight-randomisation": _weight_randomisation,
    "robustness": _robustness,
    "filter-health": _filter_health,
    **{
        f"{network}-{kind}": partial(found, network=network)
        for network in NETWORKS
        for kind, found in (
            ("filters", _filters),
            ("heatmaps", _heatmaps),
            ("methods", _methods),
            ("activations", _activations),
            ("mistakes", _mistakes),
        )
    },
    "examples": _examples,
}
"""Part -> how it is computed, for parts that need the saved networks; the slowest come first."""
