"""Workers in processes of their own: what they are told, and what happens when they die."""

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dask
import psutil
import pytest
from distributed import LocalCluster, Worker, get_worker

from study.errors import StudyFailed, WrongUse
from study.machine import scratch
from study.problem import own_space
from study.problem.own_space import OwnSpace
from study.problem.problem import load_problem, problem_names
from study.records.base import Value
from study.workers import engine as engine_module
from study.workers import local
from study.workers.cluster import remote_engine
from study.workers.engine import Engine, Tick
from study.workers.fingerprint import Needs
from study.workers.local import core_count, local_engine
from study.workers.worker_process import MOST_BYTES, report_epoch
from tests.command import ROOT
from tests.own_files import CIRCLE
from tests.zygote import Zygote

pytestmark = pytest.mark.slow(minutes=1)

PATIENCE = 60

NEEDS: Needs = {"code": ["study"], "packages": ["numpy"], "imports": []}


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    """Two workers that take up a dead one's job once."""
    with local_engine(2, retries=1) as made:
        yield made


def threads(workers: int = 1, threads_per_worker: int = 1) -> LocalCluster:
    """A cluster as somebody else runs it, but in this process."""
    return LocalCluster(
        n_workers=workers,
        threads_per_worker=threads_per_worker,
        processes=False,
        protocol="tcp://",
        dashboard_address="127.0.0.1:0",
    )


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """The address of one of two workers."""
    with threads(2) as made:
        yield made.scheduler_address


def double(number: int) -> int:
    return 2 * number


def test_jobs_know_the_user_s_own_search_spaces_and_no_longer_than_whoever_gives_them(
    engine: Engine,
) -> None:
    spaces = [OwnSpace("circle", CIRCLE.encode())]
    try:
        own_space.use(spaces)
        known = engine.wait_for(engine.submit(problem_names, key="known"))
        told = engine.wait_for(engine.submit(baseline_of, "circle", key="told"))
    finally:
        own_space.use([])
    assert "circle" in known
    assert told == {"units": 8}
    for key in ("one", "two"):  # on either worker
        assert "circle" not in engine.wait_for(engine.submit(problem_names, key=key))


def baseline_of(problem: str) -> dict[str, Value]:
    return load_problem(problem).baseline


def environment(name: str) -> str | None:
    return os.environ.get(name)


def await_file(path: Path) -> int:
    """Wait until the file is there, for a minute at most."""
    for _ in range(6000):
        if path.exists():
            return os.getpid()
        time.sleep(0.01)
    raise TimeoutError(path)


KEPT = []


def grow(size: int, path: Path) -> int:
    """Take so much memory and keep it; leave a line each time that this runs."""
    KEPT.append(b"x" * size)
    with path.open("a") as file:
        file.write(f"{size}\n")
    return os.getpid()


def die_once(path: Path) -> str:
    """Kill the worker the first time."""
    if not path.exists():
        path.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return "done"


def die_always(path: Path) -> None:
    with path.open("a") as file:
        file.write("died\n")
    os.kill(os.getpid(), signal.SIGKILL)


def three_epochs() -> None:
    for epoch in (1, 2, 3):
        report_epoch(epoch, epoch / 10)


FORKS = pytest.mark.skipif(sys.platform != "linux", reason="workers are forked on Linux only")


@FORKS
def test_workers_are_forked_from_one_process_that_has_imported_tensorflow(engine: Engine) -> None:
    (parent,) = set(engine.everywhere(os.getppid))

    assert parent != os.getpid()
    assert "tensorflow" in Path(f"/proc/{parent}/maps").read_text()


@FORKS
def test_what_workers_import_starts_no_thread_so_that_forking_is_safe(engine: Engine) -> None:
    (parent,) = set(engine.everywhere(os.getppid))

    assert len(list(Path(f"/proc/{parent}/task").iterdir())) == 1


def test_jobs_come_back(engine: Engine) -> None:
    futures = [engine.submit(double, number, key=f"double-{number}") for number in range(9)]
    assert [engine.wait_for(future) for future in futures] == [0, 2, 4, 6, 8, 10, 12, 14, 16]


def test_every_worker_works_at_the_same_time(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "go"
    futures = [engine.submit(await_file, path, key=f"both-{number}") for number in range(2)]
    starter = engine.workers
    path.touch()
    assert starter == 2
    assert len({engine.wait_for(future) for future in futures}) == 2


SOON = {"distributed.deploy.lost-worker-timeout": "1s"}
"""Of Dask's settings, which count from where they are given: after the engine's own."""


def test_workers_that_are_gone_for_good_are_begun_again(tmp_path: Path) -> None:
    """Their nannies too: nobody but the engine is left to begin others."""
    with local_engine(1, retries=1) as made, dask.config.set(SOON):
        job = made.submit(await_file, tmp_path / "go", key="waits")
        cluster = made._client.cluster
        for nanny in list(cluster.workers.values()):
            cluster.sync(nanny.close)
        (tmp_path / "go").touch()
        assert made.wait_for(job) != os.getpid()


def test_the_first_that_is_done_can_be_awaited(engine: Engine, tmp_path: Path) -> None:
    slow = engine.submit(await_file, tmp_path / "go", key="slow")
    fast = engine.submit(double, 1, key="fast")
    engine.wait_any([slow, fast])
    assert (slow.done(), fast.done()) == (False, True)
    (tmp_path / "go").touch()
    engine.wait_for(slow)


def test_a_job_whose_worker_dies_is_taken_up_by_another(engine: Engine, tmp_path: Path) -> None:
    assert engine.wait_for(engine.submit(die_once, tmp_path / "died", key="dies-once")) == "done"


def test_a_job_whose_workers_keep_dying_is_given_up(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "deaths"
    with pytest.raises(StudyFailed, match="dies: the worker process died 2 times"):
        engine.wait_for(engine.submit(die_always, path, key="dies"))
    assert path.read_text().splitlines() == ["died"] * 2
    assert engine.wait_for(engine.submit(double, 4, key="after")) == 8


def test_the_death_of_a_worker_is_not_held_against_jobs_that_wait(
    engine: Engine, tmp_path: Path
) -> None:
    """They wait here and not with a worker."""
    dying = [engine.submit(die_always, tmp_path / str(n), key=f"dying-{n}") for n in range(3)]
    waiting = [engine.submit(double, n, key=f"waiting-{n}") for n in range(6)]
    assert [engine.wait_for(future) for future in waiting] == [0, 2, 4, 6, 8, 10]
    for future in dying:
        with pytest.raises(StudyFailed):
            engine.wait_for(future)


def test_an_exception_says_of_which_job_it_is(engine: Engine) -> None:
    with pytest.raises(StudyFailed, match="wrong: TypeError: "):
        engine.wait_for(engine.submit(double, key="wrong"))


class DiesOnce:
    """A result that takes its worker with it when it is fetched, the first time."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[type, tuple[str]]:
        die_once(self.path)
        return str, ("fetched",)


def test_a_result_that_was_lost_with_its_worker_is_had_again(
    engine: Engine, tmp_path: Path
) -> None:
    job = engine.submit(DiesOnce, tmp_path / "died", key="lost")
    assert engine.wait_for(job) == "fetched"
    assert (tmp_path / "died").exists()


def test_a_lost_scheduler_is_said_with_what_to_do(tmp_path: Path) -> None:
    soon = dask.config.set({"distributed.comm.timeouts.connect": "1s"})
    words = "connection to the scheduler was lost.*resume the run"
    with (
        soon,
        threads() as cluster,
        remote_engine(cluster.scheduler_address, 1, tmp_path, 0, NEEDS) as it,
    ):
        running = it.submit(time.sleep, 5, key="runs")
        cluster.sync(cluster.scheduler.close)
        with pytest.raises(StudyFailed, match=words):
            it.wait_for(running)


LARGE = MOST_BYTES + 50_000_000


@contextmanager
def late_renewals(engine: Engine) -> Iterator[list[set[str]]]:
    """Workers are begun anew a second later; the jobs that the scheduler knows of just then."""
    client: Any = engine._client
    known = []

    async def restart(addresses: list[str], **how: Any) -> Any:
        await asyncio.sleep(1)
        known.append({str(key).partition("/")[2] for key in client.cluster.scheduler.tasks})
        return await type(client).restart_workers(client, addresses, **how)

    client.restart_workers = restart
    yield known
    del client.restart_workers


def test_a_worker_that_has_grown_too_large_is_begun_anew_between_jobs(tmp_path: Path) -> None:
    """No job is done twice, and no death is counted, of which none would be forgiven."""
    ran = tmp_path / "ran"
    sizes = [1, LARGE, 2, LARGE, 3]
    with local_engine(1, retries=0) as engine, late_renewals(engine) as known:
        jobs = [engine.submit(grow, size, ran, key=str(n)) for n, size in enumerate(sizes)]
        first, grown, second, grown_again, third = [engine.wait_for(job) for job in jobs]
    assert first == grown != second == grown_again != third
    assert ran.read_text().split() == [str(size) for size in sizes]
    assert known == [set(), set()]  # what it knows of, it computes again


def test_no_job_is_given_to_a_worker_that_is_about_to_be_begun_anew(tmp_path: Path) -> None:
    """Although it is free, as is the other one."""
    go, ran = tmp_path / "go", tmp_path / "ran"
    with local_engine(2, retries=0) as engine, late_renewals(engine) as known:
        both = [engine.submit(await_file, go, key=f"first-{n}") for n in range(2)]
        go.touch()
        assert len({engine.wait_for(job) for job in both}) == 2
        large = engine.wait_for(engine.submit(grow, LARGE, ran, key="large"))
        after = [engine.wait_for(engine.submit(os.getpid, key=f"after-{n}")) for n in range(6)]
    assert large not in after
    assert known == [set()]


def test_workers_that_nobody_begins_anew_go_on(cluster: str, tmp_path: Path) -> None:
    with remote_engine(cluster, 2, tmp_path, retries=0, needs=NEEDS) as engine:
        engine._loop.add_callback(engine._renew, next(iter(engine._addresses)), "none")
        assert engine.wait_for(engine.submit(double, 3, key="goes-on")) == 6
        assert engine.count_workers() == engine.workers == 2


def test_epochs_are_told_with_the_key_of_their_job(engine: Engine) -> None:
    ticks: list[Tick] = []
    engine.on_tick = ticks.append
    engine.wait_for(engine.submit(three_epochs, key="tiny-search-7"))
    for _ in range(500):
        if len(ticks) == 3:
            break
        time.sleep(0.01)
    engine.on_tick = lambda _: None
    assert ticks == [Tick("tiny-search-7", epoch, epoch / 10) for epoch in (1, 2, 3)]


@pytest.mark.parametrize(
    ("name", "value"),
    [("OMP_NUM_THREADS", "1"), ("TF_ENABLE_ONEDNN_OPTS", "1"), ("CUDA_VISIBLE_DEVICES", "")],
)
def test_workers_have_their_environment(engine: Engine, name: str, value: str) -> None:
    assert engine.wait_for(engine.submit(environment, name, key=f"env-{name}")) == value


def test_far_more_workers_than_cores_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "core_count", lambda: 2)
    words = "--workers: expected at most 8 here, 4 per core, got 9"
    with pytest.raises(WrongUse, match=words), local_engine(9, retries=0):
        pass


def test_two_engines_on_one_scheduler_do_not_mix_up_their_jobs(
    cluster: str, tmp_path: Path
) -> None:
    with (
        remote_engine(cluster, 2, tmp_path, retries=1, needs=NEEDS) as engine,
        remote_engine(cluster, 2, tmp_path, retries=1, needs=NEEDS) as other,
    ):
        one, two = (made.submit(double, n, key="same") for n, made in ((1, engine), (2, other)))
        assert (engine.wait_for(one), other.wait_for(two)) == (2, 4)


ATTACK = """
import http.client, os, socket, sys
ports, other_user, sockets = list(map(int, sys.argv[1].split(","))), sys.argv[2], sys.argv[3:]
import dask
from distributed import Client, Security
attempts = [("tcp", {}), ("tls", {"security": Security.temporary()})]
if other_user:
    os.setgid(int(other_user))
    os.setuid(int(other_user))
for port in ports:
    for scheme, how in attempts:
        try:
            Client(f"{scheme}://127.0.0.1:{port}", timeout=0.5, **how)
            print("let in by", scheme, port)
        except OSError:
            pass
    try:
        web = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
        web.request("GET", "/")
        print("served", web.getresponse().status, port)
    except (OSError, http.client.HTTPException):
        pass
for path in sockets:
    try:
        socket.socket(socket.AF_UNIX).connect(path)
        print("reached", path)
    except PermissionError:
        pass
"""


def listening() -> set[tuple[str, int]]:
    """Where this process and those it began listen."""
    process = psutil.Process()
    return {
        (found.laddr.ip, found.laddr.port)
        for one in [process, *process.children(recursive=True)]
        for found in one.net_connections("inet")
        if found.status == psutil.CONN_LISTEN
    }


def test_nobody_but_the_study_itself_gets_into_local_workers(tmp_path: Path) -> None:
    """Neither by their ports nor by the socket of the process that they are forked from.

    Another user, where the tests may become one, which only root may.
    """
    before = listening()
    with local_engine(1, retries=0) as engine:
        there = listening() - before
        assert engine.workers == 1
        assert len(there) >= 3  # scheduler, nanny, worker
        assert {host for host, _ in there} == {"127.0.0.1"}
        sockets = [str(path) for path in scratch.folder().glob("pymp-*/listener-*")]
        assert len(sockets) == (sys.platform == "linux")
        other, paths = ("65534", sockets) if os.getuid() == 0 else ("", [])
        ports = ",".join(str(port) for _, port in there)
        attack = [sys.executable, "-c", ATTACK, ports, other, *paths]
        done = subprocess.run(attack, capture_output=True, text=True, cwd=tmp_path, check=True)
        assert done.stdout == ""
        assert engine.wait_for(engine.submit(double, 3, key="still-works")) == 6


ENDING = """
import sys, time
from study.machine import ending
from study.errors import StudyFailed
from study.workers.local import local_engine
def main():
    try:
        with local_engine(2, retries=9) as engine:
            jobs = [engine.submit(time.sleep, 600, key=str(n)) for n in range(6)]
            engine._patience = 1
            engine._revive = lambda: None
            cluster = engine._client.cluster
            if sys.argv[1] == "nannies":
                for nanny in list(cluster.workers.values()):
                    cluster.sync(nanny.close)
            try:
                if sys.argv[1] != "error":
                    engine.wait_for(jobs[0])
                raise StudyFailed("as a stage does")
            finally:
                print(time.time(), flush=True)
    except StudyFailed as error:
        ending.say(str(error))
        ending.leave(error.exit_code)
if __name__ == "__main__":
    main()
"""


@pytest.mark.parametrize(
    ("how", "words"), [("error", "as a stage does"), ("nannies", "all worker processes died")]
)
def test_a_failure_with_jobs_pending_is_said_and_ends_the_process_soon(
    how: str, words: str, zygote: Zygote
) -> None:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    begun = zygote.launch(ROOT, "", [how], environment, script=ENDING)
    printed, errors = begun.communicate(timeout=600)
    ended = time.time()
    (line,) = errors.splitlines()
    assert line.startswith(f"error: {words}")
    assert begun.returncode == 1
    assert ended - float(printed) < 10


def join(address: str, folder: Path, workers: int | None = None) -> None:
    with remote_engine(address, workers, folder, retries=1, needs=NEEDS):
        pass


def test_where_no_scheduler_is_it_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("study.workers.cluster._CONNECT_TIMEOUT", 0.5)
    with pytest.raises(WrongUse, match=r"no Dask scheduler at tcp://127\.0\.0\.1:9"):
        join("tcp://127.0.0.1:9", tmp_path)


def test_fewer_workers_than_were_asked_for_are_refused_after_a_while(
    cluster: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    join(cluster, tmp_path, workers=2)
    monkeypatch.setattr("study.workers.cluster._ALL_JOIN_TIMEOUT", 0.5)
    with pytest.raises(WrongUse, match="has 2 workers instead of the 3 of --workers"):
        join(cluster, tmp_path, workers=3)


def test_workers_that_do_not_see_the_folder_are_refused(cluster: str, tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match=r"does not see .*/nowhere: the folder that the study"):
        join(cluster, tmp_path / "nowhere")


def test_workers_of_several_threads_are_refused(tmp_path: Path) -> None:
    """Trainings in one process would share Keras's global state."""
    with (
        threads(1, threads_per_worker=2) as cluster,
        pytest.raises(WrongUse, match=r"has no workers that can be used: .* start workers with"),
    ):
        join(cluster.scheduler_address, tmp_path)


def test_a_worker_that_joins_later_is_looked_at_too(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Dask itself would give it jobs."""
    with (
        threads() as cluster,
        remote_engine(cluster.scheduler_address, None, tmp_path, retries=1, needs=NEEDS) as engine,
    ):
        late = cluster.sync(begin_worker, cluster, threads=3)
        deadline = time.monotonic() + PATIENCE
        while not (said := [one for one in caplog.records if one.name == "study.workers.cluster"]):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        jobs = [engine.submit(threads_of_worker, key=f"threads-{n}") for n in range(6)]
        assert {engine.wait_for(job) for job in jobs} == {1}
        assert engine.count_workers() == 1
        assert engine.everywhere(threads_of_any_worker) == [1]
        cluster.sync(late.close)
    (line,) = said
    assert re.search(r"worker tcp://\S+ is not used: it has 3 threads", line.getMessage())


def test_a_worker_that_joins_when_none_is_left_takes_up_the_job(tmp_path: Path) -> None:
    """Dask looks for one when it joins, and not when it has shown that it can do jobs."""
    with (
        threads() as cluster,
        remote_engine(cluster.scheduler_address, None, tmp_path, retries=1, needs=NEEDS) as engine,
    ):
        cluster.sync(cluster.workers[0].close)
        job = engine.submit(double, 4, key="later")
        late = cluster.sync(begin_worker, cluster)
        assert engine.wait_for(job) == 8
        cluster.sync(late.close)


async def begin_worker(cluster: LocalCluster, threads: int = 1) -> Worker:
    return await Worker(cluster.scheduler_address, nthreads=threads)


def threads_of_worker() -> int:
    return int(get_worker().state.nthreads)


def threads_of_any_worker(dask_worker: Worker) -> int:
    return int(dask_worker.state.nthreads)


def test_a_scheduler_that_hangs_is_taken_to_be_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "_LOOK_S", 0.1)
    monkeypatch.setattr(engine_module, "_COUNT_S", 0.1)
    monkeypatch.setattr(engine_module, "_ANSWER_S", 0.5)
    with (
        threads() as cluster,
        remote_engine(cluster.scheduler_address, None, tmp_path, retries=1, needs=NEEDS) as engine,
    ):
        job = engine.submit(await_file, tmp_path / "go", key="waits")

        async def hang(**_: object) -> None:
            await asyncio.sleep(PATIENCE)

        cluster.scheduler.handlers["identity"] = hang
        with pytest.raises(StudyFailed, match=r"scheduler was lost; .* resume the run"):
            engine.wait_for(job)
        (tmp_path / "go").touch()


@pytest.mark.parametrize("workers", [1001, 10**9])
def test_far_more_workers_than_a_search_has_trials_are_not_waited_for(
    tmp_path: Path, workers: int
) -> None:
    with pytest.raises(WrongUse, match=rf"expected at most 1000 with --scheduler, got {workers}"):
        join("tcp://127.0.0.1:9", tmp_path, workers)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="cores are shut off by Linux only")
def test_cores_are_counted_that_this_process_may_use() -> None:
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(allowed)})
    try:
        assert core_count() == 1
    finally:
        os.sched_setaffinity(0, allowed)
    assert core_count() == len(allowed)
