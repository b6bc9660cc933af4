"""The search of one problem: a step of a run."""

import time

from study.plan.done import forget_steps, record_training_step, trials_at_once
from study.plan.work import check_space, settings_of, signature_of
from study.problem.problem import load_problem
from study.problem.settings import SearchSettings
from study.problem.space import search_space
from study.records.trial import Trial
from study.run.store import Run
from study.search.search import job_key, search
from study.steps.observer import Observer
from study.wording import percent, several
from study.workers.engine import Engine


def search_step(run: Run, name: str, engine: Engine, observer: Observer) -> None:
    """Search one problem or continue its search; each trial is on disk before it is announced."""
    settings, study = settings_of(run), run.study()
    budget, finished = settings.search, run.trials(name)
    trials, epochs = _expected(budget)
    started = time.perf_counter()
    if finished:
        observer.say(f"{name}: search: {several(len(finished), 'trial')} already finished")
    problem = load_problem(name)
    signature = signature_of(run, problem)
    space = search_space(problem, signature, budget.breadth)
    check_space(run, name, space)
    forget_steps(run, [name], "explain", "figures")  # they covered the trials so far
    left = max(1, trials - len(finished))
    with observer.stage(f"{name}: search", "trial", left, epochs) as shown:
        engine.on_tick = shown.tick

        def keep(trial: Trial) -> None:
            run.append_trial(name, trial)
            key = job_key(name, trial.number)
            shown.finish(key, trial.score, _trial_words(trial), _time_of(trial))

        search(
            problem,
            signature,
            budget,
            settings.data.of(problem.data),
            study.seed,
            trials_at_once(study),
            study.dtype_policy or "float32",
            run.search_folder(name),
            engine,
            finished,
            on_begin=lambda: run.write_space(name, space),
            on_proposal=lambda _, key, epochs: shown.propose(key, epochs),
            on_trial=keep,
        )
    record_training_step(
        run, name, "search", started, sum(trial.seconds for trial in run.trials(name))
    )


def _expected(budget: SearchSettings) -> tuple[int, int]:
    """Expected (trials, epochs per trial) of the search, for the estimate of the time left."""
    if budget.tuner != "asha":
        return budget.max_trials, budget.max_epochs
    from study.search.asha import ETA, rungs

    ends = rungs(budget.max_epochs)
    sizes = [budget.max_trials // ETA**rung for rung in range(len(ends))]
    each = [end - begin for begin, end in zip([0, *ends], ends, strict=False)]
    epochs = sum(size * more for size, more in zip(sizes, each, strict=True))
    return sum(sizes), max(1, round(epochs / sum(sizes)))


def _trial_words(trial: Trial) -> str:
    told = (
        f"trial {trial.number} failed: {trial.error}"
        if trial.score is None
        else f"trial {trial.number} scored {percent(trial.score)}"
    )
    if trial.rejected:
        points = several(len(trial.rejected), "rejected point")
        told += f" (drawn after {points}, the last because of {trial.rejected[-1]})"
    return told


def _time_of(trial: Trial) -> float | None:
    """Seconds that the trial took, if it succeeded."""
    return None if trial.score is None else trial.seconds
