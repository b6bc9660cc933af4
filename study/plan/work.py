"""A run from its beginning: what it is to do, and what of that is done.

A step of a run leaves its record in study.json when all else that it has to write or to remove is
done. A step that is done again loses its record before anything that it refers to is changed.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from study import __version__
from study.data import load_dataset
from study.errors import StudyError, WrongName, WrongUse
from study.libraries import variables
from study.machine import processor
from study.machine.shell import command
from study.plan import provenance, space_files
from study.plan.done import to_do
from study.problem.preset_files import flattened, validated
from study.problem.problem import Problem, signature
from study.problem.settings import Settings, Work
from study.records.base import now
from study.records.study import DtypePolicy, Signature, StudyRecord, plan_of_today
from study.records.trial import SearchSpace
from study.run.listing import new_run, run_names
from study.run.places import check_name, given_name, plain_name
from study.run.store import Run
from study.workers.fingerprint import Needs

WORKERS_NEED: Needs = {
    "code": ["study", "search_spaces"],
    "packages": provenance.PACKAGES,
    "imports": [
        "study.search.search",
        "study.evaluation.evaluate",
        "study.data.sets",
        "search_spaces",
    ],
}
"""What the jobs of a run need of a worker."""


def run_for(work: Work, name: str | None, prefix: str) -> Run:
    """The run that was interrupted at this work, or one that is still to be made.

    Args:
        name: Of the run, or the path of its folder; None: that of an interrupted one, or
            PREFIX-DATE-TIME.
        prefix: Any text; what cannot be in a run's name is left out of it.

    Raises:
        WrongUse: a run of that name is of other work.
        WrongName: the name is not a plain name, or its run is finished.
    """
    if name is None:
        prefix = plain_name(prefix, longest=48)  # a name's 64, without the date
        dated = Run(check_name(f"{prefix}-{datetime.now(UTC):%Y%m%d-%H%M%S}"))
        run = _interrupted(work, prefix) or dated
    else:
        run = Run(given_name(name))
    if run.is_there():
        _refuse_other_work(run, work)
    return run


def _interrupted(work: Work, prefix: str) -> Run | None:
    """The newest run of this very work that is not done, if it was named after the prefix."""
    for name in reversed(run_names()):
        if re.fullmatch(rf"{re.escape(prefix)}-\d{{8}}-\d{{6}}", name):
            run = Run(name)
            try:
                _refuse_other_work(run, work)
            except StudyError:  # other work, done, or unreadable
                continue
            return run
    return None


def _refuse_other_work(run: Run, work: Work) -> None:
    if different := differences(run, work):
        raise WrongUse(
            f"{run.folder} is there already and was begun with other settings "
            f"({'; '.join(different)}); choose another --name"
        )
    if not to_do(run):
        raise WrongName(
            f"{run.folder} is there already, and finished ({what_to_read(run)}); choose another "
            "--name"
        )


def what_to_read(run: Run) -> str:
    """Where a finished run's report is, or what makes it."""
    if run.report_path.is_file():
        return f"report: {run.report_path}"
    return f"{command('report', run.name)} makes its report"


def create_run(
    name: str,
    work: Work,
    command: str,
    workers: int,
    dtype_policy: DtypePolicy = "float32",
    signatures: Mapping[str, Signature] | None = None,
) -> Run:
    """Make results/NAME with its study.json and signatures, or nothing.

    Args:
        name: Of the run.
        work: What it is to do.
        command: What makes it again.
        workers: How many there are: so many trials are trained at once.
        dtype_policy: What its trials are trained in, as long as it goes on.
        signatures: Of its problems, as far as they are known.

    Raises:
        WrongName: the name is not a plain name, or there is a run of that name.
        CannotWrite: the disk is full.
    """
    study = StudyRecord(
        name=check_name(name),
        created=now(),
        command=command,
        seed=work.seed,
        problems=work.problems,
        spaces=space_files.described(),
        settings=work.settings.model_dump(mode="json"),
        versions=provenance.versions(),
        hardware=provenance.hardware(workers),
        git_commit=provenance.git_commit(),
        version=__version__,
        plan=work.plan,
        trials_at_once=max(1, workers),
        dtype_policy=dtype_policy,
        variables=variables.DECIDED,
        overridden=variables.overridden,
    )

    def fill(run: Run) -> None:
        run.write_study(study)
        space_files.keep(run)
        record_signatures(run, signatures or {})

    return new_run(name, fill)


def record_signatures(run: Run, signatures: Mapping[str, Signature]) -> None:
    """Write what the networks of each problem take and tell apart, once.

    Args:
        signatures: Problem -> its signature.
    """
    for problem, known in signatures.items():
        if run.signature(problem) is None:
            run.write_signature(problem, known)


def signature_of(run: Run, problem: Problem) -> Signature:
    """What the run recorded of the problem's images and classes; older versions recorded nothing.

    Then it is found out from the images.
    """
    if recorded := run.signature(problem.name):
        return recorded
    options = settings_of(run).data.of(problem.data)
    dataset = load_dataset(problem.data, seed=run.study().seed, options=options)
    return signature(problem, dataset)


def settings_of(run: Run) -> Settings:
    """The settings the run was made with."""
    return validated(Settings, run.study().settings, source=str(run.folder / "study.json"))


def work_of(run: Run) -> Work:
    """What the run is to do."""
    study = run.study()
    return Work(
        problems=study.problems,
        settings=settings_of(run),
        seed=study.seed,
        plan=study.plan,
        spaces={name: one.sha256 for name, one in study.spaces.items()},
    )


def differences(run: Run, work: Work) -> list[str]:
    """In what the run's work differs from this, as "KEY: THERE there, HERE here"."""
    begun = work_of(run)
    begun = begun.model_copy(update={"plan": plan_of_today(begun.plan)})
    there, here = (flattened(one.model_dump(mode="json")) for one in (begun, work))
    if here["settings.search.dtype"] in ("auto", run.study().dtype_policy):  # it goes on in that
        here["settings.search.dtype"] = there["settings.search.dtype"]
    return [
        f"{key.removeprefix('settings.')}: {there.get(key)} there, {here.get(key)} here"
        for key in there | here
        if there.get(key) != here.get(key) and key != "settings.description"
    ]


def check_space(run: Run, name: str, space: SearchSpace) -> None:
    """Whether a problem's search, if it was begun, was begun in this space.

    Raises:
        WrongUse: it was not; its trials are of another space.
    """
    begun = run.space(name)
    if begun is None or begun == space:
        return
    there, here = (_described(one) for one in (begun, space))
    changed = [key for key in there | here if there.get(key) != here.get(key)]
    raise WrongUse(
        f"the search space of {name} has changed since its search in {run.folder} was begun "
        f"({', '.join(changed) or 'the order of its hyperparameters'}): undo that to go on, or "
        "begin a new run with another --name"
    )


def _described(space: SearchSpace) -> dict[str, object]:
    """What is said of a space, by name."""
    return {"objective": space.objective} | {one.name: one for one in space.hyperparameters}


def other_conditions(run: Run) -> list[str]:
    """What numbers depend on and is not as when the run was begun, as "WHAT: THEN then, NOW now".

    Packages' versions, and the processor's vector instructions: networks are trained on these in
    the run's arithmetic, but their sums are rounded in another order.
    """
    study = run.study()
    then: dict[str, object] = {**study.versions, **study.hardware}
    now = provenance.versions() | {"vector_instructions": processor.vector_instructions()}
    return [
        f"{package}: {then[package]} then, {version} now"
        for package, version in now.items()
        if then.get(package, version) != version
    ]
