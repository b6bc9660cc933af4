"""Which of a search's trials is best, which belong together, which ended early."""

import math
from collections.abc import Iterable, Sequence
from heapq import nsmallest

from study.records.trial import Trial


def configurations(trials: Sequence[Trial]) -> list[Trial]:
    """Each configuration as one trial, numbered and named as its first, with all its epochs.

    Trials that do not continue others stay unchanged. So does a continuation that failed: the trial
    that it continued keeps its score.
    """
    merged: dict[int, Trial] = {}
    failed: list[Trial] = []
    numbers = configuration_numbers(trials)
    for trial in trials:
        number = numbers[trial.trial_id]
        if number not in merged:
            merged[number] = trial
        elif trial.status == "failed":
            failed.append(trial)
        else:
            merged[number] = _together(merged[number], trial)
    return sorted([*merged.values(), *failed], key=lambda trial: trial.number)


def configuration_numbers(trials: Sequence[Trial]) -> dict[str, int]:
    """Trial id -> number of the first trial of its configuration, which may be its own."""
    numbers: dict[str, int] = {}
    for trial in trials:
        parent = str(trial.tuner.get("tuner/trial_id"))
        numbers[trial.trial_id] = numbers.get(parent, trial.number)
    return numbers


def _together(first: Trial, then: Trial) -> Trial:
    better = max(first, then, key=lambda trial: trial.score or 0.0)
    return first.model_copy(
        update={
            "tuner": then.tuner,
            "score": better.score,
            "best_epoch": better.best_epoch,
            "epochs": then.epochs,
            "curves": {
                name: first.curves.get(name, []) + rest for name, rest in then.curves.items()
            },
            "seconds": first.seconds + then.seconds,
            "latency": then.latency,
            "finished": then.finished,
        }
    )


def ended_early(configurations: Sequence[Trial]) -> set[int]:
    """Numbers of the configurations that were given fewer epochs than the longest."""
    completed = [one for one in configurations if one.status == "completed"]
    longest = max((one.epochs for one in completed), default=0)
    return {one.number for one in completed if one.epochs < longest}


def first_epochs(trial: Trial, epochs: int, metric: str) -> Trial:
    """The trial as if it had ended after this many epochs, to compare scores of equal budgets."""
    values = [v for v in trial.curves.get(f"val_{metric}", [])[:epochs] if math.isfinite(v)]
    return trial.model_copy(update={"score": max(values)}) if values else trial


def best_trial(trials: Iterable[Trial]) -> Trial | None:
    """The completed trial with the highest score; None if there is none with a finite score.

    Among equals it is the one with the lower validation loss at its best epoch, then the smaller
    network, then the earlier trial.
    """
    return next(iter(best_trials(trials, 1)), None)


def best_trials(trials: Iterable[Trial], most: int) -> list[Trial]:
    """At most `most` trials with a finite score, the best first, ranked as by `best_trial`."""
    return nsmallest(most, filter(has_score, trials), key=_rank)


def has_score(trial: Trial) -> bool:
    """Whether the trial has a finite score."""
    return trial.score is not None and math.isfinite(trial.score)


def _rank(trial: Trial) -> tuple[float, float, int, int]:
    """Sort key, the best first: see `best_trial`.

    The loss is that at the best epoch. Epochs are counted from the beginning of the configuration,
    curves from that of the trial. A trial that ended after epoch 9 and continued another one from
    epoch 3 has 6 losses, so its best epoch, say 8, has the fifth of them, losses[6 - 1 - (9 - 8)].
    """
    losses = trial.curves.get("val_loss", [])
    epoch = len(losses) - 1 - (trial.epochs - (trial.best_epoch or 0))
    loss = losses[epoch] if 0 <= epoch < len(losses) else math.inf
    return -(trial.score or 0.0), loss, trial.parameters or 0, trial.number
