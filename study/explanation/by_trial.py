"""Do networks of one architecture look at the line more than those of another?

Asked of the trials of a search whose weights are still on disk, on validation images: nothing of
the test part is needed to compare trials.
"""

import logging
from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np
from scipy.stats import permutation_test, rankdata

from study.errors import CorruptRecord
from study.evaluation.uncertainty import image_estimates
from study.explanation.attribution import Explainer
from study.explanation.ground_truth import control_maps, energy, line_pixels
from study.networks.saved import is_convolution
from study.problem.problem import Problem
from study.records.base import (
    AcrossSearch,
    Effect,
    Method,
    Signature,
    Trial,
    TrialLocalisation,
    Value,
)
from study.search.search import checkpoint_path
from study.training import checkpoint
from study.training.training import build
from study.trials.ranking import best_trial, configuration_numbers, configurations

log = logging.getLogger(__name__)

SHOWN: tuple[Method, ...] = ("gradcam", "smoothgrad")
"""One that sees the cells of the last convolution, one that goes down to the pixels."""
FEWEST_TRIALS = 12
"""Of fewer not even the clearest order could be told from chance: eight against each other in two
groups of four have p = 1/35 at best, and eight questions at once want p below 1/160. Six against
six can have 1/462."""
PERMUTATIONS = 9_999


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
    samples: int,
    seed: int,
) -> AcrossSearch | None:
    """Localisation of every kept trial, and what it goes with; None if there are none.

    Args:
        problem: Of line images.
        signature: Of the problem.
        trials: As told, those that continue others too.
        folder: The search's.
        images: (n, height, width, 3) uint8 validation images, each with a line.
        samples: Noisy copies of an image that SmoothGrad averages over.
        seed: Of noise, intervals and permutations.
    """
    lines, found, unreadable = line_pixels(images), [], 0
    tried = configurations(trials)
    scores = {one.number: one.score for one in tried if one.score is not None}
    for number, (trial, path) in kept_trials(trials, folder).items():
        try:
            model = trained(problem, signature, trial, path)
        except CorruptRecord as error:
            log.warning("left out where localisation is compared: %s", error)
            unreadable += 1
            continue
        explainer = Explainer(model, samples=samples)
        maps = [energy(explainer.in_turn(images, method, seed), lines) for method in SHOWN]
        estimates = image_estimates(np.stack(maps, axis=1), seed)
        found.append(
            TrialLocalisation(
                number=number,
                score=scores[number],
                layer=explainer.layer,
                cells=explainer.resolution[0],
                traits=traits(model),
                energy=dict(zip(SHOWN, estimates, strict=True)),
            )
        )
    shown = {one.number for one in found}
    best = best_trial(one for one in tried if one.number in shown)
    if best is None:
        return None
    return AcrossSearch(
        images=len(images),
        scored=len(scores),
        unreadable=unreadable,
        best=best.number,
        sobel=float(energy(control_maps(images, seed)["sobel"], lines).mean()),
        trials=found,
        effects=effects(found, seed),
    )


def trained(problem: Problem, signature: Signature, trial: Trial, path: Path) -> keras.Model:
    """The trial's network as its last epoch left it, in float32.

    Raises:
        CorruptRecord: the weights cannot be read, or are not of such a network.
    """
    model, _ = build(problem, signature, trial.hyperparameters, steps=1)
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


def effects(trials: Sequence[TrialLocalisation], seed: int) -> dict[Method, dict[str, Effect]]:
    """What localisation goes with: each trait that varies, and the score."""
    if len(trials) < FEWEST_TRIALS:
        return {method: {} for method in SHOWN}
    asked: dict[str, np.ndarray] = {
        name: _groups([trial.traits[name] for trial in trials]) for name in trials[0].traits
    }
    asked = {name: groups for name, groups in asked.items() if len(groups) > 1}
    ranked = _centred_ranks([trial.score for trial in trials])
    if ranked.any():
        asked["score"] = (ranked / np.linalg.norm(ranked))[np.newaxis]
    questions = len(asked) * len(SHOWN)
    return {
        method: {
            name: effect([trial.energy[method].mean for trial in trials], axes, questions, seed)
            for name, axes in asked.items()
        }
        for method in SHOWN
    }


def _groups(values: Sequence[Value]) -> np.ndarray:
    """(groups, n): of each value the trials that have it, as a vector of length 1."""
    members = np.array([[other == value for other in values] for value in dict.fromkeys(values)])
    return members / np.sqrt(members.sum(axis=1, keepdims=True))


def effect(outcome: Sequence[float], axes: np.ndarray, questions: int, seed: int) -> Effect:
    """How much of the outcome's ranks lies along these axes, and how often chance does as well.

    What as many axes share with any ranking on average is taken off ("epsilon squared": Kelley
    1935, "An unbiased correlation ratio measure").

    Args:
        outcome: (n,) one of each trial.
        axes: (k, n) orthogonal vectors of length 1: of groups of trials, or of one ranking.
        questions: How many are asked at once (Bonferroni).
        seed: Of the permutations.
    """
    ranks = _centred_ranks(outcome)
    total = float((ranks**2).sum())
    by_chance = np.linalg.matrix_rank(axes - axes.mean(axis=1, keepdims=True)) / (len(ranks) - 1)
    if total == 0 or by_chance == 1:
        return Effect(explained=0.0, p_value=1.0)

    def explained(permuted: np.ndarray, axis: int) -> np.ndarray:  # noqa: ARG001  # scipy's: -1
        # Rounded, or equal values of two permutations would not be.
        return np.asarray(((permuted @ axes.T) ** 2).sum(axis=-1) / total).round(12)

    tested = permutation_test(
        (ranks,),
        explained,
        permutation_type="pairings",
        alternative="greater",
        n_resamples=PERMUTATIONS,
        vectorized=True,
        rng=np.random.default_rng([seed, 5]),
    )
    return Effect(
        explained=float(max(0.0, (tested.statistic - by_chance) / (1 - by_chance))),
        p_value=float(min(1.0, questions * tested.pvalue)),
    )


def _centred_ranks(values: Sequence[float]) -> np.ndarray:
    ranks = rankdata(values)
    return np.asarray(ranks - ranks.mean())
