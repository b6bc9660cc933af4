"""Play a round: disturb, look how it ends, give the command again, and say what was wrong."""

import os
import resource
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.chaos import checks
from tests.chaos.place import (
    Cluster,
    Place,
    command_line,
    heeds_signals,
    kill_session,
    make_project,
    session,
    until,
    workers_of,
    write_preset,
)
from tests.chaos.plan import GO_ON, Fault, Moment, Round
from tests.zygote import Launched, Zygote

EXIT_SECONDS = 10
"""After a signal a process, and all it began, has ended."""

STARTS = {
    "search": "tiny: search: started",
    "evaluate": "tiny: evaluate: started",
    "explain": "explain: started",
    "figures": "figures: started",
    "report": "figures: done",
}
"""Step -> the line on standard output with which it begins."""

LAST = {"run": "report: reports/", "search": "tiny: search: done"}
"""Command -> the line after which it only closes."""

SIGNALS = {
    "interrupt": (signal.SIGINT, 1),
    "interrupt twice": (signal.SIGINT, 2),
    "interrupt five times": (signal.SIGINT, 5),
    "terminate": (signal.SIGTERM, 1),
}
"""Kind -> which signal, how often."""

CODES = {
    "kill driver": {-signal.SIGKILL},
    "kill group": {-signal.SIGKILL},
    "kill scheduler": {1},
    "interrupt": {130},
    "interrupt twice": {130},
    "interrupt five times": {130},
    "terminate": {130, 143},
    "full disk": {1},
}
"""Kind -> exit codes."""


@dataclass(frozen=True)
class Undisturbed:
    """What a run comes to, and how long its steps take."""

    folder: Path
    begins: dict[str, float]
    """Step -> seconds after the launch; "end" too."""

    def window(self, step: str) -> tuple[float, float]:
        """When a step begins and ends, in seconds after the launch; "": the whole."""
        if step == "":
            return 0, self.begins["end"]
        steps = list(self.begins)
        return self.begins[step], self.begins[steps[steps.index(step) + 1]]


@dataclass
class Outcome:
    """How a round went."""

    round: Round
    seconds: float
    wrong: list[str]
    """What was wrong; empty if nothing."""
    faults: list[str]
    """What was done, and when."""


@dataclass
class Game:
    """What all rounds share; rounds may be played side by side."""

    zygote: Zygote
    folder: Path
    patience: float = 1
    """Factor on all bounds of time, for busy machines."""
    _known: dict[tuple[str, int, str], Undisturbed] = field(default_factory=dict)
    _locks: dict[tuple[str, int, str], threading.Lock] = field(default_factory=dict)

    def __post_init__(self) -> None:
        make_project(self.folder / "project")
        self.completion = 120 * self.patience
        self.exit = EXIT_SECONDS * self.patience

    def place(self, name: str) -> Place:
        """A new place of that name."""
        folder = self.folder / name
        folder.mkdir()
        temporary, others = (Path(tempfile.mkdtemp(prefix="c", dir="/tmp")) for _ in range(2))
        return Place(self.zygote, self.folder / "project", folder, temporary, others)

    def undisturbed(self, tuner: str, workers: int, command: str) -> Undisturbed:
        """What nobody disturbs; done once."""
        key = (tuner, workers, command)
        with self._locks.setdefault(key, threading.Lock()):
            if key not in self._known:
                self._known[key] = self._undisturbed(tuner, workers, command)
            return self._known[key]

    def _undisturbed(self, tuner: str, workers: int, command: str) -> Undisturbed:
        place = self.place(f"whole-{tuner}-{workers}-{command}")
        started = time.monotonic()
        begun = place.launch(_arguments(place, command, tuner, workers, None))
        out, err = begun.communicate(self.completion)
        if begun.returncode:
            raise RuntimeError(f"undisturbed, {command} by {tuner} fails:\n{out}\n{err}")
        ended = time.monotonic()
        begins = {"creation": 0.0}
        for step, words in (*STARTS.items(), ("closing", LAST[command])):
            said = [when - started for when, line in begun.lines if line.startswith(words)]
            begins |= dict.fromkeys([step], *said[:1]) if said else {}
        place.remove_temporary()
        return Undisturbed(place.folder, begins | {"end": ended - started})

    def play(self, one: Round) -> Outcome:
        """Play it."""
        whole = self.undisturbed(one.tuner, one.workers, one.command)
        place = self.place(f"round-{one.number}")
        started = time.monotonic()
        playing = _Playing(self, one, whole, place)
        try:
            playing.play()
        finally:
            playing.end()
        outcome = Outcome(one, time.monotonic() - started, playing.wrong, playing.done)
        if not outcome.wrong:
            shutil.rmtree(place.folder)
        place.remove_temporary()
        return outcome


def _arguments(
    place: Place, command: str, tuner: str, workers: int, scheduler: str | None
) -> list[str]:
    preset = ["--preset", str(write_preset(place.folder, tuner)), "--name", "demo"]
    where = ["--scheduler", scheduler] if scheduler else []
    return [command, "tiny", *preset, "--workers", str(workers), *where]


class _Playing:
    def __init__(self, game: Game, one: Round, whole: Undisturbed, place: Place) -> None:
        self._game, self._round, self._whole, self._place = game, one, whole, place
        self._cluster: Cluster | None = None
        self._lines = b""
        """Whole lines of trials.jsonl, before the launch that goes on."""
        self.wrong: list[str] = []
        self.done: list[str] = []

    def play(self) -> None:
        """All launches of the round."""
        one, place = self._round, self._place
        if one.cluster:
            self._cluster = place.begin_cluster(one.workers)
        scheduler = self._cluster.address if self._cluster else None
        arguments = _arguments(place, one.command, one.tuner, one.workers, scheduler)
        for number, faults in enumerate(one.launches):
            if self._cluster:
                self._cluster.begin()
            was_finished = checks.is_finished(place.folder)
            begun = place.launch(arguments, cold=one.cold and number == 0)
            self._disturb(begun, faults, was_finished)
            self._remember()
            if begun.returncode == 0:
                break
        if self._cluster:
            self._cluster.begin()
        again = arguments
        if one.resumes and (place.folder / "results/demo/study.json").exists():
            again = ["resume", "demo", *arguments[arguments.index("--workers") :]]
        if begun.returncode != 0:
            self._complete(again)
        if not self.wrong:
            self.wrong += checks.differences(place.folder, self._whole.folder)
        self._see_what_is_left()

    def end(self) -> None:
        """Nothing of the round goes on after it; what its launches printed is beside them."""
        for number, begun in enumerate(self._place.launched, start=1):
            kill_session(begun.pid)
            for stream in ("out", "err"):
                path = self._place.folder / f"launch-{number}.{stream}"
                path.write_text(begun.printed(stream))
        if self._cluster:
            self._cluster.end()

    def _disturb(self, begun: Launched, faults: tuple[Fault, ...], was_finished: bool) -> None:
        launched, hit = time.monotonic(), []
        for fault in faults:
            there = self._count(fault.moment)
            self._wait(begun, fault.moment, launched, there)
            after = time.monotonic() - launched
            if begun.poll() is None and self._do(begun, fault):
                hit.append(fault.kind)
                self.done.append(f"{fault.kind} after {after:.2f} s")
            else:
                self.done.append(f"{fault.kind}: not hit")
        ends = [kind for kind in hit if kind not in GO_ON and kind != "full disk"]
        bound = self._game.exit if ends else self._game.completion
        what = " and ".join(hit) or "no fault"
        if not until(lambda: begun.poll() is not None, bound):
            self._say(f"does not end within {bound:g} s of {what}: {_tail(begun)}")
            kill_session(begun.pid)
        self._gone(begun, what)
        self._limit_files(begun.pid, resource.RLIM_INFINITY)
        self._judge(begun, hit, what, was_finished)

    def _count(self, moment: Moment) -> int:
        return len(list(self._place.folder.glob(moment.file))) if moment.file else 0

    def _wait(self, begun: Launched, moment: Moment, launched: float, there: int) -> None:
        deadline = self._game.completion
        if moment.file:
            come = lambda: self._count(moment) > there  # noqa: E731
            until(lambda: begun.poll() is not None or come(), deadline, pause=0.002)
            return
        first, last = self._whole.window(moment.step)
        line = STARTS.get(moment.step)
        if moment.step == "closing":
            line = LAST[self._round.command]
        if line is not None:
            said = lambda: any(words.startswith(line) for _, words in begun.lines)  # noqa: E731
            until(lambda: begun.poll() is not None or said(), deadline, pause=0.005)
            launched = time.monotonic()
        wait = moment.share * (last - first) - (time.monotonic() - launched)
        until(lambda: begun.poll() is not None, wait, pause=0.005)

    def _do(self, begun: Launched, fault: Fault) -> bool:
        """Do it; whether there was somebody to do it to."""
        try:
            return self._harm(begun, fault)
        except ProcessLookupError:
            return False

    def _harm(self, begun: Launched, fault: Fault) -> bool:
        pid = begun.pid
        match fault.kind:
            case "kill driver":
                os.kill(pid, signal.SIGKILL)
            case "kill group":
                os.killpg(pid, signal.SIGKILL)
            case "kill worker" | "kill workers":
                return self._kill_workers(pid, fault)
            case "kill scheduler":
                assert self._cluster
                assert self._cluster.scheduler
                self._cluster.scheduler.kill()
            case "stop and go on":
                _send(pid, signal.SIGSTOP, fault.alone)
                time.sleep(fault.pause)
                _send(pid, signal.SIGCONT, fault.alone)
            case "full disk":
                self._limit_files(pid, fault.bytes)
            case kind:
                number, times = SIGNALS[kind]
                # Before that, Python itself hears them: nobody's code can do anything about it.
                until(lambda: begun.poll() is not None or heeds_signals(pid), EXIT_SECONDS, 0.001)
                alone = fault.alone and number == signal.SIGTERM  # a terminal sends it to all
                _send(pid, number, alone)
                with suppress(ProcessLookupError):  # one was enough
                    for _ in range(times - 1):
                        time.sleep(fault.pause)
                        _send(pid, number, alone)
        return True

    def _limit_files(self, pid: int, most: int) -> None:
        cluster = [one.pid for one in self._cluster.workers] if self._cluster else []
        for one in (*session(pid), *cluster):
            try:
                resource.prlimit(one, resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))
            except ProcessLookupError:  # it has just ended
                continue

    def _kill_workers(self, pid: int, fault: Fault) -> bool:
        cluster = self._cluster
        found = [one.pid for one in cluster.workers] if cluster else sorted(workers_of(pid))
        for one in found[: 1 if fault.kind == "kill worker" else None]:
            os.kill(one, signal.SIGKILL)
        if cluster:
            until(lambda: all(one.poll() is not None for one in cluster.workers[:1]), 5)
            cluster.begin()
        return bool(found)

    def _gone(self, begun: Launched, what: str) -> None:
        """No process of its session is left."""
        if not until(lambda: not session(begun.pid), self._game.exit):
            left = [command_line(one) for one in session(begun.pid)]
            self._say(f"{len(left)} processes are left after {what}: {left[0] if left else ''}")
            kill_session(begun.pid)

    def _judge(self, begun: Launched, hit: list[str], what: str, was_finished: bool) -> None:
        """What it said, and its exit code."""
        expected = {0}.union(*(CODES[kind] for kind in hit if kind in CODES))
        code, errors = begun.poll(), begun.printed("err")
        if was_finished:
            expected.add(2)  # a finished run's name is refused
        if "kill scheduler" in hit and "no Dask scheduler at" in errors:
            expected.add(2)  # it was killed before the study asked for it
        if code not in expected:
            self._say(f"exit code {code} after {what}, expected {sorted(expected)}: {_tail(begun)}")
        if "Traceback" in errors:
            self._say(f"a traceback after {what}: {_tail(begun)}")
        lines = [line for line in errors.splitlines() if line.startswith("error:")]
        if len(lines) > 1 or (code is not None and code > 0 and not lines):
            self._say(f"{len(lines)} lines begin with error: after {what}: {_tail(begun)}")

    def _complete(self, arguments: list[str]) -> None:
        was_finished = checks.is_finished(self._place.folder)
        begun = self._place.launch(arguments)
        try:
            begun.wait(self._game.completion)
        except subprocess.TimeoutExpired:
            self._say(f"given again, it does not complete: {_tail(begun)}")
            kill_session(begun.pid)
            return
        self._gone(begun, "completion")
        # A finished run's name is refused to the same command; whether it is, is looked at then.
        if begun.returncode and not (was_finished and begun.returncode == 2):
            self._say(f"given again, it ends with {begun.returncode}: {_tail(begun)}")
        elif "Traceback" in begun.printed("err"):
            self._say(f"a traceback when given again: {_tail(begun)}")
        self._remember()

    def _remember(self) -> None:
        """What is finished stays as it is, to the byte."""
        path = self._place.folder / "results/demo/tiny/trials.jsonl"
        whole = path.read_bytes().rpartition(b"\n") if path.exists() else (b"", b"", b"")
        now = whole[0] + whole[1]
        if not now.startswith(self._lines):
            self._say("lines of finished trials have changed")
        self._lines = now

    def _see_what_is_left(self) -> None:
        left = sorted(path.name for path in self._place.temporary.iterdir())
        if left:
            self._say(f"left in TMPDIR: {', '.join(left)}")
        for begun in self._place.launched:
            semaphores = [path.name for path in Path("/dev/shm").glob(f"sem.mp{begun.pid}-*")]
            if semaphores:
                self._say(f"{len(semaphores)} semaphores left in /dev/shm")
                for name in semaphores:
                    Path("/dev/shm", name).unlink(missing_ok=True)

    def _say(self, words: str) -> None:
        self.wrong.append(words)


def _send(pid: int, number: int, alone: bool) -> None:
    (os.kill if alone else os.killpg)(pid, number)


def _tail(begun: Launched) -> str:
    """The end of what it printed, in one line."""
    said: Callable[[str], list[str]] = lambda name: begun.printed(name).split()  # noqa: E731
    return " ".join([*said("out")[-12:], "|", *said("err")[-40:]])
