"""Are heatmaps of networks of one architecture worth more than those of another?

By the share of a heatmap that lies where the evidence is, if that is known, else by how well it
ranks the pixels that the network needs.

Asked of the trials of a search whose weights are still on disk, on validation images: nothing of
the test part is needed to compare trials.
"""

import logging
from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np

from study.errors import CorruptRecord
from study.evaluation.rank_effect import Trait, explained, p_value
from study.evaluation.uncertainty import image_estimates
from study.explanation.attribution import Explainer
from study.explanation.ground_truth import control_maps, energy
from study.explanation.pixel_removal import curves
from study.networks.saved import is_convolution
from study.problem.problem import Problem
from study.records.base import Estimate, Value
from study.records.finding import AcrossSearch, Effect, Method, TrialHeatmaps
from study.records.recipe import Budget
from study.records.study import Signature
from study.records.trial import Trial
from study.training import checkpoint
from study.training.building import build
from study.training.checkpoint import checkpoint_path
from study.trials.ranking import best_trial, configuration_numbers, configurations

log = logging.getLogger(__name__)

SHOWN: tuple[Method, ...] = ("gradcam", "smoothgrad")
"""One that sees the cells of the last convolution, one that goes down to the pixels."""
FEWEST_TRIALS = 12
"""Of fewer not even the clearest order could be told from chance: eight against each other in two
groups of four have p = 1/35 at best, and eight questions at once want p below 1/160. Six against
six can have 1/462."""


def kept_trials(trials: Sequence[Trial], folder: Path) -> dict[int, tuple[Trial, Path]]:
    """The configurations whose weights are on disk: number -> last trial of it and its weights.

    Args:
        trials: As told, those that continue others too.
        folder: The search's.
    """
    numbers = configuration_numbers(trials)
    kept: dict[int, tuple[Trial, Path]] = {}
    for trial in trials:
        path = checkpoint_path(folder, trial.trial_id)
        if trial.score is not None and path.exists():
            kept[numbers[trial.trial_id]] = (trial, path)
    return dict(sorted(kept.items()))


def across_search(
    problem: Problem,
    signature: Signature,
    trials: Sequence[Trial],
    folder: Path,
    images: np.ndarray,
    truth: np.ndarray | None,
    samples: int,
    seed: int,
) -> AcrossSearch | None:
    """What heatmaps of every kept trial are worth, and what that goes with; None if none was kept.

    Args:
        problem: Whose search it was.
        signature: Of the problem's images and classes.
        trials: As told, those that continue others too.
        folder: The search's.
        images: (n, height, width, channels) uint8 validation images.
        truth: (n, height, width) bool: where the evidence is; None if that is not known.
        samples: Noisy copies of an image that SmoothGrad averages over.
        seed: Of noise, intervals and permutations.
    """
    found, sobels, unreadable = [], [], 0
    tried = configurations(trials)
    scores = {one.number: one.score for one in tried if one.score is not None}
    for number, (trial, path) in kept_trials(trials, folder).items():
        try:
            model = trained(problem, signature, trial, path)
        except CorruptRecord as error:
            log.warning("left out where heatmaps of trials are compared: %s", error)
            unreadable += 1
            continue
        explainer = Explainer(model, samples=samples)
        worth, sobel = heatmaps_worth(explainer, images, truth, seed)
        sobels.append(sobel)
        found.append(
            TrialHeatmaps(
                number=number,
                score=scores[number],
                layer=explainer.layer,
                cells=explainer.resolution[0],
                traits=traits(model),
                worth=worth,
            )
        )
    shown = {one.number for one in found}
    best = best_trial(one for one in tried if one.number in shown)
    if best is None:
        return None
    return AcrossSearch(
        measure="pixel removal" if truth is None else "ground truth",
        images=len(images),
        scored=len(scores),
        unreadable=unreadable,
        best=best.number,
        sobel=float(np.mean(sobels)),
        trials=found,
        effects=effects(found, seed),
    )


def heatmaps_worth(
    explainer: Explainer, images: np.ndarray, truth: np.ndarray | None, seed: int
) -> tuple[dict[Method, Estimate], float]:
    """What the heatmaps of one network are worth, by method, and an edge detector's (Sobel).

    Args:
        explainer: Of the network.
        images: (n, height, width, channels) uint8.
        truth: (n, height, width) bool: where the evidence is; None if that is not known.
        seed: Of noise, the order of equal pixels and intervals.

    Returns:
        Method -> mean over the images with its interval, and the mean for Sobel maps: the share of
        a map that lies on the truth, or the insertion minus the deletion area.
    """
    maps = [explainer.in_turn(images, method, seed) for method in SHOWN]
    maps.append(control_maps(images, seed)["sobel"])
    values = np.stack(
        [
            curves(explainer, images, one, seed).areas[:, 2]
            if truth is None
            else energy(one, truth)
            for one in maps
        ],
        axis=1,
    )
    estimates = image_estimates(values[:, :-1], seed)
    return dict(zip(SHOWN, estimates, strict=True)), float(values[:, -1].mean())


def trained(problem: Problem, signature: Signature, trial: Trial, path: Path) -> keras.Model:
    """The trial's network as its last epoch left it, in float32.

    Raises:
        CorruptRecord: the weights cannot be read, or are not of such a network.
    """
    model, _ = build(problem, signature, trial.hyperparameters, Budget(steps=1))
    model.optimizer.build(model.trainable_variables)
    checkpoint.load_weights(path, model)
    return model


def traits(model: keras.Model) -> dict[str, Value]:
    """Kernel size of the first convolution, number of convolutions, and how maps get smaller."""
    convolutions = [layer for layer in model.layers if is_convolution(layer)]
    ways = {
        "average": any(isinstance(one, keras.layers.AveragePooling2D) for one in model.layers),
        "max": any(isinstance(one, keras.layers.MaxPooling2D) for one in model.layers),
        "stride": any(max(one.strides) > 1 for one in convolutions),
    }
    return {
        "first kernel": int(convolutions[0].kernel_size[0]),
        "convolutions": len(convolutions),
        "downsampling": " and ".join(way for way, used in ways.items() if used) or "none",
    }


def effects(trials: Sequence[TrialHeatmaps], seed: int) -> dict[Method, dict[str, Effect]]:
    """What the heatmaps' worth goes with: each trait that varies, and the score."""
    if len(trials) < FEWEST_TRIALS:
        return {method: {} for method in SHOWN}
    asked = {
        name: Trait(np.array([trial.traits[name] for trial in trials]), "groups")
        for name in trials[0].traits
    }
    asked["score"] = Trait(np.array([trial.score for trial in trials]), "order")
    asked = {name: trait for name, trait in asked.items() if trait.varies}
    questions = len(asked) * len(SHOWN)
    return {
        method: {
            name: effect([trial.worth[method].mean for trial in trials], trait, questions, seed)
            for name, trait in asked.items()
        }
        for method in SHOWN
    }


def effect(outcome: Sequence[float], trait: Trait, questions: int, seed: int) -> Effect:
    """How much of the outcome's order the trait explains, and how often chance does as well.

    Args:
        outcome: (n,) one of each trial.
        trait: Of the trials.
        questions: How many are asked at once (Bonferroni).
        seed: Of the permutations.
    """
    p = p_value(outcome, trait, np.random.default_rng([seed, 5]))
    return Effect(explained=explained(outcome, trait), p_value=min(1.0, questions * p))
