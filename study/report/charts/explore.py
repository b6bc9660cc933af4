"""A problem's records -> its interactive charts. Optuna and plotly are imported when called."""

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from study.errors import one_line
from study.machine.shell import command
from study.records.base import SearchSpace, Trial
from study.report.charts import cost, course, shares, values
from study.report.charts.chart import Chart, Explore, label
from study.report.charts.search import Search
from study.report.inputs import ProblemInput
from study.report.page.formats import listed
from study.trials import excerpt
from study.trials.importances import importances, quiet_optuna, study_of
from study.trials.ranking import best_trial, first_epochs, has_score

if TYPE_CHECKING:
    import optuna


def explore(problem: ProblemInput, run: str) -> Explore | None:
    """The charts of the problem's search; those that its trials do not allow are noted.

    None if there are no trials. Nothing in the trials makes it raise.

    Args:
        problem: What there is of it.
        run: The run's name.
    """
    if not problem.trials:
        return None
    trials = tuple(sorted(map(_finite, problem.trials), key=lambda trial: trial.number))
    space = problem.space or SearchSpace(objective=_objective(trials), hyperparameters=[])
    shown = excerpt.shown(trials)
    notes = [_left_out(trials, shown, run)] if len(shown) < len(trials) else []
    if problem.space is None:
        notes.append("The search space was not recorded: no charts of the hyperparameters.")
    with quiet_optuna():
        try:
            search = _search(trials, shown, space)
        except ValueError as error:
            notes.append(f"The trials do not fit the recorded search space: {one_line(error)}")
            search = _search(trials, shown, space.model_copy(update={"hyperparameters": []}))
        charts, missing = _charts(search)
        return Explore(
            charts=tuple(charts),
            curves=course.learning_curves(search),
            labels={str(trial.number): label(trial, space.objective) for trial in shown},
            notes=(*notes, *missing),
        )


def _charts(search: Search) -> tuple[list[Chart], list[str]]:
    """The charts in the page's order, and what to say of those that cannot be made."""
    makers: dict[str, Callable[[Search], Chart | None]] = {
        "history": course.history,
        "parallel coordinates": values.parallel_coordinates,
        "score against each hyperparameter": values.slices,
        "importances": shares.importance_bars,
        "accuracy against parameters": cost.accuracy_by_parameters,
        "accuracy against time to predict": cost.accuracy_by_latency,
        "accuracy against training time": cost.accuracy_by_seconds,
        "contour": values.contour,
        "rank": values.rank,
        "distribution of the scores": course.edf,
        "timeline": course.timeline,
        "score after every epoch": course.intermediate_values,
    }
    made = {name: make(search) for name, make in makers.items()}
    missing = [name for name, chart in made.items() if chart is None]
    note = f"Not drawn, for want of trials, times or values that differ: {listed(missing)}."
    return [chart for chart in made.values() if chart], [note] if missing else []


def _left_out(trials: Sequence[Trial], shown: Sequence[Trial], run: str) -> str:
    """Which trials the charts draw, if they do not draw all."""
    return (
        f"Charts draw {excerpt.said_of(trials, shown)}. "
        f"`{command('export', run, '--to', 'csv')}` writes all."
    )


def _finite(trial: Trial) -> Trial:
    """A score that is no number is none, as is a failed trial's."""
    if trial.score is not None and (trial.status == "failed" or not math.isfinite(trial.score)):
        return trial.model_copy(update={"score": None})
    return trial


def _objective(trials: Sequence[Trial]) -> str:
    """What a search that left no space behind maximised, by its curves."""
    joint = any("val_joint" in trial.curves for trial in trials)
    return "joint" if joint else "accuracy"


def _search(trials: Sequence[Trial], shown: Sequence[Trial], space: SearchSpace) -> Search:
    """What the charts share.

    Args:
        trials: All, by number.
        shown: Those of them that are drawn.
        space: What they were chosen from.

    Raises:
        ValueError: one of those that are looked at has a value that the space does not.
    """
    from study.trials.frames import hyperparameter_table, trial_curves, trial_table
    from study.trials.optuna_study import optuna_trials

    metric, table = space.objective, trial_table(trials)
    scored = table[table["score"].notna()]
    epochs = int(scored["epochs"].min()) if scored["epochs"].nunique() > 1 else None
    numbers = [trial.number for trial in shown if has_score(trial)]
    study = _study([trial for trial in shown if has_score(trial)], space)
    equal, compared = study, [trial for trial in trials if has_score(trial)]
    if epochs is not None:
        compared, drawn = [first_epochs(one, epochs, metric) for one in compared], {*numbers}
        equal = _study([trial for trial in compared if trial.number in drawn], space)
    asked = excerpt.at_random(compared, excerpt.MOST_FOR_IMPORTANCES)
    values = hyperparameter_table(trials, [one.name for one in space.hyperparameters])
    different = values.loc[scored.index].nunique()
    varied = different[different > 1].index.tolist()
    found = importances(optuna_trials(asked, space), varied)
    best = best_trial(trials)
    return Search(
        table=table,
        numbers=numbers,
        failed=[trial.number for trial in shown if not has_score(trial)],
        curves=trial_curves(shown),
        metric=metric,
        best=None if best is None else best.number,
        study=study,
        equal=equal,
        epochs=epochs,
        scores=np.array([trial.score for trial in compared], dtype=float),
        names=tuple(one.name for one in found.ped_anova) or tuple(varied),
        importances=found,
    )


def _study(trials: Sequence[Trial], space: SearchSpace) -> "optuna.Study":
    """The trials as an Optuna study; those that ended early count like the others."""
    from study.trials.optuna_study import optuna_trials

    return study_of(optuna_trials(trials, space))
