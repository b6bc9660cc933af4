"""The steps of a study on a run's folder: search, evaluate, figures, report. Each runs alone.

Every step takes what it needs from the store and leaves what it made there, so that a run can be
continued, repeated or looked at step by step. The last that it writes is its record in study.json:
whatever else it has to write or to remove comes before, and is done again by whoever goes on. A
step that is done again loses its record before anything that it refers to is changed.
"""

import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from study.errors import CannotWrite, CorruptRecord, StudyFailed, WrongName, one_line
from study.evaluation.evaluate import evaluate
from study.machine.files import naming, remove_leftovers, write_text
from study.machine.shell import command
from study.problem.problem import load_problem, problem_description
from study.problem.settings import SearchSettings
from study.problem.space import search_space
from study.records.base import (
    Evaluation,
    Picture,
    Sanity,
    SeedResult,
    Stage,
    StageName,
    StudyRecord,
    Trial,
)
from study.report import render, render_comparison
from study.report.inputs import PictureFile, ProblemInput, ReportInput
from study.run import provenance
from study.run.plan import check_space, settings_of, to_do
from study.run.store import Run, comparison_path
from study.search.search import job_key, search
from study.steps.observer import Observer
from study.trials.ranking import best_trial, configurations
from study.workers.engine import Engine

Found = TypeVar("Found")


def carry_out(run: Run, engine: Engine, observer: Observer) -> None:
    """Do what is to do but the report; figures of all problems last, side by side."""
    steps = to_do(run)
    undrawn = []
    for name, step in steps:
        if name and step == "search":
            search_stage(run, name, engine, observer)
        elif name and step == "evaluate":
            evaluate_stage(run, name, engine, observer)
        elif name and step == "figures":
            undrawn.append(name)
    if undrawn:
        _plan_report(run)
        figures_stage(run, undrawn, engine, observer)


def _plan_report(run: Run) -> None:
    """Of a run that was begun by a version that did not plan it."""
    study = run.study()
    if "report" not in study.plan:
        run.write_study(study.model_copy(update={"plan": [*study.plan, "report"]}))


def finish_report(run: Run) -> None:
    """Make the report, the last step of a run, if it is to do."""
    if (None, "report") in to_do(run):
        started = time.perf_counter()
        report_stage(run)
        _write_stage(run, None, "report", time.perf_counter() - started)


def check_spaces(run: Run) -> None:
    """Whether the searches that go on, do so in the space they were begun in.

    Raises:
        WrongUse: one would not.
    """
    for name, step in to_do(run):
        if name and step == "search":
            check_space(run, name, search_space(load_problem(name)))


def search_stage(run: Run, name: str, engine: Engine, observer: Observer) -> None:
    """Search one problem, or go on where its trials end; each is on disk before it is told of."""
    settings, study = settings_of(run), run.study()
    budget, finished = settings.search, run.trials(name)
    trials, epochs = _expected(budget)
    started = time.perf_counter()
    if finished:
        observer.say(f"{name}: search: {len(finished)} trials are finished already")
    problem = load_problem(name)
    space = search_space(problem)
    check_space(run, name, space)
    left = max(1, trials - len(finished))
    with observer.stage(f"{name}: search", "trial", left, epochs) as shown:
        engine.on_tick = shown.tick

        def keep(trial: Trial) -> None:
            run.append_trial(name, trial)
            key = job_key(name, trial.number)
            shown.finish(key, trial.score, _trial_words(trial), _time_of(trial))

        search(
            problem,
            budget,
            settings.data,
            study.seed,
            _workers(study),
            study.dtype_policy or "float32",
            run.search_folder(name),
            engine,
            finished,
            on_begin=lambda: run.write_space(name, space),
            on_proposal=lambda _, key, epochs: shown.propose(key, epochs),
            on_trial=keep,
        )
    _record_stage(run, name, "search", started, sum(trial.seconds for trial in run.trials(name)))


def _expected(budget: SearchSettings) -> tuple[int, int]:
    """(trials, epochs each) that the search will come to, for the estimate of the time left."""
    if budget.tuner != "asha":
        return budget.max_trials, budget.max_epochs
    from study.search.asha import ETA, rungs

    ends = rungs(budget.max_epochs)
    sizes = [budget.max_trials // ETA**rung for rung in range(len(ends))]
    each = [end - begin for begin, end in zip([0, *ends], ends, strict=False)]
    epochs = sum(size * more for size, more in zip(sizes, each, strict=True))
    return sum(sizes), max(1, round(epochs / sum(sizes)))


def _workers(study: StudyRecord) -> int:
    """How many the run was begun with."""
    return max(1, int(study.hardware.get("workers", 1)))


def _trial_words(trial: Trial) -> str:
    if trial.score is None:
        return f"trial {trial.number} failed: {trial.error}"
    return f"trial {trial.number} scored {trial.score:.2%}"


def _time_of(trial: Trial) -> float | None:
    """Seconds, of a trial that succeeded."""
    return None if trial.score is None else trial.seconds


def evaluate_stage(run: Run, name: str, engine: Engine, observer: Observer) -> None:
    """Retrain baseline and tuned of one problem, read the test part, compare.

    Or do it again, if it is done; if only its record is missing, write that.
    """
    started = time.perf_counter()
    evaluation = run.evaluation(name)
    if evaluation is None or run.study().is_done(name, "evaluate"):
        evaluation = _evaluate(run, name, engine, observer)
    # Only now, as who goes on after a full disk needs them.
    shutil.rmtree(run.retraining_folder(name), ignore_errors=True)
    networks = evaluation.networks.values()
    trained = sum(one.seconds for network in networks for one in network.seeds)
    _record_stage(run, name, "evaluate", started, trained)


def _evaluate(run: Run, name: str, engine: Engine, observer: Observer) -> Evaluation:
    settings, seed = settings_of(run), run.study().seed
    budget = settings.evaluation
    best = best_trial(run.trials(name))
    if best is None:
        raise StudyFailed(f"{name}: no trial of the search succeeded; see trials.jsonl")
    with observer.stage(f"{name}: evaluate", "network", 2 * budget.seeds, budget.epochs) as shown:
        engine.on_tick = shown.tick
        problem = load_problem(name)

        def show(key: str, result: SeedResult) -> None:
            score = result.validation[problem.objective]
            shown.finish(key, score, f"{key} scored {score:.2%} on validation")

        result = evaluate(
            problem,
            best.hyperparameters,
            budget,
            settings.search.batch_size,
            settings.data,
            seed,
            run.retraining_folder(name),
            engine,
            on_submit=shown.propose,
            on_retrained=show,
        )
        _remove_record(run, [name], "evaluate")
        run.write_evaluation(name, result.evaluation, result.predictions, result.models)
    return result.evaluation


def figures_stage(run: Run, names: list[str], engine: Engine, observer: Observer) -> None:
    """Draw the figures of all these problems, side by side on the workers."""
    from study import run_figures  # brings TensorFlow, which a report does without

    jobs = [(name, part) for name in names for part in run_figures.parts(run, name)]
    _remove_record(run, names, "figures")
    for name in names:
        with naming(run.figures_folder(name)):
            run.figures_folder(name).mkdir(parents=True, exist_ok=True)
    seconds = dict.fromkeys(names, 0.0)
    started = time.perf_counter()
    with observer.stage("figures", "part", len(jobs), 1) as shown:
        futures = []
        for name, part in jobs:
            key = f"{name}-figures-{part}"
            shown.propose(key, 1)
            futures.append(engine.submit(_draw, run.absolute(), name, part, key=key))
        pictures: dict[str, list[Picture]] = {name: [] for name in names}
        for (name, part), future in zip(jobs, futures, strict=True):
            drawn, took = engine.wait_for(future)
            if isinstance(drawn, str):
                raise StudyFailed(f"{name}: figures of {part} failed: {drawn}")
            pictures[name] += drawn
            seconds[name] += took
            shown.finish(f"{name}-figures-{part}", None, f"{name}: {part} drawn")
    wall, parts = time.perf_counter() - started, sum(seconds.values())
    for name in names:
        run.write_pictures(name, pictures[name])
        run.remove_old_pictures(name)
        _write_stage(run, name, "figures", wall * seconds[name] / parts)  # side by side


def _draw(run: Run, problem: str, part: str) -> tuple[list[Picture] | str, float]:
    """On a worker: draw one part of a problem's figures."""
    from study import run_figures

    started = time.perf_counter()
    try:
        drawn: list[Picture] | str = run_figures.draw(run, problem, part)
    except CannotWrite:
        raise
    except Exception as error:
        drawn = one_line(error)
    return drawn, time.perf_counter() - started


def report_stage(run: Run, live: bool = False, path: Path | None = None) -> None:
    """Write the report from whatever the run has so far.

    Args:
        run: The run.
        live: Whether the run goes on and its report is written again: the page reloads itself.
        path: Of the page; None: reports/NAME.html.
    """
    live_at = provenance.now() if live else None
    write_text(path or run.report_path, render(replace(report_input(run), live_at=live_at)))


def comparison_stage(runs: Sequence[Run]) -> Path:
    """Write one page that shows several runs side by side, and say where.

    Raises:
        WrongUse: a run is named twice.
    """
    path = comparison_path([run.name for run in runs])
    remove_leftovers(path)
    write_text(path, render_comparison([report_input(run) for run in runs]))
    return path


def report_input(run: Run) -> ReportInput:
    """What the run's report is made of.

    A page says nothing of its own making. A run is called as its folder is: it may be a copy, or
    have been renamed.
    """
    study, notes = run.study(), []
    stages = [stage for stage in study.stages if stage.problem is not None]
    if study.name != run.name:
        notes.append(
            f"This run was made under the name {study.name}, and its folder copied or renamed "
            f"since: `{study.command}` is what made it."
        )
        stages = [
            stage.model_copy(update={"command": _command(run, stage.stage)}) for stage in stages
        ]
    plan = [step for step in study.plan if step != "report"]
    return ReportInput(
        study.model_copy(update={"name": run.name, "plan": plan, "stages": stages}),
        tuple(_problem_input(run, name) for name in study.problems),
        tuple(notes),
    )


def _problem_input(run: Run, name: str) -> ProblemInput:
    """One problem's records; what cannot be read becomes a note and not a failed report."""
    notes: list[str] = []

    def read(records: Callable[[], Found]) -> Found | None:
        try:
            return records()
        except (CorruptRecord, WrongName) as error:
            notes.append(str(error))
            return None

    return ProblemInput(
        name=name,
        description=read(lambda: _description(run, name)) or "",
        tuner=settings_of(run).search.tuner,
        space=read(lambda: run.space(name)),
        trials=tuple(read(lambda: configurations(run.trials(name))) or ()),
        evaluation=read(lambda: run.evaluation(name)),
        pictures=read(lambda: _picture_files(run, name)) or (),
        sanity=read(lambda: run.finding(name, "sanity", Sanity)),
        notes=tuple(notes),
    )


def _description(run: Run, name: str) -> str:
    """The user's own search space is described as the run records it: a report reads no code."""
    own = run.study().spaces.get(name)
    return own.description if own else problem_description(name)


def _picture_files(run: Run, name: str) -> tuple[PictureFile, ...]:
    pictures = run.pictures(name)
    contents = run.picture_contents(name, pictures)
    return tuple(map(PictureFile, pictures, contents))


def _record_stage(run: Run, problem: str, name: StageName, started: float, trained: float) -> None:
    """Note that a stage is finished.

    Args:
        started: By `time.perf_counter`.
        trained: Seconds that workers trained for it: of an interrupted stage, this process has
            seen the end only.
    """
    least = trained / _workers(run.study())
    _write_stage(run, problem, name, max(least, time.perf_counter() - started))


def _write_stage(run: Run, problem: str | None, name: StageName, seconds: float) -> None:
    study = run.study()
    done = Stage(
        problem=problem, stage=name, seconds=round(seconds, 2), command=_command(run, name)
    )
    others = [old for old in study.stages if (old.problem, old.stage) != (problem, name)]
    run.write_study(study.model_copy(update={"stages": [*others, done]}))


def _remove_record(run: Run, problems: Sequence[str], name: StageName) -> None:
    """What these steps have left is about to be replaced."""
    study = run.study()
    if any(study.is_done(problem, name) for problem in problems):
        others = [old for old in study.stages if old.stage != name or old.problem not in problems]
        run.write_study(study.model_copy(update={"stages": others}))


def _command(run: Run, name: StageName) -> str:
    """The command that makes the stage's records again."""
    if name == "evaluate":
        return command("evaluate", run.name, "--again")
    if name == "figures":
        return command("visualize", run.name)
    if name == "report":
        return command("report", run.name)
    return run.study().command
