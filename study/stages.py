"""The steps of a study on a run's folder: search, evaluate, figures, report. Each runs alone.

Every step takes what it needs from the store and leaves what it made there, with its time in
study.json, so that a run can be continued, repeated or looked at step by step.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from rich.console import Console

from study import environment, store, visualize
from study.engine import Engine, wait_for
from study.errors import CorruptRecord, StudyFailed, one_line
from study.evaluate import evaluate
from study.problems import load_problem
from study.progress import clock, stage
from study.records import Picture, SeedResult, Stage, StudyRecord, Trial
from study.report import render
from study.report.inputs import PictureFile, ProblemInput, ReportInput
from study.search import best_trial, job_key, search
from study.settings import Settings, validated
from study.store import Run

StageName = Literal["search", "evaluate", "figures"]


def create_run(
    name: str, problems: list[str], settings: Settings, seed: int, command: str, workers: int
) -> Run:
    """Make results/NAME with its study.json.

    Raises:
        WrongName: the name is not a plain name, or there is a run of that name.
    """
    run = Run(store.check_free_name(name))
    run.write_study(
        StudyRecord(
            name=name,
            created=environment.now(),
            command=command,
            seed=seed,
            problems=problems,
            settings=settings.model_dump(mode="json"),
            versions=environment.versions(),
            hardware=environment.hardware(workers),
            git_commit=environment.git_commit(),
        )
    )
    return run


def settings_of(run: Run) -> Settings:
    """The settings the run was made with."""
    return validated(Settings, run.study().settings, source=str(run.folder / "study.json"))


def search_stage(run: Run, name: str, engine: Engine, console: Console) -> None:
    """Search one problem; every finished trial is in trials.jsonl before the next is told of."""
    settings, seed = settings_of(run), run.study().seed
    budget = settings.search
    trials: list[Trial] = []
    with (
        _timed(run, name, "search"),
        stage(f"{name}: search", "trial", budget.max_trials, budget.max_epochs, console) as shown,
    ):
        engine.on_tick = shown.tick

        def keep(trial: Trial) -> None:
            trials.append(trial)
            run.write_trials(name, trials)
            shown.finish(job_key(name, trial.number), trial.score, _trial_words(trial))

        search(
            load_problem(name),
            budget,
            settings.data,
            seed,
            run.search_folder(name),
            engine,
            on_proposal=lambda _, key, epochs: shown.propose(key, epochs),
            on_trial=keep,
        )


def _trial_words(trial: Trial) -> str:
    if trial.score is None:
        return f"trial {trial.number} failed: {trial.error}"
    return f"trial {trial.number} scored {trial.score:.2%} in {clock(trial.seconds)}"


def evaluate_stage(run: Run, name: str, engine: Engine, console: Console) -> None:
    """Retrain baseline and tuned of one problem, read the test part, compare."""
    settings, seed = settings_of(run), run.study().seed
    budget = settings.evaluation
    tuned = best_trial(run.trials(name)).hyperparameters
    with (
        _timed(run, name, "evaluate"),
        stage(f"{name}: evaluate", "network", 2 * budget.seeds, budget.epochs, console) as shown,
    ):
        engine.on_tick = shown.tick
        problem = load_problem(name)

        def show(key: str, result: SeedResult) -> None:
            score = result.validation[problem.objective]
            shown.finish(key, score, f"{key} scored {score:.2%} on validation")

        result = evaluate(
            problem,
            tuned,
            budget,
            settings.search.batch_size,
            settings.data,
            seed,
            engine,
            on_submit=shown.propose,
            on_retrained=show,
        )
        run.write_evaluation(name, result.evaluation, result.predictions, result.models)


def figures_stage(run: Run, names: list[str], engine: Engine, console: Console) -> None:
    """Draw the figures of all these problems, side by side on the workers."""
    for name in names:
        run.figures_folder(name).mkdir(parents=True, exist_ok=True)
    jobs = [(name, part) for name in names for part in visualize.parts(run, name)]
    seconds = dict.fromkeys(names, 0.0)
    with stage("figures", "part", len(jobs), 1, console) as shown:
        futures = []
        for name, part in jobs:
            key = f"{name}-figures-{part}"
            shown.propose(key, 1)
            futures.append(engine.submit(_draw, run.name, name, part, key=key))
        pictures: dict[str, list[Picture]] = {name: [] for name in names}
        for (name, part), future in zip(jobs, futures, strict=True):
            drawn, took = wait_for(future)
            if isinstance(drawn, str):
                raise StudyFailed(f"{name}: figures of {part} failed: {drawn}")
            pictures[name] += drawn
            seconds[name] += took
            shown.finish(f"{name}-figures-{part}", None, f"{name}: {part} drawn")
    for name in names:
        run.write_pictures(name, pictures[name])
        _record_stage(run, name, "figures", seconds[name])


def _draw(run_name: str, problem: str, part: str) -> tuple[list[Picture] | str, float]:
    """On a worker: draw one part of a problem's figures."""
    started = time.perf_counter()
    try:
        drawn: list[Picture] | str = visualize.draw(Run(run_name), problem, part)
    except Exception as error:
        drawn = one_line(error)
    return drawn, time.perf_counter() - started


def report_stage(run: Run) -> None:
    """Write reports/NAME.html from whatever the run has so far."""
    study = run.study()
    problems = tuple(_problem_input(run, name) for name in study.problems)
    store.write_text(run.report_path, render(ReportInput(study=study, problems=problems)))


def _problem_input(run: Run, name: str) -> ProblemInput:
    """One problem's records; what cannot be read becomes a note and not a failed report."""
    notes: list[str] = []
    evaluation = trials = None
    files: tuple[PictureFile, ...] = ()
    try:
        trials = run.trials(name)
    except CorruptRecord as error:
        notes.append(str(error))
    try:
        evaluation = run.evaluation(name)
    except CorruptRecord as error:
        notes.append(str(error))
    try:
        files = tuple(
            PictureFile(picture, (run.figures_folder(name) / picture.file).read_bytes())
            for picture in run.pictures(name)
        )
    except (CorruptRecord, OSError) as error:
        notes.append(f"figures: {error}")
    return ProblemInput(
        name=name,
        description=load_problem(name).description,
        tuner=settings_of(run).search.tuner,
        trials=tuple(trials or ()),
        evaluation=evaluation,
        pictures=files,
        notes=tuple(notes),
    )


@contextmanager
def _timed(run: Run, problem: str, name: StageName) -> Iterator[None]:
    started = time.perf_counter()
    yield
    _record_stage(run, problem, name, time.perf_counter() - started)


def _record_stage(run: Run, problem: str, name: StageName, seconds: float) -> None:
    study = run.study()
    done = Stage(
        problem=problem, stage=name, seconds=round(seconds, 2), command=_command(run, name)
    )
    others = [old for old in study.stages if (old.problem, old.stage) != (problem, name)]
    run.write_study(study.model_copy(update={"stages": [*others, done]}))


def _command(run: Run, name: StageName) -> str:
    """The command that makes the stage's records again."""
    if name == "evaluate":
        return f"python -m study evaluate {run.name} --again"
    if name == "figures":
        return f"python -m study visualize {run.name}"
    return run.study().command
