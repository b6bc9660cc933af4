"""Hand-made records for tests: the same ones every time, no training."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from study.data.dataset import Crossed
from study.records.base import Estimate
from study.records.evaluation import Comparison, Evaluation, NetworkResult, PerClass, SeedResult
from study.records.finding import METHODS, NetworkSanity, Sanity
from study.records.study import Signature
from study.records.trial import Curves, Trial
from tests.command import ROOT

IMAGES_PER_CLASS = 20

TIMES = {"seconds", "latency", "finished"}
"""What differs between two equal trials."""

NAMES = {
    "class": tuple(f"{n}" for n in range(12)),
    "length": ("short", "long"),
    "angle": ("0°", "60°", "120°"),
    "color": ("red", "blue"),
}
CROSSED = Crossed(("length", "angle", "color"), into="class")
"""Label columns of a data set whose class is a mixed-radix number, and how they make it."""


def signature(problem: str) -> Signature:
    """That of a problem of the study, as the example run recorded it."""
    path = ROOT / f"results/example/{problem}/signature.json"
    return Signature.model_validate_json(path.read_text())


def trial(number: int = 0, score: float | None = 0.9, **changes: Any) -> Trial:
    """A trial of two epochs that ends with that score; a failed one if it is None."""
    fields: dict[str, Any] = {
        "number": number,
        "trial_id": f"{number:04}",
        "hyperparameters": {"filters": 32},
        "status": "failed" if score is None else "completed",
        "score": score,
        "seed": number + 1,
        "seconds": 2.5,
    }
    if score is None:
        fields |= {"error": "ValueError: no such layer"}
    else:
        fields |= {
            "best_epoch": 2,
            "epochs": 2,
            "parameters": 1000,
            "latency": 1e-3,
            "curves": curves(score),
        }
    return Trial(**(fields | changes))


def curves(score: float, epochs: int = 2, metrics: Sequence[str] = ("accuracy",)) -> Curves:
    """Losses that halve each epoch and metrics that rise to the score by steps of 0.1."""
    made: Curves = {}
    for part in ("", "val_"):
        made[f"{part}loss"] = [0.5**epoch for epoch in range(1, epochs + 1)]
        for metric in metrics:
            made[part + metric] = [score - 0.1 * left for left in reversed(range(epochs))]
    return made


def network_result(
    score: float,
    classes: int = 3,
    seeds: int = 2,
    metrics: Sequence[str] = ("accuracy",),
    **changes: Any,
) -> NetworkResult:
    """A network with that score on every metric, class and seed."""
    values = {metric: score for metric in metrics}
    fields: dict[str, Any] = {
        "hyperparameters": {"filters": 32},
        "parameters": 1000,
        "seeds": [
            SeedResult(
                seed=seed,
                epochs=2,
                validation=values,
                test=values,
                curves=curves(score, metrics=metrics),
                seconds=1.5,
            )
            for seed in range(1, seeds + 1)
        ],
        "saved_seed": 1,
        "test": {
            metric: Estimate(mean=score, ci95=(score - 0.02, score + 0.02)) for metric in metrics
        },
        "per_head": {
            "class": PerClass(
                precision=[score] * classes, recall=[score] * classes, f1=[score] * classes
            )
        },
    }
    return NetworkResult(**(fields | changes))


def evaluation(
    problem: str = "mnist",
    classes: Sequence[str] = ("0", "1", "2"),
    baseline: float = 0.8,
    tuned: float = 0.9,
    seeds: int = 2,
    metrics: Sequence[str] = ("accuracy",),
    **changes: Any,
) -> Evaluation:
    """An evaluation whose networks have these scores; the last metric is the compared one."""
    fields: dict[str, Any] = {
        "problem": problem,
        "metric": metrics[-1],
        "images": {"train": 60, "validation": 20, "test": IMAGES_PER_CLASS * len(classes)},
        "networks": {
            "baseline": network_result(baseline, len(classes), seeds, metrics),
            "tuned": network_result(tuned, len(classes), seeds, metrics),
        },
        "comparison": Comparison(
            difference=tuned - baseline,
            ci95=(tuned - baseline - 0.03, tuned - baseline + 0.03),
            p_value=0.01,
            method="paired bootstrap",
            verdict="tuned is better" if tuned > baseline else "no significant difference",
        ),
    }
    return Evaluation(**(fields | changes))


def trained(found: Evaluation, kept: int, epochs: int) -> Evaluation:
    """That evaluation, had every retraining gone on for so many epochs and kept that one."""
    changed = {"epochs": kept, "curves": curves(0.9, epochs)}
    networks = {
        name: one.model_copy(
            update={"seeds": [seed.model_copy(update=changed) for seed in one.seeds]}
        )
        for name, one in found.networks.items()
    }
    return found.model_copy(update={"networks": networks})


def predictions(
    sizes: Mapping[str, int], images: int = 30, seeds: int = 2
) -> dict[str, np.ndarray]:
    """What predictions.npz holds, for heads with these numbers of classes.

    Labels count through the classes. The baseline is wrong on images 0, 5, 10, ..., the tuned
    network on 0, 10, 20, ...: there every head gives the next class. The class a head predicts
    has a probability of 0.9, growing to 0.99 from the first image to the last.
    """
    numbers = np.arange(images)
    top = np.linspace(0.9, 0.99, images)
    arrays: dict[str, np.ndarray] = {}
    for head, classes in sizes.items():
        labels = numbers % classes
        arrays[f"labels_{head}"] = labels
        for network, every in (("baseline", 5), ("tuned", 10)):
            chosen = np.where(numbers % every == 0, (labels + 1) % classes, labels)
            rest = ((1 - top) / (classes - 1))[:, None]
            given = np.where(np.arange(classes) == chosen[:, None], top[:, None], rest)
            arrays[f"{network}_{head}"] = given.astype(np.float32)
    for network, every in (("baseline", 5), ("tuned", 10)):
        arrays[f"{network}_correct"] = np.tile(numbers % every != 0, (seeds, 1))
    return arrays


def sanity(*ends: float, vanished: float = 0.0, draws: int = 5) -> Sanity:
    """Of both networks: the similarity with which each of METHODS ends.

    So many of the maps became constant.
    """
    similarity = {
        method: [around(0.8), around(end)] for method, end in zip(METHODS, ends, strict=True)
    }
    one = NetworkSanity(
        stages=["class", "conv1"],
        similarity=similarity,
        at_most={method: around(of[-1].mean + vanished) for method, of in similarity.items()},
        vanished=dict.fromkeys(METHODS, vanished),
        compared=dict.fromkeys(METHODS, 40),
    )
    return Sanity(images=40, draws=draws, limit=0.5, networks={"baseline": one, "tuned": one})


def around(mean: float) -> Estimate:
    """A mean with an interval of 0.1 each way."""
    return Estimate(mean=mean, ci95=(mean - 0.1, mean + 0.1))
