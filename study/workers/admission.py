"""Which workers of a cluster do jobs: those that would get the same results as this process.

Every worker examines itself as soon as it joins, now or later. A worker that may do jobs offers
Dask's scheduler a resource, which jobs require; Dask itself would give jobs to every worker, even
to one whose plugin has failed.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from study.errors import WrongUse
from study.libraries import variables
from study.machine import processor
from study.workers import fingerprint
from study.workers.fingerprint import Fingerprint, Needs
from study.workers.worker_process import warm_up

if TYPE_CHECKING:
    import distributed

Report = dict[str, str | None]
"""What a worker reports: "objection", why it cannot do jobs, or None if it can; "vectors", its
vector instructions; "worker", its address."""


def admission(
    resource: str, expected: Fingerprint, folder: Path, needs: Needs, images: Sequence[Path]
) -> "distributed.WorkerPlugin":
    """A plugin with which each worker examines itself and reports in an event named `resource`.

    Args:
        resource: Resource of which a worker that may do jobs offers 1.
        expected: Fingerprint that the worker must have.
        folder: Folder that the worker must see under this path.
        needs: What jobs need on the worker.
        images: Folders of images that are trained on.
    """
    import asyncio

    from distributed import Status, Worker, WorkerPlugin

    # Pickled by value and not by its name, because a worker may not have the study, or have another
    # version; what it uses of the study is imported there.
    class Admission(WorkerPlugin):
        name = resource
        idempotent = True
        report: Report | None = None

        def setup(self, worker: Worker) -> None:
            # Asynchronous, so that the worker answers meanwhile.
            self.looking = asyncio.create_task(self.look(worker))

        async def look(self, worker: Worker) -> None:
            try:
                from study.workers.admission import report

                found = await asyncio.to_thread(
                    report, worker.state.nthreads, expected, folder, needs, images
                )
            except Exception as error:  # anything that importing the study there raised
                words = " ".join(f"{type(error).__name__}: {error}".split())
                found = {"objection": f"it cannot import the study ({words})", "vectors": None}
            if found["objection"] is None:
                await worker.set_resources(**{resource: 1})
                if worker.status is Status.running:
                    # Dask reconsiders jobs that no worker could do when a worker is unpaused, but
                    # not when one gets a new resource.
                    worker.status = Status.paused
                    worker.status = Status.running
            self.report = found | {"worker": worker.address}
            worker.log_event(resource, self.report)

    return Admission()


def report(
    threads: int, expected: Fingerprint, folder: Path, needs: Needs, images: Sequence[Path]
) -> Report:
    """A worker's report on itself; imports what jobs need if it may do them."""
    objection = _objection(threads, expected, folder, needs, images)
    return {"objection": objection, "vectors": processor.vector_instructions()}


def _objection(
    threads: int, expected: Fingerprint, folder: Path, needs: Needs, images: Sequence[Path]
) -> str | None:
    if threads > 1:
        return (
            f"it has {threads} threads, but Keras trains one network per process: start workers "
            "with --nthreads 1, and one per core with --nworkers"
        )
    if not folder.is_dir():
        return (
            f"it does not see {folder}: the folder that the study is started in must be shared by "
            "all machines, under the same path"
        )
    own = fingerprint.of_this_process(needs, images)  # before anything is imported
    if other := fingerprint.difference(own, expected):
        return f"it has {other}: restart it"
    try:
        variables.decide()
    except WrongUse as error:
        return str(error)
    variables.ignore_warning_options()
    fingerprint.load(needs)
    warm_up()
    now = fingerprint.on_disk(needs, images)
    if other := fingerprint.difference(own, now, than="on its disk now"):
        return f"it has {other}: restart it"
    return None


def reports_of(resource: str) -> Any:
    """A function for `Client.run` that returns a worker's report, or None if it has none yet."""

    def find(dask_worker: Any) -> Report | None:  # pickled by value, too
        plugin = dask_worker.plugins.get(resource)
        return plugin and plugin.report

    return find
