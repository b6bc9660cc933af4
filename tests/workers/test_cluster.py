"""Searches on running Dask clusters, begun by the guide's lines: real schedulers, real workers."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
import yaml

from study.records.trial import Trial
from tests.command import DTYPE, ROOT, TINY, hear_control_c, study
from tests.factories import TIMES
from tests.libraries.test_variables import HOSTILE
from tests.zygote import Zygote

pytestmark = pytest.mark.slow(minutes=2)

PATIENCE = 500
GUIDE = (ROOT / "docs" / "cluster.md").read_text()
MANIFEST = yaml.safe_load((ROOT / "docs/kubernetes.yaml").read_text())

SEARCH = f"search line --preset {TINY} --dtype {DTYPE}"

SLURM = {
    # A job is a process of its own session, begun where it was submitted; its script is removed
    # as soon as this returns.
    "sbatch": 'cp "$1" job.sh; setsid sh job.sh > slurm.log 2>&1 & echo $! >> jobs; echo "job $!"',
    "scancel": 'kill -- "-$1"',
}
"""Program -> what stands in for it here."""


def recipe(name: str) -> list[str]:
    """The guide's lines for a shell under that name."""
    block = re.search(r"\n\n((?: {4}\S.*\n)+)", GUIDE.partition(f"\n*{name}*")[2])
    assert block
    return block[1].splitlines()


def changed(line: str, **changes: str) -> str:
    """The line with what is otherwise here: each must be there."""
    for there, here in changes.items():
        assert there in line, line
        line = line.replace(there, here)
    return line


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's folder, which all machines share, with a key, and without runs."""
    folder = project_folder(tmp_path_factory.mktemp("project"))
    make_key, _ = recipe("A key for the cluster")
    subprocess.run(["sh", "-c", make_key], cwd=folder, check=True, capture_output=True)
    return folder


def project_folder(folder: Path, *without: str) -> Path:
    for name in {"study", "search_spaces", "docs"} - set(without):
        (folder / name).symlink_to(ROOT / name)
    (folder / ".venv").symlink_to(sys.prefix)
    return folder


@pytest.fixture(scope="module")
def environment() -> dict[str, str]:
    """That of a shell in the project's folder, in which the guide's export was given."""
    _, export = recipe("A key for the cluster")
    name, _, value = export.split()[1].partition("=")
    usual = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    loud = {"DASK_LOGGING__DISTRIBUTED": "info"}  # tests have it quiet
    return usual | {name: value} | loud


Begin = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture(scope="module")
def begin(project: Path, environment: dict[str, str]) -> Iterator[Begin]:
    """Begin a line of a shell, in the project's folder if no other; it ends with the tests."""
    with ExitStack() as stack:

        def begin_line(
            line: str, log: str, folder: Path = project, **variables: str
        ) -> "subprocess.Popen[str]":
            output = stack.enter_context((project / log).open("a"))
            process = subprocess.Popen(
                ["bash", "-c", f"exec {line}"],
                cwd=folder,
                env=environment | variables,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                text=True,
                preexec_fn=hear_control_c,
            )
            stack.callback(process.communicate, timeout=PATIENCE)
            stack.callback(process.terminate)
            return process

        yield begin_line


@pytest.fixture(scope="module")
def two_machines(project: Path, begin: Begin, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The guide's line for a search on two workers; two further ones cannot be used."""
    port = str(free_port())
    here = {"10.0.0.1": "127.0.0.1", "8786": port}
    scheduler, worker, search = (changed(line, **here) for line in recipe("Two machines"))
    worker = changed(worker, **{"--nworkers 8": "--nworkers 1"})

    begin(scheduler, "scheduler.log")
    begin(worker, "worker.log")
    # What its user has set does not count.
    hostile = {name: HOSTILE[name] for name in HOSTILE if name != "PYTHONWARNINGS"}
    operator = {"DASK_SCHEDULER_ADDRESS": f"tls://127.0.0.1:{port}", "DASK_WORKER_NAME": "pod"}
    begin(pod_line("worker"), "pod.log", **hostile, **operator)

    bare = project_folder(tmp_path_factory.mktemp("bare"), "study", "search_spaces")
    stale = project_folder(tmp_path_factory.mktemp("stale"), "study")
    shutil.copytree(ROOT / "study", stale / "study")
    (stale / "study/training/training.py").write_text(
        (ROOT / "study/training/training.py").read_text() + "\n"
    )
    for folder in (bare, stale):
        for file in project.glob("cluster.*"):
            (folder / file.name).symlink_to(file)
        begin(worker, f"{folder.name}.log", folder)
    for log in ("worker", "pod", bare.name, stale.name):
        said(project / f"{log}.log", r"(Registered to)")
    return search


def pod_line(component: str) -> str:
    """What the manifest has a pod run, for a shell."""
    (container,) = MANIFEST["spec"][component]["spec"]["containers"]
    line = " ".join(container["command"] + container["args"])
    return changed(line, python=".venv/bin/python").replace("$(DASK_WORKER_NAME)", "pod")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def said(log: Path, pattern: str) -> str:
    """What a process has written, as soon as it has."""
    deadline = time.monotonic() + PATIENCE
    while not (found := re.search(pattern, log.read_text() if log.exists() else "")):
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.05)
    return found[1]


def trials(folder: Path, name: str) -> list[Trial]:
    lines = (folder / f"results/{name}/line/trials.jsonl").read_text().splitlines()
    return [Trial.model_validate_json(line) for line in lines]


def test_a_search_on_two_machines_finds_what_it_finds_here(
    project: Path,
    environment: dict[str, str],
    two_machines: str,
    tmp_path: Path,
    zygote: Zygote,
) -> None:
    study(tmp_path, *SEARCH.split(), "--name", "here", "--workers", "2", zygote=zygote)
    line = changed(two_machines, **{"run --preset full": f"{SEARCH} --name there"})
    done = subprocess.run(
        ["bash", "-c", line],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    here, there = (
        [trial.model_dump(exclude=TIMES) for trial in trials(folder, folder_name)]
        for folder, folder_name in ((tmp_path, "here"), (project, "there"))
    )
    assert here == there
    assert len(there) == 3
    record = json.loads((project / "results/there/study.json").read_text())
    assert record["hardware"]["workers"] == 2
    refused = sorted(re.sub(r"tls://\S+", "ADDRESS", done.stderr).splitlines())
    assert refused == [
        "worker ADDRESS is not used: it cannot import the study (ModuleNotFoundError: No module "
        "named 'study')",
        "worker ADDRESS is not used: it has other code than here (study/training/training.py): "
        "restart it",
    ]


@pytest.mark.usefixtures("two_machines")
def test_without_the_key_nobody_gets_in(tmp_path: Path, two_machines: str, zygote: Zygote) -> None:
    (address,) = re.findall(r"tls://\S+", two_machines)
    refused = study(tmp_path, *SEARCH.split(), "--scheduler", address, expect=2, zygote=zygote)
    assert "no Dask scheduler at tls://" in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.fixture
def slurm(project: Path, begin: Begin) -> "Iterator[subprocess.Popen[str]]":
    """The guide's program that keeps a cluster of one worker on Slurm."""
    programs = project / "bin"
    programs.mkdir()
    for name, does in SLURM.items():
        (programs / name).write_text(f"#!/bin/sh\n{does}\n")
        (programs / name).chmod(0o755)
    found = re.search(r"```python\n(.*?)```", GUIDE.partition("\n*Slurm*")[2], re.DOTALL)
    assert found
    here = {"cores=16": "cores=1", "processes=16": "processes=1", "jobs=4": "jobs=1"}
    (project / "slurm.py").write_text(changed(found[1], **here))
    on_loopback = "{'host': '127.0.0.1', 'dashboard_address': '127.0.0.1:0'}"
    yield begin(
        ".venv/bin/python -u slurm.py",
        "cluster.log",
        PATH=f"{programs}{os.pathsep}{os.environ['PATH']}",
        DASK_JOBQUEUE__SLURM__SCHEDULER_OPTIONS=on_loopback,
    )
    for job in (project / "jobs").read_text().split():
        with suppress(ProcessLookupError):
            os.killpg(int(job), signal.SIGKILL)


def test_a_search_on_slurm_ends_in_one_line_when_its_scheduler_dies(
    project: Path, begin: Begin, slurm: "subprocess.Popen[str]"
) -> None:
    address = said(project / "cluster.log", r"(tls://127\.0\.0\.1:\d+)")
    said(project / "slurm.log", r"(Registered to)")
    line = f".venv/bin/python -m study {SEARCH} --max-trials 500 --name slurm"
    search = begin(f"{line} --scheduler {address} 2> errors", "search.log")
    said(project / "results/slurm/line/trials.jsonl", r'"(score)"')
    slurm.kill()
    assert search.wait(PATIENCE) == 1
    assert re.fullmatch(
        r"error: .*the connection to the scheduler was lost; finished work is kept: resume the "
        r"run.*\n",
        (project / "errors").read_text(),
    )
    assert {trial.status for trial in trials(project, "slurm")} == {"completed"}


def test_pods_work_in_the_volume_and_train_one_network_each() -> None:
    """The whole manifest was held against the operator's own schema by hand."""
    spec = MANIFEST["spec"]
    assert (MANIFEST["apiVersion"], MANIFEST["kind"]) == ("kubernetes.dask.org/v1", "DaskCluster")
    assert f"deployment/{MANIFEST['metadata']['name']}-scheduler" in GUIDE
    assert spec["scheduler"]["service"]["selector"] == {
        "dask.org/cluster-name": MANIFEST["metadata"]["name"],
        "dask.org/component": "scheduler",
    }
    for pod in (spec["scheduler"]["spec"], spec["worker"]["spec"]):
        (container,), (volume,) = pod["containers"], pod["volumes"]
        (mount,) = container["volumeMounts"]
        assert mount == {"name": volume["name"], "mountPath": container["workingDir"]}
    assert "--nthreads 1" in pod_line("worker")


def test_dask_takes_the_arguments_of_the_scheduler_s_pod() -> None:
    from distributed.cli.dask_scheduler import main

    arguments = pod_line("scheduler").partition("dask scheduler ")[2].split()
    assert main.make_context("scheduler", arguments).params["port"] == "8786"
