"""Are the heatmaps of some architectures more informative than those of others?

Heatmaps are measured by the share that lies where the evidence is, if that is known, else by how
well they rank the pixels that the network needs.

Compared are the trials of a search whose weights are still on disk, on validation images: comparing
trials needs nothing from the test part.
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
"""A method that resolves the cells of the last convolution, and one that resolves single pixels."""
FEWEST_TRIALS = 12
"""With fewer trials not even the clearest order could be told from chance: eight trials in two
groups of four have p = 1/35 at best, and eight questions at once need p below 1/160. Six against
six can reach 1/462."""


def kept_trials(trials: Sequence[Trial], folder: Path) -> dict[int, tuple[Trial, Path]]:
    """Number of each configuration whose weights are on disk -> its last trial and the weights.

    Args:
        trials: All trials as recorded, including those that continue others.
        folder: The search's folder.
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
    """How good the heatmaps of every kept trial are, and what explains it; None if none was kept.

    Args:
        problem: The problem that was searched.
        signature: The problem's images and classes.
        trials: All trials as recorded, including those that continue others.
        folder: The search's folder.
        images: (n, height, width, channels) uint8 validation images.
        truth: (n, height, width) bool: where the evidence is; None if that is not known.
        samples: Number of noisy copies per image that SmoothGrad averages over.
        seed: Seed of noise, intervals and permutations.
    """
    found, sobels, unreadable = [], [], 0
    tried = configurations(trials)
    scores = {one.number: one.score for one in tried if one.score is not None}
    for number, (trial, path) in kept_trials(trials, folder).items():
        try:
            model = trained(problem, signature, trial, path)
        except CorruptRecord as error:
            log.warning("a trial is left out of the comparison of heatmaps: %s", error)
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
    """How good the heatmaps of one network are, by method, and those of an edge detector (Sobel).

    Args:
        explainer: The network, prepared for heatmaps.
        images: (n, height, width, channels) uint8.
        truth: (n, height, width) bool: where the evidence is; None if that is not known.
        seed: Seed of noise, the order of equal pixels and intervals.

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
    """The trial's network after its last epoch, in float32.

    Raises:
        CorruptRecord: The weights cannot be read, or belong to another network.
    """
    model, _ = build(problem, signature, trial.hyperparameters, Budget(steps=1))
    model.optimizer.build(model.trainable_variables)
    checkpoint.load_weights(path, model)
    return model


def traits(model: keras.Model) -> dict[str, Value]:
    """Kernel size of the first convolution, number of convolutions, and how maps are reduced."""
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
    """The effect on the heatmaps of each trait that varies, and of the score."""
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
    """How much of the outcome's order the trait explains, and how often chance explains as much.

    Args:
        outcome: (n,) one outcome per trial.
        trait: A trait of the trials.
        questions: Number of questions asked at once (Bonferroni).
        seed: Seed of the permutations.
    """
    p = p_value(outcome, trait, np.random.default_rng([seed, 5]))
    return Effect(explained=explained(outcome, trait), p_value=min(1.0, questions * p))
