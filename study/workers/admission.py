"""Which workers of a cluster do jobs: those that would come to the results that are come to here.

Every worker looks at itself, as soon as it is there: those that join later too. One that may do
jobs offers Dask's scheduler a resource, which jobs ask for; Dask itself would give jobs to every
worker, also to one whose plugin has failed.
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
"""What a worker says of itself: "objection", why it cannot do jobs, None if it can; "vectors", its
vector instructions; "worker", its address."""


def admission(
    resource: str, expected: Fingerprint, folder: Path, needs: Needs, images: Sequence[Path]
) -> "distributed.WorkerPlugin":
    """What has each worker look at itself, and tell its report as an event named as the resource.

    Args:
        resource: What a worker that may do jobs offers 1 of.
        expected: What it must be like.
        folder: What it must see under this path.
        needs: What jobs need of it.
        images: Folders of images that are trained on.
    """
    import asyncio

    from distributed import Status, Worker, WorkerPlugin

    # Pickled as it is and not by its name, since a worker may have no study, or another: what it
    # uses of the study it imports there.
    class Admission(WorkerPlugin):
        name = resource
        idempotent = True
        report: Report | None = None

        def setup(self, worker: Worker) -> None:
            # The worker answers meanwhile, and whoever waits imports TensorFlow too.
            self.looking = asyncio.create_task(self.look(worker))

        async def look(self, worker: Worker) -> None:
            try:
                from study.workers.admission import report

                found = await asyncio.to_thread(
                    report, worker.state.nthreads, expected, folder, needs, images
                )
            except Exception as error:  # whatever their import of the study raised
                words = " ".join(f"{type(error).__name__}: {error}".split())
                found = {"objection": f"it cannot import the study ({words})", "vectors": None}
            if found["objection"] is None:
                await worker.set_resources(**{resource: 1})
                if worker.status is Status.running:
                    # Dask looks at jobs that nobody could do when a worker goes on, and not when
                    # one has a new resource.
                    worker.status = Status.paused
                    worker.status = Status.running
            self.report = found | {"worker": worker.address}
            worker.log_event(resource, self.report)

    return Admission()


def report(
    threads: int, expected: Fingerprint, folder: Path, needs: Needs, images: Sequence[Path]
) -> Report:
    """On a worker: what it says of itself; imports what jobs need, if it may do them."""
    objection = _objection(threads, expected, folder, needs, images)
    return {"objection": objection, "vectors": processor.vector_instructions()}


def _objection(
    threads: int, expected: Fingerprint, folder: Path, needs: Needs, images: Sequence[Path]
) -> str | None:
    if threads > 1:
        return (
            f"it has {threads} threads, and Keras trains one network per process: start workers "
            "with --nthreads 1, and --nworkers for the cores"
        )
    if not folder.is_dir():
        return (
            f"it does not see {folder}: the folder that the study is started in must be shared by "
            "all machines, under the same path"
        )
    own = fingerprint.of_this_process(needs, images)  # before anything is imported
    if other := fingerprint.difference(own, expected):
        return f"it has {other}: start it anew"
    try:
        variables.decide()
    except WrongUse as error:
        return str(error)
    variables.ignore_warning_options()
    fingerprint.load(needs)
    warm_up()
    now = fingerprint.on_disk(needs, images)
    if other := fingerprint.difference(own, now, than="on its disk now"):
        return f"it has {other}: start it anew"
    return None


def reports_of(resource: str) -> Any:
    """A function for `Client.run`: the report of each worker, None where there is none yet."""

    def find(dask_worker: Any) -> Report | None:  # pickled as it is, too
        plugin = dask_worker.plugins.get(resource)
        return plugin and plugin.report

    return find
