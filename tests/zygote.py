"""Processes that begin with the slow packages imported: as `python -m MODULE`, but for the wait.

Importing TensorFlow takes some six seconds of a core, and a study imports it twice: in the process
that decides, and in the one that workers are forked from. A zygote has imported the packages once
and is forked for each. To fork is safe as long as nothing was started: it has one thread, which is
checked, and no process, no Dask, no signal handler. Of the project itself it keeps nothing, so that
each fork imports the code that it is told to, with all state that modules have.

What a launch by a zygote does not show is what happens during these imports.
"""

import gc
import importlib
import json
import multiprocessing
import os
import re
import resource
import runpy
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent

MESSAGE_BYTES = 200_000
"""Of a request at most: all environment variables are in it."""

PACKAGES = (
    "distributed.deploy",
    "optuna.importance",
    "plotly.io",
    "study.cli.main",
    "study.cli.live",
    "study.explanation.findings",
    "study.own_images.any_network",
)
"""What brings all that commands import; what of it is the project's own is forgotten again."""

OURS = ("study", "search_spaces", "tests", "benchmarks")
"""Packages of the project."""


@dataclass
class Launched:
    """A process that was begun, and what it prints, as `subprocess.Popen` would have it."""

    pid: int
    """Of a session and a process group of its own."""
    _status: int
    """What its exit code is read from."""
    _pipes: dict[str, int]
    returncode: int | None = None
    lines: list[tuple[float, str]] = field(default_factory=list)
    """Of standard output: when by `time.monotonic`, and what."""
    _printed: dict[str, list[str]] = field(default_factory=lambda: {"out": [], "err": []})
    _readers: list[threading.Thread] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._ended = threading.Event()
        for name, pipe in self._pipes.items():
            self._readers.append(threading.Thread(target=self._read, args=(name, pipe)))
        self._waiter = threading.Thread(target=self._wait_for_status, daemon=True)
        for thread in (*self._readers, self._waiter):
            thread.daemon = True
            thread.start()

    def _read(self, name: str, pipe: int) -> None:
        with os.fdopen(pipe, encoding="utf-8", errors="replace") as stream:
            for line in stream:
                self._printed[name].append(line)
                if name == "out":
                    self.lines.append((time.monotonic(), line.rstrip("\n")))

    def _wait_for_status(self) -> None:
        with os.fdopen(self._status, "rb") as stream:
            told = stream.read()
        self.returncode = os.waitstatus_to_exitcode(int(told)) if told else -signal.SIGKILL
        self._ended.set()

    def poll(self) -> int | None:
        """The exit code, if it has ended: that of a signal is negative."""
        return self.returncode if self._ended.is_set() else None

    def wait(self, timeout: float) -> int:
        """The exit code, when it has ended."""
        if not self._ended.wait(timeout):
            raise subprocess.TimeoutExpired(str(self.pid), timeout)
        assert self.returncode is not None
        return self.returncode

    def communicate(self, timeout: float) -> tuple[str, str]:
        """Standard output and error, when whoever has them has closed them, and it has ended."""
        deadline = time.monotonic() + timeout
        for reader in self._readers:
            reader.join(max(0, deadline - time.monotonic()))
            if reader.is_alive():
                raise subprocess.TimeoutExpired(str(self.pid), timeout)
        self.wait(max(0, deadline - time.monotonic()))
        return self.printed("out"), self.printed("err")

    def printed(self, name: str) -> str:
        """What it has printed so far on "out" or "err"."""
        return "".join(self._printed[name])

    def kill(self) -> None:
        """kill -9 of this process alone."""
        os.kill(self.pid, signal.SIGKILL)


class Zygote:
    """The process that all others are forked from; used from several threads."""

    def __init__(self) -> None:
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._lock = threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(Path(__file__)), str(theirs.fileno())],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            pass_fds=[theirs.fileno()],
            start_new_session=True,
        )
        theirs.close()

    def launch(
        self,
        folder: Path,
        module: str,
        arguments: Sequence[str],
        environment: dict[str, str],
        script: str | None = None,
        limits: Sequence[tuple[int, int]] = (),
    ) -> Launched:
        """`python -m MODULE ARGUMENTS`, or `python -c SCRIPT`, in that folder.

        Args:
            limits: Of resources, and how much there is of each.
        """
        out, err, status = os.pipe(), os.pipe(), os.pipe()
        request = {
            "folder": str(folder),
            "module": module,
            "arguments": list(arguments),
            "environment": environment,
            "script": script,
            "limits": list(limits),
        }
        with self._lock:
            theirs = [out[1], err[1], status[1]]
            socket.send_fds(self._control, [json.dumps(request).encode()], theirs)
            for end in theirs:
                os.close(end)
            pid = int.from_bytes(self._control.recv(8), "little")
        if not pid:
            raise RuntimeError("the zygote has ended")
        return Launched(pid, status[0], {"out": out[0], "err": err[0]})

    def close(self) -> None:
        """End it; what it has begun goes on."""
        self._control.close()
        self._process.wait(60)

    def __enter__(self) -> "Zygote":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def launch_cold(
    folder: Path, module: str, arguments: Sequence[str], environment: dict[str, str]
) -> Launched:
    """As `Zygote.launch`, by a Python that begins from nothing."""
    status = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert process.stdout
    assert process.stderr
    pipes = {"out": os.dup(process.stdout.fileno()), "err": os.dup(process.stderr.fileno())}
    process.stdout.close()
    process.stderr.close()

    def tell() -> None:
        code = process.wait()
        os.write(status[1], str(-code if code < 0 else code << 8).encode())
        os.close(status[1])

    threading.Thread(target=tell, daemon=True).start()
    return Launched(process.pid, status[0], pipes)


# From here on: in the zygote and its forks.


def _import_packages() -> dict[str, str]:
    """All that commands import which is not the project's own, as the project imports it.

    Returns:
        Environment variables that it decided on: packages have read them.
    """
    from study.libraries import variables
    from study.libraries.quiet_import import import_tensorflow, quiet_dask

    quiet_dask()
    import_tensorflow()
    for name in PACKAGES:
        importlib.import_module(name)
    decided = dict(variables.DECIDED)
    for name in [name for name in sys.modules if name.partition(".")[0] in OURS]:
        del sys.modules[name]
    gc.freeze()  # no fork looks through the packages again
    assert len(os.listdir("/proc/self/task")) == 1, "a package has started a thread"  # noqa: PTH208
    return decided


def _serve(control: socket.socket, decided: dict[str, str]) -> dict[str, Any] | None:
    """Fork for each request.

    Returns:
        In a fork, what it is to do; in the zygote, None, when there is nobody left to ask.
    """
    between: set[int] = set()
    while True:
        message, fds, _, _ = socket.recv_fds(control, MESSAGE_BYTES, 3)
        between -= {one for one in between if os.waitpid(one, os.WNOHANG)[0]}
        if not message:
            return None
        if (waiting := os.fork()) == 0:
            # Between: waits for the process, so that the zygote waits for nobody.
            pid = os.fork()
            if pid == 0:
                control.close()
                request: dict[str, Any] = json.loads(message)
                _become(request, decided, *fds)
                return request
            control.send(pid.to_bytes(8, "little"))
            control.close()
            os.close(fds[0])
            os.close(fds[1])
            _, status = os.waitpid(pid, 0)
            os.write(fds[2], str(status).encode())
            os._exit(0)
        between.add(waiting)
        for end in fds:
            os.close(end)


def _become(
    request: dict[str, Any], decided: dict[str, str], out: int, err: int, status: int
) -> None:
    """What the system does for a process that is begun, and Python for one that begins."""
    import tempfile

    os.close(status)
    os.setsid()
    nowhere = os.open(os.devnull, os.O_RDONLY)
    for number, end in enumerate((nowhere, out, err)):
        os.dup2(end, number)
        os.close(end)
    _open_standard_streams()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for limit, most in request["limits"]:
        resource.setrlimit(limit, (most, most))
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"] | decided)
    tempfile.tempdir = None
    # Semaphores say whose they were, if they are left.
    multiprocessing.current_process()._config["semprefix"] = f"/mp{os.getpid()}"  # type: ignore[attr-defined]
    sys.path[:0] = [str(Path.cwd()), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
    _keep_spare_forkserver()


def _open_standard_streams() -> None:
    """As Python does when it begins: a stream knows from then on whether it can be rewound."""
    sys.stdin = sys.__stdin__ = open(0, closefd=False)  # noqa: SIM115
    sys.stdout = sys.__stdout__ = open(1, "w", closefd=False)  # noqa: SIM115
    sys.stderr = sys.__stderr__ = open(2, "w", 1, errors="backslashreplace", closefd=False)  # noqa: SIM115


def _keep_spare_forkserver() -> None:
    """A process that waits until this one begins `multiprocessing`'s forkserver, and becomes it."""
    from multiprocessing import util

    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    spare = os.fork()
    if spare == 0:
        ours.close()
        _wait_to_be_forkserver(theirs)
    theirs.close()
    begin = util.spawnv_passfds

    def begin_or_wake(path: bytes, args: Sequence[Any], passfds: Sequence[int]) -> int:
        command = os.fsdecode(args[-1])
        if "multiprocessing.forkserver" not in command:
            return begin(path, args, passfds)
        util.spawnv_passfds = begin  # the next one, if this one dies, is none of a zygote's
        asked = {"command": command, "environment": dict(os.environ), "fds": list(passfds)}
        try:
            socket.send_fds(ours, [json.dumps(asked).encode()], list(passfds))
        except OSError:  # a signal has ended it
            return begin(path, args, passfds)
        finally:
            ours.close()
        return spare

    util.spawnv_passfds = begin_or_wake


def _wait_to_be_forkserver(asker: socket.socket) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    message, fds, _, _ = socket.recv_fds(asker, MESSAGE_BYTES, 8)
    asker.close()
    if not message:
        os._exit(0)
    asked = json.loads(message)
    os.environ.clear()
    os.environ.update(asked["environment"])
    numbers = dict(zip(asked["fds"], fds, strict=True))
    command = re.sub(
        r"main\((\d+), (\d+)",
        lambda found: "main({}, {}".format(*(numbers[int(number)] for number in found.groups())),
        asked["command"],
    )
    exec(command, {"__name__": "__main__"})
    sys.exit()


def _run(request: dict[str, Any]) -> None:
    sys.argv = [request["module"], *request["arguments"]]
    if request["script"] is not None:
        sys.argv[0] = "-c"
        exec(compile(request["script"], "<string>", "exec"), {"__name__": "__main__"})
    else:
        runpy.run_module(request["module"], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    asked_by = socket.socket(fileno=int(sys.argv[1]))
    todo = _serve(asked_by, _import_packages())
    if todo is not None:
        _run(todo)
