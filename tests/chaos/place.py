"""Where rounds are played: a project with a tiny problem, processes, a cluster."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.command import ROOT
from tests.zygote import Launched, Zygote, launch_cold

ADDED = Path(__file__).parent / "added"

PRESET = """
[search]
tuner = "{tuner}"
max_trials = {trials}
max_epochs = 3
batch_size = 16
in_order = true
keep = 2
dtype = "float32"

[evaluation]
seeds = 2
epochs = 2

[figures]
filters = 2
ascent_steps = 1
fourier_steps = 1
patches = 1
robustness_images = 10
map_images = 2
search_images = 2
curve_images = 2
sanity_images = 1
smooth_samples = 1
scorecam_channels = 1
"""

TRIALS = {"asha": 4, "hyperband": 4}
"""Of a search; else 5."""


def make_project(folder: Path) -> None:
    """The project with one more problem, made as the README says: a file, and one for its data."""
    for package in ("study", "search_spaces"):
        shutil.copytree(ROOT / package, folder / package)
    shutil.copytree(ADDED, folder, dirs_exist_ok=True)


def write_preset(folder: Path, tuner: str) -> Path:
    """A preset for the tuner."""
    path = folder / f"{tuner}.toml"
    path.write_text(PRESET.format(tuner=tuner, trials=TRIALS.get(tuner, 5)))
    return path


@dataclass
class Place:
    """A folder to work in, with processes' own temporary folder, and perhaps a cluster."""

    zygote: Zygote
    project: Path
    folder: Path
    temporary: Path
    """Of the study; short: sockets are in it."""
    temporary_of_cluster: Path
    """What others leave is not the study's."""
    launched: list[Launched] = field(default_factory=list)

    def launch(self, arguments: list[str], cold: bool = False) -> Launched:
        """`python -m study ARGUMENTS`."""
        begun = self._begin("study", arguments, self.temporary, cold)
        self.launched.append(begun)
        return begun

    def begin_dask(self, module: str, arguments: list[str]) -> Launched:
        """A scheduler or worker that somebody else has begun."""
        return self._begin(module, arguments, self.temporary_of_cluster)

    def remove_temporary(self) -> None:
        """What is left in temporary folders, and these."""
        for folder in (self.temporary, self.temporary_of_cluster):
            shutil.rmtree(folder, ignore_errors=True)

    def _begin(
        self, module: str, arguments: list[str], temporary: Path, cold: bool = False
    ) -> Launched:
        environment = os.environ | {
            "PYTHONPATH": str(self.project),
            "TMPDIR": str(temporary),
            "COLUMNS": "200",
        }
        if cold:
            return launch_cold(self.folder, module, arguments, environment)
        return self.zygote.launch(self.folder, module, arguments, environment)

    def begin_cluster(self, workers: int) -> "Cluster":
        """A scheduler and its workers, as somebody else would have started them."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        cluster = Cluster(self, f"tcp://127.0.0.1:{port}", workers)
        cluster.begin()
        return cluster


@dataclass
class Cluster:
    """One that is kept alive: in place of what died comes another."""

    place: Place
    address: str
    count: int
    scheduler: Launched | None = None
    workers: list[Launched] = field(default_factory=list)

    def begin(self) -> None:
        """Begin what is not there."""
        if self.scheduler is None or self.scheduler.poll() is not None:
            self._end_workers()
            host, port = self.address.removeprefix("tcp://").split(":")
            options = ["--host", host, "--port", port, "--no-dashboard"]
            self.scheduler = self.place.begin_dask("distributed.cli.dask_scheduler", options)
            until(lambda: _answers(host, int(port)), 60)
        self.workers = [one for one in self.workers if one.poll() is None]
        while len(self.workers) < self.count:
            options = [self.address, "--nthreads", "1", "--no-nanny", "--no-dashboard"]
            self.workers.append(self.place.begin_dask("distributed.cli.dask_worker", options))

    def _end_workers(self) -> None:
        for one in self.workers:
            _kill(one)
        self.workers = []

    def end(self) -> None:
        """Kill it."""
        self._end_workers()
        if self.scheduler:
            _kill(self.scheduler)


def _answers(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), 1).close()
    except OSError:
        return False
    return True


def _kill(one: Launched) -> None:
    if one.poll() is None:
        one.kill()
        one.wait(60)
    kill_session(one.pid)


def until(happened: Callable[[], bool], seconds: float, pause: float = 0.02) -> bool:
    """Wait until it has; whether it did in time."""
    deadline = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > deadline:
            return False
        time.sleep(pause)
    return True


def heeds_signals(pid: int) -> bool:
    """Whether the process catches SIGTERM, which the study does and Python by itself does not."""
    with suppress(OSError):
        status = Path(f"/proc/{pid}/status").read_text()
        caught = int(status.partition("SigCgt:")[2].split()[0], 16)
        return bool(caught >> (signal.SIGTERM - 1) & 1)
    return False


def session(pid: int) -> dict[int, int]:
    """Living processes of the session that this one began: process -> its parent."""
    found = {}
    for entry in os.scandir("/proc"):
        if entry.name.isdecimal():
            try:
                stat = Path(entry.path, "stat").read_text()
            except OSError:  # it has just ended
                continue
            state, parent, _, number = stat.rpartition(")")[2].split()[:4]
            if int(number) == pid and state not in "ZX":
                found[int(entry.name)] = int(parent)
    return found


def workers_of(pid: int) -> list[int]:
    """Worker processes on this machine: children of a child, the one that they are forked from."""
    found = session(pid)
    return [one for one, parent in found.items() if found.get(parent) == pid]


def kill_session(pid: int) -> None:
    """kill -9 of all its processes."""
    for one in session(pid):
        try:
            os.kill(one, signal.SIGKILL)
        except ProcessLookupError:
            continue


def command_line(pid: int) -> str:
    """Of a process."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()[:80]
    except OSError:
        return "ended"


def commit() -> str:
    """Of this checkout."""
    asked = ["git", "describe", "--always", "--dirty", "--exclude=*"]
    done = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"
