"""A run from its beginning: what it is to do, and what of that is done."""

from study import environment
from study.records import StageName, StudyRecord
from study.settings import Settings, Work, validated
from study.store import Run, check_free_name


def create_run(name: str, work: Work, command: str, workers: int) -> Run:
    """Make results/NAME with its study.json.

    Raises:
        WrongName: the name is not a plain name, or there is a run of that name.
    """
    run = Run(check_free_name(name))
    run.write_study(
        StudyRecord(
            name=name,
            created=environment.now(),
            command=command,
            seed=work.seed,
            problems=work.problems,
            settings=work.settings.model_dump(mode="json"),
            versions=environment.versions(),
            hardware=environment.hardware(workers),
            git_commit=environment.git_commit(),
            plan=work.plan,
        )
    )
    return run


def settings_of(run: Run) -> Settings:
    """The settings the run was made with."""
    return validated(Settings, run.study().settings, source=str(run.folder / "study.json"))


def work_of(run: Run) -> Work:
    """What the run is to do."""
    study = run.study()
    return Work(
        problems=study.problems, settings=settings_of(run), seed=study.seed, plan=study.plan
    )


def differences(run: Run, work: Work) -> list[str]:
    """In what the run's work differs from this, as "KEY: THERE there, HERE here"."""
    there, here = (_flat(one.model_dump(mode="json")) for one in (work_of(run), work))
    return [
        f"{key.removeprefix('settings.')}: {there[key]} there, {here[key]} here"
        for key in there
        if there[key] != here[key] and key != "settings.description"
    ]


def _flat(table: dict[str, object], prefix: str = "") -> dict[str, object]:
    """{"search": {"keep": 3}} -> {"search.keep": 3}"""
    flat: dict[str, object] = {}
    for key, value in table.items():
        flat |= _flat(value, f"{key}.") if isinstance(value, dict) else {prefix + key: value}
    return flat


def to_do(run: Run) -> list[tuple[str, StageName]]:
    """What of the run's plan has not been finished: (problem, stage), in order."""
    study = run.study()
    done = {(stage.problem, stage.stage) for stage in study.stages}
    planned = [(name, stage) for name in study.problems for stage in study.plan]
    return [step for step in planned if step not in done]
