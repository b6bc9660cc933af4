"""Which figures are drawn of what: a run's, part by part, or those of any saved network."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from study.data import class_names, load_dataset
from study.data.dataset import Dataset, Labels
from study.errors import CorruptRecord, WrongName, WrongUse
from study.figures import activations, classification, errors, filters, heatmaps, search, training
from study.images import read_images
from study.models import find_layers, image_shape, load_model
from study.problems import load_problem
from study.records import NETWORKS, NetworkName, Picture
from study.settings import FigureSettings, Settings, validated
from study.store import Run

KINDS = ("activations", "filters", "heatmaps")


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
            names = class_names(load_problem(problem).data)
            models.append(SavedModel(path, f"{problem}-{name}", names))
    return models


def parts(run: Run, problem: str) -> list[str]:
    """What `draw` can draw of a problem: "charts" and, once evaluated, each network's figures."""
    if run.evaluation(problem) is None:
        return ["charts"]
    return ["charts", *(f"{network}-{kind}" for network in NETWORKS for kind in KINDS)]


def draw(run: Run, problem: str, part: str) -> list[Picture]:
    """Draw one part into the problem's figures folder, which exists."""
    settings = validated(Settings, run.study().settings, source=str(run.folder / "study.json"))
    network, _, kind = part.partition("-")
    if part == "charts":
        return _charts(run, problem, settings)
    assert network in NETWORKS
    dataset = _dataset(run, problem, settings)
    shown = _examples(dataset.test.labels["class"], settings.figures.images)
    return draw_kind(
        kind,
        run.model_path(problem, network),
        network,
        dataset.test.images[shown],
        {head: dataset.test.labels[head][shown] for head in load_problem(problem).heads},
        dataset.names,
        run.figures_folder(problem),
        settings.figures,
    )
