"""A search on a running Dask cluster, by TLS: a real scheduler, two real workers."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from study.records import Trial
from tests.command import ROOT, TINY, study
from tests.factories import TIMES
from tests.test_variables import HOSTILE

PATIENCE = 60
TLS = "DASK_DISTRIBUTED__COMM__TLS__"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What all machines of the cluster share: the project's folder, so to speak."""
    return tmp_path_factory.mktemp("shared")


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another folder, which a worker was started in."""
    return tmp_path_factory.mktemp("elsewhere")


@pytest.fixture(scope="module")
def certificate(folder: Path) -> dict[str, str]:
    """Dask's own settings for a certificate that is its own authority."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subject = ["-subj", "/CN=study", "-days", "2"]
    files = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", *subject, *files],
        check=True,
        capture_output=True,
    )
    settings = {f"{TLS}CA_FILE": str(certificate)}
    for role in ("SCHEDULER", "WORKER", "CLIENT"):
        settings |= {f"{TLS}{role}__KEY": str(key), f"{TLS}{role}__CERT": str(certificate)}
    return settings


@pytest.fixture(scope="module")
def scheduler(folder: Path, elsewhere: Path, certificate: dict[str, str]) -> Iterator[str]:
    """The address of a scheduler with two workers, each a process."""
    loud = {"DASK_LOGGING__DISTRIBUTED": "info"}  # it says there where it listens
    environment = os.environ | certificate | loud | {"PYTHONPATH": str(ROOT)}
    hostile = {name: HOSTILE[name] for name in HOSTILE if name != "PYTHONWARNINGS"}
    with ExitStack() as stack:

        def dask(*arguments: str, started_in: Path = folder, **variables: str) -> None:
            log = stack.enter_context((folder / f"{arguments[0]}.log").open("a"))
            process = subprocess.Popen(
                [sys.executable, "-m", "dask", *arguments],
                cwd=started_in,
                env=environment | variables,
                stdout=log,
                stderr=log,
            )
            stack.callback(process.wait, PATIENCE)
            stack.callback(process.terminate)

        dask(
            "scheduler", "--protocol", "tls", "--host", "127.0.0.1", "--port", "0", "--no-dashboard"
        )
        address = said(folder / "scheduler.log", r"Scheduler at:\s+(tls://\S+)")
        worker = ("worker", address, "--nthreads", "1", "--no-dashboard")
        dask(*worker)
        dask(*worker, started_in=elsewhere, **hostile)  # what its user has set does not count
        yield address


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


def test_a_search_on_a_cluster_finds_what_it_finds_here(
    folder: Path,
    elsewhere: Path,
    scheduler: str,
    certificate: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    search = ["search", "line", "--preset", TINY, "--name"]
    study(folder, *search, "here", "--workers", "2")
    for name, value in certificate.items():
        monkeypatch.setenv(name, value)
    study(folder, *search, "there", "--scheduler", scheduler)
    here, there = (
        [t.model_dump(exclude=TIMES) for t in trials(folder, n)] for n in ("here", "there")
    )
    assert here == there
    assert len(there) == 3
    record = json.loads((folder / "results/there/study.json").read_text())
    assert record["hardware"]["workers"] == 2
    assert not (elsewhere / "results").exists()


def test_without_the_certificate_nobody_gets_in(folder: Path, scheduler: str) -> None:
    refused = study(folder, "search", "line", "--preset", TINY, "--scheduler", scheduler, expect=2)
    assert "no Dask scheduler at tls://" in refused.stderr
    assert "Traceback" not in refused.stderr
