"""docs/chaos.md: what was last played, and how it came out."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

from study.machine import processor
from study.plan import provenance
from study.records.base import now
from tests.chaos.plan import KINDS, STEPS
from tests.chaos.play import Outcome
from tests.command import ROOT

PATH = ROOT / "docs/chaos.md"

PACKAGES = ("python", "tensorflow", "keras", "keras-tuner", "distributed", "optuna")

HEAD = """# Killed, interrupted, and out of disk at random moments

Written by `make chaos`; the seed decides all: `python -m tests.chaos --seed {seed} --only N` plays
round N again. Each round disturbs a small study once or several times (a fault in {hits} of {tried}
cases found a process that was still going on), then gives the same command again, or `resume`,
until it completes. Then must be true: everything on disk is that of a run which nobody disturbed,
to the last digit but for times; lines of finished trials have not changed by a byte; no file,
process or semaphore is left; each process ended within {bound:g} s of its signal, with the exit
code that the README says, no traceback and one line of error at most. A full disk is a limit on the
size of files, which every user may set (`RLIMIT_FSIZE`), put on all processes of the study at that
moment.

Commit {commit}, {date}, seed {seed}, {processor}, {cores} cores; {packages}.

**{count} rounds, {failed}.**

| first fault | step | tuners | workers | rounds | outcome |
|---|---|---|---|---|---|
"""


def write(seed: int, commit: str, bound: float, outcomes: Sequence[Outcome]) -> None:
    """Write the file: `commit` is what was played, `bound` seconds to an exit were granted."""
    versions = provenance.versions()
    faults = [words for outcome in outcomes for words in outcome.faults]
    failed = [outcome for outcome in outcomes if outcome.wrong]
    head = HEAD.format(
        seed=seed,
        hits=sum(not words.endswith("not hit") for words in faults),
        tried=len(faults),
        commit=commit,
        bound=bound,
        date=now()[:10],
        processor=processor.name(),
        cores=provenance.hardware(1)["cores"],
        packages=", ".join(f"{name} {versions[name]}" for name in PACKAGES),
        count=len(outcomes),
        failed=f"{len(failed)} of them wrong" if failed else "all of them right",
    )
    PATH.write_text(head + "\n".join(_rows(outcomes)) + "\n" + _failures(failed))


def _rows(outcomes: Sequence[Outcome]) -> list[str]:
    cells: dict[tuple[str, str], list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        cells[outcome.round.launches[0][0].kind, outcome.round.step].append(outcome)
    order = [(kind, step) for kind in KINDS for step in STEPS if (kind, step) in cells]
    return [_row(kind, step, cells[kind, step]) for kind, step in order]


def _row(kind: str, step: str, played: Sequence[Outcome]) -> str:
    wrong = [str(outcome.round.number) for outcome in played if outcome.wrong]
    outcome = f"wrong: {', '.join(wrong)}" if wrong else "right"
    tuners = _all(played, lambda one: one.round.tuner)
    workers = _all(
        played, lambda one: f"{one.round.workers}{' of a cluster' if one.round.cluster else ''}"
    )
    return f"| {KINDS[kind]} | {step} | {tuners} | {workers} | {len(played)} | {outcome} |"


def _all(played: Sequence[Outcome], word: Callable[[Outcome], str]) -> str:
    return ", ".join(dict.fromkeys(sorted(map(word, played))))


def _failures(failed: Sequence[Outcome]) -> str:
    if not failed:
        return ""
    lines = ["", "What was wrong:", ""]
    for outcome in failed:
        # The machine's own paths are nobody's business.
        words = "; ".join(outcome.wrong).replace(str(Path.home()), "~").replace("|", "/")
        lines.append(f"- {outcome.round}. {words}")
    return "\n".join(lines) + "\n"
