"""The course of a search: its trials by number, by time and by epoch."""

import math
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from study.figures.search.searched import BASELINE, Searched, Words, capital
from study.wording import duration, percent, points, several

READING_TIMELINE = (
    "Each row is a trial. Trials whose bars overlap in time were trained at the same time by "
    "different workers. A bar is long because the network is slow or because it was trained for "
    "many epochs. While no bar covers a time, the search waited, was interrupted, or trained a "
    "network that failed: failed trials have no bar."
)
READING_CURVES = (
    "Each line is a trial, from its first epoch to its last. If lines cross often, the score after "
    "a few epochs does not yet tell which trial will end up better, and ending trials early is "
    "risky; if lines keep their order, it costs little. A trial whose line still rises at its end "
    "might have gained from more epochs."
)


class HistoryInfo(NamedTuple):
    """Scores in the order of the trials, and the best so far."""

    numbers: tuple[int, ...]
    """Numbers of the drawn trials that have a score; `scores` and `epochs` are theirs."""
    scores: tuple[float, ...]
    """In [0, 1]."""
    epochs: tuple[int, ...]
    failed: tuple[int, ...]
    """Numbers of the drawn trials that have no score."""
    line: tuple[tuple[int, float], ...]
    """(number, best score so far) of the trials at which it rises, and of the last one."""
    tried: int
    failures: int
    baseline: float | None
    """Score of the baseline, if it has one."""
    best: tuple[int, float] | None
    """Number and score of the best trial, if there is one."""
    budgets: tuple[int, int] | None
    """Fewest and most epochs of a trial with a score; None if all had the same."""
    last: int
    """Number of the last trial."""

    @property
    def ends(self) -> tuple[float, float]:
        """The ends of the axis of trials, with room for the first and the last dot."""
        room = max(0.6, self.last / 100)
        return -room, self.last + room


def history_info(search: Searched) -> HistoryInfo:
    """Every search has a history, even if all its trials failed."""
    line: list[tuple[int, float]] = []
    for trial in search.scored:
        if trial.score is not None and (not line or trial.score > line[-1][1]):
            line.append((trial.number, trial.score))
    last = search.trials[-1].number
    if line and line[-1][0] != last:
        line.append((last, line[-1][1]))
    scores = {trial.number: trial.score for trial in search.scored if trial.score is not None}
    epochs = [trial.epochs for trial in search.scored]
    return HistoryInfo(
        numbers=tuple(trial.number for trial in search.drawn),
        scores=tuple(scores[trial.number] for trial in search.drawn),
        epochs=tuple(trial.epochs for trial in search.drawn),
        failed=search.failed,
        line=tuple(line),
        tried=len(search.trials),
        failures=len(search.trials) - len(search.scored),
        baseline=scores.get(BASELINE),
        best=None if search.best is None else (search.best, scores[search.best]),
        budgets=(min(epochs), max(epochs)) if len(set(epochs)) > 1 else None,
        last=last,
    )


def history_words(search: Searched, info: HistoryInfo) -> Words:
    """Says which trial is the best, and by how much it beats the baseline."""
    tried = several(info.tried, "trial")
    if info.best is None:
        return Words(
            "History",
            f"No trial has a score: {tried} ran and failed (crosses).{search.sampled}",
            f"Crosses for {tried} without a score.",
        )
    number, score = info.best
    if number == BASELINE:
        best = f"The baseline is the best trial, with {percent(score)}."
    else:
        best = f"Trial {number} is the best, with {percent(score)}"
        if info.baseline is not None:
            gain = f"{points(score - info.baseline)} points"
            best += f"; the baseline reached {percent(info.baseline)} ({gain})"
        best += "."
    said = [
        f"{capital(search.score)} of {tried} in the order in which they were tried, and the best "
        f"score so far (line). The baseline is orange, the best trial blue. {best}"
    ]
    if info.failures:
        said.append(f"{several(info.failures, 'trial')} failed (crosses).")
    if info.budgets:
        least, most = info.budgets
        said.append(
            f"Trials were trained for {least} to {most} epochs (the larger the dot, the more "
            "epochs), so a low score may only mean that training was short."
        )
    return Words(
        "History",
        " ".join(said) + search.sampled,
        f"Dots show the score of each of {tried}, a stepped line the best score so far.",
    )


class TimelineInfo(NamedTuple):
    """The times at which trials were trained."""

    numbers: tuple[int, ...]
    """Numbers of the trials that are drawn; `began` and `seconds` are theirs."""
    began: tuple[str, ...]
    """When each trial began, ISO 8601 in UTC without a zone."""
    seconds: tuple[float, ...]
    timed: int
    """How many trials have a recorded end."""
    trained: float
    """Seconds of training of all these trials together."""
    passed: float
    """Seconds from the first one's beginning to the last one's end."""


def timeline_info(search: Searched) -> TimelineInfo | None:
    """None if fewer than two of the drawn trials have a recorded end."""
    spans: dict[int, tuple[datetime, float]] = {}
    for trial in search.scored:
        if trial.finished:
            ended = datetime.fromisoformat(trial.finished)
            ended = (ended.astimezone(UTC) if ended.tzinfo else ended).replace(tzinfo=None)
            spans[trial.number] = (ended - timedelta(seconds=trial.seconds), trial.seconds)
    numbers = tuple(trial.number for trial in search.drawn if trial.number in spans)
    if len(numbers) < 2:
        return None
    first = min(began for began, _ in spans.values())
    last = max(began + timedelta(seconds=seconds) for began, seconds in spans.values())
    return TimelineInfo(
        numbers=numbers,
        began=tuple(spans[number][0].isoformat() for number in numbers),
        seconds=tuple(spans[number][1] for number in numbers),
        timed=len(spans),
        trained=sum(seconds for _, seconds in spans.values()),
        passed=(last - first).total_seconds(),
    )


def timeline_words(search: Searched, info: TimelineInfo) -> Words:
    """Says how long the search took, and how many trials ran at a time."""
    timed = several(info.timed, "trial")
    at_once = f", {info.trained / info.passed:.1f} at a time" if info.passed else ""
    return Words(
        "Timeline",
        f"{timed}: {duration(info.trained)} of training within {duration(info.passed)}{at_once}. A "
        "bar ends when its trial ended (UTC) and is as long as the trial's training, without "
        "pauses."
        f"{search.sampled}",
        f"Bars from the beginning to the end of each of {timed}.",
        READING_TIMELINE,
    )


class Curve(NamedTuple):
    """The validation objective of one trial by epoch."""

    number: int
    epochs: tuple[int, ...]
    """Epochs counted from 1, including those of the trial that this one continues."""
    scores: tuple[float, ...]
    """The objective in [0, 1]; epochs whose value is not a finite number are left out."""


class CurvesInfo(NamedTuple):
    """Learning curves of the drawn trials; those of failed trials end where training failed."""

    curves: tuple[Curve, ...]
    best: int | None


def curves_info(search: Searched) -> CurvesInfo | None:
    """None if no trial has two epochs."""
    curves = []
    for trial in search.shown:
        values = trial.curves.get(f"val_{search.space.objective}", [])
        first = max(trial.epochs - len(values), 0) + 1
        known = [(n, v) for n, v in enumerate(values, start=first) if math.isfinite(v)]
        if known:
            curves.append(Curve(trial.number, *map(tuple, zip(*known, strict=True))))
    if max((len(curve.epochs) for curve in curves), default=0) < 2:
        return None
    return CurvesInfo(tuple(curves), search.best)


def curves_words(search: Searched, info: CurvesInfo) -> Words:
    """Says how long trials trained, and in which epoch the best and the baseline peak."""
    lengths = [len(curve.epochs) for curve in info.curves]
    least, most = min(lengths), several(max(lengths), "epoch")
    each = most if least == max(lengths) else f"{least} to {most}"
    said = (
        f"{capital(search.score)} after each epoch of {several(len(lengths), 'trial')}, {each} "
        "each. The baseline is orange, the best trial blue."
    )
    names = {info.best: f"best trial ({info.best})"}
    names.setdefault(BASELINE, "baseline")
    by_number: dict[int | None, Curve] = {curve.number: curve for curve in info.curves}
    for number, name in names.items():
        if (curve := by_number.get(number)) is not None:
            peak = max(curve.scores)
            epoch, last = curve.epochs[curve.scores.index(peak)], curve.epochs[-1]
            said += f" The {name} peaks at {percent(peak)} in epoch {epoch} of {last}."
    return Words(
        "Learning curves",
        said + search.sampled,
        f"One line per trial: {search.score} by epoch.",
        READING_CURVES,
    )
