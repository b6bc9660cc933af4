"""What is done in which round: all of it drawn from one seed."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, product
from typing import TypeVar

TUNERS = ("random", "grid", "bayesian", "hyperband", "asha")

PLACES = ((1, False), (2, False), (1, True), (2, True))
"""Workers, and whether they are a cluster's."""

KINDS = {
    "kill driver": "kill -9 of the driver alone",
    "kill group": "kill -9 of the whole process group",
    "kill worker": "kill -9 of one worker",
    "kill workers": "kill -9 of all workers",
    "kill scheduler": "kill -9 of the scheduler",
    "interrupt": "SIGINT once",
    "interrupt twice": "SIGINT twice",
    "interrupt five times": "SIGINT five times",
    "terminate": "SIGTERM",
    "stop and go on": "SIGSTOP, then SIGCONT",
    "full disk": "full disk",
}
"""Kinds of fault, in words."""

GO_ON = ("kill worker", "kill workers", "stop and go on")
"""After these the process goes on by itself."""

EXACT: dict[str, tuple[str, ...]] = {
    "creation": (
        "results/.lock",
        "results/.new",
        "results/.new/results/demo/.study-*",
        "results/.new/results/demo/study.json",
        "results/demo",
        "results/demo/.lock",
        "results/demo/tiny/space.json",
    ),
    "search": (
        "results/demo/tiny/trials.jsonl",
        "results/demo/tiny/search/trial_*/.checkpoint-*",
        "results/demo/tiny/search/trial_*/checkpoint.weights.h5",
        "results/demo/tiny/search/oracle.json",
    ),
    "evaluate": (
        "results/demo/tiny/retraining/*/.checkpoint-*",
        "results/demo/tiny/retraining/*/checkpoint.weights.h5",
        "results/demo/tiny/models/baseline.keras",
        "results/demo/tiny/models/.tuned-*",
        "results/demo/tiny/models/tuned.keras",
        "results/demo/tiny/predictions.npz",
        "results/demo/tiny/evaluation.json",
    ),
    "explain": (
        "results/demo/tiny/findings/.*-*",
        "results/demo/tiny/findings/*.npz",
        "results/demo/tiny/findings/*.json",
    ),
    "figures": (
        "results/demo/tiny/figures/*.png",
        "results/demo/tiny/figures/.figures-*",
        "results/demo/tiny/figures/figures.json",
    ),
    "report": ("reports/.demo-*", "reports/demo.html"),
    "closing": (),
}
"""Step -> files with whose coming a moment is hit exactly."""

STEPS = tuple(EXACT)

OF_SEARCH = ("creation", "search", "closing")
"""Steps that a search alone has, too."""

T = TypeVar("T")


@dataclass(frozen=True)
class Moment:
    """When a fault comes."""

    step: str
    """Of `STEPS`; "": counted from the beginning of the launch."""
    share: float
    """Of the time that the step, or the whole, takes undisturbed, in [0, 1)."""
    file: str | None = None
    """At once when there is one more of these; the share does not count then."""

    def __str__(self) -> str:
        if self.file:
            return f"as soon as there is a new {self.file}"
        return f"at {self.share:.0%} of {self.step or 'the whole'}"


@dataclass(frozen=True)
class Fault:
    """One thing that happens to a process."""

    kind: str
    moment: Moment
    pause: float
    """Seconds: between signals, or between stop and going on."""
    alone: bool
    """Of signals: to the driver alone, not to its process group."""
    bytes: int
    """Of a full disk: what a file can still hold."""

    def __str__(self) -> str:
        return f"{KINDS[self.kind]} {self.moment}"


@dataclass(frozen=True)
class Round:
    """Launches of one command, disturbed, until it completes."""

    number: int
    tuner: str
    workers: int
    cluster: bool
    command: str
    """run or search."""
    step: str
    launches: tuple[tuple[Fault, ...], ...]
    """The faults of each disturbed launch."""
    resumes: bool
    """It is completed by `resume`, not by the same command."""
    cold: bool
    """Its first launch is a Python that begins from nothing."""

    def __str__(self) -> str:
        place = "of a cluster" if self.cluster else "here"
        faults = "; then ".join(", ".join(map(str, faults)) for faults in self.launches)
        return (
            f"round {self.number}: {self.command}, {self.tuner}, workers {place}: {self.workers}; "
            f"{faults}{'; resume' if self.resumes else ''}{'; cold' if self.cold else ''}"
        )


def rounds(seed: int, count: int, tuners: tuple[str, ...] = TUNERS) -> list[Round]:
    """The first rounds of that seed; the same whatever their number."""
    return list(islice(_rounds(random.Random(seed), tuners), count))


def _rounds(rng: random.Random, all_tuners: tuple[str, ...]) -> Iterator[Round]:
    """Every kind, every step of every tuner, and every place comes again and again."""
    kinds, places = _in_turns(rng, tuple(KINDS)), _in_turns(rng, PLACES)
    pairs = _in_turns(rng, tuple(product(STEPS, all_tuners)))
    number = 0
    while True:
        number += 1
        kind, (step, tuner), (workers, cluster) = next(kinds), next(pairs), next(places)
        cluster = cluster or kind == "kill scheduler"
        first = [_fault(rng, kind, _moment(rng, step))]
        if kind in GO_ON and rng.random() < 0.5:  # the next one hits the same process
            first.append(_fault(rng, rng.choice(_possible(cluster)), _moment(rng, step)))
        launches = [tuple(first)]
        while rng.random() < 0.3:
            anywhere = Moment("", rng.random())
            launches.append((_fault(rng, rng.choice(_possible(cluster)), anywhere),))
        alone = step in OF_SEARCH and rng.random() < 0.7
        yield Round(
            number=number,
            tuner=tuner,
            workers=workers,
            cluster=cluster,
            command="search" if alone else "run",
            step=step,
            launches=tuple(launches),
            resumes=rng.random() < 0.3,
            cold=rng.random() < 0.1,
        )


def _possible(cluster: bool) -> list[str]:
    return [kind for kind in KINDS if cluster or kind != "kill scheduler"]


def _fault(rng: random.Random, kind: str, moment: Moment) -> Fault:
    return Fault(
        kind=kind,
        moment=moment,
        pause=rng.choice([0.001, 0.02, 0.2]) if "interrupt" in kind else 0.2 + 2 * rng.random(),
        alone=rng.random() < 0.5,
        bytes=rng.choice([0, 1000, 20_000]),
    )


def _moment(rng: random.Random, step: str) -> Moment:
    share, exactly, file = rng.random(), rng.random() < 0.4, rng.choice(EXACT[step] or ("",))
    return Moment(step, share, file if exactly and file else None)


def _in_turns(rng: random.Random, things: tuple[T, ...]) -> Iterator[T]:
    """All of them in a random order, again and again."""
    while True:
        yield from rng.sample(things, len(things))
