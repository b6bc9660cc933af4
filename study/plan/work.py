"""What a run is to do: found again, created, compared with what is asked for now."""

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
"""What the jobs of a run need on a worker."""


def run_for(work: Work, name: str | None, prefix: str) -> Run:
    """The run that was interrupted at this work, or one that is still to be made.

    Args:
        name: Name of the run, or the path of its folder; None: the name of an interrupted run, or
            PREFIX-DATE-TIME.
        prefix: Any text; characters that cannot be in a run's name are left out.

    Raises:
        WrongUse: The run of that name has other work.
        WrongName: The name is not a plain name, or its run is finished.
    """
    if name is None:
        prefix = plain_name(prefix, longest=48)  # a name has at most 64, including the date
        dated = Run(check_name(f"{prefix}-{datetime.now(UTC):%Y%m%d-%H%M%S}"))
        run = _interrupted(work, prefix) or dated
    else:
        run = Run(given_name(name))
    if run.is_there():
        _refuse_other_work(run, work)
    return run


def _interrupted(work: Work, prefix: str) -> Run | None:
    """The newest unfinished run of this very work whose name begins with the prefix."""
    for name in reversed(run_names()):
        if re.fullmatch(rf"{re.escape(prefix)}-\d{{8}}-\d{{6}}", name):
            run = Run(name)
            try:
                _refuse_other_work(run, work)
            except StudyError:  # the run has other work, is finished, or is unreadable
                continue
            return run
    return None


def _refuse_other_work(run: Run, work: Work) -> None:
    if different := differences(run, work):
        raise WrongUse(
            f"{run.folder} already exists and was started with other settings "
            f"({'; '.join(different)}); choose another --name"
        )
    if not to_do(run):
        raise WrongName(
            f"{run.folder} already exists and is finished ({what_to_read(run)}); choose another "
            "--name"
        )


def what_to_read(run: Run) -> str:
    """Says where a finished run's report is, or which command makes it."""
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
    """Make results/NAME with its study.json and signatures, completely or not at all.

    Args:
        name: Name of the run.
        work: What the run is to do.
        command: The command that reproduces the run.
        workers: Number of workers, and so of trials that are trained at once.
        dtype_policy: Arithmetic of the trials, which stays the same when the run continues.
        signatures: Signatures of the problems, as far as they are known.

    Raises:
        WrongName: The name is not a plain name, or there is a run of that name.
        CannotWrite: The disk is full.
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
    """Write each problem's signature, unless it has one.

    Args:
        signatures: Problem -> its signature.
    """
    for problem, known in signatures.items():
        if run.signature(problem) is None:
            run.write_signature(problem, known)


def signature_of(run: Run, problem: Problem) -> Signature:
    """What the run recorded of the problem's images and classes.

    Older versions recorded nothing; then the signature is derived from the images.
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
    """How the run's work differs from this work, as "KEY: THERE there, HERE here"."""
    begun = work_of(run)
    begun = begun.model_copy(update={"plan": plan_of_today(begun.plan)})
    there, here = (flattened(one.model_dump(mode="json")) for one in (begun, work))
    if here["settings.search.dtype"] in (
        "auto",
        run.study().dtype_policy,
    ):  # the run continues in its own arithmetic
        here["settings.search.dtype"] = there["settings.search.dtype"]
    return [
        f"{key.removeprefix('settings.')}: {there.get(key)} there, {here.get(key)} here"
        for key in there | here
        if there.get(key) != here.get(key) and key != "settings.description"
    ]


def check_space(run: Run, name: str, space: SearchSpace) -> None:
    """Check that a problem's search, if it has started, was started in this space.

    Raises:
        WrongUse: The search was started in another space.
    """
    begun = run.space(name)
    if begun is None or begun == space:
        return
    there, here = (_described(one) for one in (begun, space))
    changed = [key for key in there | here if there.get(key) != here.get(key)]
    raise WrongUse(
        f"the search space of {name} has changed since its search in {run.folder} was started "
        f"({', '.join(changed) or 'the order of its hyperparameters'}): undo the change to "
        "continue, or start a new run with another --name"
    )


def _described(space: SearchSpace) -> dict[str, object]:
    """The space's objective and hyperparameters, by name."""
    return {"objective": space.objective} | {one.name: one for one in space.hyperparameters}


def other_conditions(run: Run) -> list[str]:
    """Conditions that numbers depend on and that have changed, as "WHAT: THEN then, NOW now".

    They are the versions of packages and the processor's vector instructions, which do not change
    the run's arithmetic but round sums in another order.
    """
    study = run.study()
    then: dict[str, object] = {**study.versions, **study.hardware}
    now = provenance.versions() | {"vector_instructions": processor.vector_instructions()}
    return [
        f"{package}: {then[package]} then, {version} now"
        for package, version in now.items()
        if then.get(package, version) != version
    ]
